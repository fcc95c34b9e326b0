"""The plan of a run and what comes of it: plain, frozen, picklable values.

The plan is an object: dry run, tables and JSON show the same ``Plan`` that is then run.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nodewright.prd.models import FieldType
from nodewright.templates import TemplateUse


class Verify(StrEnum):
    """How far each node is proven before it is delivered."""

    STATIC = "static"
    RUN = "run"
    FULL = "full"


NUMERIC = (FieldType.INTEGER, FieldType.NUMBER, FieldType.DECIMAL)
"""Types of fields that can be measured."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Where in the PRD something came from."""

    requirement: str
    section: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class PlannedField:
    """A field of a generated model; ``name`` is a snake_case identifier."""

    name: str
    type: FieldType
    required: bool = True


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """Something a node does; ``name`` is a snake_case identifier, unique in its node.

    ``action`` says which behaviour is generated (``create``, ``read``, ``update``, ``delete``,
    ``list``, or a kind's own verb); ``parameters`` are what the chosen behaviour needs.
    """

    name: str
    action: str
    description: str
    traces: tuple[Trace, ...]
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedTransition:
    """A move of a reducer's state machine."""

    source: str
    target: str
    trigger: str


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of an orchestrator's workflow: run ``operation`` of the node with ``slug``."""

    name: str
    node: str
    operation: str
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node to generate.

    ``slug`` is the folder's name (``node_user_service_effect``), ``class_name`` the node's class
    (``NodeUserServiceEffect``), ``kind`` one of EFFECT, COMPUTE, REDUCER, ORCHESTRATOR.
    """

    slug: str
    kind: str
    name: str
    class_name: str
    description: str
    entity: str
    fields: tuple[PlannedField, ...]
    operations: tuple[PlannedOperation, ...]
    states: tuple[str, ...] = ()
    transitions: tuple[PlannedTransition, ...] = ()
    steps: tuple[PlannedStep, ...] = ()
    systems: tuple[str, ...] = ()
    mixins: tuple[str, ...] = ()
    rules: tuple[dict[str, Any], ...] = ()

    @property
    def traces(self) -> tuple[Trace, ...]:
        """The requirements that this node covers, each once, by line."""
        unique = {trace.requirement: trace for op in self.operations for trace in op.traces}
        return tuple(sorted(unique.values(), key=lambda trace: trace.line))


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a run will generate into ``package``; ``uncovered`` requirements get no node."""

    package: str
    title: str
    description: str
    nodes: tuple[NodePlan, ...]
    uncovered: tuple[Trace, ...] = ()
    systems: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file of the generated package; ``path`` is relative to the output folder, with slashes.

    ``node`` is the slug of the node it belongs to, empty for the package's own files.
    ``user_owned`` files (handlers) are written once and never overwritten.
    """

    path: str
    content: str
    template: str
    template_version: str
    template_hash: str
    node: str = ""
    requirements: tuple[str, ...] = ()
    user_owned: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One judge's word on a node: ``detail`` is the reason when it did not pass."""

    name: str
    passed: bool
    detail: str = ""
    seconds: float = 0.0


# The check that a node fails when it is stopped at its time limit.
OVERDUE = "time"
# The check that a workflow fails when a node that it runs has failed.
BROKEN_STEPS = "steps"


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What became of one node.

    Times are seconds in the worker: ``render_seconds`` and ``verify_seconds`` by the clock,
    ``cpu_seconds`` of the processor, the judges' own processes included. ``template_uses`` are what
    the worker's template cache did since its last report.
    """

    slug: str
    kind: str
    checks: tuple[Check, ...]
    files: tuple[RenderedFile, ...] = ()
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
