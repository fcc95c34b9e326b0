"""The jobs of ``ParallelGenerator``, and the plans that come of them."""

import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from nodewright.errors import NodewrightError
from nodewright.language.naming import snake
from nodewright.logs import get_logger
from nodewright.planning.plan import NodePlan, Plan, plan_specification
from nodewright.planning.services import plan_services, with_nodes
from nodewright.prd.document import parse_document
from nodewright.prd.models import NODE_KINDS, SimplePRDAnalysisResult
from nodewright.proving.model import NodeReport
from nodewright.reading.reader import read_document
from nodewright.runs.engine import Outcome
from nodewright.spec.checks import check

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
    ``output_path``, ``main_file`` (the node's module), ``files`` (also as ``generated_files``),
    ``operations``, ``requirements``, ``checks`` and ``metadata``. ``duration_ms`` is the time in
    the worker; ``timed_out`` says that it was stopped at its time limit.
    """

    job_id: UUID
    success: bool
    node_result: dict[str, Any] | None
    error: str | None
    duration_ms: float
    node_type: str
    microservice_name: str
    timed_out: bool = False


def refuse_doubles(jobs: Sequence[GenerationJob]) -> None:
    """Refuse two jobs that would write the same node.

    Raises:
        ValueError: names the two jobs.
    """
    seen: dict[tuple[str, str, str], UUID] = {}
    for job in jobs:
        key = (_place(job), snake(str(job.microservice_name)), str(job.node_type))
        if key in seen:
            raise ValueError(
                f"jobs {seen[key]} and {job.job_id} would write the same node, a "
                f"{job.node_type} {job.microservice_name} in {job.output_directory}"
            )
        seen[key] = job.job_id


def by_folder(jobs: Sequence[GenerationJob]) -> list[tuple[Path, list[GenerationJob]]]:
    """The jobs of each output folder, whatever way its path is written."""
    ordered = sorted(jobs, key=_place)
    return [(Path(folder), list(group)) for folder, group in itertools.groupby(ordered, _place)]


def _place(job: GenerationJob) -> str:
    return os.path.realpath(str(job.output_directory).replace("\0", ""))


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """The plan of an output folder: the job of each node by slug, and who gets none.

    ``refused`` are jobs that cannot be planned, with the reason; ``empty`` maps the slug of a node
    that no clause fits to what is said of it.
    """

    plan: Plan | None
    jobs: Mapping[str, GenerationJob]
    refused: tuple[tuple[GenerationJob, str], ...]
    empty: Mapping[str, str]


def plan_folder(folder: Path, jobs: Sequence[GenerationJob]) -> FolderPlan:
    """Plan the jobs of one folder: they become one package over one specification."""
    refused = [(job, error) for job in jobs if (error := _fault(job))]
    sound = [job for job in jobs if not _fault(job)]
    plans: list[Plan] = []
    nodes: list[NodePlan] = []
    planned: dict[str, GenerationJob] = {}
    empty: dict[str, str] = {}
    ordered = sorted(sound, key=lambda job: str(job.microservice_name))
    for name, group in itertools.groupby(ordered, key=lambda job: str(job.microservice_name)):
        kinds = {job.node_type: job for job in group}
        first = next(iter(kinds.values()))
        try:
            plans.append(_plan_of(first.analysis_result.prd_content))
            made, reasons = plan_services(plans[-1], name, first.domain, list(kinds))
        except NodewrightError as error:
            refused += [(job, str(error)) for job in kinds.values()]
            continue
        nodes += made
        empty |= reasons
        planned |= {node.slug: kinds[node.kind] for node in made}
    if not nodes:
        return FolderPlan(None, planned, tuple(refused), empty)
    names = {str(job.microservice_name) for job in jobs}
    title = names.pop() if len(names) == 1 else folder.name
    plan = with_nodes(plans, snake(title, "service"), title, nodes)
    return FolderPlan(plan, planned, tuple(refused), empty)


@lru_cache(maxsize=8)
def _plan_of(text: str) -> Plan:
    """All that a document asks for."""
    document = parse_document(text)
    return plan_specification(check(read_document(document, document.package)))


def _fault(job: GenerationJob) -> str:
    """What is wrong with a job, empty where nothing is."""
    if job.node_type not in NODE_KINDS:
        return f"node_type {job.node_type!r} is none of {', '.join(NODE_KINDS)}"
    if not isinstance(job.analysis_result, SimplePRDAnalysisResult):
        kind = type(job.analysis_result).__name__
        return f"analysis_result is {kind}, not what SimplePRDAnalyzer.analyze_prd gives"
    if not str(job.microservice_name).strip():
        return "microservice_name is empty"
    if not str(job.output_directory).strip() or "\0" in str(job.output_directory):
        return f"output_directory {str(job.output_directory)!r} is no path"
    return ""


def described(
    job: GenerationJob, node: NodePlan, report: NodeReport, note: str = ""
) -> dict[str, Any]:
    """A delivered node as the plain values of a result."""
    output = Path(job.output_directory)
    files = [str(output / file.path) for file in report.files]
    return {
        "node_name": node.slug,
        "class_name": node.class_name,
        "kind": node.kind,
        "output_path": str(output),
        "main_file": next((file for file in files if Path(file).name == "node.py"), ""),
        "files": files,
        "generated_files": list(files),
        "operations": [operation.name for operation in node.operations],
        "requirements": [trace.requirement for trace in node.traces],
        "checks": [check.name for check in report.checks],
        "clauses": [proof.clause for proof in report.clauses if proof.proven],
        "note": note,
        "metadata": {
            "session_id": str(job.analysis_result.session_id),
            "job_id": str(job.job_id),
            "node_type": job.node_type,
            "microservice_name": job.microservice_name,
            "domain": job.domain,
            "mixins": [path.rpartition(".")[2] for path in node.mixins],
            "render_ms": report.render_seconds * 1000,
            "verify_ms": report.verify_seconds * 1000,
        },
    }


def result_of(
    job: GenerationJob,
    outcome: Outcome | None = None,
    error: str | None = None,
    note: str = "",
) -> GenerationResult:
    """The result of a job: of its node's outcome, or of ``error`` where it got no node.

    ``note`` says what the user should know of a delivered node.
    """
    report = outcome.report if outcome else None
    if outcome is not None and not outcome.delivered:
        error = outcome.reason
    if error is not None:
        _log.warning("generation.job.failed", {"job_id": job.job_id, "error": error})
    return GenerationResult(
        job_id=job.job_id,
        success=error is None,
        node_result=described(job, outcome.node, outcome.report, note)
        if outcome is not None and error is None
        else None,
        error=error,
        duration_ms=report.seconds * 1000 if report else 0.0,
        node_type=job.node_type,
        microservice_name=job.microservice_name,
        timed_out=error is not None and report is not None and report.timed_out,
    )


def all_failed(results: Sequence[GenerationResult], session_id: UUID) -> Exception:
    """The error of ``results``, none of which succeeded.

    Its context has ``errors``, job id -> why it failed; its correlation id is the session's. This
    imports omnibase_core, which takes a while: not in the event loop's thread.
    """
    from omnibase_core.enums.enum_core_error_code import EnumCoreErrorCode
    from omnibase_core.errors import OnexError

    class JobsOverdueError(OnexError, TimeoutError):
        """Every job took longer than its time limit."""

    overdue = all(result.timed_out for result in results)
    kind = JobsOverdueError if overdue else OnexError
    code = EnumCoreErrorCode.TIMEOUT if overdue else EnumCoreErrorCode.OPERATION_FAILED
    reasons = "; ".join(f"job {result.job_id}: {result.error}" for result in results)
    cure = "give the generator a longer timeout_seconds" if overdue else "mend these and run again"
    return kind(
        message=f"all {len(results)} jobs failed: {reasons}; {cure}",
        error_code=code,
        correlation_id=session_id,
        errors={str(result.job_id): result.error for result in results},
    )
