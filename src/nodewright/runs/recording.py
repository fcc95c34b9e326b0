"""Records how long the phases of a run took; a dead database never slows or breaks a run."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from nodewright.errors import NodewrightError
from nodewright.logs import get_logger
from nodewright.mixins import record_composition
from nodewright.patterns.feedback import PatternFeedbackCollector
from nodewright.patterns.models import PatternDetection
from nodewright.patterns.verification import OperationOutcome
from nodewright.planning.model import NodePlan, NodeReport
from nodewright.storage import CodegenPersistence, queries

# The node type of phases that belong to a run as a whole.
WHOLE_RUN = "ALL"
# Judges whose objection may be the mixins' fault.
_COMPOSITION_CHECKS = {"constructs", "processes"}

_log = get_logger(__name__, component="recorder")


@dataclass(frozen=True, slots=True)
class RunTimes:
    """Wall seconds a phase of a whole run, and what its workers did together.

    ``speedup`` is CPU seconds of the jobs per second of wall time while they ran.
    """

    seconds: Mapping[str, float]
    workers: int
    speedup: float


class Recorder:
    """Hands rows for ``generation_performance_metrics`` to the write-behind queue."""

    def __init__(self, persistence: CodegenPersistence | None = None) -> None:
        self.persistence: CodegenPersistence = persistence or CodegenPersistence()
        # Whether this run has waited for the database in vain; it does so once.
        self._away = False

    def run(self, session_id: UUID, times: RunTimes) -> None:
        """Record the phases of a whole run."""
        for phase, seconds in times.seconds.items():
            about: dict[str, Any] = {}
            if phase == "total":
                about["metadata"] = {"speedup": round(times.speedup, 3)}
            about["worker_count"] = times.workers
            self._insert(session_id, WHOLE_RUN, phase, seconds, about)

    def nodes(self, session_id: UUID, reports: Iterable[NodeReport], workers: int) -> None:
        """Record what each node took in its worker: templates, rendering and judging."""
        self._away = False
        for report in reports:
            for use in report.template_uses:
                self.persistence.sync.upsert_template_cache_metadata(**use.columns())
            about: dict[str, Any] = {
                "metadata": {"node": report.slug, "passed": report.passed},
                "worker_count": workers,
            }
            if report.seconds > 0:
                about["cpu_percent"] = round(min(report.cpu_seconds / report.seconds * 100, 999), 2)
            for phase, seconds in (
                ("code_gen", report.render_seconds),
                ("validation", report.verify_seconds),
            ):
                self._insert(session_id, report.kind, phase, seconds, about)

    def compositions(self, nodes: Iterable[tuple[NodePlan, NodeReport]]) -> None:
        """Tell the mixin learner how nodes that were composed turned out, each set once.

        A node that could not be constructed or run speaks against its mixins; one that failed
        for another reason says nothing. Nothing is told while the database is away.
        """
        told: dict[tuple[str, tuple[str, ...]], str] = {}
        for node, report in nodes:
            names = tuple(path.rpartition(".")[2] for path in node.mixins)
            failed = [check for check in report.checks if not check.passed]
            blamed = [check for check in failed if check.name in _COMPOSITION_CHECKS]
            if len(names) > 1 and (blamed or not failed):
                told.setdefault((node.kind, names), blamed[0].detail if blamed else "")
        if not told or not self._reachable():
            return
        try:
            for (kind, names), reason in told.items():
                record = record_composition(
                    self.persistence, kind, names, success=not reason, reason=reason or None
                )
                asyncio.run(record)
        except NodewrightError as error:
            _log.warning("generation.compositions.untold", metadata={"reason": str(error)})

    def patterns(
        self,
        session_id: UUID,
        detections: Iterable[PatternDetection],
        nodes: Iterable[tuple[NodePlan, NodeReport]],
    ) -> None:
        """Tell the feedback on patterns which of their operations were proven.

        Nothing is told while the database is away.
        """
        outcomes = [
            OperationOutcome(operation.name, report.passed, operation.action)
            for node, report in nodes
            for operation in node.operations
        ]
        if not outcomes or not self._reachable():
            return
        collector = PatternFeedbackCollector(self.persistence)
        try:
            asyncio.run(collector.record_verification(session_id, detections, outcomes))
        except NodewrightError as error:
            _log.warning("generation.patterns.untold", metadata={"reason": str(error)})

    def report(self, session_id: UUID, summary: Mapping[str, Any]) -> None:
        """Keep the plan of a run and what came of it; nothing while the database is away.

        Args:
            session_id: the run.
            summary: what `nodewright.runs.run.Run.summary` returns.
        """
        if not self._reachable():
            return
        try:
            self.persistence.sync.database.execute(
                queries.load("nodewright.runs")["record_run"],
                {
                    "session_id": session_id,
                    "title": summary["plan"].title.replace("\0", ""),
                    "planned": len(summary["nodes"]),
                    "delivered": sum(node["delivered"] for node in summary["nodes"]),
                    "summary": orjson.dumps(summary, default=str).decode(),
                },
            )
        except (NodewrightError, orjson.JSONEncodeError) as error:
            _log.warning("generation.report.unkept", metadata={"reason": str(error)})

    def flush(self) -> None:
        """Write what waits, as long as the database answers."""
        self.persistence.sync.flush()

    def close(self) -> None:
        """Write what waits and let go of the database; a later call opens it again."""
        self.persistence.sync.close()

    def _reachable(self) -> bool:
        self._away = self._away or not self.persistence.sync.flush()
        return not self._away

    def _insert(
        self, session_id: UUID, node_type: str, phase: str, seconds: float, about: Mapping[str, Any]
    ) -> None:
        self.persistence.sync.insert_performance_metric(
            session_id,
            node_type,
            phase,
            seconds * 1000,
            parallel_execution=about["worker_count"] > 1,
            **about,
        )
