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
from nodewright.delivery.folder_check import check_folder
from nodewright.delivery.manifest import load_manifest
from nodewright.delivery.specification import Specified, spec_file, specified
from nodewright.errors import NodewrightError
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
from nodewright.proving.proof import load_templates, readme_file, render_files
from nodewright.reading import SimplePRDAnalyzer
from nodewright.reading.reader import read_document
from nodewright.runs.announcing import Announcer
from nodewright.runs.clauses import Authors
from nodewright.runs.cluster import ClusterWorkers
from nodewright.runs.engine import Engine, Outcome
from nodewright.runs.explaining import Understanding, explained, kinds_of
from nodewright.runs.foreseeing import foreseen
from nodewright.runs.judging import Judgement, judge_package
from nodewright.runs.listing import AuthorError, clauses_of, listed_clauses
from nodewright.runs.places import (
    PackageNameError,
    ReplaceError,
    check_package,
    place_taken,
    replacing,
)
from nodewright.runs.pooling import Proof
from nodewright.runs.recording import Recorder, RunTimes
from nodewright.runs.resuming import already_there
from nodewright.runs.run import (
    OnProgress,
    Options,
    Prepared,
    Preview,
    Progress,
    Run,
)
from nodewright.runs.showing import ShownSpecification
from nodewright.runs.workers import ProcessWorkers, Workers
from nodewright.settings import Settings
from nodewright.spec.model import Specification, State

__all__ = [
    "AuthorError",
    "Judgement",
    "OnProgress",
    "Options",
    "Outcome",
    "PackageNameError",
    "Prepared",
    "Preview",
    "Progress",
    "ReplaceError",
    "Run",
    "check_output",
    "clauses_of",
    "generate",
    "judge_mixins",
    "judge_pattern",
    "listed_clauses",
    "plan_text",
    "prepare",
    "preview",
    "prove",
    "retract_judgement",
    "retract_mixins",
    "specification",
    "understand",
    "with_mixins",
]

# MixinEventBus defines a process of its own, which type checkers refuse beside a node's.
_NOT_BY_MIXINS = {"events"}

_log = get_logger(__name__, component="workflow")


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
    if package is not None:
        check_package(package)
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
    found = _specify(document, package, output, proposed)
    plan = plan_specification(found.specification)
    if not plan.nodes:
        open_clauses = sum(note.state is State.OPEN for note in found.specification.clauses)
        raise NothingToGenerateError(
            f"nothing in the document could be compiled: {open_clauses} clauses are open; "
            "nodewright spec shows each with its reason"
        )
    plan = replace(
        with_mixins(plan, analysis.capabilities),
        patterns=tuple(pattern.name for pattern in analysis.patterns),
        systems=tuple(analysis.external_systems),
    )
    seconds = time.perf_counter() - started
    return Prepared(analysis, plan, seconds, found, document.warnings)


def understand(prd: Path, pattern_folder: Path | None = None) -> Understanding:
    """What is understood of a document, clause by clause, with the kinds that the plan gives.

    Raises:
        NodewrightError: the document cannot be read.
    """
    text = read_prd(prd)
    document = parse_document(text)
    plan = plan_specification(_specify(document, None, None).specification)
    analysis = SimplePRDAnalyzer(pattern_folder=pattern_folder).analyze_prd(text)
    return Understanding(analysis, plan.specification, explained(document, plan), kinds_of(plan))


def specification(prd: Path, output: Path | None = None) -> ShownSpecification:
    """What a document means, merged with the specification that lies in ``output``.

    Raises:
        NodewrightError: the document cannot be read, or the specification is wrong.
    """
    found = _specify(parse_document(read_prd(prd)), None, output)
    clauses = load_manifest(output.resolve()).clauses if output is not None else ()
    return ShownSpecification(found, {each.id: each for each in clauses})


def _analysed(text: str) -> tuple[SimplePRDAnalysisResult, Document]:
    """The analysis is a run's own: it has the run's session and what feedback has taught by now."""
    return SimplePRDAnalyzer(tuned_matcher()).analyze_prd(text), _parsed(text)


