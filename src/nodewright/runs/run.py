"""A run of the workflow: what it is asked, where it is, and what it did."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from nodewright.delivery.decisions import Action, FileDecision
from nodewright.delivery.specification import Specified
from nodewright.planning.plan import NodePlan, Plan
from nodewright.prd import SimplePRDAnalysisResult
from nodewright.proving.model import ALREADY_THERE, BROKEN_STEPS, OVERDUE, NodeReport, Verify
from nodewright.runs.clauses import ClauseState, ClauseVerdict, counted, summed_up
from nodewright.runs.engine import Outcome
from nodewright.runs.places import replacing
from nodewright.spec.model import State
from nodewright.spec.verdicts import PERSON


@dataclass(frozen=True, slots=True)
class Options:
    """How to generate.

    ``jobs`` is the number of worker processes; ``timeout_seconds`` bounds each node from its
    start. ``templates`` is a folder that overlays the built-in pack. With ``resume``, nodes that
    are already in ``output`` as they would be generated are not proven again. ``cluster`` is the
    address of a Dask scheduler whose workers run the jobs, at least ``jobs`` at a time. ``author``
    is who made what the reading did not make. ``replace`` lets a run take the place of another
    package, or of another document's.
    """

    output: Path
    verify: Verify = Verify.RUN
    jobs: int = 2
    force: bool = False
    timeout_seconds: float = 120.0
    templates: Path | None = None
    resume: bool = False
    cluster: str | None = None
    author: str = PERSON
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A PRD that was read: its analysis, its specification and the plan, made in ``seconds``.

    ``warnings`` are what the author of the document should know.
    """

    analysis: SimplePRDAnalysisResult
    plan: Plan
    seconds: float
    specified: Specified
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would do: the plan, and each file.

    ``conflict`` says that the user's specification and the document differ in the same lines;
    ``replaces`` names the package, or the nodes, whose place the run would take.
    """

    plan: Plan
    decisions: tuple[FileDecision, ...]
    conflict: bool = False
    replaces: str = ""

    def clauses_line(self) -> str:
        """What was made of the document's clauses, before anything is proven."""
        notes = self.plan.specification.clauses
        count = Counter(note.state for note in notes)
        return (
            f"{count[State.READ]} clauses read, {count[State.OPEN]} open, "
            f"{count[State.CONTEXT]} context"
        )

    def files_line(self) -> str:
        """How many files each action concerns: ``88 files: 80 create, 8 keep``."""
        count = Counter(str(decision.action) for decision in self.decisions)
        parts = ", ".join(f"{number} {action}" for action, number in count.items())
        return f"{len(self.decisions)} files: {parts}"

    def warnings(self) -> Iterator[str]:
        """What the user has to decide."""
        if self.conflict:
            yield ("spec.yaml: your changes and the document's are in the same lines; yours hold")
        if self.replaces:
            yield replacing(self.replaces, self.decisions)
        for decision in self.decisions:
            if decision.action is Action.CONFLICT:
                yield f"conflict: {decision.path}: {decision.reason}"

    def summary(self) -> dict[str, Any]:
        """The preview as plain values for JSON."""
        return {
            "plan": plan_summary(self.plan),
            "files": [_decision_summary(decision) for decision in self.decisions],
            "clauses": self.plan.specification.clauses,
            "warnings": list(self.warnings()),
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is: ``done`` of ``total`` nodes, and what just happened."""

    message: str
    done: int = 0
    total: int = 0


# Checks that are no verdict on what was generated; see `Run.evidence`.
_SAY_NOTHING = frozenset({ALREADY_THERE, OVERDUE, BROKEN_STEPS})

OnProgress = Callable[[Progress], None]


@dataclass(slots=True)
class Run:
    """What a run did; ``seconds`` maps phase -> wall time in seconds.

    ``clauses`` are what became of each clause of the document.
    ``speedup`` is CPU seconds of the jobs per second of wall time while they ran.
    """

    prepared: Prepared
    options: Options
    outcomes: list[Outcome] = field(default_factory=list)
    decisions: tuple[FileDecision, ...] = ()
    conflicts: tuple[FileDecision, ...] = ()
    clauses: tuple[ClauseVerdict, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    speedup: float = 0.0
    workers: int = 1

    @property
    def session_id(self) -> UUID:
        """The run's session, that of its analysis."""
        return self.prepared.analysis.session_id

    @property
    def proofs(self) -> list[tuple[NodePlan, NodeReport]]:
        """Each node of the plan with what the judges said of it."""
        return [(outcome.node, outcome.report) for outcome in self.outcomes]

    @property
    def evidence(self) -> list[tuple[NodePlan, NodeReport]]:
        """The proofs that say something of patterns and mixins.

        Those are the proofs of nodes as they were generated, by this run and from the built-in
        templates. The user's edits and templates are not evidence, nor is a node that was there
        already, was stopped at its time limit or failed only because it runs one that failed.
        """
        if self.options.templates is not None:
            return []
        edited = {decision.node for decision in self.decisions if decision.edited}
        return [
            (node, report)
            for node, report in self.proofs
            if node.slug not in edited and not _SAY_NOTHING.intersection(_verdicts(report))
        ]

    @property
    def succeeded(self) -> bool:
        """Whether every node of the plan was proven and delivered."""
        return bool(self.outcomes) and all(outcome.delivered for outcome in self.outcomes)

    @property
    def open_clauses(self) -> tuple[ClauseVerdict, ...]:
        """What the document demands and nothing shows."""
        return tuple(each for each in self.clauses if each.state is ClauseState.OPEN)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time of the block to ``seconds[name]``."""
        started = time.perf_counter()
        try:
            yield
        finally:
            elapsed = time.perf_counter() - started
            self.seconds[name] = self.seconds.get(name, 0.0) + elapsed

    def closing_line(self) -> str:
        """How the run ended, in one sentence."""
        proven = sum(outcome.delivered for outcome in self.outcomes)
        total = self.seconds.get("total", 0.0)
        return (
            f"{summed_up(self.clauses)}; {proven} of {len(self.outcomes)} nodes proven "
            f"({self.options.verify}) and delivered to {self.options.output} in {total:.1f} s"
        )

    def summary(self) -> dict[str, Any]:
        """The run as plain values for JSON."""
        return {
            "session_id": self.session_id,
            "output": self.options.output,
            "verify": self.options.verify,
            "succeeded": self.succeeded,
            "plan": plan_summary(self.prepared.plan),
            "clauses": counted(self.clauses),
            "verdicts": self.clauses,
            "nodes": [_node_summary(outcome) for outcome in self.outcomes],
            "files": [_decision_summary(decision) for decision in self.decisions],
            "conflicts": [decision.path for decision in self.conflicts],
            "seconds": self.seconds,
            "speedup": self.speedup,
            "workers": self.workers,
            "cores": usable_cores(),
        }


def plan_summary(plan: Plan) -> dict[str, Any]:
    """A plan as plain values for JSON."""
    return {
        "package": plan.package,
        "title": plan.title,
        "description": plan.description,
        "systems": plan.systems,
        "patterns": plan.patterns,
        "nodes": [
            {
                "slug": node.slug,
                "kind": node.kind,
                "class_name": node.class_name,
                "description": node.description,
                "entity": node.entity,
                "runs": node.runs,
                "mixins": node.mixins,
                "traces": node.traces,
                "operations": [
                    {"name": op.name, "description": op.description, "clauses": op.clauses}
                    for op in node.operations
                ],
            }
            for node in plan.nodes
        ],
    }


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _verdicts(report: NodeReport) -> set[str]:
    """The checks that decided: those that failed, else all."""
    failed = {check.name for check in report.checks if not check.passed}
    return failed or {check.name for check in report.checks}


def _node_summary(outcome: Outcome) -> dict[str, Any]:
    report = outcome.report
    return {
        "node": outcome.node.class_name,
        "slug": outcome.node.slug,
        "kind": outcome.node.kind,
        "requirements": [trace.requirement for trace in outcome.node.traces],
        "delivered": outcome.delivered,
        "reason": outcome.reason,
        "checks": report.checks,
        "files": [file.path for file in report.files],
        "seconds": report.seconds,
    }


def _decision_summary(decision: FileDecision) -> dict[str, str]:
    return {"path": decision.path, "action": decision.action, "reason": decision.reason}
