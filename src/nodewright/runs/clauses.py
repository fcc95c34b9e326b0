"""What became of each clause of the document: proven, open with the reason, or context."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nodewright.planning.homes import homes_of
from nodewright.planning.plan import Plan
from nodewright.proving.model import NodeReport
from nodewright.spec.model import ClauseNote, State


class ClauseState(StrEnum):
    """What is known of a clause."""

    PROVEN = "proven"
    OPEN = "open"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class ClauseVerdict:
    """One clause of the document; ``node`` is the slug of the node that shows it.

    ``reason`` says why it is open or context, empty where it is proven.
    """

    id: str
    requirement: str
    line: int
    text: str
    state: ClauseState
    reason: str = ""
    node: str = ""


def clause_verdicts(
    plan: Plan, reports: Mapping[str, NodeReport], delivered: Iterable[str]
) -> tuple[ClauseVerdict, ...]:
    """Every clause of the plan's specification, in the document's order.

    Args:
        plan: what was generated.
        reports: slug -> what its judges said.
        delivered: slugs of the nodes that were delivered.
    """
    homes = homes_of(plan)
    there = set(delivered)
    proofs = {proof.clause: proof for report in reports.values() for proof in report.clauses}

    def verdict(note: ClauseNote) -> ClauseVerdict:
        node = homes.get(note.id, "")
        proof = proofs.get(note.id)
        state, reason = ClauseState.OPEN, note.reason
        if note.state is State.CONTEXT:
            state = ClauseState.CONTEXT
        elif note.state is State.READ:
            if proof is not None and proof.proven and node in there:
                state, reason = ClauseState.PROVEN, ""
            elif node and node not in there:
                reason = f"its node {node} was not delivered"
            else:
                reason = proof.reason if proof is not None else "no node carries it out"
        return ClauseVerdict(note.id, note.requirement, note.line, note.text, state, reason, node)

    return tuple(verdict(note) for note in plan.specification.clauses)


def counted(verdicts: Sequence[ClauseVerdict]) -> dict[ClauseState, int]:
    """How many clauses are in each state."""
    return {state: sum(each.state is state for each in verdicts) for state in ClauseState}


def summed_up(verdicts: Sequence[ClauseVerdict]) -> str:
    """``37 clauses proven, 5 open, 9 context``."""
    counts = counted(verdicts)
    return (
        f"{counts[ClauseState.PROVEN]} clauses proven, {counts[ClauseState.OPEN]} open, "
        f"{counts[ClauseState.CONTEXT]} context"
    )


def done_requirements(verdicts: Sequence[ClauseVerdict]) -> tuple[str, ...]:
    """Requirements of which every clause that demands something is proven."""
    asked: dict[str, bool] = {}
    for each in verdicts:
        if each.requirement and each.state is not ClauseState.CONTEXT:
            proven = each.state is ClauseState.PROVEN
            asked[each.requirement] = asked.get(each.requirement, True) and proven
    return tuple(name for name, done in asked.items() if done)