_parsed = lru_cache(maxsize=4)(parse_document)


@lru_cache(maxsize=4)
def _read(text: str, package: str) -> Specification:
    return read_document(_parsed(text), package)


def _specify(
    document: Document, package: str | None, output: Path | None, proposed: str | None = None
) -> Specified:
    name = package or _package_in(output) or document.package
    found = specified(_read(document.text, name), output, proposed)
    check_package(found.specification.package)
    return found


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
    manifest = load_manifest(options.output.resolve())
    files = render_files(plan, (node.slug for node in plan.nodes), options.templates)
    readme = readme_file(plan, manifest.clauses, options.templates)
    files = (*(file for file in files if file.path != readme.path), readme)
    files = (*files, spec_file(prepared.specified.generated))
    decisions = Delivery(options.output, plan.package, options.force).plan(files)
    replaces = "" if options.replace else place_taken(plan, options.output)
    return Preview(plan, foreseen(plan, manifest, decisions), prepared.specified.conflict, replaces)


def check_output(out: Path) -> None:
    """Check that ``out`` can take a package, before any work is done.

    Raises:
        DeliveryError: it is no folder, cannot be written, or its disk is nearly full.
    """
    check_folder(out)


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
    check_output(options.output)
    plan = prepared.plan
    replaced = "" if options.replace else place_taken(plan, options.output)
    if replaced:
        raise ReplaceError(replacing(replaced, preview(prepared, options).decisions))
    run = Run(prepared, options, seconds={"prd_analysis": prepared.seconds})
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


def prove(
    out: Path,
    *,
    jobs: int = 2,
    timeout_seconds: float = 120.0,
    workers: Workers | None = None,
) -> Judgement:
    """Judge the package in ``out`` as it lies, edits and all, against its specification.

    Raises:
        NodewrightError: there is no package, or its specification is wrong.
    """
    pool = workers or ProcessWorkers(jobs)
    try:
        judgement = judge_package(out, pool, jobs, timeout_seconds)
    finally:
        if workers is None:
            pool.close()
    _log.info(
        "prove.finished", {"package": judgement.plan.package, "drifted": len(judgement.drifted)}
    )
    return judgement


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
        authors=_authors(run),
        mypy_cache=Settings().data_dir / "mypy",
    )
    known = already_there(plan, options, delivery) if options.resume else {}
    total = len(plan.nodes)
    names = {node.slug: node.class_name for node in plan.nodes}
    judged = 0
    started = time.perf_counter()

    def on_report(report: NodeReport) -> None:
        nonlocal judged
        judged += 1
        on_progress(Progress(f"{names[report.slug]} judged", judged + len(known), total))

    count = total - len(known)
    noun = "node" if count == 1 else "nodes"
    on_progress(Progress(f"proving {count} {noun}", len(known), total))
    outcomes: dict[str, Outcome] = {}
    async for outcome in engine.run(on_report, known):
        outcomes[outcome.node.slug] = outcome
        verdict = "proven" if outcome.delivered else f"failed: {outcome.reason}"
        done = max(len(outcomes), judged + len(known))
        on_progress(Progress(f"{outcome.node.class_name} {verdict}", done, total))
    elapsed = time.perf_counter() - started
    run.outcomes = [outcomes[node.slug] for node in plan.nodes]
    run.decisions = tuple(engine.decisions[path] for path in sorted(engine.decisions))
    run.conflicts = engine.conflicts
    run.clauses = engine.verdicts
    run.seconds["persistence"] = engine.seconds
    if judged:
        run.speedup = sum(o.report.cpu_seconds for o in run.outcomes) / elapsed


def _authors(run: Run) -> Authors:
    """Who closes clauses: the reading, and whoever wrote what the reading did not make."""
    manifest = load_manifest(run.options.output.resolve())
    return Authors(
        written=run.prepared.specified.written,
        author=run.options.author,
        before={each.id: each.by for each in manifest.clauses if each.by},
    )
