"""Where entries go: whole lines, one ``write()`` each, to an unbuffered descriptor.

Nothing here raises into the caller, takes a lock or keeps a line back. So entries survive SIGKILL,
signal handlers and finalisers may log, and a forked child can write at once. What cannot be written
is counted, reported once to standard error, and told in an entry when writing works again.
"""

import errno
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TextIO

# Seconds that a full pipe may hold up the caller before the entry is given up.
PATIENCE = 1.0
_os_write = os.write


class Output(Protocol):
    """Takes encoded entries, each with its newline."""

    @property
    def lost(self) -> int:
        """Entries that could not be written."""

    def write(self, line: bytes) -> None:
        """Write one entry; never raises."""

    def close(self) -> None:
        """Give back what the output holds."""


class Losses:
    """How many entries could not be written."""

    __slots__ = ("total",)

    def __init__(self) -> None:
        self.total: int = 0


class DescriptorOutput:
    """Whole lines to one descriptor.

    Args:
        descriptor: where to write.
        name: what the descriptor is, for reports.
        losses: counts the entries that could not be written; several outputs may share it.
    """

    def __init__(self, descriptor: int, name: str, losses: Losses | None = None) -> None:
        self.name = name
        self._losses = losses if losses is not None else Losses()
        self._fd = descriptor
        self._lost_now = 0
        self._troubled = False
        self._torn = False

    @property
    def lost(self) -> int:
        """Entries that could not be written."""
        return self._losses.total

    def write(self, line: bytes) -> None:
        """Write one entry in one call; never raises."""
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
        """Do nothing: the descriptor belongs to someone else."""

    def reopen(self) -> bool:
        """Whether a closed descriptor could be replaced by a working one."""
        return False

    def _push(self, rest: bytes, error: OSError | None) -> bool:
        """Write what one call did not; whether it succeeded in the end."""
        begun = error is None
        for _ in range(8):
            if isinstance(error, BlockingIOError):
                _wait_writable(self._fd)
            elif error is not None and (error.errno not in _CLOSED or not self.reopen()):
                break
            try:
                done = _os_write(self._fd, rest)
            except OSError as again:
                error = again
                continue
            error, rest = None, rest[done:]
            if not rest:
                return True
            begun = begun or done > 0
        self._troubled = True
        self._torn = self._torn or begun
        self._losses.total += 1
        self._lost_now += 1
        if self._lost_now == 1:
            reason = error.strerror if error is not None else "it takes only parts of a line"
            _report(
                f"nodewright.logs: cannot write to {self.name} ({reason}); entries are lost and "
                "counted until it works again\n"
            )
        return False

    def _write_after_trouble(self, line: bytes) -> None:
        """Write an entry on a line of its own, and say in the log itself what it lacks."""
        data = b"\n" + line if self._torn else line
        try:
            done = _os_write(self._fd, data)
        except OSError as error:
            written = self._push(data, error)
        else:
            written = done == len(data) or self._push(data[done:], None)
        if not written:
            return
        lost, self._lost_now = self._lost_now, 0
        self._troubled = self._torn = False
        now = datetime.now(UTC).isoformat()
        self.write(
            f'{{"timestamp":"{now}","level":"WARNING","logger_name":"nodewright.logs",'
            f'"message":"logs.output.recovered","metadata":{{"lost":{lost}}}}}\n'.encode()
        )


_CLOSED = (errno.EBADF, errno.ESTALE)


def _wait_writable(descriptor: int) -> None:
    import select

    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        poll.poll(PATIENCE * 1000)
    except OSError:
        return


def _report(text: str) -> None:
    try:
        os.write(2, text.encode("utf-8", "backslashreplace"))
    except OSError:
        return


class StderrOutput:
    """Standard error, whatever ``sys.stderr`` is at the moment.

    A terminal gets a rendered line; a file, pipe or another program gets JSON; an object in the
    place of ``sys.stderr`` (a notebook, a test's capture) gets the line as text.

    Attributes:
        style: "auto", "json" or "console".
    """

    def __init__(self, style: str = "auto") -> None:
        self.style = style
        self._losses = Losses()
        # The stream and what writes to it are replaced together: a thread sees both or neither.
        self._attached: tuple[object, Callable[[bytes], None]] = (self, self._drop)

    @property
    def lost(self) -> int:
        """Entries that could not be written."""
        return self._losses.total

    def write(self, line: bytes) -> None:
        """Write one entry; never raises."""
        stream, write = self._attached
        if sys.stderr is not stream:
            write = self._attach(sys.stderr)
        write(line)

    def close(self) -> None:
        """Do nothing: standard error belongs to the process."""

    def _attach(self, stream: TextIO | None) -> Callable[[bytes], None]:
        """Find out how to write to ``stream``. Threads that do so at once find the same."""
        terminal = False
        write: Callable[[bytes], None] = self._drop
        if stream is not None:
            try:
                descriptor = stream.fileno()
                terminal = os.isatty(descriptor)
            except Exception:  # noqa: BLE001 - whatever stands in for a stream
                write = partial(self._write_text, stream)
            else:
                write = DescriptorOutput(descriptor, "standard error", self._losses).write
        if self.style == "console" or (self.style == "auto" and terminal):
            from nodewright.logs.console import rendering

            write = rendering(write, colours=terminal)
        self._attached = (stream, write)
        return write

    def _write_text(self, stream: TextIO, line: bytes) -> None:
        try:
            stream.write(line.decode())
        except Exception:  # noqa: BLE001 - the caller of a log must not suffer
            self._losses.total += 1

    def _drop(self, _line: bytes) -> None:
        self._losses.total += 1
