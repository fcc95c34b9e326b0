"""The whole job as one readable function: PRD in, proven nodes out.

The command line, the dashboard and users call the same functions: ``prepare`` reads and plans,
``preview`` says what a run would do to every file, ``generate`` does it, records it and tells the
broker of it.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from nodewright.delivery.delivery import Delivery
from nodewright.delivery.manifest import load_manifest
from nodewright.delivery.specification import spec_file, specified
from nodewright.errors import NodewrightError
from nodewright.language.naming import snake
from nodewright.logs import get_logger
from nodewright.mixins import usable_set
from nodewright.mixins.judging import judge_mixins, retract_mixins
from nodewright.monitoring import otel
from nodewright.patterns.judging import judge_pattern, retract_judgement
from nodewright.patterns.tuning import tuned_matcher
from nodewright.planning.plan import NothingToGenerateError, Plan, plan_specification
from nodewright.prd import read_prd
from nodewright.prd.clauses import Document
from nodewright.prd.document import parse_document
from nodewright.prd.models import SimplePRDAnalysisResult
from nodewright.proving.model import NodeReport
from nodewright.proving.proof import load_templates, render_files
from nodewright.reading import SimplePRDAnalyzer
from nodewright.reading.reader import read_document
from nodewright.runs.announcing import Announcer
from nodewright.runs.cluster import ClusterWorkers
from nodewright.runs.engine import Engine, Outcome, already_there
from nodewright.runs.pooling import Proof
from nodewright.runs.recording import Recorder, RunTimes
from nodewright.runs.run import (
    OnProgress,
    Options,
    Prepared,
    Preview,
    Progress,
    Run,
)
from nodewright.runs.standing import decided, own_tests
from nodewright.runs.workers import ProcessWorkers, Workers
from nodewright.settings import Settings
from nodewright.spec.model import Specification, State

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


def prepare(prd: Path, package: str | None = None, output: Path | None = None) -> Prepared:
    """Read, specify and plan.

    Args:
        prd: the document.
        package: import name of the generated package; by default that of the package in
            ``output``, else from the product's own name.
        output: the folder whose ``spec.yaml`` is merged with what is read.

    Raises:
        NodewrightError: the file cannot be read, asks for nothing, or ``package`` is no name.
    """
    if package is not None and snake(package) != package:
        raise PackageNameError(
            f"{package!r} is not a valid package name: use lower-case letters, digits and "
            f"underscores, such as {snake(package, 'service')!r}"
        )
    return plan_text(read_prd(prd), package, output)


def plan_text(
    text: str,
    package: str | None = None,
    output: Path | None = None,
    proposed: str | None = None,
) -> Prepared:
    """Specify and plan a PRD that is already in memory; see ``prepare``.

    ``proposed`` stands for the specification that lies in ``output``.
    """
    started = time.perf_counter()
    analysis, document = _analysed(text)
    name = package or _package_in(output) or document.package
    found = specified(_read(text, name), output, proposed)
    plan = plan_specification(found.specification)
    if not plan.nodes:
        open_clauses = sum(note.state is State.OPEN for note in found.specification.clauses)
        raise NothingToGenerateError(
            f"nothing in the document could be compiled: {open_clauses} clauses are open; "
            "nodewright spec shows each with its reason"
        )
    tests = own_tests(output) if output is not None else {}
    plan = replace(
        with_mixins(plan, analysis.capabilities),
        patterns=tuple(pattern.name for pattern in analysis.patterns),
        systems=tuple(analysis.external_systems),
        decided=decided(found.specification, tests.values()),
    )
    seconds = time.perf_counter() - started
    return Prepared(analysis, plan, seconds, found, document.warnings)


@lru_cache(maxsize=4)
def _analysed(text: str) -> tuple[SimplePRDAnalysisResult, Document]:
    """A document that is proposed for again and again is read once."""
    return SimplePRDAnalyzer(tuned_matcher()).analyze_prd(text), parse_document(text)


@lru_cache(maxsize=4)
def _read(text: str, package: str) -> Specification:
    return read_document(_analysed(text)[1], package)


def _package_in(output: Path | None) -> str:
    """The package that was delivered to a folder, empty where there is none."""
    return load_manifest(output.resolve()).package if output is not None else ""


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
    files = (*files, spec_file(prepared.specified.generated))
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
                asyncio.run(_run(run, delivery, pool, tell))
        finally:
            if workers is None:
                pool.close()
        reports = {outcome.node.slug: outcome.report for outcome in run.outcomes}
        announcer.judged(plan, reports)
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


async def _run(run: Run, delivery: Delivery, pool: Workers, on_progress: OnProgress) -> None:
    """Prove and deliver the nodes of a run; tells of each verdict once it is certain."""
    plan, options = run.prepared.plan, run.options
    engine = Engine(
        plan,
        options.output,
        pool,
        run.workers,
        Proof(options.verify, options.templates, options.timeout_seconds),
        delivery,
        extra=(spec_file(run.prepared.specified.generated),),
        mypy_cache=Settings().data_dir / "mypy",
    )
    known = already_there(plan, delivery, options.templates) if options.resume else {}
    total = len(plan.nodes)
    judged = 0
    started = time.perf_counter()

    def on_report(report: NodeReport) -> None:
        nonlocal judged
        judged += 1
        on_progress(Progress(f"{report.slug} judged", judged + len(known), total))

    on_progress(Progress(f"proving {total - len(known)} nodes", len(known), total))
    outcomes: dict[str, Outcome] = {}
    async for outcome in engine.run(on_report, known):
        outcomes[outcome.node.slug] = outcome
        verdict = "proven" if outcome.delivered else f"failed: {outcome.reason}"
        on_progress(Progress(f"{outcome.node.class_name} {verdict}", len(outcomes), total))
    elapsed = time.perf_counter() - started
    run.outcomes = [outcomes[node.slug] for node in plan.nodes]
    run.decisions = tuple(engine.decisions[path] for path in sorted(engine.decisions))
    run.conflicts = engine.conflicts
    run.seconds["persistence"] = engine.seconds
    if judged:
        run.speedup = sum(o.report.cpu_seconds for o in run.outcomes) / elapsed
