"""Time limits of many waiting calls, with one timer for all."""

import asyncio
import time

from nodewright.events.publisher import Call


class Watch:
    """Wakes the callers of calls that take too long.

    A limit is noticed when it has passed by at most half of itself.

    Args:
        loop: the event loop whose tasks wait.
        seconds: how long is too long.
        by_silence: count from when the broker answered last, not from the call's start.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, seconds: float, *, by_silence: bool
    ) -> None:
        self._loop = loop
        self._seconds = seconds
        self._by_silence = by_silence
        self._waiting: dict[Call, None] = {}  # oldest first
        self._armed = False

    def add(self, call: Call) -> None:
        """Watch ``call``, whose caller is about to await its future."""
        self._waiting[call] = None
        if not self._armed:
            self._armed = True
            self._loop.call_later(self._seconds / 2, self._look)

    def remove(self, call: Call) -> None:
        """The caller of ``call`` does not wait any more."""
        self._waiting.pop(call, None)

    def _look(self) -> None:
        now = time.monotonic()
        for call in list(self._waiting):
            if not self._is_late(call, now):
                break  # those behind it started later
            call.expire()
        self._armed = bool(self._waiting)
        if self._armed:
            self._loop.call_later(self._seconds / 2, self._look)

    def _is_late(self, call: Call, now: float) -> bool:
        since = call.started
        if self._by_silence:
            if not call.handed_on:
                return False
            since = max(since, call.progressed)
        return now - since >= self._seconds
