"""The durable way: spool first, then publish; the rest is drained in order by a thread."""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from nodewright.events.dead_letters import DeadLetters
from nodewright.events.encoding import Record
from nodewright.events.errors import ClosedError, EventError, SpoolError
from nodewright.events.publisher import Call, Publisher
from nodewright.events.spool import Span, Spool
from nodewright.events.undelivered import Failure
from nodewright.logs import get_logger

_log = get_logger(__name__, "events")

# Drained at a time: what memory may grow by, and what may come twice after a crash. It starts small
# and doubles with each success, so that a process that is killed again and again repeats little.
_FIRST, _EVENTS, _BYTES = 32, 10_000, 8 * 1024 * 1024
_PAUSE = 0.5  # seconds before what the broker failed to take is sent again


class Relay:
    """Sends what is in a spool, in order per key.

    While all goes well, an accepted call is handed on from memory at once (``direct``). When the
    broker stalls, or something is left from before, calls are only appended, and the relay's
    thread reads them back and sends them until it has caught up. Refused events for whose dead
    letters there is no room stay in the spool until there is; all others go on meanwhile.
    """

    def __init__(self, spool: Spool, publisher: Publisher, dead_letters: DeadLetters) -> None:
        self.spool = spool
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._state = threading.Condition(threading.RLock())
        self._direct = spool.events == 0
        self._on_the_way = 0
        self._unkept: deque[tuple[Span, list[Failure]]] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="spool-relay", daemon=True)
        self._thread.start()

    @property
    def direct(self) -> bool:
        """Whether calls are handed on from memory."""
        return self._direct

    def accept(self, calls: Sequence[Call]) -> None:
        """Append the records of ``calls``; hand them on at once if nothing stands before them.

        Raises:
            SpoolFullError: nothing was accepted.
        """
        records = calls[0].records
        if len(calls) > 1:
            records = [record for call in calls for record in call.records]
        with self._state:
            if self._stopping:
                raise ClosedError("this spool's relay is closed")
            span = self.spool.append(records)
            for call in calls:
                call.span = span
            if not self._direct:
                self._state.notify_all()
                return
            self._on_the_way += 1
            left = len(calls)

            def done() -> None:
                nonlocal left
                with self._state:
                    left -= 1
                    if not left:
                        self._finished(span, calls)

            for call in calls:
                call.on_done = done
            # Within the lock, so that calls reach the lanes in the order of the spool.
            self._publisher.submit(calls)

    def divert(self) -> None:
        """Hand nothing on from memory until the thread has caught up."""
        with self._state:
            self._direct = False
            self._state.notify_all()

    async def synced(self, span: Span) -> None:
        """Wait until ``span`` survives a power loss.

        Raises:
            SpoolError: the disk has failed.
        """
        loop = asyncio.get_running_loop()
        on_disk: asyncio.Future[None] = loop.create_future()

        def finish(error: OSError | None) -> None:
            if on_disk.done():
                return
            if error is None:
                on_disk.set_result(None)
            else:
                on_disk.set_exception(SpoolError(f"the spool is not on disk: {error}; look at it"))

        def tell(error: OSError | None) -> None:
            with suppress(RuntimeError):  # a closed loop has nobody who waits
                loop.call_soon_threadsafe(finish, error)

        self.spool.when_synced(span, tell)
        await on_disk

    def drained(self, timeout: float) -> bool:
        """Wait until nothing is left, at most ``timeout`` seconds; whether that came."""
        with self._state:
            return self._state.wait_for(self._is_empty, timeout)

    def close(self) -> None:
        """Stop the thread and close the spool; what is left stays for the next owner."""
        with self._state:
            self._stopping = True
            self._state.notify_all()
        self._thread.join()
        self._keep_letters()
        self.spool.close()
        self._dead_letters.close()

    def abandon(self) -> None:
        """Give up, in a forked child, what its parent goes on to use."""
        self._stopping = True
        self.spool.abandon()
        self._dead_letters.abandon()

    def _is_empty(self) -> bool:
        return self.spool.events == 0 and self._on_the_way == 0

    def _finished(self, span: Span, calls: Sequence[Call]) -> None:
        """What was handed on from memory is settled; what failed is left to the thread."""
        self._on_the_way -= 1
        if any(call.broken for call in calls):
            self._direct = False
        else:
            unkept = [failure for call in calls if call.unkept for failure in call.refused]
            self._done(span, unkept)
        self._state.notify_all()

    def _done(self, span: Span, unkept: list[Failure]) -> None:
        """``span`` is delivered, but for the dead letters of ``unkept``. Holds the lock."""
        if unkept:
            self.spool.hold(span)
            self._unkept.append((span, unkept))
        else:
            self.spool.done([span])

    def _keep_letters(self) -> None:
        """Write the dead letters that there was no room for."""
        while self._unkept:
            span, refused = self._unkept[0]
            try:
                self._dead_letters.add(refused)
            except (OSError, EventError):
                return  # it was told when it failed first
            with self._state:
                self._unkept.popleft()
                self.spool.done([span])
                self._state.notify_all()

    def _run(self) -> None:
        while True:
            with self._state:
                self._state.wait_for(
                    lambda: self._stopping or self._is_behind(), _PAUSE if self._unkept else None
                )
                if self._stopping:
                    return
                behind = self._is_behind()
            self._keep_letters()
            try:
                if behind:
                    self._catch_up()
            except (OSError, EventError) as error:
                _log.error(
                    "events.spool.not_drained",
                    {"directory": str(self.spool.directory), "error": str(error)},
                )
                self._pause()

    def _is_behind(self) -> bool:
        """Whether there is something to read back, and nothing from before is on its way."""
        return not self._direct and self._on_the_way == 0

    def _catch_up(self) -> None:
        """Send what is undone, oldest first, until nothing is left."""
        position, window = self.spool.watermark, _FIRST
        while not self._stopping:
            records, span = self.spool.read(position, window, _BYTES)
            if not records:
                with self._state:
                    if self.spool.end == span.end:
                        self._direct = True
                        self._state.notify_all()
                        return
                continue
            unkept = self._send(records)
            if unkept is None:
                return
            with self._state:
                self._done(span, unkept)
                self._state.notify_all()
            self._keep_letters()
            position, window = span.end, min(window * 2, _EVENTS)

    def _send(self, records: Sequence[Record]) -> list[Failure] | None:
        """Send ``records`` until each is delivered or refused; None when stopped before that.

        Returns:
            What was refused and has no dead letter yet.
        """
        unkept: list[Failure] = []
        while records:
            call = Call(records, self._dead_letters)
            try:
                self._publisher.submit([call])
            except ClosedError:
                return None
            while call.woken is not None and not call.woken.wait(_PAUSE):
                if self._stopping:
                    return None
            if call.unkept is not None:
                unkept += call.refused
            records = [failure.record for failure in call.broken]
            if records:
                self._pause()
                if self._stopping:
                    return None
        return unkept

    def _pause(self) -> None:
        with self._state:
            self._state.wait_for(lambda: self._stopping, _PAUSE)
