import asyncio
import contextlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from nodewright.logs import (
    LogLevel,
    StructuredLogger,
    async_log_context,
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
