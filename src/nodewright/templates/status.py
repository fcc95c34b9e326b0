"""One look at a file's status, as cheap as the operating system gives it.

``os.stat`` builds an object of twenty fields, and lets go of the interpreter's lock: with eight
threads that costs more than the look itself. Where the C library can be called and the file lies
on a local file system, where a look never waits for a network, the status is taken as raw bytes
under the lock, and only compared.
"""

import ctypes
import functools
import os
import sys
import threading
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


class Stamp(NamedTuple):
    """What of a file's status changes whenever its content does."""

    mtime_ns: int
    ctime_ns: int
    size: int
    inode: int


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp in ``status``."""
    return Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


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
