"""Standard output and error of the command, which may be closed, full, or left by their reader."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from nodewright.errors import NodewrightError


class OutputError(NodewrightError):
    """Standard output cannot be written."""


class Stream:
    """A stream that goes quiet when it cannot be written.

    A reader that has left, as ``head`` does, is no error: the command goes on, and its exit code
    says what it found. A full disk under standard output is an error, under standard error none.
    """

    def __init__(self, stream: TextIO, *, must_arrive: bool) -> None:
        self._stream = stream
        self._must_arrive = must_arrive
        self._lost: str | None = None
        self.reader_left: bool = False

    def write(self, text: str) -> int:
        """Write ``text``.

        Raises:
            OutputError: it has to arrive, and cannot.
        """
        self._do(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Write what is buffered.

        Raises:
            OutputError: it has to arrive, and cannot.
        """
        self._do(self._stream.flush)

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except OSError as error:
            self._fall_silent(error)
        # Whoever only tries whether the stream can be written may have swallowed the error.
        if self._lost is not None:
            raise OutputError(f"standard output cannot be written: {self._lost}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _fall_silent(self, error: OSError) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        # What is still buffered is flushed once more when the interpreter ends.
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        self.reader_left = isinstance(error, BrokenPipeError)
        if self._must_arrive and not self.reader_left:
            self._lost = error.strerror


def reader_left() -> bool:
    """Whether nobody reads standard output any more: what goes on for ever ends then."""
    return getattr(sys.stdout, "reader_left", False)


@contextmanager
def standard_streams() -> Iterator[None]:
    """While open, no stream is closed, and a stream that cannot be written ends nothing else."""
    before = sys.stdin, sys.stdout, sys.stderr
    # The next file to be opened would get the number of a stream that is closed.
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    with open(os.devnull, "r+", encoding="utf-8") as nowhere:  # noqa: PTH123 - no file of a folder
        sys.stdin = before[0] or nowhere
        sys.stdout = cast("TextIO", Stream(before[1] or nowhere, must_arrive=True))
        sys.stderr = cast("TextIO", Stream(before[2] or nowhere, must_arrive=False))
        try:
            yield
        finally:
            with suppress(NodewrightError):
                sys.stdout.flush()
            sys.stderr.flush()
            sys.stdin, sys.stdout, sys.stderr = before
