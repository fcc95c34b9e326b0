"""What somebody needs to know to close a clause."""

from collections.abc import Iterator
from dataclasses import dataclass

from nodewright.planning.homes import entities_of
from nodewright.runs.clauses import ClauseState, ClauseVerdict, handler_of
from nodewright.runs.standing import Standing
from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.paraphrase import sentences
from nodewright.spec.tree import at

LINES_AROUND = 4


@dataclass(frozen=True, slots=True)
class ClauseContext:
    """A clause and what is around it.

    ``around`` are lines of the document, with their numbers; ``said`` what elements say of it and
    of its requirement, in English; ``node`` answers for it, or would; ``handler`` is the file where
    code for it goes, ``test`` what a test of it has to show.
    """

    verdict: ClauseVerdict
    around: str
    said: tuple[str, ...]
    node: str
    kind: str
    operations: tuple[str, ...]
    entities: tuple[str, ...]
    ports: tuple[str, ...]
    handler: str
    test: str


def numbered(text: str, first: int = 1, last: int | None = None) -> str:
    """Lines ``first`` to ``last`` of a text, each with its number."""
    lines = text.splitlines()
    last = len(lines) if last is None else min(last, len(lines))
    first = max(first, 1)
    return "\n".join(f"{n:>5}  {lines[n - 1]}" for n in range(first, last + 1))


def context_of(standing: Standing, text: str, clause: str) -> ClauseContext | None:
    """What there is to know of a clause; None where there is no such clause.

    Args:
        standing: the output folder.
        text: the document.
        clause: its id.
    """
    verdict = next((each for each in standing.clauses if each.id == clause), None)
    if verdict is None:
        return None
    node = standing.node(standing.near(verdict))
    line = verdict.line
    return ClauseContext(
        verdict,
        numbered(text, line - LINES_AROUND, line + LINES_AROUND) if line else "",
        tuple(_said(standing, verdict)),
        node.slug if node else "",
        node.kind if node else "",
        tuple(op.name for op in node.operations) if node else (),
        tuple(sorted(entities_of(node))) if node else (),
        tuple(_ports(standing)),
        handler_of(standing.plan, node) if node else verdict.place,
        _wanted(verdict),
    )


def _said(standing: Standing, verdict: ClauseVerdict) -> Iterator[str]:
    notes = standing.specification.clauses
    mine = {note.id for note in notes if note.requirement == verdict.requirement != ""}
    mine.add(verdict.id)
    for path, sentence in sentences(standing.specification):
        element = at(standing.specification, path)
        if len(path) == 2 and mine.intersection(element.clauses):  # noqa: PLR2004 - a whole element
            yield f"{', '.join(element.clauses)}: {sentence}"


def _ports(standing: Standing) -> Iterator[str]:
    for port in standing.specification.ports:
        known = CAPABILITIES.get(port.capability)
        message = ", ".join(known.message) if known else ""
        yield f"{port.name} ({port.capability}): {message}"


def _wanted(verdict: ClauseVerdict) -> str:
    if verdict.state is not ClauseState.OPEN:
        return ""
    return (
        f'Mark it with @pytest.mark.clause("{verdict.id}"), take the fixture world, ask with '
        "await world.call(operation, **inputs), and assert what is answered, stored "
        "(world.records), sent (world.sent) or published. Show a case that the clause allows and "
        "one that it forbids or changes: the test has to fail on the code as it is now, and on a "
        "stub that always answers the same."
    )
