"""What the template cache promises to threads and processes that use it at once."""

import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.unit.templates.caches import CountingLoader, make_cache

from nodewright.templates import TemplateCache, TemplateLoopError


def when_joined(cache: TemplateCache, act: Callable[[], object]) -> None:
    """Call ``act`` whenever a caller joins a load that another one is doing."""
    join = cache._flights.join

    def joining(*arguments: Any) -> Any:
        outcome = join(*arguments)
        if not outcome[1]:
            act()
        return outcome

    cache._flights.join = joining  # type: ignore[method-assign]


def test_a_file_changed_under_its_loader_is_loaded_again(file: Path) -> None:
    texts = iter(["new1", "new2"])

    def load(path: Path) -> str:
        seen = path.read_text()
        for text in texts:
            path.write_text(text)
            break
        return f"made of {seen}"

    cache = make_cache()
    assert cache.get("t", "EFFECT", file, load) == ("made of new2", False)
    assert cache.get("t", "EFFECT", file, load) == ("made of new2", True)
    assert cache.templates()[0].file_hash == hashlib.sha256(b"new2").hexdigest()


def test_a_file_that_never_holds_still_is_returned_and_not_kept(file: Path) -> None:
    calls = 0

    def load(path: Path) -> str:
        nonlocal calls
        calls += 1
        path.write_text(f"version {calls}")
        return f"made in call {calls}"

    cache = make_cache()
    content, hit = cache.get("t", "EFFECT", file, load)
    assert (content, hit) == (f"made in call {calls}", False)
    assert cache.stats().cached_templates == 0


def test_a_thousand_threads_share_one_load(file: Path) -> None:
    cache, loader = make_cache(), CountingLoader()
    barrier = threading.Barrier(1_000)
    found: list[str] = []

    def ask() -> None:
        barrier.wait()
        found.append(cache.get("t", "EFFECT", file, loader)[0])

    threads = [threading.Thread(target=ask) for _ in range(1_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = cache.stats()
    assert (loader.calls, found) == (1, ["content"] * 1_000)
    assert (stats.hits + stats.misses, stats.cached_templates) == (1_000, 1)
    assert cache.templates()[0].access_count == 1_000


def test_those_who_wait_share_the_exception(file: Path) -> None:
    waiting, calls = threading.Semaphore(0), []

    def fail(_: Path) -> str:
        calls.append(1)
        for _ in range(7):
            waiting.acquire()
        raise LookupError("no luck")

    cache = make_cache()
    when_joined(cache, waiting.release)
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(cache.get, "t", "EFFECT", file, fail) for _ in range(8)]
        errors = [future.exception() for future in futures]
    assert len(calls) == 1
    assert {str(error) for error in errors} == {"no luck"}
    assert (cache.stats().misses, cache.stats().cached_templates) == (8, 0)
    assert cache.get("t", "EFFECT", file, Path.read_text) == ("content", False)


def test_who_comes_late_gets_nothing_that_was_read_before(file: Path) -> None:
    cache, has_read, joined = make_cache(), threading.Event(), threading.Event()
    when_joined(cache, joined.set)

    def slow(path: Path) -> str:
        text = path.read_text()
        has_read.set()
        assert joined.wait(30)
        return text

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, "t", "EFFECT", file, slow)
        assert has_read.wait(30)
        file.write_text("changed")
        second = pool.submit(cache.get, "t", "EFFECT", file, Path.read_text)
        assert first.result(30) == ("content", False)
        assert second.result(30) == ("changed", False)


def test_a_slow_loader_delays_no_other_key(file: Path, tmp_path: Path) -> None:
    cache = make_cache()
    other = tmp_path / "other"
    other.write_text("other")
    cache.get("other", "EFFECT", other, Path.read_text)
    entered, leave = threading.Event(), threading.Event()

    def slow(path: Path) -> str:
        entered.set()
        assert leave.wait(30)
        return path.read_text()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(cache.get, "t", "EFFECT", file, slow)
        assert entered.wait(30)
        assert cache.get("other", "EFFECT", other, Path.read_text) == ("other", True)
        assert cache.get("new", "EFFECT", other, Path.read_text) == ("other", False)
        assert cache.get_stats()["cached_templates"] == 2
        leave.set()
        assert future.result() == ("content", False)


def test_what_is_invalidated_while_it_loads_is_not_kept(file: Path) -> None:
    cache = make_cache()

    def load(path: Path) -> str:
        cache.invalidate("t")
        return path.read_text()

    assert cache.get("t", "EFFECT", file, load) == ("content", False)
    assert cache.stats().cached_templates == 0


def test_a_loader_that_asks_for_itself_is_an_error(file: Path) -> None:
    cache = make_cache()

    def load(path: Path) -> str:
        return cache.get("t", "EFFECT", path, load)[0]

    with pytest.raises(TemplateLoopError, match="asks for the template that it is loading"):
        cache.get("t", "EFFECT", file, load)
    assert cache.get("t", "EFFECT", file, Path.read_text) == ("content", False)


def test_loaders_that_wait_for_each_other_are_an_error(file: Path) -> None:
    cache, both = make_cache(), threading.Barrier(2)

    def loading(other: str) -> Callable[[Path], str]:
        def load(path: Path) -> str:
            both.wait()
            return cache.get(other, "EFFECT", path, Path.read_text)[0]

        return load

    with ThreadPoolExecutor(2) as pool:
        futures = [
            pool.submit(cache.get, name, "EFFECT", file, loading(other))
            for name, other in (("a", "b"), ("b", "a"))
        ]
        errors = [future.exception(timeout=30) for future in futures]
    assert any(isinstance(error, TemplateLoopError) for error in errors)


def test_an_interrupted_load_is_taken_over(file: Path) -> None:
    cache, waiting = make_cache(), threading.Event()
    when_joined(cache, waiting.set)

    def interrupted(_: Path) -> str:
        assert waiting.wait(30)
        raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, "t", "EFFECT", file, interrupted)
        while not cache._flights._by_key and not first.done():
            pass
        second = pool.submit(cache.get, "t", "EFFECT", file, Path.read_text)
        assert isinstance(first.exception(30), KeyboardInterrupt)
        assert second.result(30) == ("content", False)


def test_a_fork_while_others_work_leaves_a_cache_that_works(file: Path) -> None:
    cache = make_cache()
    cache.get("t", "EFFECT", file, Path.read_text)
    entered, leave = threading.Event(), threading.Event()

    def slow(path: Path) -> str:
        entered.set()
        leave.wait(30)
        return path.read_text()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(cache.get, "slow", "EFFECT", file, slow)
        entered.wait(30)
        child = os.fork()
        if child == 0:
            found = [cache.get(name, "EFFECT", file, Path.read_text)[1] for name in ("t", "slow")]
            os._exit(0 if found == [True, False] else 1)
        leave.set()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
