"""What the optimizers of one process share: one publisher a broker, one relay a spool."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from nodewright.events.broker import Broker
from nodewright.events.config import OptimizerConfig
from nodewright.events.dead_letters import DeadLetters
from nodewright.events.errors import EventError, SpoolBrokerError, SpoolOwnedError
from nodewright.events.forks import never_destroy
from nodewright.events.order import Turn
from nodewright.events.publisher import Call, Publisher, wake
from nodewright.events.relay import Relay
from nodewright.events.spool import Spool
from nodewright.settings import Settings

MANY = 2000  # events from which on a call is handed over by another thread


@dataclass(slots=True)
class _Held[T]:
    value: T
    holders: int = 0


class Shared[T]:
    """Values that are made for the first who asks for a key, and closed after the last.

    A forked child shares nothing with its parent: it makes its own values.

    Args:
        close: ends a value that nobody holds any more.
        abandon: gives up, in a forked child, a value of its parent.
    """

    def __init__(self, close: Callable[[T], None], abandon: Callable[[T], None]) -> None:
        self._close = close
        self._abandon = abandon
        self._lock = threading.Lock()
        self._held: dict[Hashable, _Held[T]] = {}
        os.register_at_fork(after_in_child=self._begin_anew)

    def acquire(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value for ``key``."""
        with self._lock:
            held = self._held.get(key)
            if held is None:
                held = self._held[key] = _Held(make())
            held.holders += 1
            return held.value

    def release(self, key: Hashable) -> None:
        """Give one hold up."""
        with self._lock:
            held = self._held.get(key)
            if held is None:
                return
            held.holders -= 1
            if held.holders:
                return
            del self._held[key]
            # Within the lock: whoever asks next must find the directory or the port given up.
            self._close(held.value)

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()  # another thread of the parent may have held the old one
        inherited, self._held = self._held, {}
        never_destroy(inherited)
        for held in inherited.values():
            self._abandon(held.value)


class Connection:
    """A hold on the publisher of a broker and, where there is a spool, on its relay.

    Raises:
        SpoolOwnedError: another process owns the configured spool directory.
        BrokerError: the Kafka settings are not valid.
    """

    def __init__(self, broker: Broker, config: OptimizerConfig) -> None:
        self._publisher_key = (
            broker.address,
            config.max_producer_pool_size,
            config.compression_threshold_bytes if config.enable_compression else None,
            tuple(sorted(config.kafka.items())),
        )
        self.publisher: Publisher = _publishers.acquire(
            self._publisher_key, lambda: Publisher(broker.address, config)
        )
        self.dead_letters: DeadLetters = DeadLetters(dead_letter_dir(config), broker.name)
        self._gathered: dict[asyncio.AbstractEventLoop, list[tuple[bool, Call]]] = {}
        self._relay_key: Hashable = None
        self.relay: Relay | None = None
        if config.durable or config.spool_dir is not None:
            key = (broker.address, str(spool_root(config).resolve()))
            try:
                self.relay = _relays.acquire(key, lambda: _HeldRelay(broker, config)).relay
            except BaseException:
                self.close()
                raise
            self._relay_key = key

    def offer(self, call: Call, *, durably: bool) -> None:
        """Publish ``call``, through the spool if ``durably``; its outcome is in the call.

        While others are on their way, the calls of one iteration of the event loop go as one.
        """
        loop = call.loop
        gathered = self._gathered.get(loop) if loop is not None else None
        if gathered is not None:
            gathered.append((durably, call))  # also when all others have arrived: they came first
        elif loop is None or self.publisher.idle:
            self.submit([call], durably=durably)
        else:
            self._gathered[loop] = [(durably, call)]
            loop.call_soon(self.submit_gathered, loop)

    async def hand_over(self, call: Call, turn: Turn, *, durably: bool) -> None:
        """Publish a call whose turn has come; another thread takes a large one."""
        if len(call.records) < MANY:
            self.offer(call, durably=durably)
            turn.leave()
            return
        loop = asyncio.get_running_loop()
        self.submit_gathered(loop)
        handing = loop.run_in_executor(None, partial(self.submit, [call], durably=durably))
        turn.leave_with(handing)
        await asyncio.shield(handing)

    def submit_gathered(self, loop: asyncio.AbstractEventLoop) -> None:
        """Publish what the calls of ``loop`` have offered in this iteration."""
        gathered = self._gathered.pop(loop, ())
        for durably, calls in groupby(gathered, key=itemgetter(0)):
            self.submit([call for _, call in calls], durably=durably)

    def submit(self, calls: list[Call], *, durably: bool) -> None:
        """As ``offer``, for several calls of one loop, at once and from any thread."""
        try:
            if durably and self.relay is not None:
                self.relay.accept(calls)
            else:
                self.publisher.submit(calls)
        except EventError as problem:
            for call in calls:
                call.problem = problem
        if not calls[0].handed_on:
            wake(calls)

    def settle(self) -> None:
        """Wait for the spool to drain while the broker answers.

        Silence counts from when the broker last answered or was first asked: who has waited for
        a dead broker before does not wait again.
        """
        while self.relay is not None:
            left = self.publisher.progressed + _PATIENCE - time.monotonic()
            if self.relay.drained(min(max(left, 0), _PATIENCE / 4)) or left <= 0:
                return

    def close(self) -> None:
        """Give the holds up; the last holder closes what was shared."""
        if self._relay_key is not None:
            _relays.release(self._relay_key)
        _publishers.release(self._publisher_key)
        self.dead_letters.close()


class _HeldRelay:
    """A relay and its own hold on the publisher that it sends through."""

    def __init__(self, broker: Broker, config: OptimizerConfig) -> None:
        without_spool = replace(config, durable=False, spool_dir=None)
        self._connection = Connection(broker, without_spool)
        try:
            spool = _open_spool(broker, config)
        except BaseException:
            self._connection.close()
            raise
        letters = DeadLetters(dead_letter_dir(config), broker.name)
        self.relay = Relay(spool, self._connection.publisher, letters)

    def close(self) -> None:
        self.relay.close()
        self._connection.close()


_PATIENCE = 1.0  # seconds of silence after which closing waits no more
_publishers = Shared[Publisher](lambda one: one.close(_PATIENCE), lambda _: None)
_relays = Shared[_HeldRelay](_HeldRelay.close, lambda held: held.relay.abandon())
_SPOOLS = 64  # processes that may share the default spool folder


def spool_root(config: OptimizerConfig) -> Path:
    """The configured spool, or the folder in which each process has its own."""
    return config.spool_dir or Settings().data_dir / "events" / "spools"


def dead_letter_dir(config: OptimizerConfig) -> Path:
    """Where dead letters are kept."""
    if config.dead_letter_dir is not None:
        return config.dead_letter_dir
    if config.spool_dir is not None:
        return config.spool_dir / "dead-letters"
    return Settings().data_dir / "events" / "dead-letters"


def _open_spool(broker: Broker, config: OptimizerConfig) -> Spool:
    opened = partial(
        Spool,
        durability=config.durability,
        max_bytes=config.spool_max_bytes,
        broker=broker.name,
    )
    root = spool_root(config)
    if config.spool_dir is not None:
        return opened(root)
    for number in range(_SPOOLS):
        with suppress(SpoolOwnedError, SpoolBrokerError):
            return opened(root / str(number))
    raise SpoolOwnedError(
        f"all {_SPOOLS} spools in {root} are owned by running processes, or hold events for other "
        "brokers: see 'nodewright events spool'"
    )
