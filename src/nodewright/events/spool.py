"""Events accepted and not yet acknowledged by the broker: an append-only log on disk.

Positions are byte offsets into the log as a whole; a segment file is named by the offset of its
first byte. What is done is a set of byte ranges; a segment that is wholly done is deleted.
"""

import errno
import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from nodewright.disk import sync_folder
from nodewright.events.broker import MOCK
from nodewright.events.commits import Commits, without
from nodewright.events.config import Durability
from nodewright.events.encoding import Record
from nodewright.events.errors import (
    ClosedError,
    EventEncodingError,
    SpoolBrokerError,
    SpoolError,
    SpoolFullError,
    SpoolOwnedError,
)
from nodewright.events.forks import forks
from nodewright.events.quarantine import Quarantine
from nodewright.events.segments import Damage, Frame, encode_frames, read_frames
from nodewright.events.spool_folder import (
    FULL,
    SUFFIX,
    as_spool_error,
    assign_broker,
    broker_of,
    own,
    segments,
)
from nodewright.events.syncing import GroupSync, Told
from nodewright.logs import get_logger

_log = get_logger(__name__, "events")

SEGMENT_BYTES = 32 * 1024 * 1024
_WRITE_EVENTS = 1000  # frames of this many events are written at a time


@dataclass(frozen=True, slots=True)
class Span:
    """Where some records lie in the log: bytes ``start`` to ``end``."""

    start: int
    end: int
    count: int


@dataclass(frozen=True, slots=True)
class SpoolStatistics:
    """What is in a spool.

    Attributes:
        events: not yet acknowledged.
        unsent_bytes: their size.
        disk_bytes: size of all segments, with what is done in them.
        segments: files.
        quarantined: events that were damaged and set aside.
        missing_bytes: size of undelivered events whose segment is gone or cut short.
    """

    events: int
    unsent_bytes: int
    disk_bytes: int
    segments: int
    quarantined: int
    missing_bytes: int


