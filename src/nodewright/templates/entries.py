"""Templates in memory, the least recently used first, within a count and a number of bytes."""

import os
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

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
        self.key = key
        self.kind = kind
        self.path = path
        self.content = content
        self.digest = reading.digest
        self.size = size_of(content)
        self.evidence = Evidence(key[1], reading)
        self.folder: str | None = None
        self.epoch = NEVER
        self.loaded_at = self.used_at = self.expires_at = 0
        self.load_ms = 0.0
        self.hits = self.misses = self.reported_hits = self.reported_misses = 0
        self.kept = False


class Entries:
    """The kept entries by name and path. Call with the cache's lock held, but for `find`."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self.most = most
        self.most_bytes = most_bytes
        self.bytes = 0
        self._by_key: OrderedDict[Key, Entry] = OrderedDict()
        self._by_name: dict[str, Entry] = {}
        self._newest: Entry | None = None

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._by_key.values()))

    def find(self, name: str, path: Path) -> Entry | None:
        """The entry of a name and path, without a lock."""
        entry = self._by_name.get(name)
        if entry is None or entry.path is not path:
            return self._by_key.get((name, os.fspath(path)))
        return entry

    def get(self, key: Key) -> Entry | None:
        """The entry of ``key``."""
        return self._by_key.get(key)

    def touch(self, entry: Entry) -> None:
        """``entry`` is now the most recently used."""
        if self._newest is not entry:
            self._by_key.move_to_end(entry.key)
            self._newest = entry

    def fits(self, entry: Entry) -> bool:
        """Whether ``entry`` could be kept at all."""
        return self.most >= 1 and entry.size <= self.most_bytes

    def put(self, entry: Entry) -> list[Entry]:
        """Keep ``entry``, which fits; returns the entries that had to make room."""
        held = self._by_key.get(entry.key)
        if held is not None:
            self.remove(held)
        evicted = []
        while self._by_key and (
            len(self._by_key) >= self.most or self.bytes + entry.size > self.most_bytes
        ):
            oldest = next(iter(self._by_key.values()))
            self.remove(oldest)
            evicted.append(oldest)
        entry.kept = True
        self._by_key[entry.key] = self._by_name[entry.key[0]] = self._newest = entry
        self.bytes += entry.size
        return evicted

    def remove(self, entry: Entry) -> bool:
        """Drop ``entry``; whether it was still there."""
        if not entry.kept:
            return False
        entry.kept = False
        del self._by_key[entry.key]
        if self._by_name.get(entry.key[0]) is entry:
            del self._by_name[entry.key[0]]
        if self._newest is entry:
            self._newest = None
        self.bytes -= entry.size
        return True


def size_of(content: str) -> int:
    """Bytes of ``content`` in UTF-8."""
    return len(content) if content.isascii() else len(content.encode("utf-8", "surrogatepass"))
