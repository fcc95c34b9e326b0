"""Collecting from tables of 1,000,000 rows, and the checks of health."""

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import LiteralString

from benchmarks.ratios import Figure, Timing, report
from nodewright.monitoring import MonitoringSystem, checks
from nodewright.monitoring.health import HealthBook
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence

_ROUNDS = 7

# Hours: a few rows of the week, half of them, nearly all, and all.
_WINDOWS = {"an hour": 1, "half of the rows": 84, "six of seven days": 144, "all rows": 192}

_FILL: tuple[LiteralString, ...] = (
    """INSERT INTO generation_performance_metrics
       (session_id, node_type, phase, duration_ms, cache_hit, parallel_execution, worker_count,
        created_at)
       SELECT ('00000000-0000-4000-8000-' || lpad((i / 40)::text, 12, '0'))::uuid, 'EFFECT',
         (ARRAY['prd_analysis', 'template_load', 'code_gen', 'validation', 'persistence', 'total'])
           [1 + i % 6],
         (exp(random() * 8))::int, i % 3 = 0, true, 4, now() - (i * interval '1 week' / 1000000)
       FROM generate_series(1, 1000000) AS i""",
    """INSERT INTO event_processing_metrics
       (event_type, event_source, processing_duration_ms, queue_wait_time_ms, success, created_at)
       SELECT 'type' || i % 5, 'source' || i % 2, (exp(random() * 7))::int, 3, i % 50 <> 0,
         now() - (i * interval '1 week' / 1000000)
       FROM generate_series(1, 1000000) AS i""",
    """INSERT INTO pattern_feedback_log
       (session_id, pattern_name, detected_confidence, feedback_type, created_at)
       SELECT gen_random_uuid(), 'pattern' || i % 12, random(),
         (ARRAY['correct', 'correct', 'correct', 'incorrect', 'partial'])[1 + i % 5],
         now() - (i * interval '1 week' / 1000000)
       FROM generate_series(1, 1000000) AS i""",
    "VACUUM ANALYZE",
)


def run() -> None:
    """Collect parts of a week's rows, then all of them."""
    with tempfile.TemporaryDirectory(prefix="nwb-") as directory:
        asyncio.run(_collect(Settings(data_dir=Path(directory))))


async def _collect(settings: Settings) -> None:
    async with CodegenPersistence(
        os.environ.get("NODEWRIGHT_BENCHMARK_DATABASE_URL"), settings=settings
    ) as persistence:
        with persistence.sync.database.connect() as connection:
            for statement in _FILL:
                connection.execute(statement)
        system = MonitoringSystem(persistence=persistence, log_alerts=False)
        took: dict[str, list[float]] = {name: [] for name in _WINDOWS}
        for _ in range(_ROUNDS):
            for name, hours in _WINDOWS.items():
                took[name].append(await _milliseconds(system, hours * 60))
    timings = [
        Timing(name, statistics.median(values) / 1000, min(values) / 1000, _ROUNDS)
        for name, values in took.items()
    ]
    figures = [
        Figure(timing.name, timing.median * 1000, 300, at_least=False, unit="ms")
        for timing in timings
    ]
    report("collect_all_metrics on three tables of 1,000,000 rows", timings, figures)


async def _milliseconds(system: MonitoringSystem, minutes: float) -> float:
    collected = await system.collect_all_metrics(minutes)
    assert not collected["unavailable"], collected["unavailable"]
    took: float = collected["collection_time_ms"]
    return took


def run_health() -> None:
    """Each check by itself, when its part was looked at before."""
    with tempfile.TemporaryDirectory(prefix="nwb-") as directory:
        data = Path(directory)
        persistence = CodegenPersistence(settings=Settings(data_dir=data))
        every = (
            checks.database(persistence),
            checks.disk(data),
            checks.spool(data / "spools"),
            checks.model(data / "model"),
            checks.workers(),
        )
        timings, figures = [], []
        for check in every:
            book = HealthBook()
            book.register([check])
            book.run()
            seconds = []
            for _ in range(20):
                start = time.perf_counter()
                book.run()
                seconds.append(time.perf_counter() - start)
            median = statistics.median(seconds)
            timings.append(Timing(check.component, median, min(seconds), 20))
            figures.append(
                Figure(f"check of {check.component}", median * 1000, 10, at_least=False, unit="ms")
            )
        persistence.sync.close()
    report("Health checks", timings, figures)
