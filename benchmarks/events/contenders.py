"""What publishes in the benchmarks: this package and its peers, behind one small interface."""
# ruff: noqa: D102 - what the methods do stands in ``Publishes``

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from nodewright.events import BaseEvent, EventOptimizer, OptimizerConfig
from nodewright.events.encoding import encode, encode_all

TOPIC = "bench.bench_event.v1"


class BenchEvent(BaseEvent):
    """An event of 551 bytes as JSON."""


def events(count: int) -> list[BenchEvent]:
    """``count`` events, each with its own key."""
    return [
        BenchEvent(service="bench", payload={"node_type": "EFFECT", "text": "y" * 326, "n": n % 10})
        for n in range(count)
    ]


class Publishes(Protocol):
    """A contender; ``start`` and ``stop`` are not timed."""

    name: str

    async def start(self, bootstrap: str) -> None:
        """Connect."""

    async def batch(self, items: Sequence[Any]) -> None:
        """Publish all, return when all are acknowledged."""

    async def single(self, item: Any) -> None:
        """Publish one, return when it is acknowledged."""

    async def stop(self) -> None:
        """Disconnect."""


class Nodewright:
    """This package."""

    def __init__(
        self,
        name: str,
        *,
        headers: bool = True,
        spool: Path | None = None,
        durability: str = "process",
    ) -> None:
        self.name = name
        self._config = OptimizerConfig(
            enable_metrics=False,
            headers=headers,
            durable=spool is not None,
            durability=durability,  # type: ignore[arg-type]
            spool_dir=spool,
            stall_ms=5_000,  # the call is to wait for the acknowledgement of all
            publish_timeout_ms=60_000,
        )

    async def start(self, bootstrap: str) -> None:
        self._optimizer = EventOptimizer(bootstrap, self._config)
        await self.single(events(1)[0])

    async def batch(self, items: Sequence[Any]) -> None:
        await self._optimizer.publish_batch(items)

    async def single(self, item: Any) -> None:
        await self._optimizer.publish_event(item)

    async def stop(self) -> None:
        await self._optimizer.cleanup()


class AioKafkaSend:
    """aiokafka's ``send``: one future an event."""

    name = "aiokafka send"
    batch_bytes = 16_384  # its default

    async def start(self, bootstrap: str) -> None:
        from aiokafka import AIOKafkaProducer

        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, acks="all", max_batch_size=self.batch_bytes
        )
        await self._producer.start()
        await self._producer.send_and_wait(TOPIC, b"warm")

    async def batch(self, items: Sequence[Any]) -> None:
        send = self._producer.send
        await asyncio.gather(*[await send(TOPIC, value, key) for _, value, key, _ in items])

    async def single(self, item: Any) -> None:
        await self._producer.send_and_wait(TOPIC, item[1], item[2])

    async def stop(self) -> None:
        await self._producer.stop()


class AioKafkaBatches(AioKafkaSend):
    """aiokafka's batch API: ``create_batch`` and ``send_batch``, partitions in turn."""

    name = "aiokafka create_batch"
    batch_bytes = 1_000_000

    async def batch(self, items: Sequence[Any]) -> None:
        producer = self._producer
        partitions = sorted(await producer.partitions_for(TOPIC))
        waiting: list[Any] = []
        batch = producer.create_batch()
        for _, value, key, _ in items:
            if batch.append(key=key, value=value, timestamp=None) is None:
                partition = partitions[len(waiting) % len(partitions)]
                waiting.append(await producer.send_batch(batch, TOPIC, partition=partition))
                batch = producer.create_batch()
                batch.append(key=key, value=value, timestamp=None)
        waiting.append(await producer.send_batch(batch, TOPIC, partition=partitions[0]))
        await asyncio.gather(*waiting)


class AioKafkaBatchesEncoding(AioKafkaBatches):
    """The same, given events as this package is."""

    name = "aiokafka create_batch, encoding"

    async def batch(self, items: Sequence[Any]) -> None:
        await super().batch(encode_all(items, headers=False))

    async def single(self, item: Any) -> None:
        await super().single(encode(item, headers=False))


class ConfluentAio:
    """confluent_kafka.aio.AIOProducer with its defaults."""

    name = "confluent AIOProducer"

    async def start(self, bootstrap: str) -> None:
        from confluent_kafka.aio import AIOProducer

        self._producer = AIOProducer({"bootstrap.servers": bootstrap, "acks": "all"})
        await (await self._producer.produce(TOPIC, value=b"warm"))

    async def batch(self, items: Sequence[Any]) -> None:
        produce = self._producer.produce
        waiting = [await produce(TOPIC, value=value, key=key) for _, value, key, _ in items]
        await self._producer.flush()
        await asyncio.gather(*waiting)

    async def single(self, item: Any) -> None:
        await (await self._producer.produce(TOPIC, value=item[1], key=item[2]))

    async def stop(self) -> None:
        await self._producer.close()


class FastStream:
    """FastStream over confluent-kafka."""

    name = "FastStream confluent"

    async def start(self, bootstrap: str) -> None:
        from faststream.confluent import KafkaBroker

        self._broker = KafkaBroker(bootstrap, logger=None)
        await self._broker.start()
        await self._broker.publish(b"warm", TOPIC)

    async def batch(self, items: Sequence[Any]) -> None:
        publish = self._broker.publish
        for first in range(0, len(items), 1000):
            await asyncio.gather(
                *(
                    publish(value, TOPIC, key=key)
                    for _, value, key, _ in items[first : first + 1000]
                )
            )

    async def single(self, item: Any) -> None:
        await self._broker.publish(item[1], TOPIC, key=item[2])

    async def stop(self) -> None:
        await self._broker.stop()


def payload(contender: Publishes, items: Sequence[BenchEvent]) -> Sequence[Any]:
    """``items`` as ``contender`` takes them: events for this package, encoded for the peers."""
    if isinstance(contender, (Nodewright, AioKafkaBatchesEncoding)):
        return items
    return [encode(item, headers=False) for item in items]
