"""Calls to publish, and the lanes they go through."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from nodewright.events.broker import Setting, producer_settings
from nodewright.events.config import OptimizerConfig
from nodewright.events.dead_letters import DeadLetters
from nodewright.events.encoding import Record, event_id
from nodewright.events.errors import BrokerError, EventError, EventRefusedError, Refusal
from nodewright.events.lanes import BatchLane, Shipment, SingleLane
from nodewright.events.spool import Span
from nodewright.events.undelivered import Failure
from nodewright.logs import get_logger

_log = get_logger(__name__, "events")

_LINGER: dict[str, Setting] = {"linger.ms": 5}
_ZSTD: dict[str, Setting] = {"compression.codec": "zstd", "compression.level": 1}


class Call:
    """One call to publish: its records, and what became of them.

    Args:
        records: what to publish.
        dead_letters: where refused records are kept.
        loop: whose task waits with ``settled``; None: a thread waits for ``woken``.

    Attributes:
        handed_on: given to a producer, not only to the spool.
        expired: the caller was woken before all was settled.
        withdrawn: the caller has given up, and wants nothing sent that is not yet sent.
        problem: why nothing of the call was accepted, or what went wrong when it was settled.
        unkept: why refused records are not in the dead letters.
        span: where the records lie in the spool.
    """

    # Defaults stand here: a call is made for each single event, and most keep them.
    handed_on = False
    expired: bool = False
    withdrawn = False
    problem: Exception | None = None
    unkept: Exception | None = None
    span: Span | None = None
    on_done: Callable[[], None] | None = None  # in the lane's thread, when settled
    failures: Sequence[Failure] = ()
    parts: "Sequence[_Part]" = ()
    left = 1
    woken: threading.Event | None = None
    future: asyncio.Future[None] | None = None

    def __init__(
        self,
        records: Sequence[Record],
        dead_letters: DeadLetters,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.records = records
        self.dead_letters = dead_letters
        self.loop = loop
        self.started: float = time.monotonic()
        if loop is None:
            self.woken = threading.Event()
        else:
            self.future = loop.create_future()

    @property
    def progressed(self) -> float:
        """When the broker last answered on a lane that this call waits for; monotonic seconds."""
        return max((part.lane.progressed for part in self.parts), default=0.0)

    def expire(self) -> None:
        """Wake the caller although the call is not settled."""
        if self.future is not None and not self.future.done():
            self.expired = True
            self.future.set_result(None)

    @property
    def refused(self) -> list[Failure]:
        """What the broker will never take."""
        return [failure for failure in self.failures if failure.refused]

    @property
    def broken(self) -> list[Failure]:
        """What failed through the broker's fault."""
        return [failure for failure in self.failures if not failure.refused]

    @property
    def refusal(self) -> EventRefusedError | None:
        """What to raise for the records that were refused; None: none was."""
        refused = [
            Refusal(event_id(item.record), item.record[0], f"{item.code}: {item.reason}")
            for item in self.refused
        ]
        return EventRefusedError(refused, self.unkept) if refused else None

    @property
    def error(self) -> EventError | None:
        """What to raise; None when all was delivered."""
        if broken := self.broken:
            return BrokerError(
                f"{len(broken)} of {len(self.records)} event(s) not delivered: {broken[0].code}: "
                f"{broken[0].reason}; publish them again"
            )
        return self.refusal

    def finish(self) -> None:
        """All is settled; in the lane's thread, which an error here must not end."""
        try:
            if refused := self.refused:
                self._keep(refused)
            if self.on_done is not None:
                self.on_done()
        except Exception as error:  # noqa: BLE001 - it is logged, and raised to the caller
            self.problem = error
            _log.exception("events.call.not_settled", {"events": len(self.records)})
        finally:
            self.parts = ()  # they refer to this call: garbage for a collector otherwise
            if self.woken is not None:
                self.woken.set()

    def _keep(self, refused: Sequence[Failure]) -> None:
        try:
            self.dead_letters.add(refused)
        except Exception as error:  # noqa: BLE001 - whatever it is, they are not kept
            self.unkept = error
            directory = str(self.dead_letters.directory)
            _log.error(
                "events.dead_letters.not_kept",
                {"directory": directory, "events": len(refused), "error": str(error)},
            )


class _Part(Shipment):
    """Records of some calls that go through one lane."""

    __slots__ = ("calls", "isolated", "lane")

    def __init__(
        self,
        records: Sequence[Record],
        calls: Sequence[Call],
        lane: BatchLane["_Part"] | SingleLane["_Part"],
        *,
        isolated: bool = False,
    ) -> None:
        super().__init__(records)
        self.calls = calls
        self.lane = lane
        self.isolated = isolated

    @property
    def withdrawn(self) -> bool:
        """Whether all callers have given up."""
        return all(call.withdrawn for call in self.calls)

    def owners(self) -> dict[int, Call]:
        """Identity of each record -> its call."""
        return {id(record): call for call in self.calls for record in call.records}


