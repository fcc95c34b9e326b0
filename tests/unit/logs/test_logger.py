import asyncio
import contextlib
import copy
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.logs import (
    LogLevel,
    StructuredLogger,
    async_log_context,
    emission,
    get_correlation_id,
    get_logger,
    get_session_id,
    log_context,
    reset_level,
    set_global_correlation_id,
    set_global_session_id,
    set_level,
    with_log_context,
)


def test_entry_has_the_documented_form(kept: Any) -> None:
    logger = get_logger("agent_researcher", component="agent-researcher")
    correlation_id, session_id = uuid4(), uuid4()
    logger.set_correlation_id(correlation_id)
    logger.set_session_id(session_id)
    logger.info("Research task completed", metadata={"task_id": "123", "duration_ms": 1234})
    assert list(kept.entry.items())[1:] == [
        ("level", "INFO"),
        ("logger_name", "agent_researcher"),
        ("message", "Research task completed"),
        ("correlation_id", str(correlation_id)),
        ("session_id", str(session_id)),
        ("component", "agent-researcher"),
        ("metadata", {"task_id": "123", "duration_ms": 1234}),
    ]
    moment = datetime.fromisoformat(kept.entry["timestamp"])
    assert moment.utcoffset() == timedelta(0)


def test_absent_keys_are_left_out(kept: Any) -> None:
    get_logger("a").warning("x")
    assert list(kept.entry) == ["timestamp", "level", "logger_name", "message"]


@pytest.mark.parametrize("level", list(LogLevel))
def test_each_level_has_its_method_and_threshold(kept: Any, level: LogLevel) -> None:
    logger = StructuredLogger("a", level=level)
    for name in LogLevel:
        getattr(logger, name.value.lower())("x")
    names = list(LogLevel)
    assert [entry["level"] for entry in kept.entries] == names[names.index(level) :]


def test_a_wrong_level_is_named() -> None:
    with pytest.raises(ValueError, match="'LOUD' is no log level; use one of DEBUG"):
        StructuredLogger("a", level="LOUD")  # type: ignore[arg-type]


def test_levels_of_a_tree_change_at_run_time(kept: Any) -> None:
    pool, other = get_logger("shop.storage.pool"), get_logger("shop.web")
    set_level("shop.storage", LogLevel.DEBUG)
    set_level("shop", "error")
    pool.debug("seen")
    other.warning("unseen")
    reset_level("shop")
    other.info("seen too")
    assert [entry["message"] for entry in kept.entries] == ["seen", "seen too"]


@pytest.mark.parametrize("number", [1, 10, 15, 20, 25, 30, 40, 50, 55, 99])
def test_any_number_is_a_level_and_can_be_taken_back(kept: Any, number: int) -> None:
    logger = get_logger("a")
    set_level("a", number)
    assert logger.is_enabled_for(number)
    assert not logger.is_enabled_for(number - 1)
    for name in LogLevel:
        getattr(logger, name.value.lower())("x", metadata={"n": 1}, exc_info=None)
    logger.exception("x")  # noqa: LOG004 - without an exception, it is just an error
    shown = [entry["level"] for entry in kept.entries]
    floors = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
    expected = [name for name, floor in floors.items() if floor >= number]
    assert shown == expected + ["ERROR"] * (number <= 40)
    reset_level("a")
    logger.debug("y")
    logger.info("z")
    assert [entry["message"] for entry in kept.entries[len(shown) :]] == ["z"]
    assert isinstance(logger, StructuredLogger)


def test_a_method_taken_before_a_change_of_level_still_asks(kept: Any) -> None:
    logger = get_logger("a")
    info, debug = logger.info, logger.debug
    set_level("a", "ERROR")
    info("unseen")
    set_level("a", "DEBUG")
    info("seen")
    logger.debug("seen too")
    debug("a disabled method that was taken stays so")
    assert [entry["message"] for entry in kept.entries] == ["seen", "seen too"]


