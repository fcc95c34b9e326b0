"""What can be read of a document and of an output folder, in pieces for whoever works there."""

from pathlib import Path
from typing import Any

import orjson

from nodewright.delivery.decisions import held
from nodewright.delivery.manifest import DeliveryError, checked_path, load_manifest, read_base
from nodewright.errors import NodewrightError
from nodewright.prd import read_prd
from nodewright.runs.clause_context import ClauseContext, context_of, numbered
from nodewright.runs.standing import Standing
from nodewright.runs.submissions import differing, submissions
from nodewright.spec.model import State
from nodewright.spec.paraphrase import sentences
from nodewright.spec.tree import at
from nodewright.spec.yaml_nodes import Entries, plain, read_nodes, write_nodes
from nodewright.workflow import clauses_of, specification


class UnknownError(NodewrightError):
    """There is nothing of that name."""


def document(prd: Path) -> str:
    """A document with line numbers."""
    return numbered(read_prd(prd))


def analysed(prd: Path) -> dict[str, Any]:
    """What is read of a document, in a few numbers and names."""
    found = specification(prd).specified.specification
    states = [note.state for note in found.clauses]
    return {
        "title": found.title,
        "package": found.package,
        "clauses": len(states),
        "read": states.count(State.READ),
        "open": states.count(State.OPEN),
        "context": states.count(State.CONTEXT),
        "entities": [each.name for each in found.entities],
        "operations": [each.name for each in found.operations],
        "warnings": [],
    }


def clause(prd: Path, out: Path, name: str) -> ClauseContext:
    """All that closing a clause takes.

    Raises:
        UnknownError: there is no such clause.
    """
    found = context_of(Standing(out), read_prd(prd), name)
    if found is None:
        raise UnknownError(f"there is no clause {name[:60]!r}; list the clauses first")
    return found


def element(out: Path, name: str) -> str:
    """The specification as it is written, or what stands at a name such as ``entities.Ticket``.

    Raises:
        UnknownError: nothing stands there.
    """
    text = Standing(out).text
    if not name:
        return text
    node: Any = read_nodes(text)
    for step in name.split("."):
        known = node.entries if isinstance(node, Entries) else {}
        if step not in known:
            there = ", ".join(list(known)[:40]) or "nothing by name"
            raise UnknownError(f"there is no {step[:60]!r} in {name[:60]!r}; there is {there}")
        node = known[step]
    return write_nodes({name: plain(node)}, 3)


def explained(out: Path, name: str) -> dict[str, Any]:
    """Why a clause, or a submission, is as it is.

    Raises:
        UnknownError: there is no such clause or submission.
    """
    kept = list(submissions(out))
    for each in kept:
        if each.id == name:
            state = "accepted" if each.accepted else "refused"
            said = [f"{each.kind} for {', '.join(each.clauses)}, by {each.by}, at {each.at}"]
            return {"state": state, "reason": each.reason, "said": said, "history": [each.diff]}
    verdict = next((each for each in clauses_of(out) if each.id == name), None)
    if verdict is None:
        raise UnknownError(f"there is no clause or submission {name[:60]!r}; list the clauses")
    meant = Standing(out).specification
    said = [text for path, text in sentences(meant) if name in at(meant, path).clauses]
    history = [
        f"{each.at} {each.by} {each.kind} {each.id}: {each.reason or 'accepted'}"
        for each in kept
        if name in each.clauses
    ]
    by = f"closed by {verdict.by}" if verdict.by else ""
    return {
        "state": verdict.state.value,
        "reason": verdict.reason or by,
        "said": said,
        "test": verdict.test,
        "history": history[:20],
    }


def verdicts(out: Path) -> str:
    """What became of each clause, as JSON."""
    return orjson.dumps(clauses_of(out), option=orjson.OPT_INDENT_2).decode()


def file(out: Path, path: str) -> str:
    """The text of a file of the package.

    Raises:
        DeliveryError: there is none, or the path leads out.
    """
    content = held(out.resolve(), checked_path(path))
    if content is None:
        raise DeliveryError(f"there is no file {path[:200]!r}")
    return content.decode(errors="replace")


def edited(out: Path) -> str:
    """What was edited since it was generated, as a unified difference."""
    root = out.resolve()
    pieces = []
    for path, entry in sorted(load_manifest(root).files.items()):
        current, base = held(root, path), read_base(root, entry)
        if current is not None and base is not None and current != base:
            pieces.append(differing(path, base, current))
    return "\n".join(pieces)
