"""What the page shows, as plain values: read from the database and the monitoring system."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from nodewright.monitoring import HealthStatus, MonitoringAlert, MonitoringSystem
from nodewright.monitoring.observing import Observer
from nodewright.patterns.tuning import Tuning, read_tunings
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence, queries

RUNS = 15
PAIRS = 500
SERIES = 40
CURVES = 20
NODE_KINDS = ("EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR")

type Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class MatrixFilter:
    """Which pairs of mixins are shown: of a node kind, with a word in a name, up to a score."""

    node_type: str = ""
    mixin: str = ""
    most: float = 1.0

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "MatrixFilter":
        """From a query string; what makes no sense is left out."""
        kind = query.get("kind", "").upper()
        try:
            most = min(1.0, max(0.0, float(query.get("most", "1"))))
        except ValueError:
            most = 1.0
        known = kind if kind in NODE_KINDS else ""
        return cls(known, query.get("mixin", "").replace("\0", "")[:100], most)


@dataclass(frozen=True, slots=True)
class RunNode:
    """One node of a run: what was planned, and how it went."""

    name: str
    kind: str
    passed: bool | None
    code_gen_ms: float | None
    validation_ms: float | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run: what was planned, what passed, and its phases.

    ``title`` is None where the run's plan and report were not kept.
    """

    session_id: UUID
    ended_at: datetime
    total_ms: float | None
    workers: int
    nodes: tuple[RunNode, ...]
    phases: tuple[tuple[str, float], ...]
    title: str | None = None
    planned: int | None = None
    delivered: int | None = None

    @property
    def status(self) -> str:
        """How it went, in the words of health."""
        if self.planned is not None and self.delivered is not None:
            return "healthy" if self.delivered == self.planned else "critical"
        known = [node.passed for node in self.nodes if node.passed is not None]
        return "" if not known else "healthy" if all(known) else "critical"


@dataclass(frozen=True, slots=True)
class PatternRow:
    """Judgements of a pattern in the window, and the threshold that all judgements prove."""

    name: str
    correct: int
    incorrect: int
    judged: int
    threshold: float | None
    reason: str

    @property
    def precision(self) -> float:
        """Share of the judgements that say correct."""
        return self.correct / self.judged


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One series recorded in this process."""

    name: str
    kind: str
    labels: str
    value: float
    count: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page; ``missing`` maps a part that could not be read to its reason."""

    collected: dict[str, Any]
    health: list[HealthStatus]
    overall: str
    alerts: list[MonitoringAlert]
    resolved: list[MonitoringAlert]
    series: list[SeriesRow]
    runs: list[RunRow] = field(default_factory=list)
    patterns: list[PatternRow] = field(default_factory=list)
    curves: dict[str, Rows] = field(default_factory=dict)
    throughput: Rows = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def severity(self, metric: str) -> str:
        """The worst alert that a metric has, empty without one."""
        found = {alert.severity.value for alert in self.alerts if alert.metric_name == metric}
        return next((name for name in ("critical", "warning", "info") if name in found), "")

    @property
    def spool(self) -> HealthStatus | None:
        """The spool's last check."""
        return next((one for one in self.health if one.component == "event_spool"), None)


async def read_page(
    system: MonitoringSystem,
    persistence: CodegenPersistence,
    observer: Observer,
    settings: Settings,
) -> Page:
    """Read everything, each part on its own."""
    window = settings.web_window_minutes
    since = datetime.now(UTC) - timedelta(minutes=window)
    missing: dict[str, str] = {}

    async def part[T](name: str, read: Callable[[], Awaitable[T]], empty: T) -> T:
        try:
            async with asyncio.timeout(5):
                return await read()
        except Exception as error:  # noqa: BLE001 - shown in the part's place
            missing[name] = f"{error}" or type(error).__name__
            return empty

    named = queries.load("nodewright.web")

    def rows(name: str, **parameters: Any) -> Callable[[], Awaitable[Rows]]:
        return lambda: persistence.fetch(named[name], parameters)

    def tuned() -> Awaitable[dict[str, Tuning]]:
        return asyncio.to_thread(read_tunings, persistence, settings.pattern_target_precision)

    none: Rows = []
    untuned: dict[str, Tuning] = {}
    collected, runs, tunings, curves, throughput = await asyncio.gather(
        system.collect_all_metrics(window),
        part("runs", rows("recent_runs", limit=RUNS), none),
        part("thresholds", tuned, untuned),
        part("curves", rows("threshold_curve", since=since, patterns=CURVES), none),
        part("throughput", rows("throughput"), none),
    )
    await part("metrics", lambda: observer.observe(collected, timedelta(minutes=window)), None)
    return Page(
        collected=collected,
        health=system.health.statuses(),
        overall=system.health.overall(),
        alerts=system.get_active_alerts(),
        resolved=system.get_resolved_alerts(1)[-10:][::-1],
        series=series_of(system),
        runs=[_run(row) for row in runs],
        patterns=_patterns(collected["pattern_matching"]["by_pattern"], tunings),
        curves=_curves(curves),
        throughput=throughput,
        missing=missing | collected["unavailable"],
    )