class Publisher:
    """The lanes of one broker and configuration, and the choice among them.

    A single small event goes to the lane without linger, a batch to the lane for batches, what is
    to be compressed to the lane that compresses; but a key that is on its way in one lane stays
    in it, so that its events keep their order.
    """

    def __init__(self, bootstrap: str, config: OptimizerConfig) -> None:
        extra, zstd = config.kafka, _ZSTD if config.enable_compression else {}
        size = config.max_producer_pool_size
        self._threshold = config.compression_threshold_bytes if zstd else None
        self._lock = threading.Lock()
        self._on_the_way = 0  # parts
        self._single: SingleLane[_Part] | None = None
        if size > 1:
            plain = producer_settings(bootstrap, extra)
            self._single = SingleLane("single", plain, self._settle)
        three = size > 2 and bool(zstd)  # noqa: PLR2004 - see OptimizerConfig
        settings = producer_settings(bootstrap, extra, _LINGER | ({} if three else zstd))
        self._batch = BatchLane("batch", settings, self._settle)
        self._compressing = self._batch
        if three:
            settings = producer_settings(bootstrap, extra, _LINGER | zstd)
            self._compressing = BatchLane("compressing", settings, self._settle)
        lanes = (self._single, self._batch, self._compressing)
        self._lanes = list(dict.fromkeys(lane for lane in lanes if lane is not None))

    @property
    def producers(self) -> int:
        """How many librdkafka producers there are."""
        return len(self._lanes)

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return not self._on_the_way

    def submit(self, calls: Sequence[Call]) -> None:
        """Send the records of ``calls``; any thread.

        Raises:
            ClosedError: after ``close``.
        """
        parts = self._route(calls)
        for call in calls:
            call.handed_on = True
        if len(parts) == 1:
            for call in calls:
                call.parts = parts
        else:
            for call in calls:
                call.parts = [part for part in parts if call in part.calls]
                call.left = len(call.parts)
        with self._lock:
            self._on_the_way += len(parts)
        for part in parts:
            part.lane.submit(part)

    @property
    def progressed(self) -> float:
        """When the broker last answered; monotonic seconds."""
        return max(lane.progressed for lane in self._lanes)

    def close(self, patience: float) -> None:
        """Wait for what is on its way while the broker answers, then close the lanes.

        Args:
            patience: seconds of silence after which the rest is given up.
        """
        while not self.idle and time.monotonic() - self.progressed < patience:
            time.sleep(0.002)
        for lane in self._lanes:
            lane.close(abandon=True)

    def _route(self, calls: Sequence[Call]) -> list[_Part]:
        records = calls[0].records
        if len(calls) > 1:
            records = [record for call in calls for record in call.records]
        target: BatchLane[_Part] | SingleLane[_Part] = self._batch
        if self._threshold is not None and (
            sum([len(record[1]) for record in records]) > self._threshold * len(records)
        ):
            target = self._compressing
        elif len(records) == 1 and self._single is not None:
            target = self._single
        others = [lane for lane in self._lanes if lane is not target and lane.busy]
        if not others:
            return [_Part(records, calls, target)]
        routes: dict[BatchLane[_Part] | SingleLane[_Part], tuple[list[Record], list[Call]]] = {}
        for call in calls:
            for record in call.records:
                key = record[2]
                held = (lane for lane in others if key is not None and lane.holds(key))
                part, owners = routes.setdefault(next(held, target), ([], []))
                part.append(record)
                if not owners or owners[-1] is not call:
                    owners.append(call)
        return [_Part(part, owners, lane) for lane, (part, owners) in routes.items()]

    def _settle(self, parts: list[_Part]) -> None:
        """Account for settled parts: isolate refused singles, finish calls, wake callers."""
        finished: list[Call] = []
        again: list[_Part] = []
        with self._lock:
            self._on_the_way -= len(parts)
            for part in parts:
                if part.failures:
                    again += self._blame(part)
                for call in part.calls:
                    call.left -= 1
                    if call.left == 0:
                        finished.append(call)
            self._on_the_way += len(again)
        for part in again:
            self._batch.submit(part)
        loops: dict[asyncio.AbstractEventLoop, list[Call]] = {}
        for call in finished:
            call.finish()
            if call.loop is not None:
                loops.setdefault(call.loop, []).append(call)
        for waiting in loops.values():
            wake(waiting)

    def _blame(self, part: _Part) -> list[_Part]:
        """Give each failure to its call; refused singles are to be sent once more, alone.

        The refusal of a single may have been meant for another event of the same request.
        """
        owners = part.owners()
        failed: dict[Call, list[Failure]] = {}
        again: list[_Part] = []
        for failure in part.failures:
            call = owners[id(failure.record)]
            if failure.refused and part.lane is self._single and not part.isolated:
                call.left += 1
                again.append(_Part([failure.record], [call], self._batch, isolated=True))
            else:
                failed.setdefault(call, []).append(failure)
        for call, failures in failed.items():
            call.failures = [*call.failures, *failures]
        return again


def wake(calls: Sequence[Call]) -> None:
    """Wake the tasks that wait for ``calls``, all of one event loop; from any thread."""
    loop = calls[0].loop
    if loop is not None:
        # A closed loop has nobody who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_wake, calls)


def _wake(calls: Sequence[Call]) -> None:
    for call in calls:
        if call.future is not None and not call.future.done():
            call.future.set_result(None)
