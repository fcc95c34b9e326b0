"""The steps of an orchestrator: which operations of the other nodes it runs, in which order."""

from collections.abc import Sequence
from dataclasses import replace

from nodewright.generation.model import NodePlan, PlannedOperation, PlannedStep
from nodewright.generation.naming import RESERVED, unique

_STEP_ORDER = ("COMPUTE", "EFFECT", "REDUCER")
_STEP_ACTIONS = {
    "EFFECT": ("create", "deliver", "list"),
    "COMPUTE": ("validate", "parse", "transform", "calculate", "formula", "compare", "render"),
    "REDUCER": ("aggregate", "transition"),
}


def with_steps(node: NodePlan, others: Sequence[NodePlan]) -> NodePlan:
    """Give an orchestrator its steps over the other nodes."""
    steps: list[PlannedStep] = []
    taken = set(RESERVED) | {other.slug.removeprefix("node_") for other in others}
    by_kind = sorted(others, key=lambda other: _STEP_ORDER.index(other.kind))
    for other in by_kind:
        for operation in _step_operations(other):
            name = unique(operation, taken)
            taken.add(name)
            before = (steps[-1].name,) if steps else ()
            steps.append(PlannedStep(name, other.slug, operation, before))
    by_slug = {other.slug: other for other in others}
    operations = tuple(
        replace(op, parameters={"steps": _steps_for(op, steps, by_slug)}) for op in node.operations
    )
    return replace(node, operations=operations, steps=tuple(steps), fields=())


def _step_operations(node: NodePlan) -> list[str]:
    """Operations of ``node`` that a workflow can run from the start, at most two."""
    chosen = [
        operation.name
        for action in _STEP_ACTIONS[node.kind]
        for operation in node.operations
        if operation.action == action
    ]
    if node.kind == "REDUCER":
        first = {move.trigger for move in node.transitions if move.source == node.states[0]}
        aggregates = [op.name for op in node.operations if op.action == "aggregate"]
        chosen = (aggregates or [name for name in chosen if name in first])[:1]
    return chosen[:2]


def _steps_for(
    operation: PlannedOperation, steps: Sequence[PlannedStep], nodes: dict[str, NodePlan]
) -> list[str]:
    """Steps on the things that the workflow's requirement speaks of; all where it names none."""
    text = " ".join(trace.text.lower() for trace in operation.traces)
    named = [step.name for step in steps if nodes[step.node].entity.lower() in text]
    return named if len(named) > 1 else [step.name for step in steps]
