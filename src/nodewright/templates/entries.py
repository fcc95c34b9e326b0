"""Templates in memory: the least recently used first, within a count and a number of bytes.

A forked process has them too, but not the threads that held their locks: see `keep_over_forks`.
"""

import functools
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from nodewright.templates.source import Evidence, Reading

NEVER = -1

Key = tuple[str, str]


class Entry:
    """A loaded template. Content and digest are final: another load is another entry.

    Attributes:
        kind: the node kind that it was last asked for.
        path: the path as the caller gave it.
        folder: the folder to watch for notices of changes, if there is one.
        epoch: the watcher's epoch in which the file was last looked at.
        loaded_at, used_at, expires_at: nanoseconds of the cache's clock.
        load_ms: milliseconds that the load took.
        reported_hits, reported_misses: how many of them are recorded.
        kept: whether it is in the cache.
    """

    __slots__ = (
        "content", "digest", "epoch", "evidence", "expires_at", "folder", "hits", "kept", "key",
        "kind", "load_ms", "loaded_at", "misses", "path", "reported_hits", "reported_misses",
        "size", "used_at",
    )  # fmt: skip

    def __init__(self, key: Key, kind: str, path: Path, content: str, reading: Reading) -> None:
        self.key: Key = key
        self.kind: str = kind
        self.path: Path = path
        self.content: str = content
        self.digest: str = reading.digest
        self.size: int = size_of(content)
        self.evidence: Evidence = Evidence(key[1], reading)
        self.folder: str | None = None
        self.epoch: int = NEVER
        self.loaded_at: int = 0
        self.used_at: int = 0
        self.expires_at: int = 0
        self.load_ms: float = 0.0
        self.hits: int = 0
        self.misses: int = 0
        self.reported_hits: int = 0
        self.reported_misses: int = 0
        self.kept: bool = False


class Entries:
    """The kept entries. Call with the cache's lock held, but for lookups.

    Attributes:
        by_key: entries by name and path, the least recently used first.
        by_name: the entry that was last loaded under a name.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self.most = most
        self.most_bytes = most_bytes
        self.bytes: int = 0
        self.by_key: OrderedDict[Key, Entry] = OrderedDict()
        self.by_name: dict[str, Entry] = {}
        self._newest: Entry | None = None

    def __len__(self) -> int:
        return len(self.by_key)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.by_key.values()))

    def touch(self, entry: Entry) -> None:
        """``entry`` is now the most recently used."""
        if self._newest is not entry:
            self.by_key.move_to_end(entry.key)
            self._newest = entry

    def fits(self, entry: Entry) -> bool:
        """Whether ``entry`` could be kept at all."""
        return self.most >= 1 and entry.size <= self.most_bytes

    def put(self, entry: Entry) -> list[Entry]:
        """Keep ``entry``, which fits; returns the entries that had to make room."""
        held = self.by_key.get(entry.key)
        if held is not None:
            self.remove(held)
        evicted = []
        while self.by_key and (
            len(self.by_key) >= self.most or self.bytes + entry.size > self.most_bytes
        ):
            oldest = next(iter(self.by_key.values()))
            self.remove(oldest)
            evicted.append(oldest)
        entry.kept = True
        self.by_key[entry.key] = self.by_name[entry.key[0]] = self._newest = entry
        self.bytes += entry.size
        return evicted

    def remove(self, entry: Entry) -> bool:
        """Drop ``entry``; whether it was still there."""
        if not entry.kept:
            return False
        entry.kept = False
        del self.by_key[entry.key]
        if self.by_name.get(entry.key[0]) is entry:
            del self.by_name[entry.key[0]]
        if self._newest is entry:
            self._newest = None
        self.bytes -= entry.size
        return True


def size_of(content: str) -> int:
    """Bytes of ``content`` in UTF-8."""
    return len(content) if content.isascii() else len(content.encode("utf-8", "surrogatepass"))


class Forkable(Protocol):
    """What is locked by threads, and can start afresh."""

    def hold(self) -> None:
        """Let no thread be in the middle of something."""

    def release(self) -> None:
        """Take back what `hold` did."""

    def start_afresh(self) -> None:
        """Be as new, but for the templates: nothing else came along into this process."""


def keep_over_forks(one: Forkable) -> None:
    """Let ``one`` start afresh in each process that is forked from here on."""
    _forking().add(one)


class _Forking:
    """What is held while the process forks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: weakref.WeakSet[Forkable] = weakref.WeakSet()
        self._held: list[Forkable] = []
        os.register_at_fork(
            before=self._before, after_in_parent=self._in_parent, after_in_child=self._in_child
        )

    def add(self, one: Forkable) -> None:
        with self._lock:
            self._kept.add(one)

    def _before(self) -> None:
        self._lock.acquire()
        self._held = list(self._kept)
        for one in self._held:
            one.hold()

    def _in_parent(self) -> None:
        for one in self._held:
            one.release()
        self._held = []
        self._lock.release()

    def _in_child(self) -> None:
        self._lock = threading.Lock()
        for one in self._held:
            one.start_afresh()
        self._held = []


@functools.cache
def _forking() -> _Forking:
    # Two threads may make two at once; what is added to either is held.
    return _Forking()
