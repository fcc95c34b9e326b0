"""The clauses of a package that was delivered, as its manifest keeps them."""

from pathlib import Path

from nodewright.delivery.manifest import DeliveryError, load_manifest
from nodewright.errors import NodewrightError
from nodewright.spec.verdicts import AGENT, PERSON, RULE, ClauseState, ClauseVerdict


class AuthorError(NodewrightError):
    """Nobody of that name closes clauses."""


def listed_clauses(out: Path, by: str | None = None) -> tuple[ClauseVerdict, ...]:
    """What is open in ``out``; with ``by`` what that one closed (``agent``: any agent).

    Raises:
        NodewrightError: there is no package, or ``by`` is nobody.
    """
    known = clauses_of(out)
    if by is None:
        return tuple(each for each in known if each.state is ClauseState.OPEN)
    if by not in {RULE, PERSON, AGENT.rstrip(":")} and not by.startswith(AGENT):
        raise AuthorError(f"{by!r} closes nothing: say rule, person, agent or agent:NAME")
    return tuple(each for each in known if each.proven and by in {each.by, each.by.split(":")[0]})


def clauses_of(out: Path) -> tuple[ClauseVerdict, ...]:
    """What became of each clause of the document that the package in ``out`` was made from.

    Raises:
        DeliveryError: nothing was delivered there, or its manifest cannot be read.
    """
    manifest = load_manifest(out.resolve())
    if not manifest.files:
        raise DeliveryError(f"{out} holds no package: nodewright has not generated there")
    return manifest.clauses
