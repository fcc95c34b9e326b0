"""The files of a spool's folder, which anybody may have changed, and whose folder it is."""

import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodewright.events.errors import SpoolError, SpoolFullError, SpoolOwnedError

SUFFIX = ".segment"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # what a disk without room answers
_NAME = re.compile(r"(?P<start>[0-9]{20})\.segment", re.ASCII)
_MOST = 1 << 62  # a position beyond this was not written by a spool
_BROKER = "broker"


def broker_of(directory: Path) -> str | None:
    """The name of the broker that the events in a spool are for; None where it is not known.

    Raises:
        SpoolError: it cannot be read.
    """
    with as_spool_error(f"cannot read the spool {directory}"):
        try:
            file = os.open(
                directory / _BROKER, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            )
        except FileNotFoundError:
            return None
        try:
            return os.pread(file, 4096, 0).decode(errors="replace") or None
        finally:
            os.close(file)


def assign_broker(directory: Path, broker: str) -> None:
    """Say that the events in a spool are for ``broker`` from now on.

    Raises:
        SpoolError: it cannot be written.
    """
    with as_spool_error(f"cannot write to the spool {directory}"):
        fresh = directory / f"{_BROKER}.new"
        fresh.write_text(broker, encoding="utf-8")
        fresh.replace(directory / _BROKER)


def own(directory: Path) -> int:
    """Become the owner of a spool; the file that says so, to be closed by the owner.

    Raises:
        SpoolOwnedError: another process is.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(directory / "owner", flags, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.pread(file, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(file)
        raise SpoolOwnedError(
            f"the spool {directory} is owned by another process (pid {owner}): "
            "stop it, or set another directory"
        ) from error
    os.ftruncate(file, 0)
    os.pwrite(file, str(os.getpid()).encode(), 0)
    return file


def segments(directory: Path) -> list[tuple[int, Path]]:
    """The segments of a spool and the position of each, oldest first.

    Raises:
        SpoolError: something there only looks like a segment.
    """
    found: list[tuple[int, Path]] = []
    for path in directory.glob(f"*{SUFFIX}"):
        name = _NAME.fullmatch(path.name)
        status = path.lstat()
        if name is None or not stat.S_ISREG(status.st_mode):
            raise SpoolError(f"{str(path)!r} is no segment of a spool: move it somewhere else")
        start = int(name["start"])
        if start + status.st_size > _MOST:
            raise SpoolError(f"{str(path)!r} is no segment of a spool: its number is too large")
        found.append((start, path))
    return sorted(found)


@contextmanager
def as_spool_error(what: str) -> Iterator[None]:
    """Turn an error of the operating system into one of ours that says ``what`` failed."""
    try:
        yield
    except SpoolError:
        raise
    except OSError as error:
        kind = SpoolFullError if error.errno in FULL else SpoolError
        raise kind(f"{what}: {error.strerror or error}; look at its files") from error
