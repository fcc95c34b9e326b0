"""The use of templates is recorded aside, and nothing there reaches the cache."""

import gc
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nodewright.storage import lifetime
from nodewright.storage.write_behind import flush_all
from nodewright.templates import TemplateCache, ledger, recording


class Records:
    """Keeps the rows it is given; can fail, and can be waited for."""

    def __init__(self, fails: Callable[[], bool] = lambda: False) -> None:
        self.fails = fails
        self.rows: list[dict[str, Any]] = []
        self.attempted = threading.Event()

    async def upsert_template_cache_metadata(self, *_: Any, **columns: Any) -> None:
        self.attempted.set()
        if self.fails():
            raise ConnectionError("the database is away")
        self.rows.append(columns)

    async def close(self) -> None:
        raise AssertionError("what was given is not ours to close")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "t.j2"
    path.write_text("content")
    return path


def test_many_gets_are_one_row(file: Path) -> None:
    records = Records()
    with TemplateCache(persistence=records) as cache:
        for _ in range(10_000):
            cache.get("t", "EFFECT", file, Path.read_text)
    (row,) = records.rows
    load_time_ms, accessed = row.pop("load_time_ms"), row.pop("last_accessed_at")
    assert load_time_ms > 0
    assert accessed.tzinfo is not None
    assert row == {
        "template_name": "t",
        "template_type": "EFFECT",
        "cache_key": f"t:{file}",
        "file_path": str(file),
        "file_hash": cache.templates()[0].file_hash,
        "size_bytes": 7,
        "access_count": 10_000,
        "cache_hits": 9_999,
        "cache_misses": 1,
    }


