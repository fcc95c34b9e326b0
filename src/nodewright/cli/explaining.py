"""Clauses of a document with what was read of them, as text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nodewright.cli.wrapping import many, say, wrapped
from nodewright.spec.model import State

if TYPE_CHECKING:
    from nodewright.runs.explaining import ExplainedClause


def print_clauses(clauses: Sequence["ExplainedClause"]) -> None:
    """Each clause that demands something, with what it means or why it is open."""
    asking = [each for each in clauses if each.note.state is not State.CONTEXT]
    say("Clauses")
    for each in asking:
        _head(each)
        _meaning(each, details=False)
    say(f"{many(len(asking), 'clause')} demand something, {len(clauses) - len(asking)} nothing")


def print_explained(clauses: Sequence["ExplainedClause"]) -> None:
    """Each clause with its demands, what was read of them, and the node that it became."""
    for each in clauses:
        _head(each)
        for demand in each.demands:
            wrapped(f"demands {demand}")
        _meaning(each, details=True)
        if each.note.state is State.CONTEXT:
            wrapped(f"demands nothing: {each.note.reason}")
        if each.node:
            say(f"    done by {each.node} ({each.kind})")


def _head(each: "ExplainedClause") -> None:
    kind = f" {each.kind}" if each.kind else ""
    wrapped(f"{each.note.id} (line {each.note.line}){kind}: {each.note.text}", first="  ")


def _meaning(each: "ExplainedClause", *, details: bool) -> None:
    for meant in each.elements:
        if meant.detail and not details:
            continue
        wrapped(f"means: {meant.sentence}")
        if meant.assumed:
            wrapped(f"assumed: {meant.assumed}")
    if each.note.state is State.OPEN:
        wrapped(f"open: {each.note.reason}")
