"""The steps of an orchestrator: which operations of the other nodes it runs, in which order."""

from collections.abc import Sequence
from dataclasses import replace

from nodewright.language.naming import RESERVED, unique
from nodewright.planning.domains import stems
from nodewright.planning.model import NodePlan, PlannedOperation, PlannedStep

# Steps over one node: those that the workflow speaks of, and at least this many.
_MOST_MENTIONED = 4
_USUALLY = 2
_STEP_ORDER = ("COMPUTE", "EFFECT", "REDUCER")
_STEP_ACTIONS = {
    "EFFECT": ("create", "deliver", "list"),
    "COMPUTE": ("validate", "parse", "transform", "calculate", "formula", "compare", "render"),
    "REDUCER": ("aggregate", "transition"),
}


def with_steps(node: NodePlan, others: Sequence[NodePlan]) -> NodePlan:
    """Give an orchestrator its steps over the other nodes."""
    steps: list[PlannedStep] = []
    spoken = stems(" ".join(trace.text for trace in node.traces))
    taken = set(RESERVED) | {other.slug.removeprefix("node_") for other in others}
    by_kind = sorted(others, key=lambda other: _STEP_ORDER.index(other.kind))
    for other in by_kind:
        for operation in _step_operations(other, spoken):
            name = unique(operation, taken)
            taken.add(name)
            before = (steps[-1].name,) if steps else ()
            steps.append(PlannedStep(name, other.slug, operation, before))
    by_slug = {other.slug: other for other in others}
    operations = tuple(
        replace(op, parameters={"steps": _steps_for(op, steps, by_slug)}) for op in node.operations
    )
    return replace(node, operations=operations, steps=tuple(steps), fields=())


def _step_operations(node: NodePlan, spoken: frozenset[str]) -> list[str]:
    """Operations of ``node`` that a workflow can run from the start, in the order to run them."""
    chosen = [
        operation.name
        for action in _STEP_ACTIONS[node.kind]
        for operation in node.operations
        if operation.action == action
    ]
    if node.kind == "REDUCER":
        first = {move.trigger for move in node.transitions if move.source == node.states[0]}
        aggregates = [op.name for op in node.operations if op.action == "aggregate"]
        return (aggregates or [name for name in chosen if name in first])[:1]
    mentioned = [name for name in chosen if _mentioned(name, node, spoken)][:_MOST_MENTIONED]
    others = [name for name in chosen if name not in mentioned]
    wanted = {*mentioned, *others[: max(_USUALLY - len(mentioned), 0)]}
    return [name for name in chosen if name in wanted]


def _mentioned(operation: str, node: NodePlan, spoken: frozenset[str]) -> bool:
    """Whether ``spoken`` has what ``operation`` is done to, beyond the record itself."""
    subject = stems(operation.partition("_")[2].replace("_", " ")) - stems(node.entity)
    return bool(subject) and subject <= spoken


def _steps_for(
    operation: PlannedOperation, steps: Sequence[PlannedStep], nodes: dict[str, NodePlan]
) -> list[str]:
    """Steps on the things that the workflow's requirement speaks of; all where it names none."""
    text = " ".join(trace.text.lower() for trace in operation.traces)
    spoken = stems(text)
    named = [
        step.name
        for step in steps
        if nodes[step.node].entity.lower() in text
        or _mentioned(step.operation, nodes[step.node], spoken)
    ]
    return named if len(named) > 1 else [step.name for step in steps]
