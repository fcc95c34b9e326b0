"""Topics as they happen."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from nodewright.events.broker import client_settings, find_broker, redact
from nodewright.events.errors import BrokerError

if TYPE_CHECKING:
    from confluent_kafka import Message

_LOOK_SECONDS = 1.0  # between two looks for topics that do not exist yet


@dataclass(frozen=True, slots=True)
class TailedEvent:
    """One record of a topic; ``timestamp`` is in seconds since the epoch."""

    topic: str
    partition: int
    offset: int
    timestamp: float
    key: bytes | None
    value: bytes
    headers: dict[str, bytes | None]


def tail(
    topics: Sequence[str],
    *,
    bootstrap: str | None = None,
    from_beginning: bool = False,
    wait: float = 0.5,
) -> Iterator[TailedEvent | None]:
    """Yield the records of ``topics`` as they come, and None when none came for ``wait`` seconds.

    Topics that do not exist yet are waited for. Nothing is committed: no other consumer notices.

    Raises:
        BrokerError: the broker does not answer, or refuses.
    """
    from confluent_kafka import (
        OFFSET_BEGINNING,
        OFFSET_END,
        Consumer,
        KafkaException,
        TopicPartition,
    )

    settings = client_settings(find_broker(bootstrap).address, {}) | {
        "group.id": f"nodewright-tail-{uuid4().hex}",
        "enable.auto.commit": False,
        "log_level": 2,
    }
    consumer = Consumer(settings)
    try:
        start = OFFSET_BEGINNING if from_beginning else OFFSET_END
        missing, assigned = set(topics), list[TopicPartition]()
        looked = 0.0
        while True:
            if missing and time.monotonic() - looked >= _LOOK_SECONDS:
                looked = time.monotonic()
                known = consumer.list_topics(timeout=10).topics
                for topic in sorted(missing & known.keys()):
                    assigned += [TopicPartition(topic, n, start) for n in known[topic].partitions]
                    missing.discard(topic)
                    consumer.assign(assigned)
                start = OFFSET_BEGINNING  # of a topic made from now on, all is new
            message = consumer.poll(wait)
            if message is None:
                yield None
            elif message.error() is None:
                yield _tailed(message)
    except KafkaException as error:
        raise BrokerError(f"Kafka cannot be read: {redact(str(error), settings)}") from None
    finally:
        consumer.close()


def _tailed(message: "Message") -> TailedEvent:
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return TailedEvent(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1] / 1000,
        message.key(),
        message.value() or b"",
        {name: value.encode() if isinstance(value, str) else value for name, value in pairs},
    )
