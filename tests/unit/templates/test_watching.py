"""Hits that rely on the operating system's notices."""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nodewright.templates import TemplateCache, WatchUnavailableError, watching
from nodewright.templates.entries import Entry

PATIENCE_SECONDS = 30.0


@pytest.fixture
def cache() -> Iterator[TemplateCache]:
    with TemplateCache(enable_persistence=False, watch=True) as cache:
        yield cache


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path.resolve() / "watched" / "t.j2"
    path.parent.mkdir()
    path.write_text("old")
    return path


def entry_of(cache: TemplateCache, file: Path) -> Entry:
    entry = cache._entries.by_key.get(("t", str(file)))
    assert entry is not None
    return entry


def get_until_watched(cache: TemplateCache, file: Path) -> Entry:
    """Get until a hit needs no look; asks again and again, within a time limit."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        cache.get("t", "EFFECT", file, Path.read_text)
        entry = entry_of(cache, file)
        if entry.epoch == cache._epoch:
            return entry
    pytest.fail("the watcher never came up")


def get_until(cache: TemplateCache, file: Path, content: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if cache.get("t", "EFFECT", file, Path.read_text)[0] == content:
                return
        except FileNotFoundError:
            if content == "gone":
                return
    pytest.fail("the change was never seen")


def test_a_watched_hit_needs_no_look(cache: TemplateCache, file: Path) -> None:
    entry = get_until_watched(cache, file)
    looks = []
    look = entry.evidence.look

    def counting() -> object:
        looks.append(1)
        return look()

    entry.evidence.look = counting
    for _ in range(1_000):
        assert cache.get("t", "EFFECT", file, Path.read_text) == ("old", True)
    assert len(looks) < 20


def test_a_change_is_seen(cache: TemplateCache, file: Path) -> None:
    for content in ("new", "old", "longer than before"):
        get_until_watched(cache, file)
        file.write_text(content)
        get_until(cache, file, content)


def test_a_deletion_and_a_new_file_are_seen(cache: TemplateCache, file: Path) -> None:
    get_until_watched(cache, file)
    file.unlink()
    get_until(cache, file, "gone")
    file.write_text("again")
    get_until(cache, file, "again")


def test_a_folder_that_is_replaced_is_watched_again(cache: TemplateCache, file: Path) -> None:
    get_until_watched(cache, file)
    folder = file.parent
    folder.rename(folder.with_name("aside"))
    folder.mkdir()
    file.write_text("other folder")
    get_until(cache, file, "other folder")
    get_until_watched(cache, file)
    file.write_text("newer")
    get_until(cache, file, "newer")


def test_a_renamed_parent_is_noticed_within_seconds(cache: TemplateCache, tmp_path: Path) -> None:
    file = tmp_path.resolve() / "outer" / "inner" / "t.j2"
    file.parent.mkdir(parents=True)
    file.write_text("old")
    get_until_watched(cache, file)
    (tmp_path / "outer").rename(tmp_path / "moved")
    get_until(cache, file, "gone")


def test_a_link_and_a_relative_path_are_looked_at(
    cache: TemplateCache, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = file.parent / "link.j2"
    link.symlink_to(file)
    monkeypatch.chdir(file.parent)
    for path in (link, Path("t.j2")):
        cache.get("t", "EFFECT", path, Path.read_text)
        assert entry_of(cache, path).folder is None
        file.write_text(f"by {path}")
        assert cache.get("t", "EFFECT", path, Path.read_text)[0] == f"by {path}"


def test_without_notices_hits_look(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = threading.Event()

    def broken(*_: Any) -> Any:
        tried.set()
        raise OSError("no more watches")

    with TemplateCache(enable_persistence=False, watch=True) as cache:
        assert cache._watcher is not None
        monkeypatch.setattr(cache._watcher, "_notify", broken)
        cache.get("t", "EFFECT", file, Path.read_text)
        for number in range(100):
            file.write_text(str(number))
            assert cache.get("t", "EFFECT", file, Path.read_text)[0] == str(number)
        assert tried.wait(PATIENCE_SECONDS)
    assert caplog.records[0].message == "template_cache.watching.failed"


def test_close_stops_the_thread_and_hits_look_again(file: Path) -> None:
    cache = TemplateCache(enable_persistence=False, watch=True)
    get_until_watched(cache, file)
    assert cache._watcher is not None
    thread = cache._watcher._thread
    cache.close()
    assert thread is not None
    assert not thread.is_alive()
    file.write_text("new")
    assert cache.get("t", "EFFECT", file, Path.read_text)[0] == "new"
    cache.close()


def test_without_watchfiles_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles._rust_notify", None)
    with pytest.raises(WatchUnavailableError, match=r"nodewright\[watch\]"):
        TemplateCache(enable_persistence=False, watch=True)


def test_a_broken_watcher_is_started_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LONGEST_UNSEEN_MS", 10)
    with TemplateCache(enable_persistence=False, watch=True) as cache:
        assert cache._watcher is not None
        notify, attempts = cache._watcher._notify, []

        def broken_at_first(*arguments: Any) -> Any:
            attempts.append(1)
            if len(attempts) < 3:
                raise OSError("not yet")
            return notify(*arguments)

        monkeypatch.setattr(cache._watcher, "_notify", broken_at_first)
        get_until_watched(cache, file)
        assert len(attempts) >= 3
