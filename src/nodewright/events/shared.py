"""What the optimizers of one process share: one publisher a broker, one relay a spool."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nodewright.events.config import OptimizerConfig
from nodewright.events.dead_letters import DeadLetters
from nodewright.events.errors import EventError, SpoolOwnedError
from nodewright.events.publisher import Call, Publisher, wake
from nodewright.events.relay import Relay
from nodewright.events.spool import Spool
from nodewright.settings import Settings


@dataclass(slots=True)
class _Held:
    value: Any
    holders: int


class Registry[T]:
    """Values that are made for the first who asks for a key, and closed after the last."""

    def __init__(self, close: Callable[[T], None]) -> None:
        self._close = close
        self._lock = threading.Lock()
        self._held: dict[tuple[Any, ...], _Held] = {}

    def acquire(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """The value for ``key``; after a fork the child makes its own."""
        key = (os.getpid(), *key)
        with self._lock:
            held = self._held.get(key)
            if held is None:
                held = self._held[key] = _Held(make(), 0)
            held.holders += 1
            value: T = held.value
            return value

    def release(self, key: tuple[Any, ...]) -> None:
        """Give one hold up."""
        key = (os.getpid(), *key)
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


class Connection:
    """A hold on the publisher of a broker and, where there is a spool, on its relay.

    Raises:
        SpoolOwnedError: another process owns the configured spool directory.
        BrokerError: the Kafka settings are not valid.
    """

    def __init__(self, bootstrap: str, config: OptimizerConfig) -> None:
        self._publisher_key = (
            bootstrap,
            config.max_producer_pool_size,
            config.compression_threshold_bytes if config.enable_compression else None,
            tuple(sorted(config.kafka.items())),
        )
        self._relay_key: tuple[Any, ...] | None = None
        self.publisher: Publisher = _publishers.acquire(
            self._publisher_key, lambda: Publisher(bootstrap, config)
        )
        self.dead_letters: DeadLetters = DeadLetters(dead_letter_dir(config))
        self._turns: dict[tuple[asyncio.AbstractEventLoop, bool], list[Call]] = {}
        self.relay: Relay | None = None
        if config.durable or config.spool_dir is not None:
            key = (bootstrap, str(spool_root(config).resolve()))
            try:
                held = _relays.acquire(key, lambda: _HeldRelay(bootstrap, config))
            except BaseException:
                self.close()
                raise
            self._relay_key, self.relay = key, held.relay

    def offer(self, call: Call, *, durably: bool) -> None:
        """Publish ``call``, through the spool if ``durably``; its outcome is in the call.

        While others are on their way, the calls of one turn of the event loop go as one.
        """
        if call.loop is None or self.publisher.idle:
            self.submit([call], durably=durably)
        else:
            turn = self._turns.setdefault((call.loop, durably), [])
            turn.append(call)
            if len(turn) == 1:
                call.loop.call_soon(self._end_turn, call.loop, durably)

    def _end_turn(self, loop: asyncio.AbstractEventLoop, durably: bool) -> None:
        self.submit(self._turns.pop((loop, durably)), durably=durably)

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

    def __init__(self, bootstrap: str, config: OptimizerConfig) -> None:
        without_spool = replace(config, durable=False, spool_dir=None)
        self._connection = Connection(bootstrap, without_spool)
        try:
            spool = _open_spool(config)
        except BaseException:
            self._connection.close()
            raise
        letters = DeadLetters(dead_letter_dir(config))
        self.relay = Relay(spool, self._connection.publisher, letters)

    def close(self) -> None:
        self.relay.close()
        self._connection.close()


_PATIENCE = 1.0  # seconds of silence after which closing waits no more
_publishers = Registry[Publisher](lambda publisher: publisher.close(_PATIENCE))
_relays = Registry[_HeldRelay](_HeldRelay.close)
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


def _open_spool(config: OptimizerConfig) -> Spool:
    options: dict[str, Any] = {
        "durability": config.durability,
        "max_bytes": config.spool_max_bytes,
    }
    root = spool_root(config)
    if config.spool_dir is not None:
        return Spool(root, **options)
    for number in range(_SPOOLS):
        try:
            return Spool(root / str(number), **options)
        except SpoolOwnedError:
            continue
    raise SpoolOwnedError(f"all {_SPOOLS} spools in {root} are owned by running processes")
