"""What a contract says of a node."""

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from nodewright.planning.inputs import asked_inputs
from nodewright.planning.plan import NodePlan, Plan
from nodewright.rendering.file_context import Context
from nodewright.rendering.known_names import NodeNames, topic
from nodewright.spec.model import (
    Move,
    Specification,
    Workflow,
)


def contract_context(
    plan: Plan, specification: Specification, node: NodePlan, names: NodeNames
) -> Context:
    """What the template of contract.yaml is told."""
    name = node.slug.removeprefix("node_")
    package = plan.package
    context: dict[str, Any] = {
        "slug": node.slug,
        "name": node.name,
        "kind": node.kind,
        "cls": node.class_name,
        "description": node.description,
        "module": names.module,
        "input_module": names.input_module,
        "output_module": names.output_module,
        "handler_module": names.handler_module,
        "operations": node.operations,
        "requirements": list(dict.fromkeys(trace.requirement for trace in node.traces)),
        "topics": {
            "command": topic(package, name, "cmd"),
            "completed": topic(package, f"{name}_completed"),
            "failed": topic(package, f"{name}_failed"),
            "dead": topic(package, name, "dlq"),
        },
        **names.classes,
    }
    if node.kind == "COMPUTE":
        context["factors"] = _factors(specification, node)
    if node.kind == "REDUCER":
        context["machine"] = _machine(specification, node)
    if node.kind == "ORCHESTRATOR":
        context["steps"] = list(_steps(plan, node))
    return context


def _factors(specification: Specification, node: NodePlan) -> list[Context]:
    """The inputs of the computations; the contract asks that their weights add up to one."""
    inputs = dict.fromkeys(
        each.name for op in node.operations for each in asked_inputs(specification, op.element)
    )
    names = list(inputs) or [op.name for op in node.operations]
    share = round(1 / len(names), 4)
    first = round(1 - share * (len(names) - 1), 4)
    return [{"name": name, "weight": share if place else first} for place, name in enumerate(names)]


def _machine(specification: Specification, node: NodePlan) -> Context:
    """The states of the entity's records; a node that only folds has one state."""
    machine = specification.machine(node.entity)
    moves = [op.element for op in node.operations if isinstance(op.element, Move)]
    folds = [op.name for op in node.operations if not isinstance(op.element, Move)]
    if machine is None:
        states, initial, transitions = ["folding"], "folding", []
        terminal: list[str] = []
    else:
        states = list(
            dict.fromkeys(
                name for each in machine.transitions for name in (each.source, each.target)
            )
        )
        initial = machine.initial
        states = [initial, *(name for name in states if name != initial)]
        transitions = [
            (op.name, each.source, each.target)
            for op in moves
            for each in machine.transitions
            if each.target == op.to
        ]
        sources = {each.source for each in machine.transitions}
        terminal = [name for name in states if name not in sources]
    transitions += [
        (name, state, state) for name in folds for state in states if state not in terminal
    ]
    return {
        "name": f"{node.name}_life_cycle" if machine else f"{node.name}_figures",
        "text": f"The states of {node.entity}" if machine else f"Figures about {node.entity}",
        "initial": initial,
        "terminal": terminal,
        "states": [
            {
                "name": name,
                "words": name.replace("_", " ").capitalize(),
                "terminal": name in terminal,
            }
            for name in states
        ],
        "moves": [
            {
                "name": f"{trigger}_from_{source}",
                "source": source,
                "target": target,
                "trigger": trigger,
            }
            for trigger, source, target in transitions
        ],
    }


def _steps(plan: Plan, node: NodePlan) -> Iterator[Context]:
    nodes = {op.name: other for other in plan.nodes for op in other.operations}
    for planned in node.operations:
        if not isinstance(planned.element, Workflow):
            continue
        before: list[str] = []
        for step in planned.element.steps:
            other = nodes[step.operation]
            identity = str(uuid5(NAMESPACE_URL, f"{node.slug}/{planned.name}/{step.name}"))
            yield {
                "id": identity,
                "workflow": planned.name,
                "name": step.name,
                "kind": other.kind,
                "node": other.slug,
                "operation": step.operation,
                "after": before,
            }
            before = [identity]