async def read_matrix(persistence: CodegenPersistence, wanted: MatrixFilter) -> Rows:
    """The pairs of mixins that a filter leaves, at most `PAIRS`."""
    return await persistence.fetch(
        queries.load("nodewright.web")["matrix"],
        {
            "node_type": wanted.node_type or None,
            "mixin": wanted.mixin or None,
            "most": wanted.most,
            "limit": PAIRS,
        },
    )


async def read_run(persistence: CodegenPersistence, session_id: UUID) -> dict[str, Any] | None:
    """A run's plan and report; None: there is none of this session."""
    named = queries.load("nodewright.web")
    rows = await persistence.fetch(named["run"], {"session_id": session_id})
    return rows[0] if rows else None


def series_of(system: MonitoringSystem) -> list[SeriesRow]:
    """The series of this process, by name, at most `SERIES`."""
    now = system.store.now()
    rows = []
    for series in sorted(system.store.each(), key=lambda one: (one.family.name, one.label_text)):
        percentiles: list[float | None] = [None] * 3
        if series.quantiles is not None:
            percentiles = series.quantiles.quantiles((0.5, 0.95, 0.99), now)
        rows.append(
            SeriesRow(
                series.family.name,
                series.kind.value,
                ", ".join(f"{name}={text}" for name, text in series.labels.items()),
                series.total,
                series.total_count,
                *percentiles,
            )
        )
        if len(rows) == SERIES:
            break
    return rows


def _patterns(rows: Rows, tunings: Mapping[str, Tuning]) -> list[PatternRow]:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        counts[row["pattern_name"]][row["feedback_type"]] = row["feedback_count"]
    found = []
    for name, kinds in counts.items():
        tuned = tunings[name].tuned if name in tunings else None
        found.append(
            PatternRow(
                name,
                kinds["correct"],
                kinds["incorrect"],
                sum(kinds.values()),
                tuned.threshold if tuned else None,
                tuned.reason if tuned else "",
            )
        )
    return sorted(found, key=lambda one: (-one.judged, one.name))


def _curves(rows: Rows) -> dict[str, Rows]:
    """Pattern -> its curve; all together have no name."""
    curves: dict[str, Rows] = {}
    for row in rows:
        curves.setdefault(row["pattern_name"] or "", []).append(row)
    return curves


def _run(row: dict[str, Any]) -> RunRow:
    nodes: dict[tuple[str, str], dict[str, Any]] = {}
    phases: dict[str, float] = {}
    for part in row["parts"]:
        if part["node"] is None:
            phases[part["phase"]] = max(phases.get(part["phase"], 0.0), float(part["ms"]))
            continue
        node = nodes.setdefault((part["node"], part["kind"]), {"passed": part["passed"]})
        node[part["phase"]] = float(part["ms"])
    return RunRow(
        session_id=row["session_id"],
        ended_at=row["ended_at"],
        total_ms=row["total_ms"],
        workers=row["workers"] or 1,
        nodes=tuple(
            RunNode(
                name,
                kind,
                None if node["passed"] is None else node["passed"] == "true",
                node.get("code_gen"),
                node.get("validation"),
            )
            for (name, kind), node in sorted(nodes.items())
        ),
        phases=tuple(sorted(phases.items())),
        title=row["title"],
        planned=row["planned"],
        delivered=row["delivered"],
    )
