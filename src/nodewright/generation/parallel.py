"""``ParallelGenerator``: nodes for jobs, several at a time, each proven before it is delivered."""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from nodewright.errors import NodewrightError
from nodewright.generation.delivery import Delivery
from nodewright.generation.model import NodePlan, NodeReport, Plan, RenderedFile, Verify
from nodewright.generation.naming import snake
from nodewright.generation.planner import plan_service
from nodewright.generation.proof import render_files
from nodewright.generation.proving import Proof, prove, without_broken_steps
from nodewright.generation.recording import Recorder, RunTimes
from nodewright.generation.workers import ExecutorWorkers, ProcessWorkers, Workers
from nodewright.logs import get_logger
from nodewright.prd.models import NODE_KINDS, SimplePRDAnalysisResult

_log = get_logger(__name__, component="parallel_generator")


@dataclass
class GenerationJob:
    """One node to generate: ``microservice_name`` names it, ``node_type`` is its kind."""

    job_id: UUID
    node_type: str
    microservice_name: str
    domain: str
    analysis_result: SimplePRDAnalysisResult
    output_directory: str


@dataclass
class GenerationResult:
    """What became of a job.

    ``node_result`` describes the delivered node: ``node_name``, ``class_name``, ``kind``,
    ``output_path``, ``files``, ``operations``, ``requirements`` and ``checks``. ``duration_ms`` is
    the time in the worker.
    """

    job_id: UUID
    success: bool
    node_result: dict[str, Any] | None
    error: str | None
    duration_ms: float
    node_type: str
    microservice_name: str


@dataclass(slots=True)
class _Call:
    """The progress of one call."""

    total: int
    completed: int = 0


@dataclass(frozen=True, slots=True)
class GenerationProgress:
    """Jobs over all calls that run; after the last, over the calls that ran together."""

    completed_jobs: int
    total_jobs: int

    @property
    def remaining_jobs(self) -> int:
        """Jobs that have no result yet."""
        return self.total_jobs - self.completed_jobs

    @property
    def progress_percent(self) -> float:
        """0 to 100; 0 when there are no jobs."""
        return self.completed_jobs / self.total_jobs * 100 if self.total_jobs else 0.0


