"""Publishing against its peers: ``python -m benchmarks.events [--kafka] [--quick] [--json]``.

On librdkafka's mock cluster in another process, or with ``--kafka`` on a real Apache Kafka.
Peers are given bytes; this package is given events, and encodes them within the time.
"""

import asyncio
import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.events.cluster import mock_cluster_process
from benchmarks.events.contenders import (
    AioKafkaBatches,
    AioKafkaBatchesEncoding,
    AioKafkaSend,
    ConfluentAio,
    FastStream,
    Nodewright,
    Publishes,
    events,
    payload,
)
from benchmarks.ratios import Contender, Figure, Timing, alternate, report
from nodewright.events import CircuitBreaker, CircuitBreakerConfig

QUICK = "--quick" in sys.argv
BATCH = 20_000 if QUICK else 100_000
SLOW = 5_000 if QUICK else 20_000  # what FastStream gets; its rate does not depend on it
SINGLES = 100 if QUICK else 400
TASKS = 256
AT_ONCE = 5_000 if QUICK else 20_000
ROUNDS = 3 if QUICK else 5

PLAIN, HEADERS = "nodewright", "nodewright, headers"
SPOOL, SPOOL_HEADERS = "nodewright, spool", "nodewright, spool, headers"
DISK = "nodewright, disk durability"


def contenders(folder: Path) -> list[Publishes]:
    """This package in its ways, and the peers that are installed."""
    found: list[Publishes] = [
        Nodewright(PLAIN, headers=False),
        Nodewright(HEADERS),
        Nodewright(SPOOL, headers=False, spool=folder / "plain"),
        Nodewright(SPOOL_HEADERS, spool=folder / "headers"),
        Nodewright(DISK, headers=False, spool=folder / "disk", durability="disk"),
        ConfluentAio(),
    ]
    if importlib.util.find_spec("aiokafka") is not None:
        found += [AioKafkaSend(), AioKafkaBatches(), AioKafkaBatchesEncoding()]
    if importlib.util.find_spec("faststream") is not None:
        found.append(FastStream())
    return found


def batches(loop: asyncio.AbstractEventLoop, found: Sequence[Publishes]) -> dict[str, Timing]:
    """Seconds an event of ``publish_batch`` and its like."""
    items = events(BATCH)

    def contender(one: Publishes) -> Contender:
        own = payload(one, items[:SLOW] if isinstance(one, FastStream) else items)
        return Contender(one.name, lambda: loop.run_until_complete(one.batch(own)), len(own))

    return alternate([contender(one) for one in found], ROUNDS)


def singles(
    loop: asyncio.AbstractEventLoop, found: Sequence[Publishes]
) -> dict[str, tuple[float, float]]:
    """Name -> median and 99th percentile of one awaited event, in seconds."""
    items = events(SINGLES)
    payloads = {one.name: payload(one, items) for one in found}
    seconds: dict[str, list[float]] = {one.name: [] for one in found}

    async def measure(one: Publishes) -> None:
        for item in payloads[one.name]:
            start = time.perf_counter()
            await one.single(item)
            seconds[one.name].append(time.perf_counter() - start)

    for number in range(ROUNDS + 1):
        for one in found if number % 2 else reversed(found):
            loop.run_until_complete(measure(one))
            if number == 0:
                seconds[one.name].clear()  # to warm up
    return {
        name: (statistics.median(values), statistics.quantiles(values, n=100)[98])
        for name, values in seconds.items()
    }


def at_once(loop: asyncio.AbstractEventLoop, found: Sequence[Publishes]) -> dict[str, Timing]:
    """Seconds an event when 256 tasks each await their events."""
    items = events(AT_ONCE)

    def contender(one: Publishes) -> Contender:
        own = payload(one, items)

        async def run() -> None:
            waiting = iter(own)

            async def task() -> None:
                for item in waiting:
                    await one.single(item)

            await asyncio.gather(*(task() for _ in range(TASKS)))

        return Contender(one.name, lambda: loop.run_until_complete(run()), len(own))

    return alternate([contender(one) for one in found], ROUNDS)


