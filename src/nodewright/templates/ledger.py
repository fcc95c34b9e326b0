"""The cache's accounts: counts, times and uses, exact and without a lock on a hit's way.

A hit leaves one note in a queue, which is an atomic step. Notes are taken into the accounts,
under the lock, before anything reads or depends on them, and every few hundred hits.
"""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from nodewright.templates.entries import Entries, Entry, Key
from nodewright.templates.recording import MOST_PENDING, TemplateUse
from nodewright.templates.source import Reading
from nodewright.templates.statistics import CachedTemplate, CacheStats

# An entry that was hit, the kind it was asked for, when the get began and how long it took (ns).
Note = tuple[Entry, str, int, int]


class Ledger:
    """Call with the cache's lock held, but for ``notes.append``.

    Attributes:
        notes: hits that are not in the accounts yet.
        misses, evictions, invalidations, expirations: see `CacheStats`.
    """

    def __init__(self, entries: Entries, clock: Callable[[], int]) -> None:
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
