"""The metrics of nodewright itself: their names, types, labels, and what records them.

All begin with ``nodewright_``, except those of the process, whose names are Prometheus' own.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import orjson

from nodewright.monitoring.errors import MetricError
from nodewright.monitoring.model import Labels, MetricType
from nodewright.monitoring.store import MetricStore
from nodewright.storage.columns import NodeKind

NODE_KINDS = tuple(kind.value for kind in NodeKind)
CLAUSE_STATES = ("proven", "open", "context")
STATUSES = ("healthy", "degraded", "critical")
BREAKER_STATES = ("closed", "half_open", "open")

_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)


@dataclass(frozen=True, slots=True)
class Instrument:
    """One metric of nodewright.

    Attributes:
        name: as it is recorded; a counter's ends in ``_total`` where it is exported.
        kind: its type.
        help_text: what it says.
        values: labels whose values are known. Counters have them at 0 from the start, because
            Prometheus sees an increase only from a value that it has seen.
    """

    name: str
    kind: MetricType
    help_text: str
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def exported(self) -> str:
        """The name on ``/metrics``."""
        return f"{self.name}_total" if self.kind is MetricType.COUNTER else self.name

    def record(self, store: MetricStore, value: float, labels: Labels | None = None) -> None:
        """Record one value."""
        store.record(self.name, value, self.kind, labels, self.help_text)

    def declare(self, store: MetricStore) -> None:
        """Choose the buckets of a histogram, and begin a counter of known labels at 0."""
        if self.kind is MetricType.HISTOGRAM:
            with suppress(MetricError):  # it has values already
                store.set_buckets(self.name, _SECONDS)
        elif self.kind is MetricType.COUNTER and self.values:
            for labels in _combined(self.values):
                self.record(store, 0.0, labels)


def _combined(values: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, str]]:
    for chosen in product(*values.values()):
        yield dict(zip(values, chosen, strict=True))


_COUNTER, _GAUGE, _HISTOGRAM = MetricType.COUNTER, MetricType.GAUGE, MetricType.HISTOGRAM

RUNS = Instrument(
    "nodewright_runs",
    _COUNTER,
    "Runs that ended, by result",
    {"result": ("delivered", "partial", "failed")},
)
NODES = Instrument(
    "nodewright_nodes",
    _COUNTER,
    "Nodes of runs, by kind and result",
    {"kind": NODE_KINDS, "result": ("delivered", "failed")},
)
JUDGE_FAILURES = Instrument(
    "nodewright_judge_failures", _COUNTER, "Nodes that failed, by the judge that objected first"
)
CLAUSES = Instrument("nodewright_clauses", _GAUGE, "Clauses of a package's latest run, by state")
RUN_SECONDS = Instrument("nodewright_run_seconds", _HISTOGRAM, "Duration of runs, by phase")
NODE_SECONDS = Instrument("nodewright_node_seconds", _HISTOGRAM, "Duration of nodes, by kind")
EVENTS = Instrument(
    "nodewright_events",
    _COUNTER,
    "Events that were processed, by result",
    {"result": ("success", "failure")},
)
SPOOL_BYTES = Instrument("nodewright_spool_bytes", _GAUGE, "Size of the events that wait")
SPOOL_SEGMENTS = Instrument("nodewright_spool_segments", _GAUGE, "Segments with events that wait")
SPOOL_SECONDS = Instrument(
    "nodewright_spool_oldest_seconds", _GAUGE, "Age of the oldest segment with events that wait"
)
BREAKER = Instrument(
    "nodewright_breaker_state", _GAUGE, "Circuit breakers: 0 closed, 1 half open, 2 open"
)
HEALTH = Instrument(
    "nodewright_health", _GAUGE, "Health of the parts: 0 healthy, 1 degraded, 2 critical"
)
BUILD = Instrument("nodewright_build_info", _GAUGE, "Version of nodewright and of Python")
COLLECTED = Instrument(
    "nodewright_collected_timestamp_seconds", _GAUGE, "When the database was last read"
)

# Over the window of time that the page shows; see `nodewright.monitoring.product`.
FAILED_NODES = Instrument(
    "nodewright_failed_nodes_ratio",
    _GAUGE,
    "Share of a package's nodes that its latest run did not deliver",
)
NODE_P95 = Instrument("nodewright_node_p95_seconds", _GAUGE, "Duration of nodes, 95th percentile")
EFFICIENCY = Instrument(
    "nodewright_parallel_efficiency_ratio",
    _GAUGE,
    "Speed-up of large runs as a share of what workers and cores can give",
)
CHOSEN_MIXINS = Instrument(
    "nodewright_chosen_mixins_ratio",
    _GAUGE,
    "Compatibility of the pairs of mixins that runs have chosen",
)
PRECISION = Instrument(
    "nodewright_pattern_precision_ratio", _GAUGE, "Share of the judgements that say correct"
)
EVENT_SUCCESS = Instrument(
    "nodewright_event_success_ratio", _GAUGE, "Share of the events that succeeded"
)
EVENT_P95 = Instrument(
    "nodewright_event_p95_seconds", _GAUGE, "Processing time of events, 95th percentile"
)

PROCESS_CPU = Instrument("process_cpu_seconds", _COUNTER, "Processor time that was used")
PROCESS_MEMORY = Instrument("process_resident_memory_bytes", _GAUGE, "Memory that is resident")
PROCESS_FILES = Instrument("process_open_fds", _GAUGE, "Open file descriptors")
PROCESS_START = Instrument("process_start_time_seconds", _GAUGE, "When the process began")

INSTRUMENTS: tuple[Instrument, ...] = tuple(
    one for one in dict(globals()).values() if isinstance(one, Instrument)
)
"""All of them."""


def declare(store: MetricStore) -> None:
    """Make what can be known before anything is recorded; may be called again."""
    for instrument in INSTRUMENTS:
        instrument.declare(store)


def record_run(store: MetricStore, summary: Mapping[str, Any]) -> None:
    """Count a run that has ended: runs, nodes, judges that objected, durations, clauses.

    Args:
        store: where to record, such as ``get_monitoring_system().store``.
        summary: what ``Run.summary()`` gives; ``clauses`` in it maps a state to a count.

    Raises:
        MetricError: a part of it cannot be used; what comes before it is recorded.
    """
    declare(store)
    try:
        plain = orjson.loads(orjson.dumps(summary, default=str, option=orjson.OPT_NON_STR_KEYS))
        _record_nodes(store, plain["nodes"])
        for phase, seconds in plain.get("seconds", {}).items():
            RUN_SECONDS.record(store, seconds, {"phase": phase})
        record_clauses(store, plain["plan"]["package"], plain.get("clauses") or {})
    except (KeyError, TypeError, AttributeError) as error:
        raise MetricError(f"the summary of a run has a part wrong: {error!r}") from error


def _record_nodes(store: MetricStore, nodes: list[dict[str, Any]]) -> None:
    delivered = sum(bool(node["delivered"]) for node in nodes)
    result = "delivered" if delivered == len(nodes) else "partial" if delivered else "failed"
    RUNS.record(store, 1, {"result": result})
    for node in nodes:
        kind, result = node["kind"], "delivered" if node["delivered"] else "failed"
        NODES.record(store, 1, {"kind": kind, "result": result})
        if node["seconds"] is not None:
            NODE_SECONDS.record(store, node["seconds"], {"kind": kind})
        objected = [check["name"] for check in node["checks"] if not check["passed"]]
        if objected:
            JUDGE_FAILURES.record(store, 1, {"judge": objected[0]})


def record_clauses(store: MetricStore, package: str, counts: Mapping[str, int]) -> None:
    """Record how many clauses of a document are proven, open and context.

    Args:
        store: where to record.
        package: the generated package, which names the document.
        counts: state -> clauses; without any, nothing is recorded.

    Raises:
        MetricError: there is no such state.
    """
    unknown = sorted(counts.keys() - set(CLAUSE_STATES))
    if unknown:
        raise MetricError(f"clauses cannot be {unknown[0]!r}; use {', '.join(CLAUSE_STATES)}")
    for state in CLAUSE_STATES if counts else ():
        CLAUSES.record(store, counts.get(state, 0), {"package": package, "state": state})


def record_breaker(store: MetricStore, breaker: str, state: str) -> None:
    """Record the state of a circuit breaker: closed, half_open or open.

    Raises:
        MetricError: there is no such state.
    """
    if state not in BREAKER_STATES:
        raise MetricError(f"a breaker cannot be {state!r}; use {', '.join(BREAKER_STATES)}")
    BREAKER.record(store, BREAKER_STATES.index(state), {"breaker": breaker})
