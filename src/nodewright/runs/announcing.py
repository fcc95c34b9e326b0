"""Tells Kafka what a run does, from a thread of its own; a dead broker never slows or breaks a run.

Where no broker is set, nothing is published and nothing is started. Events go to the spool first
(unless ``events_durable`` is off), so that a run does not wait for the broker: what it has not
taken by the end stays there for the next run, or for ``nodewright events drain``.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self
from uuid import UUID

from nodewright.logs import get_logger
from nodewright.planning.model import NodeReport, Plan, Verify
from nodewright.prd import SimplePRDAnalysisResult
from nodewright.settings import Settings

if TYPE_CHECKING:
    from nodewright.events import EventOptimizer, MetricSink

_log = get_logger(__name__, component="workflow")

_PATIENCE = 1.0  # seconds that a run's end waits for events that have no spool

Kind = Literal[
    "CodegenAnalysisRequest",
    "CodegenAnalysisResponse",
    "CodegenGenerationRequest",
    "CodegenGenerationResponse",
    "CodegenValidationRequest",
    "CodegenValidationResponse",
    "CodegenStatusEvent",
]
Status = Literal["started", "running", "succeeded", "failed", "cancelled"]


class _Said(NamedTuple):
    """What is to become an event: its class, when it happened and its payload."""

    kind: Kind
    at: datetime
    payload: dict[str, Any]


class Announcer:
    """The events of one run, all with the correlation id of its analysis, in their order.

    As a context manager it says at the end how the run went. Events are made and published by a
    thread, so that a call takes microseconds.

    Args:
        correlation_id: that of the analysis.
        persistence: where the metrics of publishing go; None: the configured database.
        settings: whether there is a broker, and how to publish; None: the project's own.
    """

    def __init__(
        self,
        correlation_id: UUID,
        persistence: "MetricSink | None" = None,
        settings: Settings | None = None,
    ) -> None:
        self._correlation_id = correlation_id
        self._persistence = persistence
        self._settings = settings or Settings()
        self._queue: SimpleQueue[_Said | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._told = False
        self._began = time.monotonic()
        self._succeeded = False
        self._summary = ""

    def __enter__(self) -> Self:
        if self._settings.kafka_bootstrap_servers is not None:
            self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None and issubclass(kind, (KeyboardInterrupt, asyncio.CancelledError)):
            self._status("cancelled")
        elif error is not None:
            self._status("failed", message=str(error))
        else:
            status: Status = "succeeded" if self._succeeded else "failed"
            self._status(status, message=self._summary, progress=1.0)
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(None if self._settings.events_durable else _PATIENCE)
            if self._thread.is_alive():
                _log.warning("generation.events.unpublished", {"waited_seconds": _PATIENCE})

    def analysed(self, analysis: SimplePRDAnalysisResult) -> None:
        """A PRD was read and understood."""
        text = analysis.prd_content.encode(errors="surrogatepass")
        source = analysis.parsed_prd.title or analysis.parsed_prd.product
        self._say("CodegenAnalysisRequest", source=source, sha256=hashlib.sha256(text).hexdigest())
        self._say(
            "CodegenAnalysisResponse",
            requirements=len(analysis.parsed_prd.requirements),
            confidence=analysis.confidence_score,
            node_type_hints=dict(analysis.node_type_hints),
            recommended_mixins=list(analysis.recommended_mixins),
        )

    def started(self, plan: Plan, level: Verify, output: Path) -> None:
        """Nodes are about to be generated, and proven up to ``level``."""
        nodes = [node.class_name for node in plan.nodes]
        self._status("started", message=plan.package, progress=0.0)
        self._say("CodegenGenerationRequest", nodes=nodes, output=str(output))
        self._say("CodegenValidationRequest", nodes=nodes, level=str(level))

    def progressed(self, message: str, done: int, total: int) -> None:
        """Something was done; ``done`` of ``total`` nodes are."""
        self._status("running", message=message, progress=done / total if total else 0.0)

    def judged(self, plan: Plan, reports: Mapping[str, NodeReport]) -> None:
        """All judges have spoken about the nodes of ``plan``, by slug."""
        judged = [(node.class_name, reports[node.slug]) for node in plan.nodes]
        self._say(
            "CodegenValidationResponse",
            passed=[name for name, report in judged if report.passed],
            failed={
                name: [check.name for check in report.checks if not check.passed]
                for name, report in judged
                if not report.passed
            },
        )

    def delivered(
        self, plan: Plan, reports: Mapping[str, NodeReport], slugs: Collection[str]
    ) -> None:
        """The nodes named by ``slugs`` are in the output folder; the others are not."""
        there = [node for node in plan.nodes if node.slug in slugs]
        missing = [node.class_name for node in plan.nodes if node.slug not in slugs]
        self._say(
            "CodegenGenerationResponse",
            nodes=[node.class_name for node in there],
            failed=missing,
            files=sum(len(reports[node.slug].files) for node in there),
            seconds=time.monotonic() - self._began,
        )
        self._succeeded = bool(there) and not missing
        self._summary = f"{len(there)} of {len(plan.nodes)} nodes delivered"

    def _status(self, status: Status, **payload: Any) -> None:
        self._say("CodegenStatusEvent", status=status, stage="generation", **payload)

    def _say(self, kind: Kind, **payload: Any) -> None:
        if self._thread is not None:
            self._queue.put(_Said(kind, datetime.now(UTC), payload))

    def _run(self) -> None:
        """Publish until the end is said; in the thread."""
        try:
            from nodewright.events import EventOptimizer, OptimizerConfig

            config = OptimizerConfig.from_settings(self._settings)
            servers = self._settings.kafka_bootstrap_servers
            with asyncio.Runner() as runner:
                optimizer = EventOptimizer(servers, config, self._persistence)
                try:
                    while (said := self._queue.get()) is not None:
                        runner.run(self._publish(optimizer, said))
                finally:
                    runner.run(optimizer.cleanup())
        except Exception as error:  # noqa: BLE001 - what tells of a run must not break it
            self._failed(error)

    async def _publish(self, optimizer: "EventOptimizer", said: _Said) -> None:
        from nodewright.events import EventError, codegen

        event = getattr(codegen, said.kind)(
            correlation_id=self._correlation_id, timestamp=said.at, payload=said.payload
        )
        try:
            await optimizer.publish_event(event)
        except EventError as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        """Say once why events are missing."""
        if not self._told:
            self._told = True
            _log.warning("generation.events.failed", {"error": str(error)})
