"""EventOptimizer: publish events with acknowledgement, batching, breaker, spool and metrics."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

from nodewright.events.batching import BatchProcessor
from nodewright.events.breaker import CircuitBreaker, CircuitState
from nodewright.events.broker import find_broker
from nodewright.events.config import BatchConfig, CircuitBreakerConfig, OptimizerConfig
from nodewright.events.encoding import Record, encode_all, keys_of
from nodewright.events.errors import (
    CircuitOpenError,
    ClosedError,
    EventRefusedError,
)
from nodewright.events.forks import forks
from nodewright.events.metrics import Metrics, MetricSink
from nodewright.events.model import BaseEvent
from nodewright.events.order import Turn, Turns
from nodewright.events.publisher import Call
from nodewright.events.relay import Relay
from nodewright.events.reports import Reports
from nodewright.events.shared import MANY, Connection
from nodewright.events.spool import SpoolStatistics
from nodewright.events.tracing import current_traceparent
from nodewright.events.watch import Watch
from nodewright.logs import get_logger

_log = get_logger(__name__, "events")

_SLICE = 500  # events between two looks at the event loop


@dataclass(frozen=True, slots=True)
class OptimizerStatistics:
    """Counts since the optimizer was made; ``spool`` is None where there is none."""

    published: int
    spooled: int
    refused: int
    failed: int
    producers: int
    circuit: CircuitState
    spool: SpoolStatistics | None


@dataclass(slots=True)
class _Callers:
    """The callers of one event loop: their order, and how long they wait."""

    turns: Turns = field(default_factory=Turns)
    watches: dict[bool, Watch] = field(default_factory=dict)  # by silence or not


class EventOptimizer:
    """Publishes events to Kafka.

    ``publish_event`` and ``publish_batch`` return when the broker has acknowledged. With a spool
    (``OptimizerConfig.durable``) an event is first appended to it; the call then returns as soon
    as it is acknowledged, or when the broker is silent, since the event is safe. All optimizers of
    a process that have the same broker and settings share their producers. Use it from any number
    of threads and event loops; of those, each has its events delivered in the order of its calls,
    where keys are equal. A forked child connects anew, and owns none of its parent's spool.

    Args:
        bootstrap_servers: Kafka's address; ``mock`` for the cluster inside this process; None:
            the setting ``KAFKA_BOOTSTRAP_SERVERS``, else ``mock``.
        config: how events are published.
        persistence: where metrics go; None: the project's own, when the first row is written.
        batch_config: for ``create_batch_processor``.
        circuit_config: for the circuit breaker.
    """

    def __init__(
        self,
        bootstrap_servers: str | None = None,
        config: OptimizerConfig | None = None,
        persistence: MetricSink | None = None,
        batch_config: BatchConfig | None = None,
        circuit_config: CircuitBreakerConfig | None = None,
    ) -> None:
        self.config: OptimizerConfig = config or OptimizerConfig()
        self.batch_config: BatchConfig = batch_config or BatchConfig()
        self.circuit_breaker: CircuitBreaker = CircuitBreaker(
            circuit_config, on_change=self._circuit_changed
        )
        self._bootstrap = bootstrap_servers
        self._metrics = Metrics(persistence, enabled=self.config.enable_metrics)
        self._reports = Reports(self.circuit_breaker, self.config.publish_timeout_ms / 1000)
        self._processors: list[BatchProcessor] = []
        self._connections: dict[int, Connection] = {}  # by forks: a child has its own
        self._callers: dict[asyncio.AbstractEventLoop, _Callers] = {}
        self._closed = False

    async def publish_event(self, event: BaseEvent) -> None:
        """Publish one event.

        Raises:
            EventEncodingError: it cannot be written as JSON; nothing was sent.
            EventRefusedError: the broker will never take it; it is in the dead letters.
            PublishTimeoutError, BrokerError: the broker failed, and there is no spool.
            CircuitOpenError: the circuit is open, and there is no spool.
            SpoolFullError: the spool has no room; nothing was sent.
        """
        started = time.monotonic()
        error: Exception | None = None
        try:
            records = encode_all((event,), headers=self.config.headers, trace=current_traceparent())
            await self._publish(records)
        except Exception as problem:
            error = problem
            raise
        finally:
            if self.config.enable_metrics:
                await self._metrics.record(
                    getattr(event, "event_type", type(event).__name__),
                    str(getattr(event, "service", "")),
                    time.monotonic() - started,
                    error=error,
                )

    async def publish_batch(self, events: Sequence[BaseEvent]) -> None:
        """Publish events; when one cannot be encoded, none is sent.

        Raises:
            EventRefusedError: the broker refused some; all others are delivered.
            Exception: as ``publish_event``.
        """
        events = list(events)  # the caller's list may change while this waits
        if not events:
            return
        started = time.monotonic()
        error: Exception | None = None
        try:
            if len(events) <= _SLICE:
                trace = current_traceparent()
                await self._publish(encode_all(events, headers=self.config.headers, trace=trace))
            else:
                await self._publish_sliced(events)
        except Exception as problem:
            error = problem
            raise
        finally:
            if self.config.enable_metrics:
                await self._record_batch(events, time.monotonic() - started, error)

    def create_batch_processor(self) -> BatchProcessor:
        """A batch processor that publishes each batch; ``cleanup`` of this object flushes it."""
        processor = BatchProcessor(
            self.publish_batch, replace(self.batch_config, enable_metrics=False)
        )
        self._processors.append(processor)
        return processor

    async def drain(self, within: float = 60.0) -> bool:
        """Wait until the spool is empty, at most ``within`` seconds; whether that came."""
        connection = await self._connected()
        if connection.relay is None:
            return True
        return await asyncio.to_thread(connection.relay.drained, within)

    async def replay(self, *, adopt: bool = False) -> tuple[int, int]:
        """Publish the dead letters again: those that this broker refused.

        Args:
            adopt: also those that another broker refused.

        Returns:
            How many were accepted, and how many were refused once more (and are kept again).
        """
        connection = await self._connected()
        accepted = refused = 0
        for letters in connection.dead_letters.claim(adopt=adopt):
            count = len(letters)
            try:
                await self._publish([letter.record for letter in letters])
            except EventRefusedError as error:
                refused += len(error.refusals)
                count -= len(error.refusals)
            accepted += count
        return accepted, refused

    def statistics(self) -> OptimizerStatistics:
        """Counts as of now."""
        connection = self._connections.get(forks.count)
        relay = connection.relay if connection is not None else None
        return OptimizerStatistics(
            published=self._reports.counts["published"],
            spooled=self._reports.counts["spooled"],
            refused=self._reports.counts["refused"],
            failed=self._reports.counts["failed"],
            producers=connection.publisher.producers if connection is not None else 0,
            circuit=self.circuit_breaker.state,
            spool=relay.spool.statistics() if relay is not None else None,
        )

    async def cleanup(self) -> None:
        """Flush batch processors, wait a little for the spool to drain, and let go of everything.

        What the broker does not take in that time stays in the spool.
        """
        self._closed = True
        try:
            for processor in self._processors:
                await processor.cleanup()
        finally:
            connection = self._connections.pop(forks.count, None)
            if connection is not None:
                await asyncio.to_thread(_let_go, connection)
            await self._metrics.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cleanup()

    async def _connected(self) -> Connection:
        connection = self._connections.get(forks.count)
        if connection is None and not self._closed:
            connection = await asyncio.to_thread(self._connect)
        if connection is None or self._closed:
            raise ClosedError("this EventOptimizer was cleaned up: make a new one")
        return connection

    def _connect(self) -> Connection | None:
        """Connect, unless another thread has; without a lock, which a fork might copy locked."""
        child = forks.count
        if (connection := self._connections.get(child)) is not None:
            return connection
        made = Connection(find_broker(self._bootstrap), self.config)
        connection = self._connections.setdefault(child, made)
        lost = self._closed and self._connections.pop(child, None) is made
        if lost or connection is not made:
            made.close()
        return connection

    async def _publish_sliced(self, events: list[BaseEvent]) -> None:
        """Publish many events; encode some at a time, so that the event loop goes on."""
        turn = self._of(asyncio.get_running_loop()).turns.begin(partial(keys_of, events))
        try:
            records: list[Record] = []
            trace = current_traceparent()
            for first in range(0, len(events), _SLICE):
                if first:
                    await asyncio.sleep(0)
                some = events[first : first + _SLICE]
                records += encode_all(some, headers=self.config.headers, trace=trace)
            await self._publish(records, turn)
        finally:
            turn.leave()

    async def _publish(self, records: list[Record], turn: Turn | None = None) -> None:
        """Publish in the order of the calls.

        Args:
            records: what to publish.
            turn: of a call that has begun one, because it had to wait already.
        """
        loop = asyncio.get_running_loop()
        callers = self._callers.get(loop) or self._of(loop)
        connection = self._connections.get(forks.count)
        if turn is None:
            if connection is not None and not callers.turns.open and len(records) < MANY:
                await self._deliver(connection, records, callers, None)
                return
            turn = callers.turns.begin(lambda: [record[2] for record in records])
        try:
            await turn.come()
            await self._deliver(await self._connected(), records, callers, turn)
        finally:
            turn.leave()

    async def _deliver(
        self, connection: Connection, records: list[Record], callers: _Callers, turn: Turn | None
    ) -> None:
        """Hand ``records`` over, wait for what becomes of them, and report it."""
        relay = connection.relay
        era = self._admitted(relay)
        durably = relay is not None and (self.config.durable or era is None or not relay.direct)
        loop = asyncio.get_running_loop()
        call = Call(records, connection.dead_letters, loop)
        try:
            if turn is None:
                connection.offer(call, durably=durably)
            else:
                await connection.hand_over(call, turn, durably=durably)
            if call.future is not None and not call.future.done():
                watch = callers.watches.get(durably) or self._watch(loop, by_silence=durably)
                watch.add(call)
                try:
                    await call.future
                finally:
                    watch.remove(call)
            if relay is not None and durably:
                if call.span is not None and relay.spool.durability == "disk":
                    await relay.synced(call.span)
                self._reports.conclude_durable(relay, call, era)
            else:
                self._reports.conclude(call, era)
        except BaseException:
            call.withdrawn = not durably
            self._reports.forget(era)  # no effect where the outcome was reported already
            raise

    def _admitted(self, relay: Relay | None) -> int | None:
        """The circuit breaker's leave to publish; None: to the spool only."""
        try:
            return self.circuit_breaker.admit()
        except CircuitOpenError:
            if relay is None:
                raise
            relay.divert()
            return None

    def _of(self, loop: asyncio.AbstractEventLoop) -> _Callers:
        callers = self._callers.get(loop)
        if callers is None:
            for old in [one for one in self._callers if one.is_closed()]:
                del self._callers[old]
            callers = self._callers[loop] = _Callers()
        return callers

    def _watch(self, loop: asyncio.AbstractEventLoop, *, by_silence: bool) -> Watch:
        watches = self._of(loop).watches
        watch = watches.get(by_silence)
        if watch is None:
            limit = self.config.stall_ms if by_silence else self.config.publish_timeout_ms
            watch = watches[by_silence] = Watch(loop, limit / 1000, by_silence=by_silence)
        return watch

    async def _record_batch(
        self, events: list[BaseEvent], seconds: float, error: Exception | None
    ) -> None:
        """One row for each type and service in a batch."""
        first = events[0]
        if len(set(map(type, events))) == 1 and len({event.service for event in events}) == 1:
            kinds = Counter({(first.event_type, first.service): len(events)})
        else:
            kinds = Counter((event.event_type, event.service) for event in events)
        for (event_type, service), size in kinds.items():
            await self._metrics.record(event_type, service, seconds, error=error, batch_size=size)

    def _circuit_changed(self, old: CircuitState, new: CircuitState) -> None:
        tell = _log.info if new is CircuitState.CLOSED else _log.warning
        tell("events.circuit.changed", {"from": old.value, "to": new.value})
        self._metrics.record_soon(f"circuit.{new.value}", "circuit_breaker")


def _let_go(connection: Connection) -> None:
    connection.settle()
    connection.close()
