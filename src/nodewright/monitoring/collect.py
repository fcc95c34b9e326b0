"""The numbers of all parts, read from the database for a window of time.

Each part is read at the same time and on its own, so that one that cannot be read leaves the
others. Its numbers are then zero, ``available`` is False and ``error`` says why.

If most rows lie in the window, the older ones are counted and subtracted from stored totals.
Results are the same; only the time differs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from nodewright.storage import queries
from nodewright.storage.queries import Query

type Rows = list[dict[str, Any]]
type Section = dict[str, Any]


class Reader(Protocol):
    """What is needed of the persistence."""

    async def fetch(self, statement: Query, parameters: dict[str, Any], /) -> Rows:
        """The rows that a named query returns."""


class _Since:
    """What is recorded since a time."""

    def __init__(self, reader: Reader, since: datetime) -> None:
        self._reader = reader
        self._named = queries.load("nodewright.monitoring")
        self._parameters = {"since": since}

    async def fetch(self, name: str, **more: Any) -> Rows:
        """The rows of a named query."""
        return await self._reader.fetch(self._named[name], self._parameters | more)

    async def smaller_side(self, name: str, table: str) -> Rows:
        """The rows of a query that counts the rows of the window, or subtracts those before it.

        Results are the same. The planner's guess of how many rows are older says which is faster.
        """
        (guess,) = await self.fetch(f"older_{table}")
        (recorded,) = await self.fetch("recorded_rows")
        older = guess["QUERY PLAN"][0]["Plan"]["Plan Rows"]
        return await self.fetch(name, outside=2 * older < recorded[table])


async def collect(reader: Reader, window: timedelta, timeout_s: float) -> dict[str, Section]:
    """All parts over the last ``window``.

    Args:
        reader: the database.
        window: how far back.
        timeout_s: seconds that one part may take.

    Returns:
        template_cache, parallel_generation, mixin_learning, pattern_matching and
        event_processing, each JSON-ready, with ``available`` and ``error``.
    """
    since = _Since(reader, datetime.now(UTC) - window)
    fetch = since.fetch

    async def part(read: Callable[[], Awaitable[Section]], empty: Section) -> Section:
        try:
            async with asyncio.timeout(timeout_s):
                return await read() | {"available": True, "error": None}
        except TimeoutError as error:
            reason = str(error) or f"no answer within {timeout_s:g} s"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this part's reason
            reason = f"{error}" or type(error).__name__
        return empty | {"available": False, "error": reason}

    async def template_cache() -> Section:
        return _template_cache(await fetch("template_cache_by_type"))

    async def parallel_generation() -> Section:
        phases, speedups, nodes = await asyncio.gather(
            since.smaller_side("generation_by_phase", "generation"),
            fetch("parallel_speedup"),
            fetch("nodes_delivered"),
        )
        return _parallel_generation(phases, speedups, nodes)

    async def mixin_learning() -> Section:
        return _mixin_learning(await fetch("mixins_by_node_type"))

    async def pattern_matching() -> Section:
        return _pattern_matching(await since.smaller_side("feedback_by_pattern", "feedback"))

    async def event_processing() -> Section:
        return _event_processing(await since.smaller_side("events_by_type", "events"))

    parts = {
        "template_cache": part(template_cache, _template_cache([])),
        "parallel_generation": part(parallel_generation, _parallel_generation([], [], [])),
        "mixin_learning": part(mixin_learning, _mixin_learning([])),
        "pattern_matching": part(pattern_matching, _pattern_matching([])),
        "event_processing": part(event_processing, _event_processing([])),
    }
    return dict(zip(parts, await asyncio.gather(*parts.values()), strict=True))


def observed(parts: dict[str, Section]) -> dict[str, float]:
    """Watched metric -> its value, of those parts that have data; see MonitoringThresholds."""
    cache, generation = parts["template_cache"], parts["parallel_generation"]
    mixins, patterns, events = (
        parts["mixin_learning"],
        parts["pattern_matching"],
        parts["event_processing"],
    )
    candidates = (
        ("cache_hit_rate", cache["overall_hit_rate"], cache["total_accesses"]),
        ("template_load_ms", cache["avg_load_time_ms"], cache["avg_load_time_ms"]),
        ("parallel_speedup", generation["avg_speedup"], generation["parallel_sessions"]),
        ("generation_time_ms", generation["p95_total_ms"], generation["total_executions"]),
        (
            "validation_pass_rate",
            generation["validation_pass_rate"],
            generation["planned_nodes"],
        ),
        ("compatibility_score", mixins["avg_compatibility_score"], mixins["total_combinations"]),
        ("pattern_precision", patterns["precision"], patterns["total_feedback_count"]),
        ("false_positive_rate", patterns["false_positive_rate"], patterns["total_feedback_count"]),
        ("event_latency_p95", events["p95_latency_ms"], events["total_events"]),
        ("event_success_rate", events["overall_success_rate"], events["total_events"]),
    )
    return {name: float(value) for name, value, samples in candidates if samples}


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _template_cache(rows: Rows) -> Section:
    hits = sum(row["cache_hits"] for row in rows)
    misses = sum(row["cache_misses"] for row in rows)
    loaded = [row for row in rows if row["avg_load_time_ms"] is not None]
    templates = sum(row["template_count"] for row in loaded)
    return {
        "overall_hit_rate": _ratio(hits, hits + misses),
        "avg_load_time_ms": _ratio(
            sum(row["avg_load_time_ms"] * row["template_count"] for row in loaded), templates
        ),
        "total_templates": sum(row["template_count"] for row in rows),
        "total_accesses": hits + misses,
        "cache_hits": hits,
        "cache_misses": misses,
        "by_type": rows,
    }


def _parallel_generation(phases: Rows, speedups: Rows, nodes: Rows) -> Section:
    executions = sum(row["execution_count"] for row in phases)
    total = next((row for row in phases if row["phase"] == "total"), None)
    speedup = speedups[0] if speedups else {"sessions": 0, "avg_speedup": 0.0, "max_speedup": 0.0}
    planned, delivered = (nodes[0]["planned"], nodes[0]["delivered"]) if nodes else (0, 0)
    return {
        "planned_nodes": planned,
        "validation_pass_rate": _ratio(delivered, planned),
        "avg_speedup": speedup["avg_speedup"],
        "max_speedup": speedup["max_speedup"],
        "parallel_sessions": speedup["sessions"],
        "parallel_usage_rate": _ratio(
            sum(row["parallel_executions"] for row in phases), executions
        ),
        "total_executions": total["execution_count"] if total else 0,
        "avg_total_ms": total["avg_duration_ms"] if total else 0.0,
        "p50_total_ms": total["p50_duration_ms"] if total else 0.0,
        "p95_total_ms": total["p95_duration_ms"] if total else 0.0,
        "p99_total_ms": total["p99_duration_ms"] if total else 0.0,
        "by_phase": phases,
    }


def _mixin_learning(rows: Rows) -> Section:
    successes = sum(row["total_successes"] for row in rows)
    tested = successes + sum(row["total_failures"] for row in rows)
    scored = [row for row in rows if row["avg_compatibility"] is not None]
    pairs = sum(row["total_combinations"] for row in scored)
    return {
        "overall_success_rate": _ratio(successes, tested),
        "avg_compatibility_score": _ratio(
            sum(row["avg_compatibility"] * row["total_combinations"] for row in scored), pairs
        ),
        "total_combinations": sum(row["total_combinations"] for row in rows),
        "total_tests": tested,
        "by_node_type": rows,
    }


def _pattern_matching(rows: Rows) -> Section:
    counts = {"correct": 0, "incorrect": 0, "partial": 0, "adjusted": 0}
    for row in rows:
        counts[row["feedback_type"]] = counts.get(row["feedback_type"], 0) + row["feedback_count"]
    given = sum(counts.values())
    confident = [row for row in rows if row["avg_confidence"] is not None]
    return {
        "precision": _ratio(counts["correct"], given),
        "false_positive_rate": _ratio(counts["incorrect"], given),
        "avg_confidence": _ratio(
            sum(row["avg_confidence"] * row["confidence_count"] for row in confident),
            sum(row["confidence_count"] for row in confident),
        ),
        "total_feedback_count": given,
        "by_feedback_type": counts,
        "by_pattern": rows,
    }


def _event_processing(rows: Rows) -> Section:
    over_all = next((row for row in rows if row["event_type"] is None), None)
    by_type = [
        {key: value for key, value in row.items() if not key.startswith("p")}
        for row in rows
        if row["event_type"] is not None
    ]
    found = over_all if over_all and over_all["total_events"] else {}
    return {
        "overall_success_rate": found.get("success_rate") or 0.0,
        "avg_latency_ms": found.get("avg_duration_ms") or 0.0,
        "p50_latency_ms": found.get("p50_ms") or 0.0,
        "p95_latency_ms": found.get("p95_ms") or 0.0,
        "p99_latency_ms": found.get("p99_ms") or 0.0,
        "total_events": found.get("total_events") or 0,
        "failed_events": found.get("failure_count") or 0,
        "by_event_type": by_type,
    }
