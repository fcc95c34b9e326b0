"""A log file: appended to by any number of processes, reopened when it was put aside."""

import fcntl
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from nodewright.errors import NodewrightError
from nodewright.logs import rotation
from nodewright.logs.output import DescriptorOutput
from nodewright.logs.rotation import LogRotationConfig

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
_STRIDE = 64
_os_write = os.write
_ROUGH_SIZE = 1024


class LogFileError(NodewrightError, OSError):
    """A log file cannot be opened; the message says which, and why."""


class FileOutput(DescriptorOutput):
    """Entries to a file, with rotation if ``config`` says so.

    The file is never held by another name than its own: when it is renamed or deleted, by this
    class in any process or by logrotate, the next write after the check goes to a new file.

    Args:
        path: the file; folders above it are made.
        config: when to rotate; None leaves that to others.

    Raises:
        LogFileError: the file cannot be opened.
    """

    def __init__(self, path: Path | str, config: LogRotationConfig | None = None) -> None:
        self.path: Path = Path(path)
        self.config = config
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = _open_current(self.path)
        except OSError as error:
            raise LogFileError(
                f"cannot open the log file {self.path}: {error.strerror}; "
                "give a file in a folder that this process may write to"
            ) from error
        super().__init__(descriptor, str(self.path))
        self._closed = False
        self._checked_by = 0
        self._tidying: threading.Thread | None = None
        self._limit = config.max_bytes if config and config.max_bytes else 1 << 62
        self._pause = config.check_seconds if config else 1.0
        self._inode = (0, 0)
        self._room = 0
        self._turn_at = float("inf")
        self._adopt(descriptor)
        self._check_at = 0.0  # the file may be due already
        self._writes_left = 0
        self._stride = 1
        self._looked_at = 0.0
        if config is not None:
            self.tidy_soon()

    def write(self, line: bytes) -> None:
        """Write one entry; never raises."""
        # The parent's few lines again: calling them would cost a twentieth of an entry.
        self._writes_left -= 1
        if self._writes_left < 0:
            self._look()
        if self._troubled:
            self._write_after_trouble(line)
            return
        try:
            done = _os_write(self._fd, line)
        except OSError as error:
            self._push(line, error)
            return
        if done != len(line):
            self._push(line[done:], None)

    def close(self) -> None:
        """Stop looking after the file; what is due is compressed first.

        The descriptor is given back when nobody refers to this any more: a thread that is about to
        write must not find it closed, nor given to a stranger's file.
        """
        if self._closed:
            return
        self._closed = True
        if self._tidying is not None:
            self._tidying.join()

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):  # it may never have been opened
            os.close(self._fd)

    def reopen(self) -> bool:
        """Open the file anew after the descriptor was found closed."""
        if self._closed:
            return False
        try:
            self._fd = _open_current(self.path)
        except OSError:
            return False
        self._adopt(self._fd)
        return True

    def _adopt(self, descriptor: int) -> None:
        """Take note of the file now open."""
        status = os.fstat(descriptor)
        self._inode = (status.st_dev, status.st_ino)
        self._room = self._limit - status.st_size
        self._check_at = time.monotonic() + self._pause
        self._turn_at = float("inf")
        if self.config is not None:
            self._turn_at = self.config.next_turn(rotation.began(self.path))

    def _look(self) -> None:
        """Check if it is time to; else say how many entries may go by before the next look.

        Looking at the clock costs, so a busy writer does it for one entry of up to 64. A writer
        that is not busy looks each time.
        """
        now = time.monotonic()
        if now >= self._check_at or self._room <= 0:
            self._check()
        busy = now - self._looked_at < self._pause / 8
        self._looked_at = now
        stride = min(self._stride * 2, _STRIDE) if busy else 1
        self._stride = stride
        # No more than fit into what is left of the file, at a rough guess of their size.
        self._writes_left = min(stride - 1, max(self._room, 0) // _ROUGH_SIZE)
        self._room -= (self._writes_left + 1) * _ROUGH_SIZE

    def _check(self) -> None:
        """See whether the file is due, or was put aside by another; one thread at a time."""
        if self._checked_by == os.getpid() or self._closed:  # a forked child starts afresh
            return
        self._checked_by = os.getpid()
        try:
            self._check_at = time.monotonic() + self._pause
            size = os.fstat(self._fd).st_size
            self._room = self._limit - size
            if self.config and (self._room <= 0 or time.time() >= self._turn_at):
                rotation.put_aside(self.path, self._inode[1], self.config)
            self._follow()
        except OSError:
            return  # the write itself finds out what is wrong, and says so
        finally:
            self._checked_by = 0

    def _follow(self) -> None:
        """Move to the file that has the name now, if it is another."""
        try:
            status = self.path.stat()
            if (status.st_dev, status.st_ino) == self._inode:
                return
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        opened = _open_current(self.path)
        held = os.fstat(self._fd)
        if (held.st_dev, held.st_ino) == self._inode:
            # Same number, other file, in one step: no thread ever writes to a closed descriptor.
            os.dup2(opened, self._fd, inheritable=False)
            os.close(opened)
        else:
            self._fd = opened  # the number was closed and given away: it is someone else's now
        self._adopt(self._fd)
        self.tidy_soon()

    def tidy_soon(self) -> None:
        """Compress and delete what is due, beside the caller."""
        if self.config is None or (self._tidying is not None and self._tidying.is_alive()):
            return
        self._tidying = threading.Thread(
            target=rotation.tidy, args=(self.path, self.config), name="log-tidy", daemon=True
        )
        with suppress(RuntimeError):  # the interpreter is ending: a later process will do it
            self._tidying.start()


def _open_current(path: Path) -> int:
    """Open the file that has this name, with the lock that says it is in use.

    Between opening and locking, another process may put the file aside, and even compress it;
    then what was opened must not be written to, and the next try gets the new file.
    """
    while True:
        descriptor = os.open(path, _APPEND, 0o640)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            except OSError:
                return descriptor  # a file system without locks: nothing is compressed there
            if _same_file(descriptor, path):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)


def _same_file(descriptor: int, path: Path) -> bool:
    held, named = os.fstat(descriptor), path.stat()
    return (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino)
