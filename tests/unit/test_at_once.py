"""What is made on its first use is made once, whichever threads come first.

Each test stops one thread before each of its instructions in turn and lets another run, or has
many threads of many fresh processes begin at a barrier.
"""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.interleaving import interleave

from nodewright.logs import get_logger
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence, lifetime
from nodewright.storage.database import Database
from nodewright.storage.write_behind import TelemetryWriter
from nodewright.templates import TemplateCache

Scene = tuple[Callable[[], object], Callable[[], object]]

FIRST_USES = """
import sys, threading, traceback
import nodewright
names = nodewright.__all__
barrier = threading.Barrier(8)
failures, seen = [], []
def use(number):
    barrier.wait()
    try:
        for at in range(len(names)):
            getattr(nodewright, names[(at * 7 + number * 13) % len(names)])
        seen.append(nodewright.get_monitoring_system())
    except BaseException:
        failures.append(traceback.format_exc())
threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(set(map(id, seen))), *failures)
"""


def test_all_public_names_are_first_used_by_eight_threads() -> None:
    for _ in range(3):
        found = subprocess.run(
            [sys.executable, "-c", FIRST_USES],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        assert found.stdout.strip() == "1", found.stdout + found.stderr


@pytest.fixture
def database() -> Database:
    """A database that nobody connects to."""
    return Database("postgresql://nobody@127.0.0.1:1/none", Settings(telemetry_interval_s=0.001))


def test_a_row_that_comes_while_the_writer_closes_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[Any] = []
    monkeypatch.setattr(
        TelemetryWriter, "_store", lambda _self, rows, _closing: stored.extend(rows)
    )
    writers: list[TelemetryWriter] = []

    def scene() -> Scene:
        stored.clear()
        writer = TelemetryWriter(database)
        writers.append(writer)
        writer.put(("before",))
        return writer.close, lambda: writer.put(("meanwhile",))

    within = str(Path(lifetime.__file__).parent)
    for _ in interleave(scene, within=within):
        writer = writers.pop()
        writer.put(("after",))
        assert writer.flush(10)
        assert stored == [("before",), ("meanwhile",), ("after",)]
        writer.close()


def test_rows_are_written_by_who_closes_where_no_thread_can_start(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[Any] = []
    monkeypatch.setattr(
        TelemetryWriter, "_store", lambda _self, rows, _closing: stored.extend(rows)
    )

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    writer = TelemetryWriter(database)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    writer.put(("last",))
    writer.close()
    assert stored == [("last",)]


def test_a_call_that_comes_while_the_persistence_closes_is_answered() -> None:
    made: list[CodegenPersistence] = []

    def scene() -> Scene:
        persistence = CodegenPersistence("postgresql://nobody@127.0.0.1:1/none")
        made.append(persistence)
        asyncio.run(persistence._run(lambda: None))
        return (
            lambda: asyncio.run(persistence._run(lambda: 42)),
            lambda: asyncio.run(persistence.close()),
        )

    for _ in interleave(
        scene, within=str(Path(lifetime.__file__).parent / "persistence.py"), stride=4
    ):
        assert asyncio.run(made[-1]._run(lambda: 42)) == 42
        asyncio.run(made.pop().close())


class _Feeding:
    def hand_over(self, timeout: float) -> None:
        assert timeout >= 0


def test_sources_are_added_while_all_hand_over() -> None:
    kept = [_Feeding() for _ in range(3)]
    for one in kept:
        lifetime.feed(one)

    def scene() -> Scene:
        kept[3:] = [_Feeding()]
        return lambda: lifetime.hand_over_all(5), lambda: lifetime.feed(kept[-1])

    within = str(Path(lifetime.__file__))
    for _ in interleave(scene, within=within):
        assert kept[-1] in lifetime._PROCESS._feeding


def test_ids_that_two_threads_set_first_on_one_logger_both_count() -> None:
    ids: dict[str, bytes] = {}
    loggers: list[Any] = []

    def scene() -> Scene:
        logger = get_logger("shared")
        loggers.append(logger)
        ids.clear()

        def talk(name: str) -> None:
            logger.set_correlation_id(name)
            ids[name] = logger.ids()

        return lambda: talk("one"), lambda: talk("two")

    for _ in interleave(scene):
        assert {name: name.encode() in part for name, part in ids.items()} == {
            "one": True,
            "two": True,
        }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "t.j2"
    path.write_text("content")
    return path


class _Records:
    def __init__(self) -> None:
        self.counted = 0

    async def upsert_template_cache_metadata(self, *_: Any, **columns: Any) -> None:
        self.counted += columns["access_count"]

    async def close(self) -> None:
        pass


def test_the_first_uses_of_a_cache_are_all_recorded(file: Path) -> None:
    made: list[tuple[TemplateCache, _Records]] = []

    def scene() -> Scene:
        records = _Records()
        cache = TemplateCache(persistence=records)
        made.append((cache, records))
        return (
            lambda: cache.get("one", "EFFECT", file, Path.read_text),
            lambda: cache.get("two", "EFFECT", file, Path.read_text),
        )

    for _ in interleave(scene, stride=5):
        cache, records = made.pop()
        cache.close()
        assert records.counted == 2


def test_a_use_that_comes_while_a_cache_closes_is_recorded(file: Path) -> None:
    made: list[tuple[TemplateCache, _Records]] = []

    def scene() -> Scene:
        records = _Records()
        cache = TemplateCache(persistence=records)
        made.append((cache, records))
        cache.get("one", "EFFECT", file, Path.read_text)
        return cache.close, lambda: cache.get("two", "EFFECT", file, Path.read_text)

    for _ in interleave(scene):
        cache, records = made.pop()
        assert cache._recorder is not None
        cache._recorder.hand_over(30)
        cache.close()
        assert records.counted == 2


def test_a_cache_is_made_while_another_thread_forks(file: Path) -> None:
    from nodewright.templates.entries import _forking

    forking = _forking()

    def scene() -> Scene:
        def fork() -> None:
            forking._before()
            forking._in_parent()

        return fork, lambda: TemplateCache(enable_persistence=False)

    for _ in interleave(scene):
        cache = TemplateCache(enable_persistence=False)
        assert cache.get("t", "EFFECT", file, Path.read_text) == ("content", False)
