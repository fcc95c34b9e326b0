import asyncio
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from tests.integration.events.behaviour import (
    Happened,
    PublishingBehaviour,
    config,
    happenings,
    numbers,
)
from tests.kafka.reading import read_topic

from nodewright.events import BaseEvent, DeadLetters, EventOptimizer, EventRefusedError


class Keyless(BaseEvent):
    def kafka_key(self) -> None:
        return None


def create_topic(bootstrap: str, topic: str, **settings: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    new = NewTopic(topic, num_partitions=1, config=settings)
    for future in admin.create_topics([new]).values():
        future.result(30)


@pytest.mark.kafka
class TestOnKafka(PublishingBehaviour):
    @pytest.fixture
    def bootstrap(self, kafka_bootstrap: str) -> str:
        return kafka_bootstrap

    @pytest.mark.parametrize("singly", [False, True])
    async def test_records_that_the_broker_refuses_are_isolated(
        self, bootstrap: str, service: str, tmp_path: Path, singly: bool
    ) -> None:
        """A compacted topic takes no record without a key, and refuses the whole request."""
        topic = Keyless(service=service).to_kafka_topic()
        await asyncio.to_thread(create_topic, bootstrap, topic, **{"cleanup.policy": "compact"})

        class Keyed(Happened):
            event_type = "keyless"

        events: list[BaseEvent] = [
            (Keyless if n % 50 == 7 else Keyed)(service=service, payload={"n": n})
            for n in range(1000)
        ]
        poison = {n for n in range(1000) if n % 50 == 7}
        settings = config(dead_letter_dir=tmp_path)
        async with EventOptimizer(bootstrap, settings) as optimizer:
            if singly:
                publishing = (optimizer.publish_event(event) for event in events)
                results = await asyncio.gather(*publishing, return_exceptions=True)
                failed = {n for n, result in enumerate(results) if result is not None}
                assert failed == poison
                assert all(isinstance(results[n], EventRefusedError) for n in poison)
            else:
                with pytest.raises(EventRefusedError, match="20 event"):
                    await optimizer.publish_batch(events)
        letters = {letter.event_id for letter in DeadLetters(tmp_path)}
        assert letters == {str(events[n].id) for n in poison}
        received = read_topic(bootstrap, topic)
        assert sorted(numbers(received)) == sorted(set(range(1000)) - poison)

    async def test_topic_limit_on_size_isolates_what_is_too_large(
        self, bootstrap: str, service: str, tmp_path: Path
    ) -> None:
        events = happenings(service, 300)
        for n in (0, 150, 299):
            events[n].payload["text"] = "x" * 200_000
        topic = events[0].to_kafka_topic()
        await asyncio.to_thread(create_topic, bootstrap, topic, **{"max.message.bytes": "100000"})
        settings = config(dead_letter_dir=tmp_path, enable_compression=False)
        async with EventOptimizer(bootstrap, settings) as optimizer:
            with pytest.raises(EventRefusedError, match="3 event"):
                await optimizer.publish_batch(events)
        received = read_topic(bootstrap, topic)
        assert sorted(numbers(received)) == [n for n in range(300) if n not in (0, 150, 299)]
