"""Calls that share keys take turns; and what one iteration of the loop offers stays in order."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodewright.events import OptimizerConfig, shared
from nodewright.events.broker import Broker
from nodewright.events.dead_letters import DeadLetters
from nodewright.events.order import Turn, Turns
from nodewright.events.publisher import Call
from nodewright.events.shared import Connection

KEYS = (b"a", b"b", b"c")


class Script:
    """One call: its keys, how long it takes to be ready, and whether it is given up."""

    def __init__(self, keys: Sequence[bytes | None], wait: int, cancelled: bool) -> None:
        self.keys, self.wait, self.cancelled = keys, wait, cancelled


scripts = st.lists(
    st.builds(
        Script,
        st.lists(st.sampled_from((*KEYS, None)), max_size=3),
        st.integers(0, 4),
        st.booleans(),
    ),
    max_size=12,
)


@given(scripts)
@settings(max_examples=200, deadline=None)
def test_calls_that_share_a_key_leave_in_their_order(calls: list[Script]) -> None:
    handed: list[int] = []

    async def call(number: int, script: Script, turn: Turn) -> None:
        try:
            for _ in range(script.wait):
                await asyncio.sleep(0)
            await turn.come()
            handed.append(number)
        finally:
            turn.leave()

    async def run() -> None:
        turns = Turns()
        tasks = []
        for number, script in enumerate(calls):
            turn = turns.begin(lambda script=script: script.keys)
            tasks.append(asyncio.create_task(call(number, script, turn)))
        await asyncio.sleep(0)
        for task, script in zip(tasks, calls, strict=True):
            if script.cancelled:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in calls:  # those who were given up leave one after the other
            await asyncio.sleep(0)
        assert turns.open == 0
        assert turns._last == {}

    asyncio.run(run())
    assert {n for n, script in enumerate(calls) if not script.cancelled} <= set(handed)
    for key in KEYS:
        mine = [number for number in handed if key in calls[number].keys]
        assert mine == sorted(mine)


async def test_keys_are_asked_for_only_when_another_call_comes() -> None:
    asked: list[str] = []

    def keys(name: str) -> list[bytes]:
        asked.append(name)
        return [b"k"]

    turns = Turns()
    first = turns.begin(lambda: keys("first"))
    first.leave()
    assert asked == []
    first, second = turns.begin(lambda: keys("first")), turns.begin(lambda: keys("second"))
    assert asked == ["first", "second"]
    first.leave()
    await second.come()
    second.leave()


async def test_turn_whose_call_another_thread_hands_over_lasts_until_that_is_done() -> None:
    turns = Turns()
    first, second = turns.begin(lambda: [b"k"]), turns.begin(lambda: [b"k"])
    handing = asyncio.get_running_loop().create_future()
    first.leave_with(handing)
    first.leave()  # its caller was cancelled
    coming = asyncio.create_task(second.come())
    await asyncio.sleep(0)
    assert not coming.done()
    handing.set_result(None)
    await coming
    second.leave()
    assert turns.open == 0


async def test_what_one_iteration_offers_stays_in_order_when_the_lanes_fall_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lanes are busy when the first call comes, and idle when the third one does."""
    submitted: list[list[Any]] = []

    class Lanes:
        idle = False

        def submit(self, calls: Sequence[Call]) -> None:
            submitted.extend(list(call.records) for call in calls)

    monkeypatch.setattr(shared, "Publisher", lambda *_: Lanes())
    monkeypatch.setattr(shared._publishers, "_close", lambda _: None)
    connection = Connection(Broker("scripted:1", "scripted:1"), OptimizerConfig())
    loop = asyncio.get_running_loop()
    letters = DeadLetters(tmp_path)
    for number in range(4):
        record = ("topic", b"%d" % number, b"key", None)
        connection.offer(Call([record], letters, loop), durably=False)
        Lanes.idle = number >= 1
    await asyncio.sleep(0)
    assert [records[0][1] for records in submitted] == [b"0", b"1", b"2", b"3"]
    connection.close()
