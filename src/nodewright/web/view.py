"""What the page shows, as plain values: read from the database and the monitoring system."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from nodewright.monitoring import HealthStatus, MonitoringAlert, MonitoringSystem
from nodewright.storage import CodegenPersistence, queries

RUNS = 15
PAIRS = 500
SERIES = 40
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
    """One run: its plan (the nodes), its report (what passed) and its phases."""

    session_id: str
    ended_at: datetime
    total_ms: float | None
    workers: int
    nodes: tuple[RunNode, ...]
    phases: tuple[tuple[str, float], ...]


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
    patterns: Rows = field(default_factory=list)
    curve: Rows = field(default_factory=list)
    throughput: Rows = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def spool(self) -> HealthStatus | None:
        """The spool's last check."""
        return next((one for one in self.health if one.component == "event_spool"), None)


async def read_page(
    system: MonitoringSystem, persistence: CodegenPersistence, window_minutes: float
) -> Page:
    """Read everything, each part on its own."""
    since = {"since": datetime.now(UTC) - timedelta(minutes=window_minutes)}
    missing: dict[str, str] = {}

    async def part(name: str, rows: Awaitable[Rows]) -> Rows:
        try:
            async with asyncio.timeout(5):
                return await rows
        except Exception as error:  # noqa: BLE001 - shown in the part's place
            missing[name] = f"{error}" or type(error).__name__
            return []

    named = queries.load("nodewright.web")
    collected, runs, patterns, curve, throughput = await asyncio.gather(
        system.observe_parts(window_minutes),
        part("runs", persistence.fetch(named["recent_runs"], {"limit": RUNS})),
        part("patterns", persistence.fetch(named["pattern_precision"], since)),
        part("curve", persistence.fetch(named["threshold_curve"], since)),
        part("throughput", persistence.fetch(named["throughput"])),
    )
    return Page(
        collected=collected,
        health=system.health.statuses(),
        overall=system.health.overall(),
        alerts=system.get_active_alerts(),
        resolved=system.get_resolved_alerts(1)[-10:][::-1],
        series=series_of(system),
        runs=[_run(row) for row in runs],
        patterns=patterns,
        curve=curve,
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
    )
