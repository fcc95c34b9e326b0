"""Which node answers for a clause, and which other nodes a node cannot be judged without."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from nodewright.planning.plan import NodePlan, Plan, clauses_of
from nodewright.spec.model import Add, Change, Compute, Create, Element, OnEntity, Operation, State
from nodewright.spec.tree import expressions
from nodewright.spec.types import Base, Type


def homes_of(plan: Plan) -> dict[str, str]:
    """Clause -> slug of the node that answers for it.

    It is the first node with an operation of the clause; for what is said of an entity the node
    that makes its records, else the first that works on it; for a port or event the first that
    uses it.
    """
    homes: dict[str, str] = {}
    for node in plan.nodes:
        for clause in node.clauses:
            homes.setdefault(clause, node.slug)
    specification = plan.specification
    named: list[tuple[Element, str]] = [(each, each.name) for each in specification.entities]
    named += [(each, each.entity) for each in specification.machines]
    makers = _makers(plan)
    for element, name in named:
        for node in sorted(plan.nodes, key=lambda node: node.slug != makers.get(name)):
            if name in entities_of(node):
                homes = {clause: node.slug for clause in clauses_of(element)} | homes
                break
    used: list[tuple[Element, str]] = [(each, each.name) for each in specification.ports]
    used += [(each, each.name) for each in specification.events]
    for element, name in used:
        for node in plan.nodes:
            if _uses(node, name):
                homes = {clause: node.slug for clause in clauses_of(element)} | homes
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
    """The plan of some nodes, with those that they run and those that make what they work on.

    Its specification has just their operations, and the notes of their clauses; of those that
    nodes without ``slugs`` answer for, nothing is demanded here.
    """
    wanted = set(slugs)
    homes = homes_of(plan)
    nodes = {node.slug: node for node in plan.nodes}
    makers = _makers(plan)
    part = set(wanted)
    waiting = list(wanted)
    while waiting:
        node = nodes[waiting.pop()]
        entities = _with_references(plan, entities_of(node))
        needed = {*node.runs, *(makers[name] for name in entities if name in makers)}
        waiting += sorted(needed - part)
        part |= needed
    chosen = tuple(node for node in plan.nodes if node.slug in part)
    named = {clause for node in chosen for clause in node.clauses}
    specification = replace(
        plan.specification,
        operations=tuple(op.element for node in chosen for op in node.operations),
        clauses=tuple(
            note if homes.get(note.id) in wanted else replace(note, state=State.CONTEXT)
            for note in plan.specification.clauses
            if homes.get(note.id) in wanted or note.id in named
        ),
    )
    return replace(
        plan,
        nodes=chosen,
        specification=specification,
        schedules=tuple(each for each in plan.schedules if each.node in part),
        routes=tuple(each for each in plan.routes if each.node in part),
        commands=tuple(each for each in plan.commands if each.node in part),
        uncovered=(),
        clauses={},
    )


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
