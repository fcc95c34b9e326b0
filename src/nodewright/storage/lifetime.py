"""What a process owes its databases: written and closed when it ends, fresh ones after a fork."""

import atexit
import os
import threading
import time
import weakref
from typing import Final, Protocol

from nodewright.logs import get_logger

_log = get_logger(__name__, component="storage")

# How long the end of the process waits for those who hold figures in memory.
_HAND_OVER_S = 5.0


class Watched(Protocol):
    """Something that holds connections."""

    @property
    def location(self) -> str:
        """Where the data is, without secrets."""

    def close(self) -> None:
        """Write what waits and close."""

    def after_fork(self) -> None:
        """Let go of what is the parent's, in a child process right after a fork."""


class Feeding(Protocol):
    """Something that adds figures up in memory before it hands them to a database."""

    def hand_over(self, timeout: float) -> None:
        """Hand over what there is, waiting at most ``timeout`` seconds."""


class _Process:
    """The databases and those who feed them, of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hooked = False
        self._databases: weakref.WeakSet[Watched] = weakref.WeakSet()
        self._feeding: weakref.WeakSet[Feeding] = weakref.WeakSet()

    def add_database(self, database: Watched) -> None:
        with self._lock:
            self._hook()
            self._databases.add(database)

    def add_feeding(self, source: Feeding) -> None:
        with self._lock:
            self._hook()
            self._feeding.add(source)

    def hand_over(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        with self._lock:
            feeding = list(self._feeding)
        for source in feeding:
            try:
                source.hand_over(max(0.0, deadline - time.monotonic()))
            except Exception as error:  # noqa: BLE001 - the others still have to hand over
                _log.warning("storage.hand_over.failed", exc_info=error)

    def _hook(self) -> None:
        if not self._hooked:
            self._hooked = True
            atexit.register(self._end)
            os.register_at_fork(after_in_child=self._after_fork)

    def _end(self) -> None:
        self.hand_over(_HAND_OVER_S)
        with self._lock:
            databases = list(self._databases)
        for database in databases:
            try:
                database.close()
            except Exception:  # noqa: BLE001 - the others still have to be closed
                _log.warning(
                    "storage.close.failed", metadata={"location": database.location}, exc_info=True
                )

    def _after_fork(self) -> None:
        self._lock = threading.Lock()  # the thread that held it is not in this process
        for database in list(self._databases):
            database.after_fork()


_PROCESS: Final = _Process()


def watch(database: Watched) -> None:
    """Close ``database`` at interpreter exit, and give a forked child a fresh one."""
    _PROCESS.add_database(database)


def feed(source: Feeding) -> None:
    """Ask ``source`` for what it holds before figures are read, and at interpreter exit."""
    _PROCESS.add_feeding(source)


def hand_over_all(timeout: float) -> None:
    """Have all that was added up in this process handed to its databases' queues."""
    _PROCESS.hand_over(timeout)
