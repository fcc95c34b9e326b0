"""Refused events for whose dead letters there is no room."""

import asyncio
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.events.behaviour import config, happenings, numbers
from tests.kafka.reading import read_topic

from nodewright.events import DeadLetters, EventOptimizer, EventRefusedError

LARGE = "x" * 600_000
SMALL_MESSAGES = {"message.max.bytes": 100_000}


@pytest.fixture
def service() -> str:
    return f"s-{uuid4().hex[:12]}"


def settings(folder: Path, **changes: Any) -> Any:
    return config(kafka=SMALL_MESSAGES, dead_letter_dir=folder / "dead", stall_ms=10_000, **changes)


@pytest.mark.parametrize("singly", [False, True])
async def test_lane_goes_on_after_a_letter_found_no_room(
    mock_bootstrap: str, service: str, tmp_path: Path, singly: bool
) -> None:
    """The folder's place is taken by a file: each write of a letter fails, as on a full disk."""
    (tmp_path / "dead").write_text("in the way")
    events = happenings(service, 6)
    for event in events:
        event.payload["text"] = "y" * 2000  # the lane that compresses
    events[0].payload["text"] = LARGE
    async with EventOptimizer(mock_bootstrap, settings(tmp_path)) as optimizer:
        with pytest.raises(EventRefusedError, match="could not be kept") as caught:
            await optimizer.publish_batch(events[:1] if singly else events[:3])
        assert isinstance(caught.value.unkept, OSError)
        for event in events[3:]:
            await optimizer.publish_event(event)
        (tmp_path / "dead").unlink()
        with pytest.raises(EventRefusedError, match="dead-letters"):
            await optimizer.publish_event(events[0])
    (letter,) = DeadLetters(tmp_path / "dead")
    assert letter.event_id == str(events[0].id)
    expected = [3, 4, 5] if singly else [1, 2, 3, 4, 5]
    assert sorted(numbers(read_topic(mock_bootstrap, events[1].to_kafka_topic()))) == expected


async def test_spool_keeps_what_has_no_letter_yet_and_lets_the_others_pass(
    mock_bootstrap: str, service: str, tmp_path: Path
) -> None:
    (tmp_path / "dead").write_text("in the way")
    events = happenings(service, 9)
    events[1].payload["text"] = events[4].payload["text"] = LARGE
    durable = settings(tmp_path, durable=True, spool_dir=tmp_path / "spool")
    async with EventOptimizer(mock_bootstrap, durable) as optimizer:
        with pytest.raises(EventRefusedError, match="could not be kept"):
            await optimizer.publish_batch(events[:3])
        await optimizer.publish_batch(events[3:4])
        assert not await optimizer.drain(0.05)
    # A second process meets them again, and has no more room at first.
    async with EventOptimizer(mock_bootstrap, durable) as optimizer:
        assert not await optimizer.drain(0.05)
        with suppress(EventRefusedError):  # while it reads back, a call is only appended
            await optimizer.publish_batch(events[4:6])
        await optimizer.publish_batch(events[6:])
        expected = {0, 2, 3, 5, 6, 7, 8}

        def arrived() -> set[int]:
            return set(numbers(read_topic(mock_bootstrap, events[0].to_kafka_topic())))

        while arrived() != expected:  # noqa: ASYNC110 - another thread sends them
            await asyncio.sleep(0.01)
        assert not await optimizer.drain(0)
        (tmp_path / "dead").unlink()
        assert await optimizer.drain(20)
        spool = optimizer.statistics().spool
        assert spool is not None
        assert (spool.events, spool.unsent_bytes) == (0, 0)
    ids = Counter(letter.event_id for letter in DeadLetters(tmp_path / "dead"))
    assert ids == {str(events[1].id): 1, str(events[4].id): 1}
