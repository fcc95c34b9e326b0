"""Events with equal keys arrive in the order of their calls, however the calls meet."""

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.integration.events.behaviour import Happened, config, happenings, numbers
from tests.kafka.reading import read_topic

from nodewright.events import EventOptimizer


@pytest.fixture(params=["direct", "durable"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    return {"durable": True, "spool_dir": tmp_path} if request.param == "durable" else {}


def arrived(bootstrap: str, event: Happened, key: UUID) -> list[int]:
    received = read_topic(bootstrap, event.to_kafka_topic())
    return numbers([item for item in received if item.key == str(key).encode()])


async def in_turn(calls: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Begin ``calls`` one after the other, and wait for all."""
    await asyncio.gather(*calls)


@pytest.mark.parametrize("size", [20, 200])
async def test_burst_of_a_warm_optimizer(
    mock_bootstrap: str, settings: dict[str, Any], size: int
) -> None:
    service, key = f"s-{uuid4().hex[:12]}", uuid4()
    events = happenings(service, size * 20, correlation_id=key)
    async with EventOptimizer(mock_bootstrap, config(**settings)) as optimizer:
        await optimizer.publish_event(happenings(service, 1)[0])
        for first in range(0, len(events), size):
            some = events[first : first + size]
            await in_turn([optimizer.publish_event(event) for event in some])
        assert await optimizer.drain()
    assert arrived(mock_bootstrap, events[0], key) == list(range(len(events)))


async def test_first_burst_of_a_cold_optimizer(
    mock_bootstrap: str, settings: dict[str, Any]
) -> None:
    service, key = f"s-{uuid4().hex[:12]}", uuid4()
    expected: list[int] = []
    for _ in range(10):
        events = happenings(service, 200, len(expected), correlation_id=key)
        expected += [event.payload["n"] for event in events]
        async with EventOptimizer(mock_bootstrap, config(**settings)) as optimizer:
            await in_turn([optimizer.publish_event(event) for event in events])
            assert await optimizer.drain()
    assert arrived(mock_bootstrap, events[0], key) == expected


@pytest.mark.parametrize("large", [600, 3000])
@pytest.mark.parametrize("warm", [False, True])
async def test_large_batch_is_not_overtaken_by_a_later_single_of_its_key(
    mock_bootstrap: str, settings: dict[str, Any], large: int, warm: bool
) -> None:
    service, key = f"s-{uuid4().hex[:12]}", uuid4()
    events = happenings(service, large + 3, correlation_id=key)
    async with EventOptimizer(mock_bootstrap, config(**settings)) as optimizer:
        if warm:
            await optimizer.publish_event(happenings(service, 1)[0])
        await in_turn(
            [
                optimizer.publish_event(events[0]),
                optimizer.publish_batch(events[1 : large + 1]),
                optimizer.publish_event(events[large + 1]),
                optimizer.publish_batch(events[large + 2 :]),
            ]
        )
        assert await optimizer.drain()
    assert arrived(mock_bootstrap, events[0], key) == list(range(large + 3))


async def test_other_keys_do_not_wait_for_a_large_batch(mock_bootstrap: str) -> None:
    service = f"s-{uuid4().hex[:12]}"
    events = happenings(service, 30_000, correlation_id=uuid4())
    ended: list[str] = []
    async with EventOptimizer(mock_bootstrap, config()) as optimizer:
        await optimizer.publish_event(happenings(service, 1)[0])

        async def publish(name: str, batch: list[Happened]) -> None:
            await optimizer.publish_batch(batch)
            ended.append(name)

        await in_turn([publish("large", events), publish("other", happenings(service, 1))])
    assert ended == ["other", "large"]


async def test_cancelled_call_lets_those_behind_it_keep_their_order(mock_bootstrap: str) -> None:
    """What waits for a large batch is cancelled; what comes behind it still waits for the batch."""
    service, key = f"s-{uuid4().hex[:12]}", uuid4()
    events = happenings(service, 3002, correlation_id=key)
    async with EventOptimizer(mock_bootstrap, config()) as optimizer:
        await optimizer.publish_event(happenings(service, 1)[0])
        large = asyncio.create_task(optimizer.publish_batch(events[:3000]))
        await asyncio.sleep(0)
        dropped = asyncio.create_task(optimizer.publish_event(events[3000]))
        last = asyncio.create_task(optimizer.publish_event(events[3001]))
        await asyncio.sleep(0)
        dropped.cancel()
        await asyncio.gather(large, last)
    received = arrived(mock_bootstrap, events[0], key)
    assert received in ([*range(3000), 3001], [*range(3002)])