def breaker_overhead() -> float:
    """Microseconds that a closed breaker adds to a call."""
    breaker = CircuitBreaker(CircuitBreakerConfig())
    count = 200_000

    async def nothing() -> None:
        pass

    async def bare() -> None:
        for _ in range(count):
            await nothing()

    async def through() -> None:
        for _ in range(count):
            await breaker.call(nothing)

    timings = alternate(
        [
            Contender("bare", lambda: asyncio.run(bare()), count),
            Contender("breaker", lambda: asyncio.run(through()), count),
        ],
        7,
    )
    return (timings["breaker"].median - timings["bare"].median) * 1e6


@contextmanager
def cluster() -> Iterator[str]:
    """The broker to measure on."""
    if "--kafka" not in sys.argv:
        with mock_cluster_process() as address:
            yield address
        return
    from tests.kafka.server import KafkaServer

    server = KafkaServer(Path(tempfile.mkdtemp(prefix="kafka-")))
    try:
        server.start()
        yield server.address
    finally:
        server.stop()


def figures(
    batch: dict[str, Timing],
    single: dict[str, tuple[float, float]],
    tasks: dict[str, Timing],
) -> list[Figure]:
    """The measured values beside their targets; peers that are missing leave no row."""
    rows: list[Figure] = []

    def faster(name: str, ours: str, peer: str, target: float, table: dict[str, Timing]) -> None:
        if peer in table:
            ratio = table[peer].median / table[ours].median
            rows.append(Figure(f"{name}, against {peer}", ratio, target, at_least=True))

    def rate(name: str, ours: str, target: float) -> None:
        rows.append(Figure(name, 1 / batch[ours].median, target, at_least=True, unit="events/s"))

    rate("batch with spool", SPOOL, 250_000)
    rate("batch with key and headers", HEADERS, 150_000)
    rate("batch with disk durability", DISK, 180_000)
    for peer in (AioKafkaSend.name, ConfluentAio.name):
        faster("batch with spool", SPOOL, peer, 2, batch)
    for peer in (AioKafkaBatches.name, AioKafkaBatchesEncoding.name):
        faster("batch", PLAIN, peer, 1, batch)
    faster("batch", PLAIN, FastStream.name, 10, batch)
    faster("256 tasks", HEADERS, AioKafkaSend.name, 4, tasks)
    faster("256 tasks with spool", SPOOL_HEADERS, AioKafkaSend.name, 4, tasks)
    for number, (name, aim) in enumerate((("p50", 0.15), ("p99", 0.5))):
        ours = single[HEADERS][number]
        rows.append(Figure(f"one event {name}", ours * 1000, aim, at_least=False, unit="ms"))
        if AioKafkaSend.name in single:
            ratio = ours / single[AioKafkaSend.name][number]
            label = f"one event {name}, against {AioKafkaSend.name}"
            rows.append(Figure(label, ratio, 1, at_least=False))
    return rows


def main() -> None:
    loop = asyncio.new_event_loop()
    with cluster() as bootstrap, tempfile.TemporaryDirectory() as folder:
        found = contenders(Path(folder))

        def each(action: Callable[[Publishes], Any]) -> None:
            for one in found:
                loop.run_until_complete(action(one))

        each(lambda one: one.start(bootstrap))
        batch = batches(loop, found)
        # AIOProducer collects for a second before it sends, so that a single takes two.
        no_singles = (ConfluentAio, AioKafkaBatches)
        awaited = [one for one in found if not isinstance(one, no_singles)]
        single = singles(loop, awaited)
        tasks = at_once(loop, awaited)
        each(lambda one: one.stop())
    loop.close()
    rows = figures(batch, single, tasks)
    overhead = breaker_overhead()
    rows.append(Figure("circuit breaker, closed", overhead, 0.4, at_least=False, unit="us a call"))
    notes = [
        f"{timing.name}: {1 / timing.median:,.0f} events/s in batches of {BATCH:,}"
        for timing in batch.values()
    ]
    notes += [f"{t.name}: {1 / t.median:,.0f} events/s by {TASKS} tasks" for t in tasks.values()]
    notes += [
        f"{name}: one awaited event p50 {p50 * 1000:.3f} ms, p99 {p99 * 1000:.3f} ms"
        for name, (p50, p99) in single.items()
    ]
    where = "Apache Kafka" if "--kafka" in sys.argv else "mock cluster in another process"
    report(f"Publishing events ({where})", batch.values(), rows, notes)


if __name__ == "__main__":
    main()
