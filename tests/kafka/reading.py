"""Reading topics back, as an independent consumer sees them."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson
from confluent_kafka import Consumer, TopicPartition


@dataclass(frozen=True)
class Received:
    topic: str
    key: bytes | None
    value: bytes
    headers: dict[str, str]

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = orjson.loads(self.value)
        return document


def _received(message: Any) -> Received:
    headers = {name: value.decode() for name, value in message.headers() or []}
    return Received(message.topic(), message.key(), message.value(), headers)


def end_of(consumer: Consumer, topic: str) -> dict[int, int]:
    """Partition -> the offset after its last record."""
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    return {
        number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1]
        for number in partitions
    }


def read_topic(bootstrap: str, topic: str, seconds: float = 30.0) -> list[Received]:
    """All that is in ``topic`` now, in order within each partition."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": uuid4().hex, "enable.auto.commit": False}
    )
    try:
        ends = {number: end for number, end in end_of(consumer, topic).items() if end}
        consumer.assign([TopicPartition(topic, number, 0) for number in ends])
        found: list[Received] = []
        give_up = time.monotonic() + seconds
        while ends and time.monotonic() < give_up:
            batch: list[Any] = consumer.consume(10_000, timeout=0.2)
            for message in batch:
                if message.error() is not None:
                    raise AssertionError(message.error())
                found.append(_received(message))
                if message.offset() + 1 >= ends.get(message.partition(), 0):
                    ends.pop(message.partition(), None)
        assert not ends, f"no records came for {ends}"
        return found
    finally:
        consumer.close()
