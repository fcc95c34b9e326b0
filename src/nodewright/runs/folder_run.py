"""The jobs of one output folder: they become one package, delivered as its nodes are proven."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from nodewright.delivery.delivery import Delivery, DeliveryResult
from nodewright.errors import NodewrightError
from nodewright.logs import get_logger
from nodewright.planning.model import Check, NodePlan, NodeReport, Plan, Verify
from nodewright.proving import verify_package
from nodewright.proving.proof import judge_staged, render_files
from nodewright.runs.jobs import (
    GenerationJob,
    GenerationResult,
    described,
    plan_folder,
)
from nodewright.runs.pooling import Proof, prove, without_broken_steps
from nodewright.runs.workers import Workers

_log = get_logger(__name__, component="parallel_generator")

# A commit rewrites the manifest, so it waits for some nodes, or for some time.
_LEAST_NODES = 8
_LONGEST_WAIT = 0.5
# Seconds that a commit waits for one of another call into the same folder.
_PATIENCE = 120.0


class FolderRun:
    """Proves and delivers the jobs of ``folder`` on ``count`` of the ``workers``.

    ``persistence_seconds`` is the wall time of its commits.
    """

    def __init__(
        self,
        folder: Path,
        jobs: Sequence[GenerationJob],
        workers: Workers,
        count: int,
        proof: Proof,
    ) -> None:
        self.folder = folder
        self.jobs = jobs
        self.workers = workers
        self.count = count
        self.proof = proof
        self.run_id: str = uuid4().hex
        self.plan: Plan
        self.finished: dict[str, NodeReport] = {}
        self.delivered: set[str] = set()
        self.persistence_seconds: float = 0.0
        self._committed_at = time.monotonic()
        self._not_ours: set[str] = set()

    async def results(
        self, on_report: Callable[[NodeReport], object]
    ) -> AsyncGenerator[GenerationResult]:
        """One result a job, once its node is delivered or has failed."""
        self.plan, planned, refused = await asyncio.to_thread(plan_folder, self.folder, self.jobs)
        for job, error in refused:
            yield _result(job, error=error)
        nodes = {node.slug: node for node in self.plan.nodes}
        if not nodes:
            return
        pending: list[NodePlan] = []
        proving = prove(self.plan, self.plan.nodes, self.workers, self.count, self.proof)
        async with aclosing(proving) as reports:
            async for report in reports:
                on_report(report)
                self.finished[report.slug] = report
                pending.append(nodes[report.slug])
                ready = self._ready(pending)
                if not self._due(len(ready)):
                    continue
                pending = [node for node in pending if node not in ready]
                errors = await self._commit(ready)
                for node in ready:
                    if node.slug in planned:
                        job, proven = planned[node.slug], self.finished[node.slug]
                        yield _result(job, node, proven, errors[node.slug])

    def _ready(self, pending: Sequence[NodePlan]) -> list[NodePlan]:
        """Nodes that can be delivered: a workflow waits for the nodes that it runs."""
        return [node for node in pending if all(s.node in self.finished for s in node.steps)]

    def _due(self, ready: int) -> bool:
        if len(self.finished) == len(self.plan.nodes):
            return True
        if self.proof.verify is Verify.FULL or not ready:
            # The judges of the full level look at the package as a whole.
            return False
        waited = time.monotonic() - self._committed_at
        return ready >= max(_LEAST_NODES, len(self.delivered) // 2) or waited > _LONGEST_WAIT

    async def _commit(self, nodes: Sequence[NodePlan]) -> dict[str, str | None]:
        """Deliver what passed; slug -> why it was not, None where it was."""
        known = replace(
            self.plan, nodes=tuple(n for n in self.plan.nodes if n.slug in self.finished)
        )
        self.finished = without_broken_steps(known, self.finished)
        loop = asyncio.get_running_loop()
        try:
            result = await asyncio.to_thread(self._deliver, nodes, loop)
        except NodewrightError as error:
            result, failure = DeliveryResult(), str(error)
        else:
            failure = "not delivered"
        self.delivered |= set(result.delivered)
        self._committed_at = time.monotonic()
        return {node.slug: self._error(node.slug, result, failure) for node in nodes}

    def _error(self, slug: str, result: DeliveryResult, failure: str) -> str | None:
        if slug in result.delivered:
            return None
        if slug in result.blocked:
            return f"in the way: {', '.join(d.path for d in result.blocked[slug])}"
        return self.finished[slug].reason or failure

    def _deliver(
        self, nodes: Sequence[NodePlan], loop: asyncio.AbstractEventLoop
    ) -> DeliveryResult:
        reports = [self.finished[node.slug] for node in nodes]
        passed = {report.slug for report in reports if report.passed}
        known = passed | self.delivered
        shown = replace(self.plan, nodes=tuple(n for n in self.plan.nodes if n.slug in known))
        own = render_files(shown, templates=self.proof.templates)
        if not self.delivered:
            # The package's own files speak of all its nodes; a call that adds some leaves them.
            self._not_ours = {file.path for file in own if (self.folder / file.path).exists()}
        files = [file for file in own if file.path not in self._not_ours]
        files += [file for report in reports for file in report.files]
        with Delivery(
            self.folder, self.plan.package, additive=True, run_id=self.run_id, patience=_PATIENCE
        ) as delivery:
            edited = {d.node for d in delivery.accept(files) if d.edited} & passed
            if edited or self.proof.verify is Verify.FULL:
                root = delivery.stage(files)
                reports = self._judge_staged(root, reports, edited, loop)
                self.finished |= {report.slug: report for report in reports}
            started = time.perf_counter()
            try:
                return delivery.commit(reports)
            finally:
                self.persistence_seconds += time.perf_counter() - started

    def _judge_staged(
        self,
        root: Path,
        reports: Sequence[NodeReport],
        edited: set[str],
        loop: asyncio.AbstractEventLoop,
    ) -> list[NodeReport]:
        """Judge again what the user's edits were merged into, and the package where asked to."""
        checks: dict[str, tuple[Check, ...]] = {}
        if edited:
            calling = self.workers.call(
                judge_staged,
                root,
                self.plan,
                tuple(sorted(edited)),
                self.proof.verify,
                timeout_seconds=self.proof.timeout_seconds * len(edited),
            )
            checks = asyncio.run_coroutine_threadsafe(calling, loop).result()
        judged = [
            replace(report, checks=checks.get(report.slug, report.checks)) for report in reports
        ]
        if self.proof.verify is Verify.FULL:
            passed = [report.slug for report in judged if report.passed]
            found = verify_package(root, self.plan.package, passed)
            judged = [
                replace(report, checks=(*report.checks, *found.get(report.slug, ())))
                for report in judged
            ]
        return judged


def _result(
    job: GenerationJob,
    node: NodePlan | None = None,
    report: NodeReport | None = None,
    error: str | None = None,
) -> GenerationResult:
    if error is not None:
        _log.warning("generation.job.failed", {"job_id": job.job_id, "error": error})
    return GenerationResult(
        job_id=job.job_id,
        success=error is None,
        node_result=described(job, node, report) if node and report and error is None else None,
        error=error,
        duration_ms=report.seconds * 1000 if report else 0.0,
        node_type=job.node_type,
        microservice_name=job.microservice_name,
        timed_out=error is not None and report is not None and report.timed_out,
    )
