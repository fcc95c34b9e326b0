"""Proving the nodes of a plan in worker processes, several at a time."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nodewright.planning.homes import part_of
from nodewright.planning.plan import NodePlan, Plan
from nodewright.proving.clause_tests import RunTests
from nodewright.proving.model import OVERDUE, Check, Judged, NodeReport, Verify
from nodewright.proving.proof import failed_steps, judge_staged, prove_nodes
from nodewright.proving.trial import Tried, run_tests
from nodewright.runs.workers import CrashedError, OverdueError, Workers

# Nodes of one call share a folder and the linter's run; more of them save little.
MOST_IN_A_CALL = 24
# So many calls a worker, so that none is left alone with a long tail.
_CALLS_A_WORKER = 4


@dataclass(frozen=True, slots=True)
class Proof:
    """How to prove: how far, with which templates, and how long a node may take."""

    verify: Verify = Verify.RUN
    templates: Path | None = None
    timeout_seconds: float = 120.0


async def prove(
    plan: Plan, nodes: Sequence[NodePlan], workers: Workers, count: int, proof: Proof
) -> AsyncGenerator[NodeReport]:
    """Prove ``nodes`` of ``plan`` on ``count`` workers; yields each report as it comes.

    A call that is overdue, or whose process ends, is made again node by node, so that only the
    node that is to blame fails. Closing the iterator stops the work.
    """
    size = max(1, min(MOST_IN_A_CALL, len(nodes) // (count * _CALLS_A_WORKER)))
    waiting = iter(list(itertools.batched(nodes, size)))
    done: asyncio.Queue[NodeReport] = asyncio.Queue()

    async def work() -> None:
        for batch in waiting:
            for report in await _prove_batch(plan, batch, workers, proof):
                done.put_nowait(report)

    running = [asyncio.create_task(work()) for _ in range(count)]
    try:
        for _ in nodes:
            yield await _next(done, running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def judge_as_staged(
    plan: Plan, root: Path, slug: str, workers: Workers, proof: Proof
) -> Judged:
    """The judgement of one node as it lies in ``root``.

    One that hangs or ends its process fails alone.
    """
    try:
        found = await workers.call(
            judge_staged,
            root,
            part_of(plan, [slug]),
            (slug,),
            proof.verify,
            timeout_seconds=proof.timeout_seconds,
        )
    except OverdueError as error:
        return Judged((Check(OVERDUE, passed=False, detail=str(error)),), ())
    except CrashedError as error:
        return Judged((Check("process", passed=False, detail=str(error)),), ())
    return found[slug]


def outcomes_in(workers: Workers) -> RunTests:
    """Runs tests on ``workers``, from a thread without an event loop."""

    def run(root: Path, tests: Sequence[str], timeout_seconds: float) -> dict[str, str]:
        paths = sorted({test.partition("::")[0] for test in tests})

        async def tried() -> tuple[Tried, ...]:
            return await workers.call(run_tests, root, paths, timeout_seconds=timeout_seconds)

        try:
            results = asyncio.run(tried())
        except (OverdueError, CrashedError) as error:
            return dict.fromkeys(tests, str(error))
        found = {each.name: "" if each.passed else each.reason for each in results}
        whole = next((each.reason for each in results if not each.passed), "it did not run")
        return {test: found.get(test, whole) for test in tests}

    return run


def without_broken_steps(plan: Plan, reports: Mapping[str, NodeReport]) -> dict[str, NodeReport]:
    """``reports`` by slug, where a workflow fails with the nodes that it runs."""
    failed = {slug for slug, report in reports.items() if not report.passed}
    checked = dict(reports)
    for node in plan.nodes:
        broken = set(node.runs) & failed
        report = reports[node.slug]
        if report.passed:
            checks = (*report.checks, *failed_steps(broken))
            checked[node.slug] = replace(report, checks=checks)
    return checked


async def _next(
    done: "asyncio.Queue[NodeReport]", running: Sequence["asyncio.Task[None]"]
) -> NodeReport:
    """The next report; raises what a task raised, since no report would come any more."""
    getting = asyncio.ensure_future(done.get())
    try:
        while not getting.done():
            pending = [task for task in running if not task.done()]
            await asyncio.wait([getting, *pending], return_when=asyncio.FIRST_COMPLETED)
            for task in running:
                if task.done() and (task.cancelled() or task.exception()):
                    task.result()
        return getting.result()
    finally:
        getting.cancel()


async def _prove_batch(
    plan: Plan, batch: Sequence[NodePlan], workers: Workers, proof: Proof
) -> Sequence[NodeReport]:
    slugs = tuple(node.slug for node in batch)
    part = part_of(plan, slugs)
    try:
        return await workers.call(
            prove_nodes,
            part,
            slugs,
            proof.verify,
            proof.templates,
            timeout_seconds=proof.timeout_seconds,
        )
    except (OverdueError, CrashedError) as error:
        if len(batch) == 1:
            name = OVERDUE if isinstance(error, OverdueError) else "process"
            check = Check(name, passed=False, detail=str(error))
            return [NodeReport(batch[0].slug, batch[0].kind, (check,))]
    return [report for node in batch for report in await _prove_batch(plan, [node], workers, proof)]