class Spool:
    """A directory of segments, owned by one process, with events for one broker.

    Args:
        directory: made if need be.
        durability: ``process``: an append survives SIGKILL; ``disk``: ``when_synced`` says when it
            also survives a power loss (one ``fdatasync`` for all that wait).
        max_bytes: refuse more than this much on disk; 0: no limit but the disk's.
        broker: the name of the broker that events are to go to; None: leave that as it is.

    Raises:
        SpoolOwnedError: another process owns the directory.
        SpoolBrokerError: the events in it are for another broker.
        SpoolError: the directory cannot be used as a spool.
    """

    def __init__(
        self,
        directory: Path,
        *,
        durability: Durability = "process",
        max_bytes: int = 0,
        broker: str | None = None,
    ) -> None:
        self.directory = directory
        self.durability = durability
        self._max_bytes = max_bytes
        self._forks = forks.count
        self._lock = threading.Lock()
        self._active: int | None = None
        self._active_start = 0
        self._held: set[Span] = set()
        self._quarantine = Quarantine(directory)
        self._closed = False
        with ExitStack() as undo, as_spool_error(f"cannot open the spool {directory}"):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._owner = own(directory)
            undo.callback(os.close, self._owner)
            self._segments = segments(directory)
            self._commits = Commits(directory / "commits")
            undo.callback(self._commits.close)
            self.end: int = self._recover()
            self._claim_for(broker)
            self.events: int = self._count()
            undo.pop_all()
        self._syncing = GroupSync() if durability == "disk" else None

    @property
    def watermark(self) -> int:
        """Everything below this position is done."""
        return self._commits.watermark

    def append(self, records: Sequence[Record]) -> Span:
        """Accept ``records``, all or none.

        Raises:
            SpoolFullError: there is no room.
            EventEncodingError: one is larger than the spool takes.
            SpoolOwnedError: this is a forked child, and the spool its parent's.
        """
        if self._forks != forks.count:
            raise SpoolOwnedError(
                f"the spool {self.directory} belongs to the process of which this one was forked: "
                "make a new EventOptimizer or Spool here"
            )
        with self._lock:
            if self._closed:
                raise ClosedError(f"the spool {self.directory} is closed")
            try:
                file = self._writable()
                written = self._write(file, records)
            except OSError as error:
                if error.errno in FULL:
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

    def when_synced(self, span: Span, tell: Told) -> None:
        """Call ``tell`` when ``span`` is on disk, or with the error that prevented it."""
        if self._syncing is None:
            tell(None)
        else:
            self._syncing.wait(span.end, tell)

    def done(self, spans: Sequence[Span]) -> None:
        """Note that the events of ``spans`` need no more delivery."""
        with self._lock:
            if self._closed:
                return
            for span in spans:
                self._commits.add(span.start, span.end)
                self._held.discard(span)
                self.events -= span.count
            self._note_empty()
            try:
                self._commits.save()
                self._drop_done_segments()
            except OSError as error:
                # What is not remembered is only delivered again. Whoever reports here, a producer's
                # thread, has others to serve.
                _log.error(
                    "events.spool.progress_not_saved",
                    {"directory": str(self.directory), "error": str(error)},
                )

    def hold(self, span: Span) -> None:
        """Leave ``span`` out of what is read; it is not done, and comes back after a crash."""
        with self._lock:
            self._held.add(span)

    def read(self, start: int, limit_events: int, limit_bytes: int) -> tuple[list[Record], Span]:
        """Some undone records from position ``start`` on, and the span they lie in.

        Damage met on the way is set aside and done. The span is empty at the end of the log.
        """
        with self._lock:
            held = [(span.start, span.end) for span in self._held]
            ranges = without(self._commits.undone(start, self.end), held)
        for range_start, stop in ranges:
            records: list[Record] = []
            begin = reached = range_start
            for item in self._frames(begin, stop):
                if isinstance(item, Damage):
                    if records:
                        break
                    self._set_aside(item)
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
            return SpoolStatistics(
                self.events,
                unsent,
                self.end - first,
                len(self._segments),
                self._quarantine.events,
                self._quarantine.missing_bytes,
            )

    def assign(self, broker: str) -> None:
        """Say that the events in here are for ``broker`` from now on."""
        assign_broker(self.directory, broker)

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
            with suppress(OSError):
                self._commits.save()
            self._commits.close()
            fcntl.flock(self._owner, fcntl.LOCK_UN)  # a forked child may have a copy of the file
            os.close(self._owner)

    def abandon(self) -> None:
        """Give up, in a forked child, the copies of what its parent goes on to use."""
        self._closed = True
        for file in (self._active, self._owner):
            if file is not None:
                os.close(file)
        self._commits.close()

    def _claim_for(self, broker: str | None) -> None:
        """Make sure that what is in here goes to no broker but its own."""
        if broker is None:
            return
        known = broker_of(self.directory)
        if known == broker:
            return
        # What has no name yet was written before spools had one: for a real broker, then.
        if (known is not None or broker == MOCK) and any(self._commits.undone(0, self.end)):
            raise SpoolBrokerError(self.directory, known, broker)
        self.assign(broker)

    def _writable(self) -> int:
        """The active segment; a new one when it is large enough. Holds the lock."""
        if self._active is not None and self.end - self._active_start < SEGMENT_BYTES:
            return self._active
        path = self.directory / f"{self.end:020d}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        flags |= os.O_NOFOLLOW
        file = os.open(path, flags, 0o600)
        try:
            if self._syncing is not None:
                sync_folder(self.directory)
        except OSError:
            os.close(file)
            raise
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
        reached = self._commits.watermark
        for number, (start, path) in enumerate(self._segments):
            # Where no earlier owner has left what it knew, a log may well begin later.
            self._pass_over(reached, start, silently=not (number or self._commits.remembered))
            reached = max(reached, start + path.stat().st_size)
        end = max(reached, self._commits.end)
        self._pass_over(reached, end)
        return end

    def _pass_over(self, start: int, end: int, *, silently: bool = False) -> None:
        """Be done with bytes that are not there any more."""
        for lost, stop in list(self._commits.undone(start, end)):
            self._commits.add(lost, stop)
            if not silently:
                self._quarantine.note_missing(lost, stop)

    def _count(self) -> int:
        """Undone events; damage among them is set aside."""
        count = 0
        for begin, stop in list(self._commits.undone(0, self.end)):
            for item in self._frames(begin, stop):
                if isinstance(item, Damage):
                    self._set_aside(item)
                else:
                    count += 1
        with suppress(OSError):  # a full disk must not stop us
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
            try:
                with path.open("rb") as file:
                    for item in read_frames(file, low, high):
                        if isinstance(item, Frame):
                            yield Frame(start + item.end, item.record)
                        else:
                            yield Damage(start + item.start, start + item.end)
            except FileNotFoundError:
                yield Damage(start + low, start + high)

    def _set_aside(self, damage: Damage) -> None:
        """Keep the damaged bytes for a person to look at, and be done with them."""
        start, path = next(one for one in reversed(self._segments) if one[0] <= damage.start)
        try:
            with path.open("rb") as file:
                file.seek(damage.start - start)
                self._quarantine.keep(damage.start, file.read(damage.end - damage.start))
        except FileNotFoundError:
            self._quarantine.note_missing(damage.start, damage.end)
        with self._lock:
            self._commits.add(damage.start, damage.end)
            self._note_empty()

    def _note_empty(self) -> None:
        """Damaged events were counted when they were whole."""
        if self._commits.watermark >= self.end:
            self.events = 0

    def _drop_done_segments(self) -> None:
        if len(self._segments) < 2 or self._segments[1][0] > self._commits.watermark:  # noqa: PLR2004
            return
        if self._syncing is not None:
            self._commits.sync()  # else a power loss makes what is deleted here look lost
        while len(self._segments) > 1 and self._segments[1][0] <= self._commits.watermark:
            _, path = self._segments.pop(0)
            path.unlink(missing_ok=True)
