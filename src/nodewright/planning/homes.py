"""Which node answers for a clause, and which other nodes a node cannot be judged without."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from nodewright.planning.plan import NodePlan, Plan, clauses_of
from nodewright.spec.model import (
    Add,
    Change,
    Compute,
    Create,
    Element,
    Move,
    OnEntity,
    Operation,
    State,
)
from nodewright.spec.tree import expressions
from nodewright.spec.types import Base, Type


def homes_of(plan: Plan) -> dict[str, str]:
    """Clause -> slug of the node that answers for it.

    It is the node with a workflow of the clause, else the first with an operation of it; for what
    is said of an entity the node that makes its records, else the first that works on it; for a
    port or event the first that uses it.
    """
    if plan.homes:
        return dict(plan.homes)
    homes: dict[str, str] = {}
    for node in sorted(plan.nodes, key=lambda node: node.kind != "ORCHESTRATOR"):
        for clause in node.clauses:
            homes.setdefault(clause, node.slug)
    specification = plan.specification
    named: list[tuple[Element, str]] = [(each, each.name) for each in specification.entities]
    named += [(each, each.entity) for each in specification.machines]
    makers = _makers(plan)
    for element, name in named:
        for node in sorted(plan.nodes, key=lambda node: node.slug != makers.get(name)):
            if name in entities_of(node):
                homes = dict.fromkeys(clauses_of(element), node.slug) | homes
                break
    used: list[tuple[Element, str]] = [(each, each.name) for each in specification.ports]
    used += [(each, each.name) for each in specification.events]
    for element, name in used:
        for node in plan.nodes:
            if _uses(node, name):
                homes = dict.fromkeys(clauses_of(element), node.slug) | homes
                break
    return homes


def _uses(node: NodePlan, name: str) -> bool:
    return any(
        name in {getattr(effect, "port", ""), getattr(effect, "event", "")} or op.element.on == name
        for op in node.operations
        for effect in op.element.effects
    )


def entities_of(node: NodePlan) -> set[str]:
    """Entities that the operations of a node work on, look at or change."""
    return {name for op in node.operations for name in _touched(op.element)}


def _touched(operation: Operation) -> Iterator[str]:
    if isinstance(operation, OnEntity | Compute) and operation.entity:
        yield operation.entity
    for effect in operation.effects:
        if isinstance(effect, Change | Add):
            yield effect.entity
    for expression in expressions(operation):
        yield from expression.entities()


def part_of(plan: Plan, slugs: Iterable[str]) -> Plan:
    """The plan of some nodes with those that they cannot be judged without.

    Those are the nodes that they run, that make or move the records that they work on, and that
    share clauses that they answer for. Its specification has just their operations. Of clauses
    that other nodes answer for, nothing is demanded here; they stay, because elements name them.
    """
    wanted = set(slugs)
    homes = homes_of(plan)
    nodes = {node.slug: node for node in plan.nodes}
    suppliers = _suppliers(plan)
    part = wanted | _sharing(plan, {clause for clause, slug in homes.items() if slug in wanted})
    waiting = list(part)
    while waiting:
        node = nodes[waiting.pop()]
        entities = _with_references(plan, entities_of(node))
        needed = set(node.runs).union(*(suppliers.get(name, ()) for name in entities))
        waiting += sorted(needed - part)
        part |= needed
    chosen = tuple(node for node in plan.nodes if node.slug in part)
    specification = replace(
        plan.specification,
        operations=tuple(op.element for node in chosen for op in node.operations),
        clauses=tuple(
            note if homes.get(note.id) in wanted else replace(note, state=State.CONTEXT)
            for note in plan.specification.clauses
        ),
    )
    return replace(
        plan,
        nodes=chosen,
        specification=specification,
        homes=homes,
        schedules=tuple(each for each in plan.schedules if each.node in part),
        routes=tuple(each for each in plan.routes if each.node in part),
        commands=tuple(each for each in plan.commands if each.node in part),
        clauses={},
    )


def _sharing(plan: Plan, clauses: set[str]) -> set[str]:
    """The nodes with an operation of some of ``clauses``."""
    return {node.slug for node in plan.nodes if clauses.intersection(node.clauses)}


def _suppliers(plan: Plan) -> dict[str, set[str]]:
    """Entity -> slugs of the nodes that create its records or move them to other states."""
    found = {name: {slug} for name, slug in _makers(plan).items()}
    for node in plan.nodes:
        for op in node.operations:
            if isinstance(op.element, Move):
                found.setdefault(op.element.entity, set()).add(node.slug)
    return found


def _makers(plan: Plan) -> dict[str, str]:
    """Entity -> slug of the node that creates its records."""
    makers: dict[str, str] = {}
    for node in plan.nodes:
        for op in node.operations:
            if isinstance(op.element, Create):
                makers.setdefault(op.element.entity, node.slug)
    return makers


def _with_references(plan: Plan, names: set[str]) -> set[str]:
    """Entities with those that their fields refer to."""
    found = set(names)
    for name in names:
        entity = plan.specification.entity(name)
        for field in entity.fields if entity else ():
            found |= set(_referred(field.type))
    return found


def _referred(kind: Type) -> Iterator[str]:
    if kind.base is Base.ENTITY:
        yield kind.entity
    if kind.item is not None:
        yield from _referred(kind.item)
