"""What became of each clause of the document: proven, open with the reason, or context."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from nodewright.delivery.specification import NAME
from nodewright.planning.homes import homes_of
from nodewright.planning.plan import NodePlan, Plan
from nodewright.proving.meaning import AGREES
from nodewright.proving.model import Check, ClauseProof, NodeReport
from nodewright.rendering.acceptance import name_of_tests
from nodewright.spec.model import ClauseNote, State
from nodewright.spec.verdicts import (
    PERSON,
    RULE,
    ClauseState,
    ClauseVerdict,
    counted,
    done_requirements,
    summed_up,
)

__all__ = [
    "Authors",
    "ClauseState",
    "ClauseVerdict",
    "clause_verdicts",
    "counted",
    "done_requirements",
    "excused",
    "handler_of",
    "open_notes",
    "summed_up",
]


@dataclass(frozen=True, slots=True)
class Authors:
    """Who closes clauses.

    ``written`` are clauses with elements in the specification that the reading did not make, or
    with an operation whose code the user edited; they are ``author``'s. ``before`` says who had
    closed a clause earlier.
    """

    written: frozenset[str] = frozenset()
    author: str = PERSON
    before: Mapping[str, str] = field(default_factory=dict)

    def of(self, clause: str, *, by_test: bool = False) -> str:
        """Who closed ``clause``; ``by_test`` says that a test of the user's shows it."""
        if not by_test and clause not in self.written:
            return RULE
        earlier = self.before.get(clause, RULE)
        return self.author if earlier == RULE else earlier


def clause_verdicts(
    plan: Plan,
    reports: Mapping[str, NodeReport],
    delivered: Iterable[str],
    *,
    shown_by_user: Mapping[str, ClauseProof] | None = None,
    authors: Authors | None = None,
) -> tuple[ClauseVerdict, ...]:
    """Every clause of the plan's specification, in the document's order.

    Args:
        plan: what was generated.
        reports: slug -> what its judges said.
        delivered: slugs of the nodes that were delivered.
        shown_by_user: clause -> what the user's own tests say of it.
        authors: who closes clauses; the reading alone where it is not given.
    """
    judging = _Judging(
        plan,
        reports,
        frozenset(delivered),
        shown_by_user or {},
        authors or Authors(),
    )
    return tuple(judging.verdict(note) for note in plan.specification.clauses)


def handler_of(plan: Plan, node: NodePlan) -> str:
    """The file that holds the behaviour of ``node``."""
    return f"src/{plan.package}/nodes/{node.slug}/handlers/handler_{node.stem}.py"


def open_notes(plan: Plan) -> frozenset[str]:
    """Clauses that demand something; those that no proof shows only the user's code can close."""
    return frozenset(
        note.id for note in plan.specification.clauses if note.state is not State.CONTEXT
    )


def excused(
    plan: Plan,
    reports: Mapping[str, NodeReport],
    shown: Mapping[str, ClauseProof],
    edited: Collection[str],
) -> dict[str, NodeReport]:
    """``reports``, where a node may differ from the interpreter by what the user's code adds.

    The interpreter does not know an open clause. Where the user's code closes it, the node does
    more than the specification says, and its other clauses are held to their scenarios alone.
    """
    homes = homes_of(plan)
    closed = [clause for clause, proof in shown.items() if proof.proven]
    checked = dict(reports)
    for slug in edited:
        report = reports.get(slug)
        mine = [clause for clause in closed if homes.get(clause, slug) == slug]
        if report is not None and mine and _only_disagrees(report):
            detail = f"differs where your code closes {', '.join(mine)}"
            checks = tuple(
                Check(each.name, passed=True, detail=detail, seconds=each.seconds)
                if each.name == AGREES
                else each
                for each in report.checks
            )
            checked[slug] = replace(report, checks=checks)
    return checked


def _only_disagrees(report: NodeReport) -> bool:
    return {each.name for each in report.checks if not each.passed} == {AGREES}


class _Judging:
    """Knows what a verdict on a clause takes."""

    def __init__(
        self,
        plan: Plan,
        reports: Mapping[str, NodeReport],
        delivered: Collection[str],
        shown_by_user: Mapping[str, ClauseProof],
        authors: Authors,
    ) -> None:
        self._delivered = delivered
        self._reports = reports
        self._shown_by_user = shown_by_user
        self._authors = authors
        self._homes = homes_of(plan)
        self._proofs = {each.clause: each for report in reports.values() for each in report.clauses}
        self._places = {node.slug: handler_of(plan, node) for node in plan.nodes}
        # An open clause that no node answers for belongs where its requirement's others are.
        self._neighbours: dict[str, str] = {}
        for note in plan.specification.clauses:
            if note.requirement and note.id in self._homes:
                self._neighbours.setdefault(note.requirement, self._homes[note.id])

    def verdict(self, note: ClauseNote) -> ClauseVerdict:
        """What became of one clause."""
        node = self._homes.get(note.id, "")
        state, reason, test = self._state(note, node)
        by = ""
        if state is ClauseState.PROVEN:
            own = self._shown_by_user.get(note.id)
            by = self._authors.of(note.id, by_test=own is not None and own.test == test)
        place = self._place(note, node) if state is ClauseState.OPEN else self._places.get(node, "")
        return ClauseVerdict(
            note.id, note.requirement, note.line, note.text, state, reason, node, by, test, place
        )

    def _state(self, note: ClauseNote, node: str) -> tuple[ClauseState, str, str]:
        own = self._shown_by_user.get(note.id)
        proof = self._proofs.get(note.id)
        if note.state is State.CONTEXT:
            return ClauseState.CONTEXT, note.reason, ""
        if note.state is State.READ and proof is not None and proof.tried:
            if proof.proven and node in self._delivered:
                test = f"tests/test_{node}.py::{name_of_tests(note.id)}"
                return ClauseState.PROVEN, "", test
            return ClauseState.OPEN, proof.reason or self._unproven(node), ""
        if own is not None:
            state = ClauseState.PROVEN if own.proven else ClauseState.OPEN
            return state, own.reason, own.test
        if note.state is State.OPEN:
            return ClauseState.OPEN, note.reason, ""
        return ClauseState.OPEN, proof.reason if proof is not None else self._unproven(node), ""

    def _unproven(self, node: str) -> str:
        if not node:
            return "no node carries it out"
        report = self._reports.get(node)
        if report is not None and not report.passed:
            return f"its node {node} fails: {report.reason}"
        if node not in self._delivered:
            return f"its node {node} was not delivered"
        return "nothing was proven of it"

    def _place(self, note: ClauseNote, node: str) -> str:
        return self._places.get(node or self._neighbours.get(note.requirement, ""), NAME)
