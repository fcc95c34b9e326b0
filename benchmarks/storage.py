"""Storage against bare psycopg on the same server: ``python -m benchmarks.storage``.

Starts an embedded server with its default durability in a temporary folder. With
``--rows 1000000`` it instead fills each table with that many rows and times the five views.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg

from benchmarks.ratios import QUICK, Contender, Figure, Timing, alternate, report
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence, queries
from nodewright.storage.store import Store

VIEWS = (
    "mixin_compatibility_summary",
    "pattern_feedback_analysis",
    "performance_metrics_summary",
    "template_cache_efficiency",
    "event_processing_health",
)
SESSION = uuid4()
METADATA = {"template": "effect", "attempt": 1}

PERFORMANCE_ROW = (SESSION, "EFFECT", "total", 12, 100, 12.5, True, False, 2, '{"attempt": 1}')
INSERT_PERFORMANCE = (
    "INSERT INTO generation_performance_metrics (session_id, node_type, phase, duration_ms,"
    " memory_usage_mb, cpu_percent, cache_hit, parallel_execution, worker_count, metadata)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
INSERT_FEEDBACK = (
    "INSERT INTO pattern_feedback_log (session_id, pattern_name, detected_confidence,"
    " feedback_type) VALUES (%s, 'crud', 0.5, 'correct') RETURNING id"
)


def accept(persistence: CodegenPersistence, calls: int) -> float:
    """Processor seconds that one accepted call costs its caller, who never waits for anything."""

    async def run() -> float:
        insert = persistence.insert_performance_metric
        start = time.thread_time()
        for number in range(calls):
            await insert(
                session_id=SESSION,
                node_type="EFFECT",
                phase="total",
                duration_ms=number,
                memory_usage_mb=100,
                cpu_percent=12.5,
                cache_hit=True,
                worker_count=2,
                metadata=METADATA,
            )
        return (time.thread_time() - start) / calls

    return asyncio.run(run())


def fill(store: Store, rows: int) -> None:
    """Telemetry through the queue, as fast as it reaches the table."""
    for number in range(rows):
        store.insert_performance_metric(
            SESSION,
            "EFFECT",
            "total",
            number % 5000,
            memory_usage_mb=100,
            cpu_percent=12.5,
            cache_hit=True,
            worker_count=2,
            metadata=METADATA,
        )
    assert store.flush(120)


def processor_seconds(pid: int) -> float:
    """Processor time of a server process so far (fields 14 and 15 of its stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost_of_a_row(store: Store, rows: int) -> tuple[float, float]:
    """Processor seconds a row of telemetry, here (with the caller's) and in the server."""
    [backend] = store.database.fetch(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY%%' OR query = 'COMMIT'"
        " ORDER BY query LIKE 'COPY%%' DESC, state_change DESC LIMIT 1"
    )
    here, there = time.process_time(), processor_seconds(backend["pid"])
    fill(store, rows)
    return (
        (time.process_time() - here) / rows,
        (processor_seconds(backend["pid"]) - there) / rows,
    )


def one_by_one(connection: psycopg.Connection[tuple[object, ...]], rows: int) -> None:
    for _ in range(rows):
        connection.execute(INSERT_PERFORMANCE, PERFORMANCE_ROW)


def percentile(values: list[float], fraction: float) -> float:
    return sorted(values)[int(fraction * (len(values) - 1))]


def spread(values: list[float]) -> str:
    median, slow = percentile(values, 0.5) * 1e3, percentile(values, 0.95) * 1e3
    return f"p50 {median:.2f} ms, p95 {slow:.2f} ms"


def facts(
    persistence: CodegenPersistence, dsn: str, rounds: int
) -> tuple[list[float], list[float]]:
    """Seconds of each recorded fact and of each bare insert, alternating."""

    async def run() -> tuple[list[float], list[float]]:
        ours: list[float] = []
        bare: list[float] = []
        with psycopg.connect(dsn, autocommit=True) as connection:
            for _ in range(rounds):
                start = time.perf_counter()
                await persistence.record_pattern_feedback(
                    session_id=SESSION,
                    pattern_name="crud",
                    detected_confidence=0.5,
                    feedback_type="correct",
                )
                middle = time.perf_counter()
                connection.execute(INSERT_FEEDBACK, (SESSION,)).fetchone()
                ours.append(middle - start)
                bare.append(time.perf_counter() - middle)
        return ours[20:], bare[20:]

    return asyncio.run(run())


def views(store: Store, rows: int) -> tuple[list[Timing], Figure]:
    """Each view, and all of them, on tables of ``rows`` rows each."""
    for query in queries.load("benchmarks", "storage.sql").values():
        store.database.execute(query, {"rows": rows})
    with store.database.connect() as connection:
        connection.execute("VACUUM ANALYZE")

    def collect(name: str) -> Callable[[], object]:
        return lambda: store.database.fetch("SELECT * FROM " + name)  # noqa: S608 - from VIEWS

    timings = alternate([Contender(name, collect(name)) for name in VIEWS], rounds=9)
    together = sum(timing.median for timing in timings.values())
    return list(timings.values()), Figure(
        f"five views on {rows:,} rows each", together * 1e3, 500, at_least=False, unit="ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=0, help="rows of each table for the views")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer rows")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="nodewright-", ignore_cleanup_errors=True) as folder:
        settings = Settings(data_dir=Path(folder), telemetry_capacity=1_000_000)
        persistence = CodegenPersistence(settings=settings)
        store = persistence.sync
        store.list_mixin_compatibility()
        with store.database.connect() as connection:
            dsn = connection.info.dsn
        if rows:
            timings, figure = views(store, rows)
            report("Storage: views", timings, [figure])
        else:
            measure(persistence, dsn)
        store.close()


def measure(persistence: CodegenPersistence, dsn: str) -> None:
    store = persistence.sync
    # Accepted while nothing is written: what the caller pays.
    with store.database._lock:  # noqa: SLF001 - keeps the thread from its connection
        costs = [accept(persistence, 2_000) for _ in range(11)]
    store.flush(120)
    busy = [accept(persistence, 20_000) for _ in range(2 if QUICK else 5)]
    store.flush(120)

    with psycopg.connect(dsn, autocommit=True) as connection:
        written = alternate(
            [
                Contender("telemetry, 50,000 rows", lambda: fill(store, 50_000), 50_000),
                Contender("row by row", lambda: one_by_one(connection, 1_000), 1_000),
            ],
            rounds=5,
        )
    behind, single = written["telemetry, 50,000 rows"].median, written["row by row"].median

    here, there = cost_of_a_row(store, 50_000)
    ours, bare = facts(persistence, dsn, 1_020)
    figures = [
        Figure("telemetry accepted", statistics.median(costs) * 1e6, 2, at_least=False, unit="us"),
        Figure("rows a second to the table", 1 / behind, 50_000, at_least=True, unit="rows/s"),
        Figure("against row by row", single / behind, 20, at_least=True),
        Figure(
            "recorded fact, p95 against a bare insert",
            percentile(ours, 0.95) / percentile(bare, 0.95),
            1.5,
            at_least=False,
        ),
    ]
    notes = [
        f"a row of telemetry: {here * 1e6:.1f} us of processor here, {there * 1e6:.1f} there",
        f"both work at once, so two free cores carry {1 / max(here, there):,.0f} rows/s at most",
        f"accepted while the writer works: {statistics.median(busy) * 1e6:.2f} us a call",
        f"recorded fact: {spread(ours)}; bare insert: {spread(bare)}",
    ]
    report("Storage", written.values(), figures, notes)


if __name__ == "__main__":
    main()
