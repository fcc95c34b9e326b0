"""The whole job as one readable function: PRD in, proven nodes out.

The command line, the dashboard and users call the same functions: ``prepare`` reads and plans,
``preview`` says what a run would do to every file, ``generate`` does it, records it and tells the
broker of it.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from nodewright.errors import NodewrightError
from nodewright.generation.announcing import Announcer
from nodewright.generation.cluster import ClusterWorkers
from nodewright.generation.decisions import Action
from nodewright.generation.delivery import Delivery
from nodewright.generation.early import EarlyDelivery
from nodewright.generation.model import Check, NodePlan, NodeReport, Plan, RenderedFile, Verify
from nodewright.generation.naming import snake
from nodewright.generation.planner import plan_nodes
from nodewright.generation.proof import judge_staged, load_templates, render_files
from nodewright.generation.proving import Proof, prove, without_broken_steps
from nodewright.generation.recording import Recorder, RunTimes
from nodewright.generation.run import (
    ALREADY_THERE,
    OnProgress,
    Options,
    Outcome,
    Prepared,
    Preview,
    Progress,
    Run,
)
from nodewright.generation.verify import verify_package
from nodewright.generation.workers import ProcessWorkers, Workers
from nodewright.logs import get_logger
from nodewright.mixins import usable_set
from nodewright.mixins.judging import judge_mixins, retract_mixins
from nodewright.monitoring import otel
from nodewright.patterns.judging import judge_pattern, retract_judgement
from nodewright.patterns.tuning import tuned_matcher
from nodewright.prd import SimplePRDAnalyzer, read_prd
from nodewright.settings import Settings

__all__ = [
    "OnProgress",
    "Options",
    "Outcome",
    "PackageNameError",
    "Prepared",
    "Preview",
    "Progress",
    "Run",
    "generate",
    "judge_mixins",
    "judge_pattern",
    "plan_text",
    "prepare",
    "preview",
    "retract_judgement",
    "retract_mixins",
    "with_mixins",
]

# MixinEventBus defines a process of its own, which type checkers refuse beside a node's.
_NOT_BY_MIXINS = {"events"}

_log = get_logger(__name__, component="workflow")


class PackageNameError(NodewrightError):
    """The package name cannot be imported, or is that of something else."""


def prepare(prd: Path, package: str | None = None) -> Prepared:
    """Read, analyse and plan.

    Raises:
        NodewrightError: the file cannot be read, asks for nothing, or ``package`` is no name.
    """
    if package is not None and snake(package) != package:
        raise PackageNameError(
            f"{package!r} is no package name: use lower-case letters, digits and underscores, "
            f"such as {snake(package, 'service')!r}"
        )
    return plan_text(read_prd(prd), package)


def plan_text(text: str, package: str | None = None) -> Prepared:
    """Analyse and plan a PRD that is already in memory."""
    started = time.perf_counter()
    analysis = SimplePRDAnalyzer(tuned_matcher()).analyze_prd(text)
    plan = with_mixins(plan_nodes(analysis, package), analysis.capabilities)
    return Prepared(analysis, plan, time.perf_counter() - started)


def with_mixins(plan: Plan, capabilities: Sequence[str]) -> Plan:
    """``plan`` with the mixins that give its nodes the capabilities the text asks for.

    Each kind's set was composed and run as a whole. Without a worker to try them, nodes get none.
    """
    wanted = [name for name in capabilities if name not in _NOT_BY_MIXINS]
    chosen: dict[str, tuple[str, ...]] = {}
    try:
        for kind in sorted({node.kind for node in plan.nodes}) if wanted else ():
            found = usable_set(kind, wanted).mixins
            chosen[kind] = tuple(f"{mixin.module}.{mixin.name}" for mixin in found)
    except NodewrightError as error:
        _log.warning("generation.mixins.untried", {"reason": str(error)})
    nodes = tuple(replace(node, mixins=chosen.get(node.kind, ())) for node in plan.nodes)
    return replace(plan, nodes=nodes)


def preview(prepared: Prepared, options: Options) -> Preview:
    """What ``generate`` would do to each file; reads only."""
    plan = prepared.plan
    files = render_files(plan, (node.slug for node in plan.nodes), options.templates)
    delivery = Delivery(options.output, plan.package, options.force)
    return Preview(plan, tuple(delivery.plan(files)))


def generate(
    prepared: Prepared,
    options: Options,
    *,
    on_progress: OnProgress = lambda _: None,
    workers: Workers | None = None,
    recorder: Recorder | None = None,
) -> Run:
    """Prove the nodes of a plan and deliver those that pass, whole nodes or nothing.

    Where a Kafka broker is set, what happens is published to it (see ``Announcer``).

    Args:
        prepared: the analysis and the plan.
        options: how to generate.
        on_progress: called in this thread with each piece of progress.
        workers: where to run the jobs; processes of this machine by default.
        recorder: where phases are recorded; the configured database by default.

    Raises:
        NodewrightError: the output folder cannot be written or is in use, or a template is wrong.
    """
    run = Run(prepared, options, seconds={"prd_analysis": prepared.seconds})
    plan = prepared.plan
    own = recorder is None
    recorder = recorder or Recorder()
    announcer = Announcer(prepared.analysis.correlation_id, recorder.persistence)
    _log.info("generation.started", {"package": plan.package, "nodes": len(plan.nodes)})
    try:
        with otel.span("nodewright.generate", package=plan.package, nodes=len(plan.nodes)):
            _prove_and_deliver(run, announcer, on_progress, workers)
        _record(run, recorder)
    finally:
        if own:
            recorder.close()
    delivered = sum(outcome.delivered for outcome in run.outcomes)
    _log.info("generation.finished", {"delivered": delivered, **run.seconds})
    return run


def _prove_and_deliver(
    run: Run, announcer: Announcer, on_progress: OnProgress, workers: Workers | None
) -> None:
    def tell(progress: Progress) -> None:
        announcer.progressed(progress.message, progress.done, progress.total)
        on_progress(progress)

    options, plan = run.options, run.prepared.plan
    delivery = Delivery(options.output, plan.package, options.force)
    with announcer, run.phase("total"), delivery:
        announcer.analysed(run.prepared.analysis)
        announcer.started(plan, options.verify, options.output)
        with otel.span("nodewright.load_templates"), run.phase("template_load"):
            load_templates(options.templates)
        pool, run.workers = (workers, options.jobs) if workers else _pool(options)
        try:
            with otel.span("nodewright.prove", workers=run.workers):
                reports = asyncio.run(_work(run, delivery, pool, tell))
        finally:
            if workers is None:
                pool.close()
        announcer.judged(plan, reports)
        with otel.span("nodewright.deliver"), run.phase("persistence"):
            _deliver(run, delivery, reports)
        done = {outcome.node.slug for outcome in run.outcomes if outcome.delivered}
        announcer.delivered(plan, reports, done)
    run.seconds["total"] += run.prepared.seconds


def _record(run: Run, recorder: Recorder) -> None:
    recorder.nodes(run.session_id, [report for _, report in run.proofs], run.workers)
    recorder.compositions(run.evidence)
    recorder.patterns(run.session_id, run.prepared.analysis.patterns, run.evidence)
    recorder.run(run.session_id, RunTimes(run.seconds, run.workers, run.speedup))
    recorder.report(run.session_id, run.summary())


def _pool(options: Options) -> tuple[Workers, int]:
    """The workers, and how many calls to make at a time."""
    if options.cluster is None:
        return ProcessWorkers(options.jobs), options.jobs
    cluster = ClusterWorkers(options.cluster)
    return cluster, max(options.jobs, cluster.count)


async def _work(
    run: Run, delivery: Delivery, pool: Workers, on_progress: OnProgress
) -> dict[str, NodeReport]:
    """Prove, stage with what the user has, and judge again what differs then."""
    plan, options = run.prepared.plan, run.options
    reports = _already_there(run, delivery) if options.resume else {}
    wanted = [node for node in plan.nodes if node.slug not in reports]
    proof = Proof(options.verify, options.templates, options.timeout_seconds)
    early = EarlyDelivery(plan, delivery, proof, reports)
    reports |= await _prove(run, wanted, pool, early, on_progress)
    reports = without_broken_steps(plan, reports)
    on_progress(Progress("staging", len(plan.nodes), len(plan.nodes)))
    root, edited = await asyncio.to_thread(_stage, run, delivery, reports)
    run.decisions = tuple(early.decisions.get(d.path, d) for d in run.decisions)
    if edited:
        judged = await _judge_edited(run, root, tuple(sorted(edited)), pool)
        reports |= {slug: replace(reports[slug], checks=checks) for slug, checks in judged.items()}
    if options.verify is Verify.FULL:
        on_progress(Progress("judging the package as a whole", len(plan.nodes), len(plan.nodes)))
        passed = [slug for slug, report in reports.items() if report.passed]
        # What mypy learned of omnibase_core serves every later run.
        cache = Settings().data_dir / "mypy"
        found = await asyncio.to_thread(verify_package, root, plan.package, passed, cache=cache)
        for slug in passed:
            reports[slug] = replace(reports[slug], checks=(*reports[slug].checks, *found[slug]))
    return without_broken_steps(plan, reports)


async def _judge_edited(
    run: Run, root: Path, slugs: tuple[str, ...], pool: Workers
) -> dict[str, tuple[Check, ...]]:
    """Judge what lies in the staging folder, which only this machine has."""
    options = run.options
    here = pool if pool.shares_files else ProcessWorkers(1)
    try:
        return await here.call(
            judge_staged,
            root,
            run.prepared.plan,
            slugs,
            options.verify,
            timeout_seconds=options.timeout_seconds * len(slugs),
        )
    finally:
        if here is not pool:
            here.close()


async def _prove(
    run: Run,
    nodes: Sequence[NodePlan],
    pool: Workers,
    early: EarlyDelivery,
    on_progress: OnProgress,
) -> dict[str, NodeReport]:
    plan = run.prepared.plan
    names = {node.slug: node.class_name for node in nodes}
    reports: dict[str, NodeReport] = {}
    started = time.perf_counter()
    on_progress(Progress(f"proving {len(nodes)} nodes", 0, len(nodes)))
    async for report in prove(plan, nodes, pool, run.workers, early.proof):
        reports[report.slug] = report
        verdict = "proven" if report.passed else f"failed: {report.reason}"
        on_progress(Progress(f"{names[report.slug]} {verdict}", len(reports), len(nodes)))
        if early.add(report):
            await asyncio.to_thread(early.deliver)
    elapsed = time.perf_counter() - started
    if nodes:
        run.speedup = sum(report.cpu_seconds for report in reports.values()) / elapsed
    return reports


def _already_there(run: Run, delivery: Delivery) -> dict[str, NodeReport]:
    """Nodes whose files are in the output folder as they would be generated."""
    plan, options = run.prepared.plan, run.options
    files = render_files(plan, (node.slug for node in plan.nodes), options.templates)
    different = {
        decision.node for decision in delivery.plan(files) if decision.action is not Action.KEEP
    }
    return {
        node.slug: NodeReport(
            node.slug,
            node.kind,
            (Check(ALREADY_THERE, passed=True),),
            tuple(file for file in files if file.node == node.slug),
        )
        for node in plan.nodes
        if node.slug not in different
    }


def _stage(
    run: Run, delivery: Delivery, reports: Mapping[str, NodeReport]
) -> tuple[Path, set[str]]:
    """Stage everything; returns the folder, and proven nodes that differ from what was proven.

    A node without files of its own (its worker was stopped) is rendered here, so that what an
    earlier run delivered is not taken for something that the plan dropped.
    """
    plan, templates = run.prepared.plan, run.options.templates
    bare = [slug for slug, report in reports.items() if not report.files]
    files: list[RenderedFile] = [file for report in reports.values() for file in report.files]
    files += [file for file in render_files(plan, bare, templates) if file.node]
    proven = tuple(node for node in plan.nodes if reports[node.slug].passed)
    files += render_files(replace(plan, nodes=proven or plan.nodes), templates=templates)
    root = delivery.stage(files)
    run.decisions = delivery.decisions
    edited = {
        decision.node
        for decision in run.decisions
        if decision.file is not None
        and decision.staged not in {None, decision.file.content.encode()}
    }
    return root, edited & {node.slug for node in proven}


def _deliver(run: Run, delivery: Delivery, reports: Mapping[str, NodeReport]) -> None:
    result = delivery.commit(reports.values())
    run.conflicts = result.conflicts
    for node in run.prepared.plan.nodes:
        report = reports[node.slug]
        reason = report.reason
        if node.slug in result.blocked:
            paths = ", ".join(decision.path for decision in result.blocked[node.slug])
            reason = f"in the way: {paths}; move them away, or run with --force"
        delivered = node.slug in result.delivered
        run.outcomes.append(Outcome(node, report, delivered, reason))
