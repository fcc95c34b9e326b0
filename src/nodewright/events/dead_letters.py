"""Events that the broker refused, each with the reason, kept until someone replays them."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from nodewright.events.encoding import Record, event_id
from nodewright.events.failures import Failure
from nodewright.events.segments import Frame, encode_frames, read_frames

_SUFFIX = ".letters"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused event; ``refused_at`` is in seconds since the epoch."""

    record: Record
    reason: str
    refused_at: float

    @property
    def event_id(self) -> str:
        """The event's id."""
        return event_id(self.record)


class DeadLetters:
    """Appends to a file of this process in a directory that all processes share.

    A letter is two frames: the reason (as JSON, for the pseudo-topic of an empty name), then the
    event itself.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.Lock()
        self._file: int | None = None

    def add(self, failures: Sequence[Failure]) -> None:
        """Keep the records of ``failures``."""
        frames: list[Record] = []
        for failure in failures:
            reason = {"reason": f"{failure.code}: {failure.reason}", "refused_at": time.time()}
            frames += [("", orjson.dumps(reason), None, None), failure.record]
        with self._lock:
            if self._file is None:
                self._file = self._open()
            view = memoryview(encode_frames(frames))
            while view:
                view = view[os.write(self._file, view) :]

    def __iter__(self) -> Iterator[DeadLetter]:
        for path in sorted(self.directory.glob(f"*{_SUFFIX}")):
            yield from _read(path)

    def claim(self) -> Iterator[list[DeadLetter]]:
        """The letters of one file after the other; a file is deleted when the next is asked for.

        Files that a living process still writes are left alone.
        """
        for path in sorted(self.directory.glob(f"*{_SUFFIX}")):
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield list(_read(path))
                path.unlink()
            except BlockingIOError:
                continue
            finally:
                os.close(file)

    def close(self) -> None:
        """Close the file; later letters go to a new one."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _open(self) -> int:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.directory / f"{time.time_ns():020d}-{os.getpid()}{_SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        file = os.open(path, flags, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        return file


def _read(path: Path) -> Iterator[DeadLetter]:
    """The whole letters of a file; what is damaged is passed over."""
    unknown = ("unknown: the note was damaged", 0.0)
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
                note = str(content["reason"]), float(content["refused_at"])
            except (ValueError, KeyError, TypeError):
                note = unknown
