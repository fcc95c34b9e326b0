"""The cache's accounts: counts, times and uses, exact and without a lock on a hit's way.

A hit leaves one note in a queue, which is an atomic step. Notes are taken into the accounts,
under the lock, before anything reads or depends on them, and every few hundred hits.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from nodewright.templates.entries import Entries, Entry, Key
from nodewright.templates.recording import MOST_PENDING, TemplateUse
from nodewright.templates.source import Reading

_MIB = 1024 * 1024
_HASH_DIGITS = 16

# An entry that was hit, the kind it was asked for, when the get began and how long it took (ns).
Note = tuple[Entry, str, int, int]


@dataclass
class CachedTemplate:
    """A template in the cache.

    Attributes:
        template_type: the node kind that it was last asked for.
        file_hash: SHA-256 of the file, in hexadecimal digits.
        loaded_at: when it was loaded, in UTC.
        last_accessed_at: when it was last asked for, in UTC.
        access_count: gets, the loading one included.
        size_bytes: bytes of ``content`` in UTF-8.
    """

    template_name: str
    template_type: str
    content: str
    file_path: str
    file_hash: str
    loaded_at: datetime
    last_accessed_at: datetime
    access_count: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CacheStats:
    """Counts and times since the cache was made; times are of whole gets, in nanoseconds.

    Attributes:
        hits: gets served from memory, the file unchanged.
        misses: all other gets, also those that raised.
        loads: misses that returned a template.
        evictions: templates that had to make room.
        invalidations: templates dropped because their file changed or went, or on request.
        expirations: templates dropped because their time was over.
    """

    hits: int
    misses: int
    loads: int
    evictions: int
    invalidations: int
    expirations: int
    cached_templates: int
    total_size_bytes: int
    hit_ns: int
    load_ns: int
    max_templates: int
    max_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """The documented fields; times in milliseconds, shares as documented.

        What caching saved is the hits at the mean cost of a load, less what the hits cost. It is
        negative where looking at the file costs more than loading it.
        """
        load_ms = self.load_ns / self.loads / 1e6 if self.loads else 0.0
        hit_ms = self.hit_ns / self.hits / 1e6 if self.hits else 0.0
        both = self.hits > 0 and load_ms > 0
        return {
            "hits": self.hits,
            "misses": self.misses,
            "hit_rate": _share(self.hits, self.hits + self.misses),
            "evictions": self.evictions,
            "invalidations": self.invalidations,
            "expirations": self.expirations,
            "cached_templates": self.cached_templates,
            "total_size_bytes": self.total_size_bytes,
            "total_size_mb": self.total_size_bytes / _MIB,
            "avg_uncached_load_ms": load_ms,
            "avg_cached_load_ms": hit_ms,
            "time_saved_ms": (load_ms - hit_ms) * self.hits if both else 0.0,
            "improvement_percent": (load_ms - hit_ms) / load_ms * 100 if both else 0.0,
            "capacity_usage_percent": 100 * _share(self.cached_templates, self.max_templates),
            "memory_usage_percent": 100 * _share(self.total_size_bytes, self.max_bytes),
        }


def template_row(template: CachedTemplate, now: datetime) -> dict[str, Any]:
    """One row of the detailed statistics; the hash is cut to its first 16 digits."""
    return {
        "name": template.template_name,
        "type": template.template_type,
        "size_bytes": template.size_bytes,
        "access_count": template.access_count,
        "age_seconds": (now - template.loaded_at).total_seconds(),
        "file_hash": template.file_hash[:_HASH_DIGITS],
    }


class Ledger:
    """Call with the lock held, but for ``notes.append`` and `take_uses`.

    Attributes:
        lock: the cache's.
        notes: hits that are not in the accounts yet.
        misses, evictions, invalidations, expirations: see `CacheStats`.
    """

    def __init__(self, entries: Entries, clock: Callable[[], int]) -> None:
        self.lock: threading.Lock = threading.Lock()
        self.notes: deque[Note] = deque()
        self.misses: int = 0
        self.evictions: int = 0
        self.invalidations: int = 0
        self.expirations: int = 0
        self._entries = entries
        self._clock = clock
        self._hits = self._loads = self._hit_ns = self._load_ns = 0
        self._departed: dict[str, TemplateUse] = {}

    def fold(self) -> None:
        """Take the notes into the accounts, and into the order of use."""
        take = self.notes.popleft
        count = len(self.notes)
        last: Entry | None = None
        run = spent = used_at = 0
        kind = ""
        for _ in range(count):
            entry, now_kind, started, took = take()
            if entry is not last:
                if last is not None:
                    self._add_hits(last, run, kind, used_at)
                last, run = entry, 0
            run += 1
            spent += took
            kind, used_at = now_kind, started
        if last is not None:
            self._add_hits(last, run, kind, used_at)
        self._hits += count
        self._hit_ns += spent

    def _add_hits(self, entry: Entry, count: int, kind: str, used_at: int) -> None:
        entry.hits += count
        entry.kind = kind
        entry.used_at = used_at
        if entry.kept:
            self._entries.touch(entry)
        else:
            self.depart(entry)

    def add_load(self, key: Key, kind: str, reading: Reading | None, took: int) -> None:
        """A miss that returned a template after ``took`` nanoseconds."""
        self.misses += 1
        self._loads += 1
        self._load_ns += took
        entry = self._entries.by_key.get(key)
        if entry is not None:
            entry.misses += 1
        elif reading is not None:
            self._add_departed(
                TemplateUse(
                    template_name=key[0],
                    template_type=kind,
                    file_path=key[1],
                    file_hash=reading.digest,
                    size_bytes=len(reading.data),
                    last_accessed_at=datetime.now(UTC),
                    load_time_ms=took / 1e6,
                    cache_misses=1,
                )
            )

    def depart(self, entry: Entry) -> None:
        """Take note of those uses of ``entry`` that are not recorded."""
        hits, misses = entry.hits - entry.reported_hits, entry.misses - entry.reported_misses
        if not hits + misses:
            return
        entry.reported_hits, entry.reported_misses = entry.hits, entry.misses
        self._add_departed(
            TemplateUse(
                template_name=entry.key[0],
                template_type=entry.kind,
                file_path=entry.key[1],
                file_hash=entry.digest,
                size_bytes=entry.size,
                last_accessed_at=self._date(entry.used_at),
                load_time_ms=entry.load_ms,
                cache_hits=hits,
                cache_misses=misses,
            )
        )

    def drain(self) -> list[TemplateUse]:
        """What happened since the last call, one item a template name."""
        self.fold()
        for entry in self._entries:
            self.depart(entry)
        uses, self._departed = self._departed, {}
        return list(uses.values())

    def take_uses(self) -> list[TemplateUse]:
        """What happened since the last call, by whatever thread."""
        with self.lock:
            return self.drain()

    def stats(self) -> CacheStats:
        """Everything up to now."""
        self.fold()
        return CacheStats(
            hits=self._hits,
            misses=self.misses,
            loads=self._loads,
            evictions=self.evictions,
            invalidations=self.invalidations,
            expirations=self.expirations,
            cached_templates=len(self._entries),
            total_size_bytes=self._entries.bytes,
            hit_ns=self._hit_ns,
            load_ns=self._load_ns,
            max_templates=self._entries.most,
            max_bytes=self._entries.most_bytes,
        )

    def templates(self) -> list[CachedTemplate]:
        """What is in the cache, least recently used first."""
        self.fold()
        return [
            CachedTemplate(
                template_name=entry.key[0],
                template_type=entry.kind,
                content=entry.content,
                file_path=entry.key[1],
                file_hash=entry.digest,
                loaded_at=self._date(entry.loaded_at),
                last_accessed_at=self._date(entry.used_at),
                access_count=entry.hits + entry.misses,
                size_bytes=entry.size,
            )
            for entry in self._entries
        ]

    def _add_departed(self, use: TemplateUse) -> None:
        known = self._departed.pop(use.template_name, None)
        if len(self._departed) >= MOST_PENDING:
            del self._departed[next(iter(self._departed))]
        self._departed[use.template_name] = known.add(use) if known is not None else use

    def _date(self, clock: int) -> datetime:
        return datetime.now(UTC) - timedelta(microseconds=(self._clock() - clock) / 1000)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
