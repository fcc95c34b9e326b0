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


class DescriptorOutput:
    """Whole lines to one descriptor.

    Attributes:
        name: what the descriptor is, for reports.
        lost: entries that could not be written.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self.name = name
        self.lost: int = 0
        self._fd = descriptor
        self._lost_now = 0
        self._troubled = False
        self._torn = False

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
        self.lost += 1
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
        self._stream: object = self
        self._write: Callable[[bytes], None] = self._drop
        self._lost = 0
        self._target: DescriptorOutput | None = None

    @property
    def lost(self) -> int:
        """Entries that could not be written."""
        return self._lost + (self._target.lost if self._target else 0)

    def write(self, line: bytes) -> None:
        """Write one entry; never raises."""
        if sys.stderr is not self._stream:
            self._attach(sys.stderr)
        self._write(line)

    def close(self) -> None:
        """Do nothing: standard error belongs to the process."""

    def _attach(self, stream: TextIO | None) -> None:
        self._stream = stream
        if self._target is not None:
            self._lost += self._target.lost
            self._target = None
        terminal = False
        write: Callable[[bytes], None] = self._drop
        if stream is not None:
            try:
                descriptor = stream.fileno()
                terminal = os.isatty(descriptor)
            except Exception:  # noqa: BLE001 - whatever stands in for a stream
                write = self._write_text
            else:
                self._target = DescriptorOutput(descriptor, "standard error")
                write = self._target.write
        if self.style == "console" or (self.style == "auto" and terminal):
            from nodewright.logs.console import rendering

            write = rendering(write, colours=terminal)
        self._write = write

    def _write_text(self, line: bytes) -> None:
        try:
            self._stream.write(line.decode())  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001 - the caller of a log must not suffer
            self._lost += 1

    def _drop(self, _line: bytes) -> None:
        self._lost += 1


_current: Output = StderrOutput()
write: Callable[[bytes], None] = _current.write


def current() -> Output:
    """Where entries go now."""
    return _current


def use(output: Output) -> Output:
    """Send entries to ``output`` from now on; gives back what was used before."""
    global _current, write
    before, _current, write = _current, output, output.write
    return before
