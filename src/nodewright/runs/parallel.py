"""``ParallelGenerator``: nodes for jobs, several at a time, each proven before it is delivered."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self
from uuid import UUID

from nodewright.planning.model import NodeReport, Verify
from nodewright.runs.engine import Engine
from nodewright.runs.jobs import (
    GenerationJob,
    GenerationResult,
    all_failed,
    by_folder,
    plan_folder,
    refuse_doubles,
    result_of,
)
from nodewright.runs.pooling import Proof
from nodewright.runs.recording import Recorder, RunTimes
from nodewright.runs.workers import ExecutorWorkers, ProcessWorkers, Workers

__all__ = [
    "GenerationJob",
    "GenerationProgress",
    "GenerationResult",
    "ParallelGenerator",
    "RunStatistics",
]


@dataclass(slots=True)
class _Call:
    """The progress of one call."""

    total: int
    completed: int = 0
    succeeded: int = 0
    persistence_seconds: float = 0.0
    reports: list[NodeReport] = field(default_factory=list)


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


class RunStatistics(NamedTuple):
    """Measured over one call: wall time, and CPU time of its jobs, in seconds."""

    jobs: int
    succeeded: int
    wall_seconds: float
    cpu_seconds: float

    @property
    def speedup(self) -> float:
        """CPU seconds of the jobs per second of wall time."""
        return self.cpu_seconds / self.wall_seconds if self.wall_seconds else 0.0


class ParallelGenerator:
    """Generates nodes in worker processes.

    One object serves any number of calls, one after the other or at once. The workers start with
    the first call and stay until ``cleanup``. ``last_run`` has what was measured of the last call.

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
        ValueError: ``max_workers`` is no whole number of at least 1, or ``timeout_seconds`` is
            below 1 or endless.
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
        if not isinstance(max_workers, int) or max_workers < 1:
            raise ValueError(f"max_workers is {max_workers!r}; give a whole number, at least 1")
        if not 1 <= timeout_seconds < threading.TIMEOUT_MAX:
            raise ValueError(f"timeout_seconds is {timeout_seconds!r}; give seconds, at least 1")
        self.max_workers = max_workers
        self.timeout_seconds = timeout_seconds
        self.enable_metrics = enable_metrics
        self._executor = executor
        self._on_progress = on_progress
        self._proof = Proof(verify, templates, timeout_seconds)
        self._recorder = recorder
        self._owns_recorder = recorder is None
        self._workers: Workers | None = None
        self._calls: list[_Call] = []
        self.last_run: RunStatistics = RunStatistics(0, 0, 0.0, 0.0)

    async def generate_nodes_parallel(
        self, jobs: list[GenerationJob], session_id: UUID
    ) -> list[GenerationResult]:
        """Generate all jobs; their order is not kept.

        Raises:
            OnexError: every job failed; its message and context have each job's error. Where all
                took too long, it is a TimeoutError too.
            ValueError: two jobs would write the same node.
        """
        async with aclosing(self.generate_nodes_iter(jobs, session_id)) as results:
            finished = [result async for result in results]
        if finished and not any(result.success for result in finished):
            raise await asyncio.to_thread(all_failed, finished, session_id)
        return finished

    async def generate_nodes_iter(
        self, jobs: Sequence[GenerationJob], session_id: UUID
    ) -> AsyncGenerator[GenerationResult]:
        """Generate all jobs; yields each result when its node is delivered or has failed.

        Raises:
            ValueError: two jobs would write the same node.
        """
        refuse_doubles(jobs)
        started = time.perf_counter()
        call = self._begin(len(jobs))
        try:
            async with aclosing(self._generate(jobs, call)) as results:
                async for result in results:
                    call.completed += 1
                    call.succeeded += result.success
                    if self._on_progress is not None:
                        self._on_progress(self.progress())
                    yield result
        finally:
            self._end(call)
            elapsed = time.perf_counter() - started
            cpu = sum(report.cpu_seconds for report in call.reports)
            self.last_run = RunStatistics(len(jobs), call.succeeded, elapsed, cpu)
        if self.enable_metrics and call.reports:
            await asyncio.to_thread(self._record, session_id, call, self.last_run)

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
        """Stop the workers and let go of the database; a later call starts anew."""
        workers, self._workers = self._workers, None
        if workers is not None:
            await asyncio.to_thread(workers.close)
        recorder = self._recorder
        if recorder is None:
            return
        if self._owns_recorder:
            self._recorder = None
        await asyncio.to_thread(recorder.close if self._owns_recorder else recorder.flush)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cleanup()

    async def _generate(
        self, jobs: Sequence[GenerationJob], call: _Call
    ) -> AsyncGenerator[GenerationResult]:
        """The results of all folders as they come."""
        done: asyncio.Queue[GenerationResult | Exception] = asyncio.Queue()
        workers = self._ready_workers()

        async def work(folder: Path, group: Sequence[GenerationJob]) -> None:
            try:
                await self._generate_folder(folder, group, workers, call, done.put_nowait)
            except Exception as error:  # noqa: BLE001 - whoever reads the results raises it
                done.put_nowait(error)

        running = [asyncio.create_task(work(*group)) for group in by_folder(jobs)]
        try:
            for _ in jobs:
                result = await done.get()
                if isinstance(result, Exception):
                    raise result
                yield result
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _generate_folder(
        self,
        folder: Path,
        jobs: Sequence[GenerationJob],
        workers: Workers,
        call: _Call,
        on_result: Callable[[GenerationResult], None],
    ) -> None:
        """The jobs of one output folder: they become one package."""
        plan, planned, refused = await asyncio.to_thread(plan_folder, folder, jobs)
        for job, error in refused:
            on_result(result_of(job, error=error))
        if not plan.nodes:
            return
        engine = Engine(plan, folder, workers, self.max_workers, self._proof)
        try:
            async with aclosing(engine.run(call.reports.append)) as outcomes:
                async for outcome in outcomes:
                    if outcome.node.slug in planned:
                        on_result(result_of(planned[outcome.node.slug], outcome))
        finally:
            call.persistence_seconds += engine.seconds

    def _ready_workers(self) -> Workers:
        if self._workers is None:
            if self._executor is not None:
                self._workers = ExecutorWorkers(self._executor)
            else:
                self._workers = ProcessWorkers(self.max_workers)
        return self._workers

    def _begin(self, total: int) -> _Call:
        if all(call.completed >= call.total for call in self._calls):
            self._calls.clear()
        call = _Call(total)
        self._calls.append(call)
        return call

    def _end(self, call: _Call) -> None:
        if call.completed < call.total:
            self._calls.remove(call)

    def _record(self, session_id: UUID, call: _Call, statistics: RunStatistics) -> None:
        if self._recorder is None:
            self._recorder = Recorder()
        seconds = {"persistence": call.persistence_seconds, "total": statistics.wall_seconds}
        times = RunTimes(seconds, self.max_workers, statistics.speedup)
        self._recorder.nodes(session_id, call.reports, self.max_workers)
        self._recorder.run(session_id, times)
