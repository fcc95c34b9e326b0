"""Whether anything was recorded, by whatever process, since one last looked.

PostgreSQL tells its listeners of every change of the feedback when it is committed, so that what
is kept in memory can be dropped without a query each time it is used.
"""

import os
import select
import threading
import weakref
from collections.abc import Callable

import psycopg

from nodewright.logs import get_logger
from nodewright.storage.database import Database
from nodewright.storage.errors import StorageError
from nodewright.storage.receipt import Connection

_CHANNEL = "nodewright_pattern_feedback"
_log = get_logger(__name__, component="patterns")


class FeedbackWatch:
    """Counts the changes of the feedback in one database. Safe in any thread and after a fork.

    A value read from the database may be kept as long as `version` is what `begin` gave before
    the reading. Nothing is opened before the first `begin`.

    Attributes:
        version: None while nobody listens, and so nothing may be kept.
    """

    def __init__(self, database: Database) -> None:
        self.version: int | None = None
        self._database = database
        self._reset()
        # The database lives longer than its watches, and keeps what it calls.
        self_or_none = weakref.ref(self)
        database.on_close(lambda: _call(self_or_none, FeedbackWatch.close))
        database.on_fork(lambda: _call(self_or_none, FeedbackWatch._forked))

    def _reset(self) -> None:
        self._lock = threading.Condition()
        self._changes = 0
        self._thread: threading.Thread | None = None
        self._wake: int | None = None
        self._connection: Connection | None = None

    def begin(self) -> int | None:
        """Listen, if nobody does; the version, or None where listening is impossible."""
        with self._lock:
            if self.version is None:
                self._listen()
            return self.version

    def changed(self) -> None:
        """Count a change that this process has just committed."""
        with self._lock:
            self._changes += 1
            if self.version is not None:
                self.version = self._changes
            self._lock.notify_all()

    def wait(self, seen: int | None, timeout: float) -> bool:
        """Wait until the version is not ``seen``; whether it came so far in ``timeout`` s."""
        with self._lock:
            return self._lock.wait_for(lambda: self.version != seen, timeout)

    def close(self) -> None:
        """Stop listening; the next `begin` listens again."""
        with self._lock:
            thread, wake = self._thread, self._wake
            self._thread = self._wake = self.version = None
        if wake is not None:
            os.close(wake)
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _listen(self) -> None:
        try:
            connection = self._database.connect()
            connection.execute(f"LISTEN {_CHANNEL}")
        except (StorageError, psycopg.Error) as error:
            _log.warning("patterns.watch.not_listening", metadata={"reason": str(error)})
            return
        if self._wake is not None:  # of a listener whose connection was lost
            os.close(self._wake)
        woken, self._wake = os.pipe()
        self._connection = connection
        self._changes += 1
        self.version = self._changes
        self._thread = threading.Thread(
            target=_follow,
            args=(weakref.ref(self), connection, woken),
            name="nodewright-feedback-watch",
            daemon=True,
        )
        self._thread.start()

    def _lost(self, connection: Connection) -> None:
        with self._lock:
            if self._connection is connection:
                self.version = None
                self._lock.notify_all()

    def _forked(self) -> None:
        # The connection stays the parent's; kept, because collecting it would close it.
        self._inherited = self._connection
        if self._wake is not None:
            os.close(self._wake)
        self.version = None
        self._reset()

    def __del__(self) -> None:
        if self._wake is not None:
            os.close(self._wake)


def _call(reference: "weakref.ref[FeedbackWatch]", method: Callable[[FeedbackWatch], None]) -> None:
    watch = reference()
    if watch is not None:
        method(watch)


def _follow(reference: "weakref.ref[FeedbackWatch]", connection: Connection, woken: int) -> None:
    """Count notices until the other end of ``woken`` is closed or the connection is lost."""
    try:
        while True:
            ready, _, _ = select.select([connection.fileno(), woken], [], [])
            if woken in ready:
                break
            notices = sum(1 for _ in connection.notifies(timeout=0))
            watch = reference()
            if watch is not None and notices:
                watch.changed()
            del watch
    except psycopg.Error as error:
        _log.info("patterns.watch.lost", metadata={"reason": str(error)})
    finally:
        watch = reference()
        if watch is not None:
            watch._lost(connection)  # noqa: SLF001 - its own module
        os.close(woken)
        connection.close()
