"""What a process owes its databases: closed when it ends, fresh ones in a forked child."""

import atexit
import os
import threading
import weakref
from typing import Protocol

from nodewright.logs import get_logger

_log = get_logger(__name__, component="storage")


class Watched(Protocol):
    """Something that holds connections."""

    @property
    def location(self) -> str:
        """Where the data is, without secrets."""

    def close(self) -> None:
        """Write what waits and close."""

    def after_fork(self) -> None:
        """Let go of what is the parent's, in a child process right after a fork."""


_watched: weakref.WeakSet[Watched] = weakref.WeakSet()
_hooks = threading.Lock()
_hooked: list[bool] = []


def watch(database: Watched) -> None:
    """Close ``database`` at interpreter exit, and give a forked child a fresh one."""
    with _hooks:
        if not _hooked:
            _hooked.append(True)
            atexit.register(_close_all)
            os.register_at_fork(after_in_child=_fork_all)
        _watched.add(database)


def _close_all() -> None:
    for database in list(_watched):
        try:
            database.close()
        except Exception:  # noqa: BLE001 - the others still have to be closed
            _log.warning(
                "storage.database.not_closed",
                metadata={"location": database.location},
                exc_info=True,
            )


def _fork_all() -> None:
    for database in list(_watched):
        database.after_fork()
