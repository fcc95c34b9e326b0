"""A request that fails must not be acknowledged by one that overtook it."""

import asyncio
from uuid import uuid4

from tests.integration.events.behaviour import config, happenings, numbers
from tests.kafka.faulty import NOT_LEADER, faulty_cluster
from tests.kafka.reading import read_topic

from nodewright.events import EventOptimizer


async def test_what_a_new_topic_refuses_at_first_is_delivered() -> None:
    """A broker that is not yet a partition's leader refuses a request, and takes the next one."""
    key = uuid4()  # one partition
    events = happenings("shop", 300, correlation_id=key)
    with faulty_cluster() as cluster:
        async with EventOptimizer(cluster.address, config()) as optimizer:
            await optimizer.publish_event(happenings("shop", 1, 5000)[0])  # the topic is there
            cluster.answer_slowly(50)
            cluster.refuse_next_produce(NOT_LEADER)
            await asyncio.gather(*(optimizer.publish_event(event) for event in events))
            cluster.answer_slowly(0)
        received = read_topic(cluster.address, events[0].to_kafka_topic())
    mine = numbers([item for item in received if item.key == str(key).encode()])
    assert mine == list(range(300))
