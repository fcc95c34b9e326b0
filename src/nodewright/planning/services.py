"""The nodes that jobs ask for by name and kind, whatever the document says."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from nodewright.language.lexicon import stems
from nodewright.language.naming import accepted_name, pascal, snake
from nodewright.planning.plan import KINDS, NodePlan, OperationPlan, Plan, plan_specification
from nodewright.spec.model import Compute, Guard

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
    own = accepted_name(name)
    made, reasons = [], {}
    for kind in kinds:
        found = [op for node in plan.nodes if node.kind == kind for op in node.operations]
        fitting = [op for op in found if about & _words(op)]
        node = _node(own, kind, fitting or [_refusing(own)])
        made.append(node)
        if not fitting:
            reasons[node.slug] = NOTHING_FITS
    return tuple(made), reasons


def with_nodes(plan: Plan, package: str, title: str, nodes: Iterable[NodePlan]) -> Plan:
    """A plan of other nodes over the same specification.

    The specification has just the operations of ``nodes``, and their stand-ins where nothing fits.
    """
    chosen = tuple(nodes)
    operations = {op.name: op.element for node in chosen for op in node.operations}
    specification = replace(
        plan.specification, package=package, title=title, operations=tuple(operations.values())
    )
    base = plan_specification(specification)
    slugs = {op.name: node.slug for node in chosen for op in node.operations}
    return replace(
        base,
        nodes=chosen,
        schedules=tuple(replace(each, node=slugs[each.operation]) for each in base.schedules),
        routes=tuple(replace(each, node=slugs[each.operation]) for each in base.routes),
        commands=tuple(replace(each, node=slugs[each.operation]) for each in base.commands),
        clauses={node.slug: node.clauses for node in chosen},
    )


def _words(operation: OperationPlan) -> set[str]:
    texts = [operation.name.replace("_", " "), *(trace.text for trace in operation.traces)]
    return {stem for text in texts for stem in stems(text)}


def _refusing(name: str) -> OperationPlan:
    element = Compute(
        name=f"ask_{name}",
        guards=(Guard(require=None, error="not_implemented", message=NOTHING_FITS),),
        description=NOTHING_FITS,
    )
    return OperationPlan(element.name, element.description, element, (), ())


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