def test_derived_classes_keep_their_methods(kept: Any) -> None:
    class Counting(StructuredLogger):
        calls = 0

        def debug(self, message: str, metadata: Any = None, exc_info: Any = None) -> None:
            type(self).calls += 1
            super().debug(message, metadata, exc_info)

    logger = Counting("a")
    logger.debug("unseen")
    set_level("a", "DEBUG")
    logger.debug("seen")
    set_level("a", "ERROR")
    logger.debug("unseen")
    assert (Counting.calls, type(logger)) == (3, Counting)
    assert kept.entry["message"] == "seen"
    assert type(copy.copy(logger)) is Counting


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda logger: pickle.loads(pickle.dumps(logger))],  # noqa: S301 - our own
)
def test_copies_keep_ids_and_follow_levels(kept: Any, duplicate: Any) -> None:
    logger = StructuredLogger("a", component="c", level=LogLevel.WARNING)
    logger.set_correlation_id("mine")
    other = duplicate(logger)
    other.info("unseen")
    set_level("a", "INFO")
    other.info("seen")
    assert (kept.entry["correlation_id"], kept.entry["component"]) == ("mine", "c")
    assert repr(other) == repr(logger)


def test_threads_that_race_a_change_of_level_end_at_the_last_one(kept: Any) -> None:
    loggers = [get_logger(f"race.{number}") for number in range(20)]
    start = threading.Barrier(6)

    def change(order: list[LogLevel]) -> None:
        start.wait()
        for turn in range(150):
            set_level("race", order[turn % len(order)])
            get_logger(f"race.new.{turn}").debug("x")

    def talk() -> None:
        start.wait()
        for _ in range(150):
            for logger in loggers:
                logger.debug("x")
                logger.error("y")

    names = list(LogLevel)
    orders = (names[::-1], names, [LogLevel.CRITICAL], [LogLevel.DEBUG])
    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(change, order) for order in orders]
        running += [pool.submit(talk) for _ in range(2)]
    for one in running:
        one.result()
    # All loggers ended at one level, and their methods do as their threshold says.
    assert len({logger.threshold for logger in loggers}) == 1
    for logger in loggers:
        before = len(kept.lines)
        logger.debug("after")
        assert (len(kept.lines) > before) is logger.is_enabled_for("DEBUG")
    for level, seen in (("DEBUG", True), ("ERROR", False)):
        set_level("race", level)
        before = len(kept.lines)
        loggers[0].info("end")
        assert (len(kept.lines) > before) is seen


