"""Events accepted and not yet acknowledged by the broker: an append-only log on disk.

Positions are byte offsets into the log as a whole; a segment file is named by the offset of its
first byte. What is done is a set of byte ranges; a segment that is wholly done is deleted.
"""

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nodewright.disk import sync_folder
from nodewright.events.commits import Commits
from nodewright.events.config import Durability
from nodewright.events.encoding import Record
from nodewright.events.errors import (
    ClosedError,
    EventEncodingError,
    SpoolError,
    SpoolFullError,
    SpoolOwnedError,
)
from nodewright.events.segments import MAGIC, Damage, Frame, encode_frames, read_frames

SEGMENT_BYTES = 32 * 1024 * 1024
_WRITE_EVENTS = 1000  # frames of this many events are written at a time
_SUFFIX = ".segment"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Span:
    """Where some records lie in the log: bytes ``start`` to ``end``."""

    start: int
    end: int
    count: int


@dataclass(frozen=True, slots=True)
class SpoolStatistics:
    """What is in a spool. ``quarantined`` counts events that were damaged and set aside."""

    events: int
    unsent_bytes: int
    disk_bytes: int
    segments: int
    quarantined: int


class Spool:
    """A directory of segments, owned by one process.

    Args:
        directory: made if need be.
        durability: ``process``: an append survives SIGKILL; ``disk``: ``synced`` says when it
            also survives a power loss (one ``fdatasync`` for all that wait).
        max_bytes: refuse more than this much on disk; 0: no limit but the disk's.

    Raises:
        SpoolOwnedError: another process owns the directory.
    """

    def __init__(
        self, directory: Path, *, durability: Durability = "process", max_bytes: int = 0
    ) -> None:
        self.directory = directory
        self.durability = durability
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._owner = _own(directory)
        self._commits = Commits(directory / "commits")
        self._segments = _segments(directory)
        self._active: int | None = None
        self._active_start = 0
        self._closed = False
        self._syncing = _GroupSync() if durability == "disk" else None
        self.end: int = self._recover()
        self.events: int = self._count()

    @property
    def watermark(self) -> int:
        """Everything below this position is done."""
        return self._commits.watermark

    def append(self, records: Sequence[Record]) -> Span:
        """Accept ``records``, all or none.

        Raises:
            SpoolFullError: there is no room.
            EventEncodingError: one is larger than the spool takes.
        """
        with self._lock:
            if self._closed:
                raise ClosedError(f"the spool {self.directory} is closed")
            try:
                file = self._writable()
                written = self._write(file, records)
            except OSError as error:
                if error.errno in _FULL:
                    raise SpoolFullError(
                        f"no room in the spool {self.directory} for {len(records)} event(s): "
                        f"{error.strerror}; free some disk space"
                    ) from error
                raise SpoolError(f"cannot write to the spool {self.directory}: {error}") from error
            span = Span(self.end, self.end + written, len(records))
            self.end = span.end
            self.events += span.count
            if self._syncing is not None:
                self._syncing.written(file, span.end)
        return span

    def when_synced(self, span: Span, call: Callable[[OSError | None], None]) -> None:
        """Call ``call`` when ``span`` is on disk, or with the error that prevented it."""
        if self._syncing is None:
            call(None)
        else:
            self._syncing.wait(span.end, call)

    def done(self, spans: Sequence[Span]) -> None:
        """Note that the events of ``spans`` need no more delivery."""
        with self._lock:
            if self._closed:
                return
            for span in spans:
                self._commits.add(span.start, span.end)
                self.events -= span.count
            self._commits.save()
            self._drop_done_segments()

    def read(self, start: int, limit_events: int, limit_bytes: int) -> tuple[list[Record], Span]:
        """Some undone records from position ``start`` on, and the span they lie in.

        Damage met on the way is set aside and done. The span is empty at the end of the log.
        """
        with self._lock:
            ranges = list(self._commits.undone(start, self.end))
        for range_start, stop in ranges:
            records: list[Record] = []
            begin = reached = range_start
            for item in self._frames(begin, stop):
                if isinstance(item, Damage):
                    if records:
                        break
                    self._quarantine(item)
                    begin = reached = item.end
                    continue
                records.append(item.record)
                reached = item.end
                if len(records) >= limit_events or reached - begin >= limit_bytes:
                    break
            if records:
                return records, Span(begin, reached, len(records))
        return [], Span(self.end, self.end, 0)

    def statistics(self) -> SpoolStatistics:
        """Counts as of now."""
        with self._lock:
            unsent = sum(b - a for a, b in self._commits.undone(0, self.end))
            first = self._segments[0][0] if self._segments else self.end
            quarantined = sum(
                max(1, path.read_bytes().count(MAGIC))
                for path in self._quarantine_dir.glob("*.bin")
            )
            return SpoolStatistics(
                self.events, unsent, self.end - first, len(self._segments), quarantined
            )

    def close(self) -> None:
        """Close all files and give the directory up; what is undone stays for the next owner."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._syncing is not None:
                self._syncing.close()
            if self._active is not None:
                os.close(self._active)
            if self._commits.watermark >= self.end:
                for _, path in self._segments:
                    path.unlink(missing_ok=True)
            self._commits.save()
            self._commits.close()
            os.close(self._owner)

    @property
    def _quarantine_dir(self) -> Path:
        return self.directory / "quarantine"

    def _writable(self) -> int:
        """The active segment; a new one when it is large enough. Holds the lock."""
        if self._active is not None and self.end - self._active_start < SEGMENT_BYTES:
            return self._active
        path = self.directory / f"{self.end:020d}{_SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        file = os.open(path, flags, 0o600)
        if self._syncing is not None:
            sync_folder(self.directory)
        if self._active is not None:
            if self._syncing is not None:
                self._syncing.retire(self._active)
            else:
                os.close(self._active)
        self._active, self._active_start = file, self.end
        self._segments.append((self.end, path))
        return file

    def _write(self, file: int, records: Sequence[Record]) -> int:
        """Write ``records`` in pieces; take all of them back when one does not fit."""
        written = 0
        try:
            for first in range(0, len(records), _WRITE_EVENTS):
                view = memoryview(encode_frames(records[first : first + _WRITE_EVENTS]))
                unsent = self.end - self._commits.watermark + written
                self._check_limit(unsent + len(view))
                while view:
                    count = os.write(file, view)
                    written += count
                    view = view[count:]
        except (OSError, EventEncodingError):
            os.ftruncate(file, self.end - self._active_start)
            raise
        return written

    def _check_limit(self, unsent: int) -> None:
        if self._max_bytes and unsent > self._max_bytes:
            raise OSError(errno.EDQUOT, f"it may hold {self._max_bytes:,} unsent bytes")

    def _recover(self) -> int:
        """Find the end of the log; a torn tail stays in place and is met as damage."""
        end = self._commits.watermark
        if self._segments:
            self._commits.restart(self._segments[0][0])
            start, path = self._segments[-1]
            end = max(end, start + path.stat().st_size)
        expected: int | None = None
        for start, path in self._segments:
            if expected is not None and start > expected:
                self._commits.add(expected, start)  # a segment is missing: nothing to deliver
            expected = start + path.stat().st_size
        return end

    def _count(self) -> int:
        """Undone events; damage among them is set aside."""
        count = 0
        for begin, stop in list(self._commits.undone(0, self.end)):
            for item in self._frames(begin, stop):
                if isinstance(item, Damage):
                    self._quarantine(item)
                else:
                    count += 1
        self._commits.save()
        return count

    def _frames(self, begin: int, stop: int) -> Iterator[Frame | Damage]:
        """Frames and damage between two positions, across segments, at log positions."""
        with self._lock:
            segments = list(self._segments)
        for index, (start, path) in enumerate(segments):
            size = segments[index + 1][0] - start if index + 1 < len(segments) else self.end - start
            low, high = max(begin - start, 0), min(stop - start, size)
            if low >= high:
                continue
            with path.open("rb") as file:
                for item in read_frames(file, low, high):
                    if isinstance(item, Frame):
                        yield Frame(start + item.end, item.record)
                    else:
                        yield Damage(start + item.start, start + item.end)

    def _quarantine(self, damage: Damage) -> None:
        """Keep the damaged bytes for a person to look at, and be done with them."""
        with self._lock:
            self._quarantine_dir.mkdir(exist_ok=True, mode=0o700)
            target = self._quarantine_dir / f"{damage.start:020d}-{damage.end - damage.start}.bin"
            for index, (start, path) in enumerate(self._segments):
                last = index + 1 == len(self._segments)
                stop = self.end if last else self._segments[index + 1][0]
                if start <= damage.start < stop:
                    with path.open("rb") as file, suppress(OSError):  # a full disk must not stop us
                        file.seek(damage.start - start)
                        target.write_bytes(file.read(damage.end - damage.start))
            self._commits.add(damage.start, damage.end)

    def _drop_done_segments(self) -> None:
        while len(self._segments) > 1 and self._segments[1][0] <= self._commits.watermark:
            _, path = self._segments.pop(0)
            path.unlink(missing_ok=True)


class _GroupSync:
    """One thread that calls ``fdatasync`` once for all that wait."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._file: int | None = None
        self._retired: list[int] = []
        self._written = 0
        self._synced = 0
        self._waiting: list[tuple[int, Callable[[OSError | None], None]]] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="spool-sync", daemon=True)
        self._thread.start()

    def written(self, file: int, end: int) -> None:
        with self._condition:
            self._file, self._written = file, end
            self._condition.notify()

    def retire(self, file: int) -> None:
        """Take over a file that gets no more appends."""
        with self._condition:
            self._retired.append(file)

    def wait(self, end: int, call: Callable[[OSError | None], None]) -> None:
        with self._condition:
            if self._synced < end:
                self._waiting.append((end, call))
                return
        call(None)

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while self._synced >= self._written and not self._closed:
                    self._condition.wait()
                if self._synced >= self._written:
                    return
                end, file, retired = self._written, self._file, self._retired
                self._retired = []
            problem: OSError | None = None
            try:
                for old in retired:
                    os.fdatasync(old)
                    os.close(old)
                if file is not None:
                    os.fdatasync(file)
            except OSError as error:
                problem = error
            with self._condition:
                self._synced = end
                ready = [call for reached, call in self._waiting if reached <= end]
                self._waiting = [item for item in self._waiting if item[0] > end]
            for call in ready:
                call(problem)


def _own(directory: Path) -> int:
    file = os.open(directory / "owner", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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


def _segments(directory: Path) -> list[tuple[int, Path]]:
    found = [path for path in directory.glob(f"*{_SUFFIX}") if path.stem.isdecimal()]
    return sorted((int(path.stem), path) for path in found)
