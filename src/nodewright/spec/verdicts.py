"""What became of each clause of a document once its package was proven."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

RULE = "rule"
PERSON = "person"
AGENT = "agent:"


class ClauseState(StrEnum):
    """What is known of a clause."""

    PROVEN = "proven"
    OPEN = "open"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class ClauseVerdict:
    """One clause of the document; ``node`` is the slug of the node that answers for it.

    ``reason`` says why it is open or context, empty where it is proven. ``by`` is who closed it:
    ``rule`` (a pass of the reading), ``person`` or ``agent:NAME``; empty where nobody did. ``test``
    is the test that shows it. ``place`` is the file where code for it goes, empty where it needs
    none.
    """

    id: str
    requirement: str
    line: int
    text: str
    state: ClauseState
    reason: str = ""
    node: str = ""
    by: str = ""
    test: str = ""
    place: str = ""

    @property
    def proven(self) -> bool:
        """Whether a test shows it."""
        return self.state is ClauseState.PROVEN


def counted(verdicts: Sequence[ClauseVerdict]) -> dict[str, int]:
    """How many clauses are in each state."""
    return {state.value: sum(each.state is state for each in verdicts) for state in ClauseState}


def summed_up(verdicts: Sequence[ClauseVerdict]) -> str:
    """``37 clauses proven, 5 open, 9 context``; ``2 by you`` where a person closed some."""
    counts = counted(verdicts)
    yours = sum(each.proven and each.by == PERSON for each in verdicts)
    agents = sum(each.proven and each.by.startswith(AGENT) for each in verdicts)
    others = [f"{yours} by you"] * bool(yours) + [f"{agents} by agents"] * bool(agents)
    said = f" ({', '.join(others)})" if others else ""
    noun = "clause" if counts["proven"] == 1 else "clauses"
    proven, waiting, context = counts.values()
    return f"{proven} {noun} proven{said}, {waiting} open, {context} context"


def done_requirements(verdicts: Sequence[ClauseVerdict]) -> tuple[str, ...]:
    """Requirements of which every clause that demands something is proven."""
    asked: dict[str, bool] = {}
    for each in verdicts:
        if each.requirement and each.state is not ClauseState.CONTEXT:
            asked[each.requirement] = asked.get(each.requirement, True) and each.proven
    return tuple(name for name, done in asked.items() if done)
