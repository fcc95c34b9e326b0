"""Pattern feedback against bare SQL on the same server: ``python -m benchmarks.feedback``.

Starts an embedded server in a temporary folder. An uncached analysis is measured over 1,000,
100,000 and 1,000,000 judgements of one pattern, beside what one index-only aggregate over the
same rows costs in psql by its own timing; the global metrics over 200 patterns with
1,000,000 judgements; and a recorded judgement beside a bare insert of the same row.
"""

import asyncio
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from benchmarks.ratios import QUICK, Contender, Figure, Timing, alternate, report
from nodewright.patterns.feedback import PatternFeedback, PatternFeedbackCollector
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence
from nodewright.storage.programs import bundled_program

SIZES = (1_000, 10_000, 100_000) if QUICK else (1_000, 100_000, 1_000_000)
CALLS = 2_000
SESSION = uuid4()
FILL = """
INSERT INTO pattern_feedback_log (session_id, pattern_name, detected_confidence, actual_pattern,
  feedback_type, user_provided, capabilities_matched, false_positives, false_negatives,
  learning_weight, created_at)
SELECT gen_random_uuid(), 'pattern_' || i %% %(patterns)s, round(random()::numeric, 4),
  'pattern_' || (i + (i %% 7 = 0)::int) %% %(patterns)s,
  (ARRAY['correct', 'correct', 'correct', 'correct', 'incorrect', 'partial'])[1 + i %% 6],
  i %% 10 = 0, ARRAY['a', 'b'],
  CASE WHEN i %% 5 = 0 THEN ARRAY['name_' || i %% 30] END,
  CASE WHEN i %% 9 = 0 THEN ARRAY['name_' || i %% 20] END,
  CASE WHEN i %% 10 = 0 THEN 1 ELSE 0.5 END, now() - i * interval '1 ms'
FROM generate_series(1, %(rows)s) AS i
"""
# Answered from idx_pattern_feedback_pattern alone.
AGGREGATE = "SELECT count(*) FROM pattern_feedback_log WHERE pattern_name = 'pattern_0'"
# As a bare client would write the row that record_feedback writes.
INSERT = (
    "INSERT INTO pattern_feedback_log (session_id, pattern_name, detected_confidence,"
    " actual_pattern, feedback_type, user_provided, capabilities_matched, false_positives,"
    " false_negatives, learning_weight) VALUES (%s, 'crud', 0.8, 'crud', 'correct', false,"
    " ARRAY['a'], ARRAY['b'], ARRAY['c'], 0.5) RETURNING id"
)
_TIME = re.compile(r"Time: ([\d.]+) ms")


def fill(dsn: str, patterns: int, rows: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE pattern_feedback_log")
        connection.execute(FILL, {"patterns": patterns, "rows": rows})
        connection.execute("VACUUM ANALYZE pattern_feedback_log")


def in_psql(dsn: str) -> float:
    """Seconds of the aggregate as psql's own timing tells them, best plan allowed."""
    script = f"\\timing on\nSET enable_seqscan = off;\n{AGGREGATE};\n{AGGREGATE};\n"
    said = subprocess.run(
        [str(bundled_program("psql")), "-X", "-q", dsn],
        input=script,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return float(_TIME.findall(said)[-1]) / 1e3


def percentile(values: list[float], fraction: float) -> float:
    return sorted(values)[int(fraction * (len(values) - 1))]


class Bench:
    """One event loop, one collector, one server."""

    def __init__(self, collector: PatternFeedbackCollector, dsn: str) -> None:
        self.collector, self.dsn = collector, dsn
        self.loop = asyncio.new_event_loop()
        self.timings: list[Timing] = []
        self.figures: list[Figure] = []
        self.notes: list[str] = []

    def run(self, work: Callable[[], Coroutine[Any, Any, object]]) -> object:
        """The result of a call to the collector."""
        return self.loop.run_until_complete(work())

    def uncached(self) -> object:
        """One analysis from the database."""
        return self.run(lambda: self.collector.analyze_feedback("pattern_0", use_cache=False))

    def analyses(self) -> None:
        """Time analyses of ever more judgements."""
        for rows in SIZES:
            fill(self.dsn, 1, rows)
            psql: list[float] = []
            name = f"analysis of {rows:,}"
            timing = alternate(
                [
                    Contender(name, self.uncached),
                    Contender("psql", lambda times=psql: times.append(in_psql(self.dsn))),  # type: ignore[misc]
                ],
                rounds=9,
            )[name]
            aggregate = statistics.median(psql[1:])
            self.timings += [
                timing,
                Timing(f"index-only count of {rows:,} in psql", aggregate, min(psql), 9),
            ]
            if rows == SIZES[-1]:
                ratio = timing.median / aggregate
                self.figures.append(Figure(f"{name} against psql", ratio, 1.5, at_least=False))
            else:
                most = 3.0 if rows == SIZES[0] else 30.0
                self.figures.append(
                    Figure(name, timing.median * 1e3, most, at_least=False, unit="ms")
                )

    def cached(self) -> None:
        """Time analyses from memory."""

        async def calls() -> None:
            for _ in range(CALLS):
                await self.collector.analyze_feedback("pattern_0")

        timing = alternate([Contender("cached analysis", lambda: self.run(calls), CALLS)])
        self.timings += timing.values()
        cached = timing["cached analysis"].median * 1e6
        self.figures.append(Figure("cached analysis", cached, 5, at_least=False, unit="us"))

    def metrics(self) -> None:
        """Time the metrics over all patterns."""
        fill(self.dsn, 200, SIZES[-1])
        name = "global metrics, 200 patterns"
        timing = alternate(
            [Contender(name, lambda: self.run(self.collector.get_global_precision_metrics))],
            rounds=9,
        )[name]
        self.timings.append(timing)
        self.figures.append(Figure(name, timing.median * 1e3, 300, at_least=False, unit="ms"))

    def records(self) -> None:
        """Time recorded judgements beside bare inserts, alternating."""

        async def alternating() -> tuple[list[float], list[float]]:
            ours: list[float] = []
            bare: list[float] = []
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                for _ in range(1_020):
                    start = time.perf_counter()
                    await self.collector.record_feedback(
                        PatternFeedback(
                            SESSION, "crud", 0.8, "crud", "correct", ["a"], ["b"], ["c"]
                        )
                    )
                    middle = time.perf_counter()
                    connection.execute(INSERT, (SESSION,)).fetchone()
                    ours.append(middle - start)
                    bare.append(time.perf_counter() - middle)
            return ours[20:], bare[20:]

        ours, bare = self.loop.run_until_complete(alternating())
        ratio = percentile(ours, 0.95) / percentile(bare, 0.95)
        self.figures.append(Figure("record, p95 against a bare insert", ratio, 1.5, at_least=False))
        for name, values in (("record", ours), ("bare insert", bare)):
            middle, slow = percentile(values, 0.5) * 1e3, percentile(values, 0.95) * 1e3
            self.notes.append(f"{name}: p50 {middle:.2f} ms, p95 {slow:.2f} ms")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="nodewright-", ignore_cleanup_errors=True) as folder:
        persistence = CodegenPersistence(settings=Settings(data_dir=Path(folder)))
        with persistence.sync.database.connect() as connection:
            dsn = connection.info.dsn
        collector = PatternFeedbackCollector(persistence)
        bench = Bench(collector, dsn)
        bench.analyses()
        bench.cached()
        bench.metrics()
        bench.records()
        bench.run(collector.cleanup)
        bench.run(persistence.close)
        bench.loop.close()
        report("Pattern feedback", bench.timings, bench.figures, bench.notes)


if __name__ == "__main__":
    main()
