"""Events that the broker refused, each with the reason, kept until someone replays them."""

import fcntl
import os
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from nodewright.events.broker import MOCK
from nodewright.events.encoding import Record, event_id
from nodewright.events.errors import DeadLetterError
from nodewright.events.segments import Frame, encode_frames, read_frames
from nodewright.events.undelivered import Failure

_SUFFIX = ".letters"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused event.

    Attributes:
        record: the event as Kafka would carry it.
        reason: why it was refused.
        refused_at: when, in seconds since the epoch.
        broker: the name of the broker that refused it; None: not known.
    """

    record: Record
    reason: str
    refused_at: float
    broker: str | None = None

    @property
    def event_id(self) -> str:
        """The event's id."""
        return event_id(self.record)


class DeadLetters:
    """Appends to a file of this process in a directory that all processes share.

    A letter is two frames: the reason (as JSON, for the pseudo-topic of an empty name), then the
    event itself.

    Args:
        directory: made when the first letter comes.
        broker: the name of the broker whose refusals are kept here.
    """

    def __init__(self, directory: Path, broker: str | None = None) -> None:
        self.directory = directory
        self.broker = broker
        self._lock = threading.Lock()
        self._file: int | None = None

    def add(self, failures: Sequence[Failure]) -> None:
        """Keep the records of ``failures``, all or none.

        Raises:
            OSError: there is no room.
            EventEncodingError: one is larger than a letter takes.
        """
        frames: list[Record] = []
        for failure in failures:
            reason = {
                "reason": f"{failure.code}: {failure.reason}",
                "refused_at": time.time(),
                "broker": self.broker,
            }
            frames += [("", orjson.dumps(reason), None, None), failure.record]
        view = memoryview(encode_frames(frames))
        with self._lock:
            if self._file is None:
                self._file = self._open()
            size = os.fstat(self._file).st_size
            try:
                while view:
                    view = view[os.write(self._file, view) :]
            except OSError:
                os.ftruncate(self._file, size)
                raise

    def __iter__(self) -> Iterator[DeadLetter]:
        for path in self._files():
            with suppress(FileNotFoundError):  # another process has replayed it
                yield from list(_read(path))

    def claim(self, *, adopt: bool = False) -> Iterator[list[DeadLetter]]:
        """The letters of one file after the other; a file is deleted when the next is asked for.

        Files that a living process still writes are left alone, and those with the letters of
        another broker, unless ``adopt``.
        """
        for path in self._files():
            try:
                file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            except FileNotFoundError:  # another process has replayed it
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                letters = list(_read(path))
                if not adopt and not all(self._owns(letter) for letter in letters):
                    continue
                yield letters
                path.unlink()
            except BlockingIOError:
                continue
            finally:
                os.close(file)

    def close(self) -> None:
        """Close the file; later letters go to a new one."""
        with self._lock:
            if self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_UN)  # a forked child may have a copy of the file
                os.close(self._file)
                self._file = None

    def abandon(self) -> None:
        """Give up, in a forked child, the copy of what its parent goes on to write."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _owns(self, letter: DeadLetter) -> bool:
        # Letters that name no broker were written before letters did: by a real one, then.
        return letter.broker == self.broker or (letter.broker is None and self.broker != MOCK)

    def _files(self) -> list[Path]:
        found: list[Path] = []
        for path in sorted(self.directory.glob(f"*{_SUFFIX}")):
            with suppress(FileNotFoundError):  # another process has replayed it
                if not stat.S_ISREG(path.lstat().st_mode):
                    raise DeadLetterError(f"{str(path)!r} is no file of dead letters: move it away")
                found.append(path)
        return found

    def _open(self) -> int:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.directory / f"{time.time_ns():020d}-{os.getpid()}{_SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        file = os.open(path, flags, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        return file


def _read(path: Path) -> Iterator[DeadLetter]:
    """The whole letters of a file; what is damaged is passed over."""
    unknown: tuple[str, float, str | None] = ("unknown: the note was damaged", 0.0, None)
    note = unknown
    with path.open("rb") as file:
        for item in read_frames(file, 0, path.stat().st_size):
            if not isinstance(item, Frame):
                continue
            topic, value, _, _ = item.record
            if topic:
                yield DeadLetter(item.record, *note)
                note = unknown
                continue
            try:
                content = orjson.loads(value)
                broker = content.get("broker")
                name = None if broker is None else str(broker)
                note = str(content["reason"]), float(content["refused_at"]), name
            except (ValueError, KeyError, TypeError, AttributeError):
                note = unknown
