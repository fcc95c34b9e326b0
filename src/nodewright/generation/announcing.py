"""Tells Kafka what a run does, where a broker is configured; its troubles never break a run."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from nodewright.events import (
    BaseEvent,
    CodegenAnalysisResponse,
    CodegenGenerationResponse,
    CodegenStatusEvent,
    CodegenValidationResponse,
    EventOptimizer,
    OptimizerConfig,
)
from nodewright.generation.model import NodePlan, NodeReport
from nodewright.logs import get_logger
from nodewright.prd.models import SimplePRDAnalysisResult
from nodewright.settings import Settings

_log = get_logger(__name__, component="announcer")


@contextmanager
def announcing(analysis: SimplePRDAnalysisResult) -> Iterator["Announcer"]:
    """Say that a run starts; if the block raises, that it failed or was cancelled."""
    announcer = Announcer(analysis)
    announcer.started()
    try:
        yield announcer
    except Exception as error:
        announcer.ended("failed", str(error))
        raise
    except BaseException:
        announcer.ended("cancelled")
        raise
    finally:
        announcer.close()


class Announcer:
    """Publishes the events of one run, under its session's id as correlation id.

    With no broker configured it does nothing. With one that is away the events wait in the spool.
    """

    def __init__(self, analysis: SimplePRDAnalysisResult) -> None:
        self._analysis = analysis
        self._optimizer: EventOptimizer | None = None
        settings = Settings()
        if settings.kafka_bootstrap_servers:
            self._optimizer = EventOptimizer(config=OptimizerConfig.from_settings(settings))

    def started(self) -> None:
        """Say what was understood of the PRD, and that its nodes are being generated."""
        analysis, run = self._analysis, self._analysis.session_id
        understood = {
            "requirements": len(analysis.parsed_prd.requirements),
            "confidence": analysis.confidence_score,
            "node_type_hints": analysis.node_type_hints,
            "recommended_mixins": analysis.recommended_mixins,
        }
        self._publish(
            CodegenAnalysisResponse(correlation_id=run, payload=understood),
            CodegenStatusEvent(correlation_id=run, payload={"status": "started"}),
        )

    def finished(
        self,
        proofs: Sequence[tuple[NodePlan, NodeReport]],
        delivered: Collection[str],
        seconds: float,
    ) -> None:
        """Say what the judges said of each node, and what was delivered."""
        run = self._analysis.session_id
        objections = {
            node.class_name: [check.name for check in report.checks if not check.passed]
            for node, report in proofs
            if not report.passed
        }
        generated = {
            "nodes": [node.class_name for node, _ in proofs if node.slug in delivered],
            "failed": [node.class_name for node, _ in proofs if node.slug not in delivered],
            "files": sum(len(report.files) for node, report in proofs if node.slug in delivered),
            "seconds": seconds,
        }
        judged = {"passed": [n.class_name for n, r in proofs if r.passed], "failed": objections}
        self._publish(
            CodegenValidationResponse(correlation_id=run, payload=judged),
            CodegenGenerationResponse(correlation_id=run, payload=generated),
        )
        self.ended("failed" if generated["failed"] else "succeeded")

    def ended(self, status: str, message: str = "") -> None:
        """Say how the run ended."""
        payload = {"status": status, "message": message}
        self._publish(CodegenStatusEvent(correlation_id=self._analysis.session_id, payload=payload))

    def close(self) -> None:
        """Wait a little for what is on its way, and let go of the broker."""
        if self._optimizer is not None:
            asyncio.run(self._optimizer.cleanup())

    def _publish(self, *events: BaseEvent) -> None:
        if self._optimizer is None:
            return
        try:
            asyncio.run(self._optimizer.publish_batch(events))
        except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
            _log.warning("generation.events.untold", metadata={"reason": str(error)})
