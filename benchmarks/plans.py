"""Plans of any size, for the benchmarks of generation."""

from typing import Any

from nodewright.planning.model import (
    NodePlan,
    Plan,
    PlannedField,
    PlannedOperation,
    PlannedStep,
    PlannedTransition,
    Trace,
)
from nodewright.prd.models import FieldType

TRACES = (Trace("FR-1", "Orders", 3, "The system must store orders"),)
FIELDS = (
    PlannedField("name", FieldType.STRING),
    PlannedField("total", FieldType.DECIMAL),
    PlannedField("count", FieldType.INTEGER),
    PlannedField("placed_at", FieldType.DATETIME, required=False),
)
MOVES = (
    PlannedTransition("new", "active", "activate"),
    PlannedTransition("active", "done", "complete"),
)


def service(number: int) -> list[NodePlan]:
    """A node of each kind, the last a workflow over the others."""
    name = f"order{number}"

    def node(kind: str, operations: list[PlannedOperation], **more: Any) -> NodePlan:
        fields = () if kind == "ORCHESTRATOR" else FIELDS
        slug, cls = f"node_{name}_{kind.lower()}", f"Node{name.capitalize()}{kind.capitalize()}"
        text = f"Order {number}: what it does."
        return NodePlan(slug, kind, name, cls, text, name, fields, tuple(operations), **more)

    def doing(action: str, verb: str = "", **parameters: object) -> PlannedOperation:
        words = verb or f"{action}_order"
        return PlannedOperation(words, action, f"{words} as asked", TRACES, parameters)

    effect = node("EFFECT", [doing(a) for a in ("create", "read", "update", "delete", "list")])
    compute = node("COMPUTE", [doing(a) for a in ("validate", "transform", "calculate")])
    triggers = [doing("transition", move.trigger) for move in MOVES]
    counting = doing("aggregate", "count_orders", group_by="name")
    states = ("new", "active", "done")
    reducer = node("REDUCER", [counting, *triggers], states=states, transitions=MOVES)
    steps = (
        PlannedStep("check", compute.slug, "validate_order"),
        PlannedStep("store", effect.slug, "create_order", ("check",)),
        PlannedStep("sum_up", reducer.slug, "count_orders", ("store",)),
    )
    flow = doing("run", "run_order", steps=[step.name for step in steps])
    return [effect, compute, reducer, node("ORCHESTRATOR", [flow], steps=steps)]


def plan_of(nodes: int) -> Plan:
    """A plan with ``nodes`` nodes, a multiple of four."""
    made = tuple(node for number in range(nodes // 4) for node in service(number))
    return Plan("shop", "Shop", "A shop.", made)
