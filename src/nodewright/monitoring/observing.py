"""Reads what all processes have recorded, and records it as nodewright's own metrics.

Runs, nodes and events happen in other processes than ``nodewright serve``. What they left in the
database is counted here as it comes, so that counters are counters and alerts see every run.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

from nodewright.logs import get_logger
from nodewright.monitoring import instruments
from nodewright.monitoring.collect import Reader, Rows
from nodewright.monitoring.errors import MetricError
from nodewright.monitoring.health import HealthBook
from nodewright.monitoring.instruments import STATUSES, Instrument, declare, record_run
from nodewright.monitoring.process import ProcessMetrics
from nodewright.monitoring.store import MetricStore
from nodewright.storage import queries

_log = get_logger(__name__, component="monitoring")

# A run is read again for so long, because its transaction may have begun before a later one's.
_OVERLAP = timedelta(minutes=1)
_MB = 1024 * 1024

# How much has to be known before a share says something.
LEAST_NODES_A_WORKER = 4
LEAST_JUDGEMENTS = 20
LEAST_EVENTS = 20

type Pair = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Digest:
    """What is kept of a run while it lies in the window.

    Attributes:
        efficiency: speed-up as a share of what its workers and cores could give; None where the
            run was too small to say, or did not measure it.
        node_seconds: of each node that was proven.
        pairs: mixins that its nodes have in common, with the nodes' kind.
    """

    ended_at: datetime
    package: str
    planned: int
    delivered: int
    efficiency: float | None
    node_seconds: tuple[float, ...]
    pairs: frozenset[Pair]


class Observer:
    """Keeps nodewright's own metrics current.

    Args:
        store: where they are recorded.
        health: whose statuses are recorded, too.
        reader: the database.
        wall: the time of day.
    """

    def __init__(
        self,
        store: MetricStore,
        health: HealthBook,
        reader: Reader,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._health = health
        self._reader = reader
        self._wall = wall
        self._named = queries.load("nodewright.monitoring")
        self._process = ProcessMetrics(store)
        self._started = wall()
        self._read_until: datetime | None = None
        self._seen: dict[tuple[Any, datetime], datetime] = {}
        self._runs: list[Digest] = []
        self._packages: set[str] = set()
        self._events: dict[str, int] | None = None

    async def observe(self, collected: Mapping[str, Any], window: timedelta) -> None:
        """Record how things are.

        Args:
            collected: what `MonitoringSystem.collect_all_metrics` has just read.
            window: how far back shares and percentiles go.

        Raises:
            StorageError: the database is away; what needs none is recorded.
        """
        declare(self._store)
        self._process.observe()
        self._observe_health()
        self._observe_collected(collected)
        await self._read_runs(window)
        await self._count_events()
        self._observe_runs()
        await self._observe_mixins()
        instruments.COLLECTED.record(self._store, self._wall().timestamp())

    def _observe_health(self) -> None:
        for status in self._health.statuses():
            level = STATUSES.index(status.status) if status.status in STATUSES else 0
            instruments.HEALTH.record(self._store, level, {"part": status.component})
            if status.component == "event_spool" and "size_mb" in status.metadata:
                found = status.metadata
                instruments.SPOOL_BYTES.record(self._store, found["size_mb"] * _MB)
                instruments.SPOOL_SEGMENTS.record(self._store, found["files"])
                instruments.SPOOL_SECONDS.record(self._store, found["oldest_s"])

    def _observe_collected(self, collected: Mapping[str, Any]) -> None:
        patterns, events = collected["pattern_matching"], collected["event_processing"]
        judged = patterns["total_feedback_count"] >= LEAST_JUDGEMENTS
        enough = events["total_events"] >= LEAST_EVENTS
        self._show(instruments.PRECISION, patterns["precision"] if judged else None)
        self._show(instruments.EVENT_SUCCESS, events["overall_success_rate"] if enough else None)
        self._show(instruments.EVENT_P95, events["p95_latency_ms"] / 1000 if enough else None)

    async def _read_runs(self, window: timedelta) -> None:
        """Count runs that have ended since the last time, and keep those of the window."""
        now = self._wall()
        since = now - window if self._read_until is None else self._read_until - _OVERLAP
        for row in await self._fetch("runs_since", since=since):
            key = row["session_id"], row["ended_at"]
            if key in self._seen:
                continue
            self._seen[key] = row["ended_at"]
            self._take(row)
            self._read_until = max(self._read_until or row["ended_at"], row["ended_at"])
        self._runs = [run for run in self._runs if run.ended_at >= now - window]
        oldest = min(now - window, (self._read_until or now) - _OVERLAP)
        self._seen = {key: at for key, at in self._seen.items() if at >= oldest}

    def _take(self, row: Mapping[str, Any]) -> None:
        try:
            self._runs.append(digest(row))
            if row["ended_at"] >= self._started:
                record_run(self._store, row["summary"])
        except (MetricError, KeyError, TypeError, AttributeError, ValueError) as error:
            # Another version of nodewright, or a stranger, kept other things of it.
            fields = {"session_id": str(row["session_id"]), "reason": repr(error)}
            _log.warning("monitoring.run.unreadable", fields)

    def _observe_runs(self) -> None:
        latest = {run.package: run for run in sorted(self._runs, key=lambda run: run.ended_at)}
        for package in self._packages - latest.keys():
            self._store.forget(instruments.FAILED_NODES.name, {"package": package})
        self._packages = set(latest)
        for package, run in latest.items():
            failed = (run.planned - run.delivered) / run.planned if run.planned else 0.0
            instruments.FAILED_NODES.record(self._store, failed, {"package": package})
        seconds = [each for run in self._runs for each in run.node_seconds]
        self._show(instruments.NODE_P95, _percentile(seconds, 0.95))
        shares = [run.efficiency for run in self._runs if run.efficiency is not None]
        self._show(instruments.EFFICIENCY, sum(shares) / len(shares) if shares else None)

    async def _observe_mixins(self) -> None:
        pairs = sorted({pair for run in self._runs for pair in run.pairs})
        rows: Rows = []
        if pairs:
            firsts, seconds, kinds = (list(column) for column in zip(*pairs, strict=True))
            rows = await self._fetch("chosen_mixins", a=firsts, b=seconds, kinds=kinds)
        score = rows[0]["compatibility"] if rows else None
        self._show(instruments.CHOSEN_MIXINS, score)

    async def _count_events(self) -> None:
        """Add what the totals of all events have grown by."""
        (row,) = await self._fetch("event_totals")
        before, self._events = self._events, row
        for result in ("success", "failure"):
            grown = row[result] - before[result] if before is not None else 0
            # Old events that were deleted make a total smaller.
            instruments.EVENTS.record(self._store, max(0, grown), {"result": result})

    def _show(self, instrument: Instrument, value: float | None) -> None:
        """Record a value; without one, drop the last, so that no alert stays by it."""
        if value is None:
            self._store.forget(instrument.name)
        else:
            instrument.record(self._store, value)

    def _fetch(self, name: str, **parameters: Any) -> Awaitable[Rows]:
        return self._reader.fetch(self._named[name], parameters)


def digest(row: Mapping[str, Any]) -> Digest:
    """What is kept of a row of the query ``runs_since``.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: its summary is not one of a run.
    """
    summary = row["summary"]
    nodes = summary["nodes"]
    seconds = (node["seconds"] for node in nodes)
    return Digest(
        ended_at=row["ended_at"],
        package=str(summary["plan"]["package"]),
        planned=int(row["planned"]),
        delivered=int(row["delivered"]),
        efficiency=_efficiency(summary, len(nodes)),
        node_seconds=tuple(float(each) for each in seconds if each),
        pairs=frozenset(_pairs(summary["plan"]["nodes"])),
    )


def _efficiency(summary: Mapping[str, Any], nodes: int) -> float | None:
    possible = min(int(summary["workers"]), int(summary.get("cores") or 0))
    if possible < 1 or nodes < LEAST_NODES_A_WORKER * possible or not summary["speedup"]:
        return None
    return float(summary["speedup"]) / possible


def _pairs(nodes: Iterable[Mapping[str, Any]]) -> Iterable[Pair]:
    for node in nodes:
        names = sorted({path.rpartition(".")[2] for path in node["mixins"]})
        for first, second in combinations(names, 2):
            yield first, second, node["kind"]


def _percentile(values: Sequence[float], share: float) -> float | None:
    """The least value that ``share`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
