"""A hit of the template cache beside the system calls it is made of, and beside other caches."""

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from benchmarks.ratios import QUICK, Contender, Figure, Timing, alternate, report
from nodewright.templates import TemplateCache, TemplatePack

CALLS = 4_000
THREADS = 8
ROUNDS = 15
HITS = 120_000
THREAD_ROUNDS = 2 if QUICK else 9
SMALL, LARGE = 10 * 1024, 1024 * 1024


def read(path: Path) -> str:
    return path.read_text()


def repeated(name: str, call: Callable[[], object], calls: int = CALLS) -> Contender:
    def run() -> None:
        for _ in range(calls):
            call()

    return Contender(name, run, calls)


def hits(name: str, cache: TemplateCache, path: Path) -> Contender:
    get = cache.get

    def run() -> None:
        for _ in range(CALLS):
            get("template", "EFFECT", path, read)

    return Contender(name, run, CALLS)


@contextmanager
def warm_cache(path: Path, *, watch: bool = False) -> Iterator[TemplateCache]:
    """A cache in which ``path`` is proven by one look, or by the watcher."""
    with TemplateCache(enable_persistence=False, watch=watch) as cache:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            cache.get("template", "EFFECT", path, read)
            entry = cache._entries.by_key.get(("template", str(path)))  # noqa: SLF001 - to know it is settled
            assert entry is not None
            if entry.evidence.proof is not None and (
                not watch or entry.epoch == cache._epoch  # noqa: SLF001
            ):
                break
        yield cache


def peers(path: Path) -> list[Contender]:
    """Caches that check nothing: what they give is what they once read."""
    remembered = lru_cache(maxsize=100)(read)
    contenders = [repeated("functools.lru_cache, checks nothing", lambda: remembered(path))]
    try:
        from cachetools import TTLCache, cached
    except ImportError:
        return contenders
    timed: Any = cached(TTLCache(maxsize=100, ttl=3600), lock=threading.Lock())(read)
    return [*contenders, repeated("cachetools.TTLCache, checks nothing", lambda: timed(path))]


def together(work: Callable[[int], None], rounds: int, threads: int) -> float:
    """Rounds a second of ``work``, which takes how many to do, in so many threads."""
    barrier = threading.Barrier(threads + 1)

    def run() -> None:
        barrier.wait()
        work(rounds // threads)

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    barrier.wait()
    started = time.perf_counter()
    for worker in workers:
        worker.join()
    return rounds / (time.perf_counter() - started)


def threads_against_one(cache: TemplateCache, path: Path) -> dict[str, tuple[float, float]]:
    """Median rounds a second of one thread and of eight, all taken in turns.

    The loop that only computes shows what the interpreter's own lock costs; ``os.stat`` what it
    costs to let go of it.
    """
    text = str(path)

    def hit(rounds: int) -> None:
        get = cache.get
        for _ in range(rounds):
            get("template", "EFFECT", path, read)

    def stat(rounds: int) -> None:
        for _ in range(rounds):
            os.stat(text)  # noqa: PTH116 - what is compared

    def compute(rounds: int) -> None:
        total = 0
        for number in range(rounds):
            total += number & 3

    works: dict[str, tuple[Callable[[int], None], int]] = {
        "hits": (hit, HITS),
        "os.stat": (stat, HITS // 4),
        "loop that only computes": (compute, HITS * 20),
    }
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in works}
    for _ in range(THREAD_ROUNDS):
        for name, (work, rounds) in works.items():
            found[name][0].append(together(work, rounds, 1))
            found[name][1].append(together(work, rounds, THREADS))
    return {
        name: (statistics.median(one), statistics.median(many))
        for name, (one, many) in found.items()
    }


def environments(folder: Path, name: str) -> tuple[Contender, Contender]:
    """The same compiled template from our pack's environment and from Jinja2's own loader."""
    own = TemplatePack(folder)._environment  # noqa: SLF001 - to compare loaders, not rendering
    plain = Environment(loader=FileSystemLoader(folder), auto_reload=True)  # noqa: S701
    while True:
        own.get_template(name)
        entry = own.loader._pack.cache._entries.by_key[(name, str(folder / name))]  # type: ignore[union-attr]  # noqa: SLF001
        if entry.evidence.proof is not None:
            break
    return (
        repeated("TemplatePack, compiled template", lambda: own.get_template(name)),
        repeated("Jinja2 FileSystemLoader, auto_reload", lambda: plain.get_template(name)),
    )


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())).resolve()
        small, large = folder / "small.j2", folder / "large.j2"
        small.write_text("x" * SMALL)
        large.write_text("x" * LARGE)
        cache = stack.enter_context(warm_cache(small))
        large_cache = stack.enter_context(warm_cache(large))
        watched = stack.enter_context(warm_cache(small, watch=True))
        text = str(small)
        loader, jinja = environments(folder, "small.j2")
        timings = alternate(
            [
                hits("hit, 10 KB", cache, small),
                hits("hit, 10 KB, watched", watched, small),
                hits("hit, 1 MB", large_cache, large),
                repeated("os.stat", lambda: os.stat(text)),  # noqa: PTH116 - what is compared
                repeated("Path.read_text, 10 KB", small.read_text, 500),
                repeated("Path.read_text, 1 MB", large.read_text, 20),
                loader,
                jinja,
                *peers(small),
            ],
            rounds=ROUNDS,
        )
        rates = threads_against_one(cache, small)
    report("Template cache", timings.values(), figures(timings, rates), notes(rates))


def figures(timings: dict[str, Timing], rates: dict[str, tuple[float, float]]) -> list[Figure]:
    median = {name: timing.median for name, timing in timings.items()}
    hit, watched = median["hit, 10 KB"], median["hit, 10 KB, watched"]
    small, large = median["Path.read_text, 10 KB"], median["Path.read_text, 1 MB"]
    jinja = median["Jinja2 FileSystemLoader, auto_reload"]
    one, many = rates["hits"]
    return [
        Figure("hit of 10 KB against os.stat", hit / median["os.stat"], 1.8, at_least=False),
        Figure("read_text of 10 KB against a hit", small / hit, 3, at_least=True),
        Figure("read_text of 1 MB against a hit", large / median["hit, 1 MB"], 100, at_least=True),
        Figure("Jinja2's loader with auto_reload against a hit", jinja / hit, 2, at_least=True),
        Figure("the same against a watched hit", jinja / watched, 2, at_least=True),
        Figure("watched hit", watched * 1e6, 0.5, at_least=False, unit="us"),
        Figure("hits a second, 8 threads against one", many / one, 1, at_least=True),
    ]


def notes(rates: dict[str, tuple[float, float]]) -> list[str]:
    return [
        *(
            f"{name}: one thread {one:,.0f}/s, eight threads {many:,.0f}/s ({many / one:.2f})"
            for name, (one, many) in rates.items()
        ),
        "the caches that check nothing give stale text when the file changes",
    ]


if __name__ == "__main__":
    main()
