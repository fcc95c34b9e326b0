"""The nodes that jobs ask for by name and kind, whatever the document says."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from nodewright.language.lexicon import stems
from nodewright.language.naming import domain_name, pascal, snake, unique
from nodewright.planning.plan import (
    KINDS,
    NodePlan,
    OperationPlan,
    Plan,
    plan_specification,
    run_by,
    undescribed_node,
)
from nodewright.spec.model import Entity, Event, Port, Workflow

NOTHING_FITS = "no clause of the document fits its name and kind; it refuses with not_implemented"


def plan_services(
    plan: Plan, name: str, domain: str, kinds: Sequence[str]
) -> tuple[tuple[NodePlan, ...], dict[str, str]]:
    """Nodes of ``kinds`` for one service, and why one of them does nothing yet.

    A node gets the operations of its kind that fit the service's name and domain by their words.
    Where none fits it has one operation, which refuses with ``not_implemented``.

    Args:
        plan: all that the document asks for.
        name: the service's name, such as ``UserService``.
        domain: what the service is about, such as ``authentication``.
        kinds: node kinds, each once.

    Returns:
        The nodes, and slug -> reason for those that nothing fits.

    Raises:
        ValueError: a kind is none of the four.
    """
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(KINDS)}")
    about = set(stems(f"{snake(name).replace('_', ' ')} {domain.replace('_', ' ')}"))
    own = domain_name(name)
    made, reasons = [], {}
    for kind in kinds:
        found = [op for node in plan.nodes if node.kind == kind for op in node.operations]
        fitting = [op for op in found if about & _words(op)]
        node = _node(own, kind, fitting) if fitting else undescribed_node(name, kind, NOTHING_FITS)
        made.append(node)
        if not fitting:
            reasons[node.slug] = NOTHING_FITS
    return tuple(made), reasons


def with_nodes(plans: Sequence[Plan], package: str, title: str, nodes: Sequence[NodePlan]) -> Plan:
    """A plan of ``nodes``, whose operations come from ``plans``.

    An operation that two nodes have gets another name in the second; what a workflow runs and no
    node has is added with the node that does it. Things of one name are those of the first plan.
    """
    chosen = _distinct(nodes)
    chosen += _needed(plans, chosen)
    operations = tuple(op.element for node in chosen for op in node.operations)
    first = plans[0].specification
    specification = replace(
        first,
        package=package,
        title=title,
        operations=operations,
        entities=_together(plan.specification.entities for plan in plans),
        machines=_by(lambda each: each.entity, (plan.specification.machines for plan in plans)),
        ports=_together(plan.specification.ports for plan in plans),
        events=_together(plan.specification.events for plan in plans),
        clauses=_by(lambda each: each.id, (plan.specification.clauses for plan in plans)),
    )
    base = plan_specification(specification)
    slugs = {op.name: node.slug for node in chosen for op in node.operations}
    chosen = [replace(node, runs=tuple(run_by(node, slugs))) for node in chosen]
    return replace(
        base,
        nodes=tuple(chosen),
        schedules=tuple(replace(each, node=slugs[each.operation]) for each in base.schedules),
        routes=tuple(replace(each, node=slugs[each.operation]) for each in base.routes),
        commands=tuple(replace(each, node=slugs[each.operation]) for each in base.commands),
        clauses={node.slug: node.clauses for node in chosen},
    )


def _distinct(nodes: Sequence[NodePlan]) -> list[NodePlan]:
    """``nodes`` with operations of different names."""
    taken: set[str] = set()
    found = []
    for node in nodes:
        operations = []
        for op in node.operations:
            name = unique(op.name, taken)
            taken.add(name)
            operations.append(replace(op, name=name, element=replace(op.element, name=name)))
        found.append(replace(node, operations=tuple(operations)))
    return found


def _needed(plans: Sequence[Plan], nodes: Sequence[NodePlan]) -> list[NodePlan]:
    """Nodes of ``plans`` with what workflows of ``nodes`` run and none of them has."""
    here = {op.name for node in nodes for op in node.operations}
    wanted = {
        name
        for node in nodes
        for op in node.operations
        if isinstance(op.element, Workflow)
        for step in op.element.steps
        for name in (step.operation, step.undo)
        if name
    } - here
    slugs = {node.slug for node in nodes}
    found: list[NodePlan] = []
    for plan in plans:
        for node in plan.nodes:
            operations = tuple(op for op in node.operations if op.name in wanted)
            if operations and node.slug not in slugs:
                found.append(replace(node, operations=operations))
                wanted -= {op.name for op in operations}
                slugs.add(node.slug)
    return found


def _together[Named: (Entity, Port, Event)](
    groups: Iterable[tuple[Named, ...]],
) -> tuple[Named, ...]:
    return _by(lambda each: each.name, groups)


def _by[Item](key: Callable[[Item], str], groups: Iterable[tuple[Item, ...]]) -> tuple[Item, ...]:
    """The first item of each key, in order."""
    found: dict[str, Item] = {}
    for group in groups:
        for each in group:
            found.setdefault(key(each), each)
    return tuple(found.values())


def _words(operation: OperationPlan) -> set[str]:
    texts = [operation.name.replace("_", " "), *(trace.text for trace in operation.traces)]
    return {stem for text in texts for stem in stems(text)}


def _node(name: str, kind: str, operations: Sequence[OperationPlan]) -> NodePlan:
    slug = f"node_{name}_{kind.lower()}"
    doings = ", ".join(op.name.replace("_", " ") for op in operations)
    return NodePlan(
        slug=slug,
        kind=kind,
        name=name,
        class_name=pascal(slug),
        description=f"{name.replace('_', ' ').capitalize()}: {doings}.",
        entity="",
        operations=tuple(operations),
    )
