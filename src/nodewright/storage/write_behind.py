"""Telemetry that never gets in the way: a bounded queue, and a thread that writes it in batches.

The caller only appends to the queue. The thread checks the rows, sends each batch by COPY in one
transaction with a receipt, and keeps it while the database is away. What does not fit into the
queue is dropped, what cannot be stored is rejected; both are counted, and logged once a minute.
"""

import threading
import time
import weakref
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import psycopg

from nodewright.logs import get_logger
from nodewright.storage.database import Database
from nodewright.storage.errors import StorageError
from nodewright.storage.receipt import Connection, Receipt
from nodewright.storage.telemetry_rows import Accepted, Batch

_log = get_logger(__name__, component="storage")

_BATCH = 5_000
_RETRY_S = 0.5
_REPORT_EVERY_S = 60.0
_CLOSE_S = 10.0


class TelemetryStats(NamedTuple):
    """Counts of rows since the start.

    Attributes:
        queued: accepted and not yet written.
        written: committed.
        dropped: refused because the queue was full, or left when the database stayed away at
            the end.
        rejected: not storable; the log says why.
    """

    queued: int
    written: int
    dropped: int
    rejected: int


class TelemetryWriter:
    """The queue and its thread, which starts with the first row."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._capacity = database.settings.telemetry_capacity
        self._interval = database.settings.telemetry_interval_s
        self._wake_at = min(_BATCH, max(1, self._capacity // 2))
        self._reset()
        database.on_close(self.close)
        database.on_fork(self._reset)
        _writers.add(self)

    def _reset(self) -> None:
        """Begin empty: at construction, and in a forked child, whose parent writes the rest."""
        self._queue: deque[Accepted | threading.Event] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._in_hand = 0
        self._written = 0
        self._dropped = 0
        self._rejected = 0
        self._why = ""
        self._reported = 0
        self._report_at = 0.0

    def put(self, row: Accepted) -> None:
        """Accept a row. Never waits, never raises."""
        queue = self._queue
        if len(queue) >= self._capacity:
            with self._lock:
                self._dropped += 1
            return
        queue.append(row)
        if self._thread is None:
            self._start()
        elif len(queue) == self._wake_at:
            self._wake.set()

    def stats(self) -> TelemetryStats:
        """The counts as they are now."""
        queued = len(self._queue) + self._in_hand
        return TelemetryStats(queued, self._written, self._dropped, self._rejected)

    def flush(self, timeout: float) -> bool:
        """Wait until everything accepted so far is written.

        Returns:
            Whether that was so within ``timeout`` seconds.
        """
        barrier = self._barrier()
        return barrier.wait(timeout) if barrier else not self._queue

    def _barrier(self) -> threading.Event | None:
        """Set once everything accepted so far is written; None where nothing writes."""
        if self._thread is None:
            return None
        written = threading.Event()
        self._queue.append(written)
        self._wake.set()
        return written

    def close(self) -> None:
        """Write what waits, for some seconds at most, and end the thread; a later row restarts."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        self._closing.set()
        self._wake.set()
        thread.join(_CLOSE_S)
        self._closing = threading.Event()

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            thread = threading.Thread(
                target=self._run, args=(self._closing,), name="nodewright-telemetry", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # the interpreter is leaving
                return
            self._thread = thread

    def _run(self, closing: threading.Event) -> None:
        while True:
            self._wake.wait(self._interval)
            self._wake.clear()
            leaving = closing.is_set()
            while self._queue:
                self._write_next(closing)
            self._report(now=leaving)
            if leaving:
                break
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _write_next(self, closing: threading.Event) -> None:
        size = min(len(self._queue), _BATCH)
        # Before they leave the queue, so that `stats` never misses one.
        self._in_hand = size
        entries = [self._queue.popleft() for _ in range(size)]
        barriers = [entry for entry in entries if isinstance(entry, threading.Event)]
        rows = [entry for entry in entries if not isinstance(entry, threading.Event)]
        try:
            if rows:
                self._store(rows, closing)
        except Exception as error:  # noqa: BLE001 - must not end the thread
            self._dropped += len(rows)
            self._why = f"{type(error).__name__}: {error}"
            _log.warning("storage.telemetry.lost", exc_info=True)
        self._in_hand = 0
        for barrier in barriers:
            barrier.set()

    def _store(self, rows: Sequence[Accepted], closing: threading.Event) -> None:
        """Write ``rows``, in halves where the server refuses one that the check let through."""
        batch = Batch(rows, self._reject)
        once = Receipt(batch.write)
        give_up_at = float("inf")
        while True:
            try:
                self._written += once(self._connected())
            except (psycopg.DataError, psycopg.IntegrityError) as error:
                rest = batch.rows
                if len(rest) == 1:
                    self._reject(error)
                    return
                self._store(rest[: len(rest) // 2], closing)
                self._store(rest[len(rest) // 2 :], closing)
                return
            except (psycopg.Error, StorageError) as error:
                self._disconnect()
                self._why = str(error)
                if closing.is_set():
                    give_up_at = min(give_up_at, time.monotonic() + _CLOSE_S / 2)
                if time.monotonic() > give_up_at:
                    with self._lock:
                        self._dropped += len(batch.rows)
                    return
                self._report()
                if closing.wait(_RETRY_S):
                    time.sleep(_RETRY_S / 5)
            else:
                return

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._database.connect()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _reject(self, error: Exception) -> None:
        self._rejected += 1
        self._why = str(error)

    def _report(self, *, now: bool = False) -> None:
        lost = self._dropped + self._rejected
        moment = time.monotonic()
        if lost == self._reported or (moment < self._report_at and not now):
            return
        _log.warning(
            "storage.telemetry.lost_so_far",
            metadata={
                "dropped": self._dropped,
                "rejected": self._rejected,
                "last_reason": self._why or "the queue was full",
            },
        )
        self._reported = lost
        self._report_at = moment + _REPORT_EVERY_S


_writers: "weakref.WeakSet[TelemetryWriter]" = weakref.WeakSet()


def flush_all(timeout: float) -> None:
    """Wait, ``timeout`` seconds at most, until all that this process accepted is written.

    Whoever reads the numbers of all parts cannot know which objects the parts write through.
    """
    deadline = time.monotonic() + timeout
    waiting = [writer._barrier() for writer in list(_writers) if writer.stats().queued]  # noqa: SLF001 - its own module
    for barrier in waiting:
        if barrier is not None:
            barrier.wait(max(0.0, deadline - time.monotonic()))
