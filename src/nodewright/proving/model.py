"""What proving yields: plain, frozen, picklable values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from nodewright.rendering.model import RenderedFile
from nodewright.templates import TemplateUse


class Verify(StrEnum):
    """How far each node is proven before it is delivered."""

    STATIC = "static"
    RUN = "run"
    FULL = "full"


# The check that a node fails when it is stopped at its time limit.
OVERDUE = "time"
# The check of a node that was not proven again.
ALREADY_THERE = "already there"
# The check that a workflow fails when a node that it runs has failed.
BROKEN_STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Check:
    """One judge's word on a node: ``detail`` is the reason when it did not pass."""

    name: str
    passed: bool
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ClauseProof:
    """What a proof says of one clause: ``reason`` why it is not proven, ``test`` what shows it.

    ``tried`` is false where no scenario can show it, so that nothing was run.
    """

    clause: str
    proven: bool
    reason: str = ""
    test: str = ""
    tried: bool = True


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What became of one node; ``clauses`` are those that it answers for.

    Times are seconds in the worker: ``render_seconds`` and ``verify_seconds`` by the clock,
    ``cpu_seconds`` of the processor, the judges' own processes included. ``template_uses`` are what
    the worker's template cache did since its last report.
    """

    slug: str
    kind: str
    checks: tuple[Check, ...]
    files: tuple[RenderedFile, ...] = ()
    clauses: tuple[ClauseProof, ...] = ()
    render_seconds: float = 0.0
    verify_seconds: float = 0.0
    cpu_seconds: float = 0.0
    template_uses: tuple[TemplateUse, ...] = ()

    @property
    def seconds(self) -> float:
        """Wall time of the whole job."""
        return self.render_seconds + self.verify_seconds

    @property
    def passed(self) -> bool:
        """Whether at least one judge spoke and none objected."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def timed_out(self) -> bool:
        """Whether it was stopped at its time limit."""
        return any(check.name == OVERDUE and not check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """The first objection, empty when there is none."""
        if not self.checks:
            return "not proven"
        failed = [check for check in self.checks if not check.passed]
        return f"{failed[0].name}: {failed[0].detail}" if failed else ""


class Judged(NamedTuple):
    """What the judges said of a staged node, and of the clauses that it answers for."""

    checks: tuple[Check, ...]
    clauses: tuple[ClauseProof, ...]
