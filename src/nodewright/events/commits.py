"""Which parts of a spool are done, and the small file that remembers it."""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

_MAGIC = b"NWCM"
_HEAD = struct.Struct("<4sIQQI")  # magic, crc, generation, watermark, number of ranges
_CRC_FROM = 8
_RANGE = struct.Struct("<QQ")
_SLOT = 32 * 1024
_MAX_RANGES = (_SLOT - _HEAD.size) // _RANGE.size


class Commits:
    """Done byte ranges of a log: all below ``watermark``, and some ranges above it.

    Two slots are written in turn, so that a torn write leaves the one before. What is forgotten
    is only delivered again.
    """

    def __init__(self, path: Path) -> None:
        self.watermark: int = 0
        self._ranges: dict[int, int] = {}  # start -> end, above the watermark
        self._generation = 0
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(path, flags, 0o600)
        try:
            self._load()
            os.posix_fallocate(self._file, 0, 2 * _SLOT)  # a disk that fills up later is no matter
        except OSError:
            os.close(self._file)
            raise

    @property
    def remembered(self) -> bool:
        """Whether an earlier owner of the log has left what it knew."""
        return self._generation > 0

    @property
    def end(self) -> int:
        """The highest position that is known to be done."""
        return max(self._ranges.values(), default=self.watermark)

    def add(self, start: int, end: int) -> None:
        """Note that ``start`` to ``end`` is done; ranges do not overlap."""
        if start == end:
            return
        self._ranges[start] = end
        while (reached := self._ranges.pop(self.watermark, None)) is not None:
            self.watermark = reached

    def undone(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges between ``start`` and ``end`` that are not done, in order."""
        position = max(start, self.watermark)
        for a, b in sorted(self._ranges.items()):
            if a >= end:
                break
            if a > position:
                yield position, a
            position = max(position, b)
        if position < end:
            yield position, end

    def save(self) -> None:
        """Write what is known; survives the process."""
        generation = self._generation + 1
        ranges = sorted(self._ranges.items())[:_MAX_RANGES] if self._ranges else []
        tail = b"".join(_RANGE.pack(a, b) for a, b in ranges)
        head = _HEAD.pack(_MAGIC, 0, generation, self.watermark, len(ranges))
        content = head[_CRC_FROM:] + tail
        os.pwrite(
            self._file,
            _MAGIC + zlib.crc32(content).to_bytes(4, "little") + content,
            generation % 2 * _SLOT,
        )
        self._generation = generation  # after an error, the same slot again: the other is whole

    def sync(self) -> None:
        """Make what was saved survive a power loss too."""
        os.fdatasync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _load(self) -> None:
        for offset in (0, _SLOT):
            slot = os.pread(self._file, _SLOT, offset)
            if len(slot) < _HEAD.size:
                continue
            magic, crc, generation, watermark, count = _HEAD.unpack_from(slot)
            stop = _HEAD.size + count * _RANGE.size
            if magic != _MAGIC or stop > len(slot) or zlib.crc32(slot[_CRC_FROM:stop]) != crc:
                continue
            if generation > self._generation:
                self._generation, self.watermark = generation, watermark
                self._ranges = dict(_RANGE.iter_unpack(slot[_HEAD.size : stop]))


def without(
    ranges: Iterable[tuple[int, int]], held: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """``ranges`` less the bytes of ``held``.

    >>> without([(0, 10), (20, 30)], [(4, 6), (20, 30)])
    [(0, 4), (6, 10)]
    """
    left = list(ranges)
    for low, high in held:
        left = [
            part
            for start, end in left
            for part in ((start, min(end, low)), (max(start, high), end))
            if part[0] < part[1]
        ]
    return left