def test_a_forked_child_can_change_levels_while_a_thread_of_the_parent_did() -> None:
    code = """
import os, threading
from nodewright.logs import get_logger, levels, set_level
held, done = threading.Event(), threading.Event()
def hold():
    with levels.LEVELS._changing:
        held.set()
        done.wait()
threading.Thread(target=hold).start()
held.wait()
pid = os.fork()
if pid == 0:
    set_level("a", "DEBUG")
    os._exit(7 if get_logger("a").is_enabled_for("DEBUG") else 1)
status = os.waitpid(pid, 0)[1]
done.set()
print(os.waitstatus_to_exitcode(status))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=30
    )
    assert result.stdout.strip() == "7"


def test_messages_that_vary_do_not_pile_up(kept: Any) -> None:
    logger = get_logger("a")
    for number in range(3 * emission.MAX_KNOWN):
        logger.info("message %d" % number)  # noqa: G002, UP031 - such messages are what is tried
    logger.info("x" * 100_000)
    shown = [entry["message"] for entry in kept.entries[:-1]]
    assert shown == [f"message {number}" for number in range(3 * emission.MAX_KNOWN)]
    assert len(logger.known[20]) <= emission.MAX_KNOWN
    assert max(map(len, logger.known[20])) <= emission.MAX_KNOWN_LENGTH


@given(st.lists(st.integers(0, 4 * 10**18), min_size=1, max_size=5), st.integers(0, 5))
def test_the_time_is_that_of_the_call_to_the_microsecond(moments: list[int], repeated: int) -> None:
    near = [moments[0] + step for step in (0, 999, 1000, 999_999, 10**6, 10**9, -1, -(10**6))]
    for moment in moments + [max(one, 0) for one in near] * repeated:
        text = emission.start(moment).decode().removeprefix('{"timestamp":"')
        shown = datetime.fromisoformat(text).replace(tzinfo=UTC)
        expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment // 1000)
        assert shown == expected


def test_a_name_is_no_prefix_of_a_sibling(kept: Any) -> None:
    set_level("shop.web", LogLevel.ERROR)
    get_logger("shop.website").info("seen")
    assert kept.entry["message"] == "seen"


def test_ids_of_one_logger_do_not_reach_another(kept: Any) -> None:
    first, second = get_logger("same"), get_logger("same")
    set_global_correlation_id("global")
    first.set_correlation_id("first")
    first.info("x")
    second.info("x")
    assert [entry["correlation_id"] for entry in kept.entries] == ["first", "global"]


def test_an_own_id_is_kept_in_threads(kept: Any) -> None:
    logger = get_logger("a")
    logger.set_session_id("mine")
    thread = threading.Thread(target=logger.info, args=("x",))
    thread.start()
    thread.join()
    assert kept.entry["session_id"] == "mine"


async def test_requests_that_share_a_logger_keep_their_ids_apart(kept: Any) -> None:
    logger = get_logger("shared")
    barrier = asyncio.Barrier(3)

    async def handle(request: str | None) -> None:
        if request:
            logger.set_correlation_id(request)
        await barrier.wait()
        logger.info("handled", metadata={"request": request})

    await asyncio.gather(handle("r1"), handle("r2"), handle(None))
    found = {e["metadata"]["request"]: e.get("correlation_id") for e in kept.entries}
    assert found == {"r1": "r1", "r2": "r2", None: None}
    logger.info("after")
    assert "correlation_id" not in kept.entries[-1]


def test_context_restores_what_was_there_also_after_an_error() -> None:
    with log_context(correlation_id="outer", session_id="s"):
        with contextlib.suppress(KeyError), log_context(correlation_id="inner"):
            assert (get_correlation_id(), get_session_id()) == ("inner", "s")
            raise KeyError
        assert get_correlation_id() == "outer"


def test_further_fields_join_the_metadata_and_the_entrys_own_win(kept: Any) -> None:
    with log_context(component="c", tenant="acme", shard=1):
        get_logger("a").info("x", {"shard": 2})
    get_logger("a").info("y")
    assert kept.entries[0]["metadata"] == {"tenant": "acme", "shard": 2}
    assert kept.entries[0]["component"] == "c"
    assert "metadata" not in kept.entries[1]


async def test_tasks_threads_and_executors_carry_the_context(kept: Any) -> None:
    logger = get_logger("a")
    async with async_log_context(correlation_id="c"):
        await asyncio.create_task(asyncio.to_thread(logger.info, "to_thread"))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(copy_context().run, logger.info, "executor").result()
    thread = threading.Thread(target=logger.info, args=("bare",))
    thread.start()
    thread.join()
    assert [entry.get("correlation_id") for entry in kept.entries] == ["c", "c", None]


async def test_decorator_binds_for_plain_and_async_functions(kept: Any) -> None:
    logger = get_logger("a")

    @with_log_context(component="orders")
    def plain_one(correlation_id: str) -> None:
        logger.info(correlation_id)

    @with_log_context(session_id="s")
    async def async_one() -> str | None:
        await asyncio.sleep(0)
        return get_session_id()

    @with_log_context
    def bare(session_id: str) -> bool:
        return get_session_id() == session_id

    plain_one("c1")
    assert (kept.entry["component"], kept.entry["correlation_id"]) == ("orders", "c1")
    assert await async_one() == "s"
    assert bare("s2")
    assert get_session_id() is None


def test_decorator_refuses_generators() -> None:
    with pytest.raises(TypeError, match="cannot wrap the generator"):

        @with_log_context
        def numbers():  # noqa: ANN202
            yield 1


@pytest.mark.usefixtures("kept")
def test_get_session_id_gives_what_was_set() -> None:
    session = uuid4()
    set_global_session_id(session)
    assert get_session_id() == str(session)
    set_global_session_id('quo"te\n\ud800')
    assert get_session_id() == 'quo"te\n\\ud800'


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys; from nodewright.logs import get_logger; get_logger('a', 'c');"
        "heavy = ('orjson', 'logging', 'uuid', 'inspect', 'pydantic');"
        "print([name for name in heavy if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert result.stdout.strip() == "[]"