def test_nothing_is_lost_or_counted_twice(file: Path) -> None:
    records = Records()
    with TemplateCache(1, persistence=records) as cache:
        cache._recorder = recording.Recorder(cache._ledger.take_uses, records, interval=0.001)
        threads = [
            threading.Thread(
                target=lambda name=name: [
                    cache.get(name, "EFFECT", file, Path.read_text) for _ in range(500)
                ]
            )
            for name in ("a", "b", "c", "a")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    stats = cache.stats()
    assert sum(row["cache_hits"] for row in records.rows) == stats.hits
    assert sum(row["cache_misses"] for row in records.rows) == stats.misses
    assert stats.hits + stats.misses == 2_000
    assert stats.evictions > 0


def test_a_worker_hands_its_uses_over(file: Path) -> None:
    cache = TemplateCache(enable_persistence=False)
    for _ in range(3):
        cache.get("t", "EFFECT", file, Path.read_text)
    (use,) = pickle.loads(pickle.dumps(cache.take_uses()))  # noqa: S301 - our own bytes
    assert (use.cache_hits, use.cache_misses) == (2, 1)
    assert use.columns()["access_count"] == 3
    assert cache.take_uses() == []


def test_uses_that_no_one_takes_are_bounded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MOST_PENDING", 3)
    cache = TemplateCache(1, enable_persistence=False)
    for number in range(5):
        cache.get(str(number), "EFFECT", file, Path.read_text)
    assert [use.template_name for use in cache.take_uses()] == ["2", "3", "4"]


def test_a_template_that_is_not_kept_is_recorded_too(file: Path) -> None:
    records = Records()
    with TemplateCache(0, persistence=records) as cache:
        for _ in range(3):
            cache.get("t", "EFFECT", file, Path.read_text)
    assert [(row["cache_hits"], row["cache_misses"]) for row in records.rows] == [(0, 3)]


def test_a_dead_database_is_logged_and_tried_again(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = iter([True, True])
    records = Records(lambda: next(attempts, False))
    cache = TemplateCache(persistence=records)
    cache._recorder = recording.Recorder(cache._ledger.take_uses, records, interval=0.001)
    cache.get("t", "EFFECT", file, Path.read_text)
    assert records.attempted.wait(30)
    cache.get("t", "EFFECT", file, Path.read_text)
    while not records.rows:
        records.attempted.wait(0.01)
    cache.close()
    assert sum(row["access_count"] for row in records.rows) == 2
    assert [record.message for record in caplog.records] == ["template_cache.recording.delayed"]
    assert "the database is away" in caplog.records[0].metadata["reason"]


def test_a_database_that_hangs_does_not_hold_close(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording.Recorder.close, "__defaults__", (0.05,))
    release = threading.Event()
    cache = TemplateCache(persistence=Records(lambda: not release.wait(30)))
    cache.get("t", "EFFECT", file, Path.read_text)
    cache.close()
    assert cache.get("t", "EFFECT", file, Path.read_text) == ("content", True)
    release.set()


def test_what_waits_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recording, "MOST_PENDING", 3)
    records = Records(lambda: True)
    with TemplateCache(persistence=records) as cache:
        recorder = cache._recorder
        for number in range(5):
            path = tmp_path / str(number)
            path.touch()
            cache.get(str(number), "EFFECT", path, Path.read_text)
    (warning,) = caplog.records
    assert (warning.message, warning.metadata["pending"]) == ("template_cache.recording.delayed", 3)
    assert recorder is not None
    assert recorder.dropped == 2


def test_without_persistence_there_is_no_thread(file: Path) -> None:
    before = threading.active_count()
    cache = TemplateCache(enable_persistence=False)
    cache.get("t", "EFFECT", file, Path.read_text)
    assert threading.active_count() == before


@pytest.mark.parametrize("name", ["n" * 5_000, "a\0b", "\ud800", ""])
def test_names_are_fitted_to_the_columns(file: Path, name: str) -> None:
    records = Records()
    with TemplateCache(persistence=records) as cache:
        cache.get(name, "K" * 100, file, Path.read_text)
        cache.get(name + "other", "", file, Path.read_text)
    first, second = records.rows
    for row in records.rows:
        assert len(row["template_name"]) <= 200
        assert 0 < len(row["template_type"]) <= 50
        assert len(row["cache_key"]) <= 500
        assert "\0" not in row["template_name"] + row["cache_key"]
        row["template_name"].encode()
    assert first["template_name"] != second["template_name"]


def test_uses_of_a_collected_cache_are_recorded(file: Path) -> None:
    records = Records()
    cache = TemplateCache(persistence=records)
    for _ in range(3):
        cache.get("t", "EFFECT", file, Path.read_text)
    assert cache._recorder is not None
    shift = cache._recorder._shift
    assert shift is not None
    del cache
    gc.collect()
    shift.thread.join(30)
    assert [row["access_count"] for row in records.rows] == [3]


def test_uses_after_close_are_recorded_too(file: Path) -> None:
    records = Records()
    with TemplateCache(persistence=records) as cache:
        cache.get("t", "EFFECT", file, Path.read_text)
    cache.get("t", "EFFECT", file, Path.read_text)
    lifetime.hand_over_all(30)
    assert [row["access_count"] for row in records.rows] == [1, 1]
    cache.close()


def test_figures_are_handed_over_before_they_are_read(file: Path) -> None:
    records = Records()
    cache = TemplateCache(persistence=records)
    for _ in range(3):
        cache.get("t", "EFFECT", file, Path.read_text)
    flush_all(30)
    assert [row["access_count"] for row in records.rows] == [3]
    flush_all(30)
    assert len(records.rows) == 1
    cache.close()


def test_a_cache_that_was_never_used_starts_no_thread_to_hand_over() -> None:
    cache = TemplateCache(persistence=Records())
    flush_all(30)
    assert cache._recorder is not None
    assert cache._recorder._shift is None


def test_a_recorder_that_hangs_holds_no_one_for_long(file: Path) -> None:
    release = threading.Event()
    hanging = Records(lambda: not release.wait(30))
    fine = Records()
    with TemplateCache(persistence=hanging) as one, TemplateCache(persistence=fine) as other:
        for cache in (one, other):
            cache.get("t", "EFFECT", file, Path.read_text)
        lifetime.hand_over_all(0.2)
        release.set()
    assert [row["access_count"] for row in fine.rows] == [1]


def test_a_forked_child_records_its_own_uses_and_not_its_parents(file: Path) -> None:
    code = f"""
import os, sys, pathlib
from nodewright.storage import lifetime
from nodewright.templates import TemplateCache
class Records:
    async def upsert_template_cache_metadata(self, *_, **columns):
        print(who, columns["cache_hits"], columns["cache_misses"], flush=True)
    async def close(self): pass
who = "parent"
file = pathlib.Path({str(file)!r})
cache = TemplateCache(persistence=Records())
get = lambda: cache.get("t", "EFFECT", file, pathlib.Path.read_text)
get()
pid = os.fork()
if pid == 0:
    who = "child"
    get(); get()
    lifetime.hand_over_all(30)
    os._exit(0)
os.waitpid(pid, 0)
"""
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert sorted(found.stdout.splitlines()) == ["child 2 0", "parent 0 1"]


@pytest.mark.parametrize("ending", ["pass", "sys.exit(3)", "1 / 0", "del cache"])
def test_uses_are_recorded_when_the_process_ends(file: Path, ending: str) -> None:
    code = f"""
import sys, pathlib
from nodewright.templates import TemplateCache
class Records:
    async def upsert_template_cache_metadata(self, *_, **columns):
        print(columns["access_count"], flush=True)
    async def close(self): pass
cache = TemplateCache(persistence=Records())
for _ in range(5):
    cache.get("t", "EFFECT", pathlib.Path({str(file)!r}), pathlib.Path.read_text)
{ending}
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert found.stdout.splitlines() == ["5"]