class ParallelGenerator:
    """Generates nodes in worker processes.

    One object serves any number of calls, one after the other or at once. The workers start with
    the first call and stay until ``cleanup``.

    Args:
        max_workers: worker processes.
        timeout_seconds: what one job may take from its start; then its process is killed.
        enable_metrics: record phases in ``generation_performance_metrics``.
        executor: runs the jobs instead of processes of this machine; it stays its owner's.
        on_progress: called with the progress after each job.
        verify: how far each node is proven, ``static`` or ``run``.
        templates: a folder that overlays the built-in templates.
        recorder: where phases are recorded; the configured database by default.

    Raises:
        ValueError: ``max_workers`` or ``timeout_seconds`` is below 1.
    """

    def __init__(
        self,
        max_workers: int = 3,
        timeout_seconds: int = 120,
        enable_metrics: bool = True,
        *,
        executor: Executor | None = None,
        on_progress: Callable[[GenerationProgress], None] | None = None,
        verify: Verify = Verify.RUN,
        templates: Path | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        if max_workers < 1:
            raise ValueError(f"max_workers is {max_workers}; at least 1 is needed")
        if timeout_seconds < 1:
            raise ValueError(f"timeout_seconds is {timeout_seconds}; at least 1 is needed")
        self.max_workers = max_workers
        self.timeout_seconds = timeout_seconds
        self.enable_metrics = enable_metrics
        self._executor = executor
        self._on_progress = on_progress
        self._proof = Proof(verify, templates, timeout_seconds)
        self._recorder = recorder
        self._workers: Workers | None = None
        self._calls: list[_Call] = []

    async def generate_nodes_parallel(
        self, jobs: list[GenerationJob], session_id: UUID
    ) -> list[GenerationResult]:
        """Generate all jobs; their order is not kept.

        Raises:
            OnexError: every job failed; the message has each job's error.
            ValueError: two jobs would write the same node.
        """
        async with aclosing(self.generate_nodes_iter(jobs, session_id)) as results:
            finished = [result async for result in results]
        if finished and not any(result.success for result in finished):
            _raise_all_failed(finished)
        return finished

    async def generate_nodes_iter(
        self, jobs: Sequence[GenerationJob], session_id: UUID
    ) -> AsyncGenerator[GenerationResult]:
        """Generate all jobs; yields each result when its node is delivered or has failed.

        Raises:
            ValueError: two jobs would write the same node.
        """
        _refuse_doubles(jobs)
        started = time.perf_counter()
        call = self._begin(len(jobs))
        reports: list[NodeReport] = []
        try:
            for folder, group in _by_folder(jobs):
                async with aclosing(self._generate_folder(Path(folder), group, call)) as results:
                    async for result, report in results:
                        reports += [report] if report else []
                        yield result
        finally:
            self._end(call)
        if self.enable_metrics and reports:
            await asyncio.to_thread(self._record, session_id, reports, started)

    def get_progress(self) -> dict[str, Any]:
        """``completed_jobs``, ``total_jobs``, ``progress_percent`` and ``remaining_jobs``."""
        progress = self.progress()
        return {
            "completed_jobs": progress.completed_jobs,
            "total_jobs": progress.total_jobs,
            "progress_percent": progress.progress_percent,
            "remaining_jobs": progress.remaining_jobs,
        }

    def progress(self) -> GenerationProgress:
        """The progress over all calls that run."""
        return GenerationProgress(
            sum(call.completed for call in self._calls), sum(call.total for call in self._calls)
        )

    async def cleanup(self) -> None:
        """Stop the workers; a later call starts new ones."""
        workers, self._workers = self._workers, None
        if workers is not None:
            await asyncio.to_thread(workers.close)
        if self._recorder is not None:
            await asyncio.to_thread(self._recorder.flush)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cleanup()

    async def _generate_folder(
        self, folder: Path, jobs: Sequence[GenerationJob], call: _Call
    ) -> AsyncGenerator[tuple[GenerationResult, NodeReport | None]]:
        """Jobs of one output folder: they become one package and are delivered together."""
        plan, planned, refused = _planned(folder, jobs)
        for job, error in refused:
            call.completed += 1
            yield self._result(job, error=error), None
        if not plan.nodes:
            return
        finished: dict[str, NodeReport] = {}
        proving = prove(plan, plan.nodes, self._ready_workers(), self.max_workers, self._proof)
        async with aclosing(proving) as reports:
            async for report in reports:
                finished[report.slug] = report
                call.completed += report.slug in planned
                if self._on_progress is not None:
                    self._on_progress(self.progress())
        finished = without_broken_steps(plan, finished)
        errors = await asyncio.to_thread(self._deliver, folder, plan, finished)
        for node in plan.nodes:
            if node.slug in planned:
                report = finished[node.slug]
                result = self._result(planned[node.slug], node, report, errors[node.slug])
                yield result, report

    def _deliver(
        self, folder: Path, plan: Plan, reports: dict[str, NodeReport]
    ) -> dict[str, str | None]:
        """Deliver what passed; slug -> why it was not, None where it was."""
        errors: dict[str, str | None] = {
            slug: None if report.passed else report.reason for slug, report in reports.items()
        }
        passed = tuple(node for node in plan.nodes if reports[node.slug].passed)
        if not passed:
            return errors
        files: list[RenderedFile] = [file for node in passed for file in reports[node.slug].files]
        # The package's own files speak of all its nodes; a call that adds some leaves them.
        own = render_files(replace(plan, nodes=passed), templates=self._proof.templates)
        files += [file for file in own if not (folder / file.path).exists()]
        try:
            with Delivery(folder, plan.package, additive=True) as delivery:
                delivery.stage(files)
                result = delivery.commit([reports[node.slug] for node in passed])
        except NodewrightError as error:
            return {slug: reason or str(error) for slug, reason in errors.items()}
        for slug, blockers in result.blocked.items():
            errors[slug] = f"in the way: {', '.join(decision.path for decision in blockers)}"
        return errors

    def _ready_workers(self) -> Workers:
        if self._workers is None:
            if self._executor is not None:
                self._workers = ExecutorWorkers(self._executor)
            else:
                self._workers = ProcessWorkers(self.max_workers)
        return self._workers

    def _result(
        self,
        job: GenerationJob,
        node: NodePlan | None = None,
        report: NodeReport | None = None,
        error: str | None = None,
    ) -> GenerationResult:
        if error is not None:
            _log.warning("generation.job.failed", {"job_id": job.job_id, "error": error})
        described = _described(job, node, report) if node and report and error is None else None
        return GenerationResult(
            job_id=job.job_id,
            success=error is None,
            node_result=described,
            error=error,
            duration_ms=report.seconds * 1000 if report else 0.0,
            node_type=job.node_type,
            microservice_name=job.microservice_name,
        )

    def _begin(self, total: int) -> _Call:
        if all(call.completed >= call.total for call in self._calls):
            self._calls.clear()
        call = _Call(total)
        self._calls.append(call)
        return call

    def _end(self, call: _Call) -> None:
        if call.completed < call.total:
            self._calls.remove(call)

    def _record(self, session_id: UUID, reports: Sequence[NodeReport], started: float) -> None:
        elapsed = time.perf_counter() - started
        if self._recorder is None:
            self._recorder = Recorder()
        speedup = sum(report.cpu_seconds for report in reports) / elapsed
        self._recorder.nodes(session_id, reports, self.max_workers)
        self._recorder.run(session_id, RunTimes({"total": elapsed}, self.max_workers, speedup))


def _refuse_doubles(jobs: Sequence[GenerationJob]) -> None:
    seen: dict[tuple[str, str, str], UUID] = {}
    for job in jobs:
        key = (str(job.output_directory), snake(str(job.microservice_name)), str(job.node_type))
        if key in seen:
            raise ValueError(
                f"jobs {seen[key]} and {job.job_id} would write the same node, a "
                f"{job.node_type} {job.microservice_name} in {job.output_directory}"
            )
        seen[key] = job.job_id


def _by_folder(
    jobs: Sequence[GenerationJob],
) -> list[tuple[str, list[GenerationJob]]]:
    ordered = sorted(jobs, key=lambda job: str(job.output_directory))
    grouped = itertools.groupby(ordered, key=lambda job: str(job.output_directory))
    return [(folder, list(group)) for folder, group in grouped]


def _planned(
    folder: Path, jobs: Sequence[GenerationJob]
) -> tuple[Plan, dict[str, GenerationJob], list[tuple[GenerationJob, str]]]:
    """The plan of a folder, the job of each node, and jobs that cannot be planned, with why."""
    nodes: list[NodePlan] = []
    planned: dict[str, GenerationJob] = {}
    refused: list[tuple[GenerationJob, str]] = []
    by_service = itertools.groupby(
        sorted(jobs, key=lambda job: str(job.microservice_name)),
        key=lambda job: str(job.microservice_name),
    )
    for name, group in by_service:
        sound = []
        for job in group:
            error = _fault(job)
            if error:
                refused.append((job, error))
            else:
                sound.append(job)
        if not sound:
            continue
        kinds = {job.node_type: job for job in sound}
        try:
            made = plan_service(sound[0].analysis_result, name, sound[0].domain, list(kinds))
        except NodewrightError as error:
            refused += [(job, str(error)) for job in sound]
            continue
        nodes += made
        planned |= {node.slug: kinds[node.kind] for node in made if node.kind in kinds}
    names = {str(job.microservice_name) for job in jobs}
    title = names.pop() if len(names) == 1 else folder.name
    package = snake(title, "service")
    return Plan(package, title, title, tuple(nodes)), planned, refused


def _fault(job: GenerationJob) -> str:
    """What is wrong with a job, empty where nothing is."""
    if job.node_type not in NODE_KINDS:
        return f"node_type {job.node_type!r} is none of {', '.join(NODE_KINDS)}"
    if not isinstance(job.analysis_result, SimplePRDAnalysisResult):
        kind = type(job.analysis_result).__name__
        return f"analysis_result is {kind}, not what SimplePRDAnalyzer.analyze_prd gives"
    if not str(job.microservice_name).strip():
        return "microservice_name is empty"
    if not str(job.output_directory).strip():
        return "output_directory is empty"
    return ""


def _described(job: GenerationJob, node: NodePlan, report: NodeReport) -> dict[str, Any]:
    output = Path(job.output_directory)
    return {
        "node_name": node.slug,
        "class_name": node.class_name,
        "kind": node.kind,
        "output_path": str(output),
        "files": [str(output / file.path) for file in report.files],
        "operations": [operation.name for operation in node.operations],
        "requirements": [trace.requirement for trace in node.traces],
        "checks": [check.name for check in report.checks],
    }


def _raise_all_failed(results: Sequence[GenerationResult]) -> None:
    from omnibase_core.enums.enum_core_error_code import EnumCoreErrorCode
    from omnibase_core.errors import OnexError

    reasons = "; ".join(f"job {result.job_id}: {result.error}" for result in results)
    raise OnexError(
        message=f"all {len(results)} jobs failed: {reasons}",
        error_code=EnumCoreErrorCode.OPERATION_FAILED,
        context={"errors": {str(result.job_id): result.error for result in results}},
    )
