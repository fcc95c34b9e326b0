"""Template files as the file system tells of them: what was read, and whether it still stands.

A file's stamp (times, size, inode) is cheap to get and changes with the content, with one
exception: a file that is written twice within one tick of the file system's clock keeps its
stamp. So a stamp proves nothing until the content has been read a tick after the stamp was first
seen; version control systems know this as the racy timestamp.

``os.stat`` builds an object of twenty fields, and lets go of the interpreter's lock: with eight
threads that costs more than the look itself. Where the C library can be called and the file lies
on a local file system, where a look never waits for a network, the status is taken as raw bytes
under the lock, and only compared.
"""

import ctypes
import functools
import hashlib
import os
import stat
import sys
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

Look = Callable[[], object]

# More than ``struct stat`` and ``struct statfs`` of any architecture; what they leave stays zero.
_ROOM = 256
_LOCAL_FILE_SYSTEMS = {
    0xEF53,  # ext2, ext3, ext4
    0x58465342,  # XFS
    0x9123683E,  # Btrfs
    0xF2F52010,  # F2FS
    0x2FC12FC1,  # ZFS
    0x01021994,  # tmpfs
    0x794C7630,  # overlayfs
}

# Longer than a tick of any clock that a file system takes its times from.
FINE_TICK_NS = 50_000_000
COARSE_TICK_NS = 2_100_000_000
# A stamp older than this by the wall clock is past its tick even where a server's clock is off.
CLOCK_SKEW_NS = 60_000_000_000

_READ_ATTEMPTS = 5


class Stamp(NamedTuple):
    """What of a file's status changes whenever its content does."""

    mtime_ns: int
    ctime_ns: int
    size: int
    inode: int


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp in ``status``."""
    return Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


class Reading(NamedTuple):
    """A file's content and stamp, of one read.

    Attributes:
        stamp: the stamp before and after the read; None if the file changed all the time.
        digest: SHA-256 of ``data``, in hexadecimal digits.
        data: the bytes.
        read_at: monotonic nanoseconds just before the read.
    """

    stamp: Stamp | None
    digest: str
    data: bytes
    read_at: int


def is_regular(path: str) -> bool:
    """Whether ``path`` is a file that reads the same twice: no folder, pipe or device."""
    return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116


def read(path: str) -> Reading:
    """Read a file, and hash what was read.

    Raises:
        OSError: it is not there, or can't be read.
    """
    for _ in range(_READ_ATTEMPTS):
        read_at = time.monotonic_ns()
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor
            before = os.fstat(descriptor)
            data = file.readall()
            after = os.fstat(descriptor)
        if stamp_of(before) == stamp_of(after) and len(data) == before.st_size:
            return Reading(stamp_of(before), hashlib.sha256(data).hexdigest(), data, read_at)
    return Reading(None, hashlib.sha256(data).hexdigest(), data, read_at)


class Evidence:
    """What is known of the file whose content was read.

    Attributes:
        lock: to be held by who calls a method.
        look: looks at the file.
        proof: the look that proves the content; None while a change could hide behind it.
    """

    __slots__ = ("_file", "_seen", "_seen_at", "_settled", "lock", "look", "proof")

    def __init__(self, file: str, reading: Reading) -> None:
        self.lock: threading.Lock = threading.Lock()
        self._file = file
        self._seen: Stamp | None = None
        self._seen_at = 0
        self._settled = False
        self.look: Look = look_at(file)
        self.proof: object = None
        self.add(reading)

    def add(self, reading: Reading) -> None:
        """Take in another reading of the same content."""
        if reading.stamp is None:
            self._seen, self._settled, self.proof = None, False, None
            return
        if reading.stamp != self._seen:
            self._seen, self._seen_at = reading.stamp, reading.read_at
        self._settled = self._is_past_its_tick(reading, reading.stamp.ctime_ns)
        self.proof = None
        self.renew()

    def renew(self) -> bool:
        """Whether the file's stamp still proves the content; if so, look again for the proof."""
        if not self._settled:
            return False
        proof = self.look()
        if stamp_of(os.stat(self._file)) != self._seen:  # noqa: PTH116
            return False
        self.proof = proof
        return True

    def _is_past_its_tick(self, reading: Reading, changed: int) -> bool:
        now = time.time_ns() - (time.monotonic_ns() - reading.read_at)
        if now - changed > CLOCK_SKEW_NS:
            return True
        # Whole milliseconds speak of a file system that keeps no finer times.
        tick = FINE_TICK_NS if changed % 1_000_000 else COARSE_TICK_NS
        return reading.read_at - self._seen_at > tick


def look_at(file: str) -> Look:
    """What looks at ``file``: equal looks mean equal stamps.

    A look at a file that is gone raises OSError or differs from every other.
    """
    native = _native_stat()
    if native is None or not _is_local(file):
        return lambda: tuple(stamp_of(os.stat(file)))  # noqa: PTH116 - the cheapest there is
    path = os.fsencode(file)
    local = _buffers()

    def look() -> object:
        buffer = local.buffer
        return object() if native(path, buffer) else buffer.raw

    return look


class _Buffer(threading.local):
    def __init__(self) -> None:
        self.buffer = ctypes.create_string_buffer(_ROOM)


@functools.cache
def _buffers() -> _Buffer:
    return _Buffer()


@functools.cache
def _native_stat() -> Callable[[bytes, object], int] | None:
    if sys.platform != "linux":
        return None
    try:
        native: Callable[[bytes, object], int] = ctypes.PyDLL(None).stat
    except (OSError, AttributeError):
        return None
    return native


def _is_local(file: str) -> bool:
    buffer = ctypes.create_string_buffer(_ROOM)
    try:
        failed = ctypes.CDLL(None).statfs(os.fsencode(file), buffer)
    except (OSError, AttributeError):
        return False
    kind = ctypes.c_long.from_buffer(buffer).value & 0xFFFFFFFF
    return not failed and kind in _LOCAL_FILE_SYSTEMS
