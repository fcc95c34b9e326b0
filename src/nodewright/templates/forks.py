"""A forked process inherits locks that no one will release, and threads that do not run."""

import functools
import os
import threading
import weakref
from typing import Protocol


class Forkable(Protocol):
    """What has one lock, and can start afresh."""

    _lock: threading.Lock

    def _start_afresh(self) -> None: ...


def follow(one: Forkable) -> None:
    """Let ``one`` start afresh in each process that is forked from here on."""
    _followed().add(one)


@functools.cache
def _followed() -> "weakref.WeakSet[Forkable]":
    followed: weakref.WeakSet[Forkable] = weakref.WeakSet()
    held: list[Forkable] = []

    def before() -> None:
        held.extend(followed)
        for one in held:
            one._lock.acquire()  # noqa: SLF001 - the protocol of this module

    def in_parent() -> None:
        for one in held:
            one._lock.release()  # noqa: SLF001
        held.clear()

    def in_child() -> None:
        for one in held:
            one._lock = threading.Lock()  # noqa: SLF001
            one._start_afresh()  # noqa: SLF001
        held.clear()

    os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)
    return followed
