"""A package judged as it lies, edits and all, against the specification that lies beside it."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodewright.delivery.clauses import keep_clauses
from nodewright.delivery.decisions import held
from nodewright.delivery.manifest import DeliveryError, load_manifest
from nodewright.delivery.specification import held_specification
from nodewright.planning.plan import NodePlan, Plan, plan_specification
from nodewright.proving.clause_tests import Edits, shown_by_tests
from nodewright.proving.meaning import AGREES
from nodewright.proving.model import Check, ClauseProof, NodeReport, Verify
from nodewright.proving.scratch import TemporaryFolder
from nodewright.runs.clauses import (
    Authors,
    ClauseState,
    ClauseVerdict,
    clause_verdicts,
    counted,
    excused,
    open_notes,
    summed_up,
)
from nodewright.runs.edits import clauses_of_methods, edits_in
from nodewright.runs.pooling import Proof, judge_as_staged
from nodewright.runs.workers import Workers
from nodewright.spec.verdicts import RULE

# What is judged of an output folder; the rest of it may be large, and is the user's.
_JUDGED = ("src", "tests", "pyproject.toml", "conftest.py", "spec.yaml", "README.md")
_NOT_COPIED = {"__pycache__", ".venv", ".git", "node_modules"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of the package in ``out``; ``before`` is what held at its delivery."""

    out: Path
    plan: Plan
    reports: Mapping[str, NodeReport]
    clauses: tuple[ClauseVerdict, ...]
    before: tuple[ClauseVerdict, ...]
    seconds: float = 0.0

    @property
    def drifted(self) -> tuple[ClauseVerdict, ...]:
        """Clauses that held at delivery and no longer hold; ``reason`` has the counter-example."""
        held_then = {each.id for each in self.before if each.proven}
        return tuple(each for each in self.clauses if each.id in held_then and not each.proven)

    @property
    def gained(self) -> tuple[ClauseVerdict, ...]:
        """Clauses that are proven now and were not."""
        held_then = {each.id for each in self.before if each.proven}
        return tuple(each for each in self.clauses if each.proven and each.id not in held_then)

    @property
    def unshown(self) -> tuple[ClauseVerdict, ...]:
        """Open clauses that have a test of the user's, which does not show them."""
        held_then = {each.id for each in self.before if each.proven}
        return tuple(
            each
            for each in self.clauses
            if each.state is ClauseState.OPEN and each.test and each.id not in held_then
        )

    @property
    def failed(self) -> tuple[NodeReport, ...]:
        """Nodes that a judge rejected."""
        return tuple(report for report in self.reports.values() if not report.passed)

    @property
    def holds(self) -> bool:
        """Whether all is as it was delivered, or better."""
        return not self.drifted and not self.failed

    def closing_line(self) -> str:
        """What was found, in one sentence."""
        drifted, failed = len(self.drifted), len(self.failed)
        drift = f"{drifted} no longer hold" if drifted else "nothing drifted"
        nodes = f"{len(self.reports) - failed} of {len(self.reports)} nodes agree"
        return f"{summed_up(self.clauses)}; {drift}; {nodes} with their specification"

    def summary(self) -> dict[str, Any]:
        """The judgement as plain values for JSON."""
        return {
            "output": self.out,
            "package": self.plan.package,
            "holds": self.holds,
            "clauses": counted(self.clauses),
            "drifted": self.drifted,
            "gained": self.gained,
            "verdicts": self.clauses,
            "nodes": [
                {"slug": each.slug, "kind": each.kind, "passed": each.passed, "checks": each.checks}
                for each in self.reports.values()
            ],
            "seconds": self.seconds,
        }


def judge_package(out: Path, workers: Workers, count: int, timeout_seconds: float) -> Judgement:
    """Judge the package in ``out`` on ``count`` of the ``workers``.

    Clauses that the user's own tests show are noted in the manifest.

    Raises:
        DeliveryError: nothing was delivered there, or it cannot be read.
        SpecificationError: its specification is wrong.
    """
    started = time.perf_counter()
    root = out.resolve()
    manifest = load_manifest(root)
    if not manifest.files:
        raise DeliveryError(f"{out} holds no package: nodewright has not generated there")
    specification = held_specification(out)
    if specification.package != manifest.package:
        raise DeliveryError(
            f"spec.yaml names the package {specification.package!r}, and {manifest.package!r} was "
            "delivered: run nodewright generate"
        )
    plan = plan_specification(specification)
    edits = edits_in(root, manifest, plan)
    with TemporaryFolder() as folder:
        copy = Path(folder).resolve() / "package"
        copy_package(root, copy)
        proof = Proof(Verify.RUN, timeout_seconds=timeout_seconds)
        reports, shown = asyncio.run(_judged(copy, plan, edits, workers, count, proof))
    reports = excused(plan, reports, shown, edits.nodes)
    before = {each.id: each for each in manifest.clauses}
    verdicts = clause_verdicts(
        plan,
        reports,
        [slug for slug, report in reports.items() if _runs(report)],
        shown_by_user=shown,
        authors=Authors(
            written=clauses_of_methods(plan, edits.methods)
            | {name for name, each in before.items() if each.by not in {"", RULE}},
            before={name: each.by for name, each in before.items() if each.by},
        ),
    )
    judgement = Judgement(
        out, plan, reports, verdicts, manifest.clauses, time.perf_counter() - started
    )
    gained = {each.id: each for each in judgement.gained if each.id in shown}
    if gained:
        keep_clauses(out, gained)
    return judgement


def copy_package(root: Path, to: Path) -> None:
    """Copy what is judged of an output folder; links and what is no file are left out."""
    to.mkdir(parents=True)
    for path in _judged_files(root):
        content = held(root, path)
        if content is not None:
            target = to / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def _judged_files(root: Path) -> Iterator[str]:
    for name in _JUDGED:
        top = root / name
        if top.is_symlink():
            continue
        if top.is_file():
            yield name
        for folder, folders, files in top.walk():
            folders[:] = [each for each in folders if each not in _NOT_COPIED]
            for file in files:
                path = folder / file
                if not path.is_symlink() and path.is_file():
                    yield path.relative_to(root).as_posix()


async def _judged(  # noqa: PLR0917 - what a judgement takes
    copy: Path, plan: Plan, edits: Edits, workers: Workers, count: int, proof: Proof
) -> tuple[dict[str, NodeReport], dict[str, ClauseProof]]:
    """What the judges say of each node, and the user's tests of open clauses."""
    free = asyncio.Semaphore(count)

    async def report(node: NodePlan) -> NodeReport:
        if not (copy / "src" / plan.package / "nodes" / node.slug).is_dir():
            there = Check(
                "delivered", passed=False, detail="it is not there: run nodewright generate"
            )
            return NodeReport(node.slug, node.kind, (there,))
        async with free:
            started = time.perf_counter()
            checks, clauses = await judge_as_staged(plan, copy, node.slug, workers, proof)
        seconds = time.perf_counter() - started
        return NodeReport(node.slug, node.kind, checks, (), clauses, verify_seconds=seconds)

    showing = asyncio.create_task(
        asyncio.to_thread(shown_by_tests, copy, open_notes(plan), edits, proof.timeout_seconds)
    )
    reports = await asyncio.gather(*map(report, plan.nodes))
    shown = await showing
    return {each.slug: each for each in reports}, shown


def _runs(report: NodeReport) -> bool:
    """Whether a node does its work, even where it does not agree with the interpreter."""
    return report.passed or {each.name for each in report.checks if not each.passed} == {AGREES}
