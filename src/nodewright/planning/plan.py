"""From a specification to the nodes that carry it out.

The operations of one entity that are of one kind become one node; an operation without an entity
belongs to the entity that its name ends with, else to its own subject. Nothing is added: a kind
that no operation asks for has no node.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace

from nodewright.errors import NodewrightError
from nodewright.language.naming import accepted_name, domain_name, pascal, snake
from nodewright.spec.model import (
    Add,
    Aggregate,
    Change,
    ClauseNote,
    Compute,
    Element,
    Entity,
    Event,
    Guard,
    Move,
    OnEntity,
    Operation,
    Port,
    Route,
    Schedule,
    Send,
    Specification,
    Store,
    Workflow,
)
from nodewright.spec.types import SpecificationError

KINDS = ("EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR")


@dataclass(frozen=True, slots=True)
class Trace:
    """Where in the PRD something came from."""

    requirement: str
    section: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class OperationPlan:
    """One operation of a node; ``element`` is what the specification says of it."""

    name: str
    description: str
    element: Operation
    clauses: tuple[str, ...]
    traces: tuple[Trace, ...]


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node to generate.

    ``slug`` is the folder's name (``node_ticket_effect``), ``class_name`` the node's class
    (``NodeTicketEffect``), ``kind`` one of ``KINDS``. ``entity`` names what it works on, empty
    where it works on none; ``name`` is its subject as an identifier.
    """

    slug: str
    kind: str
    name: str
    class_name: str
    description: str
    entity: str
    operations: tuple[OperationPlan, ...]
    systems: tuple[str, ...] = ()
    mixins: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """The node's name and kind: ``ticket_effect``."""
        return self.slug.removeprefix("node_")

    @property
    def pascal(self) -> str:
        """The node's name and kind as a class is named: ``TicketEffect``."""
        return self.class_name.removeprefix("Node")

    @property
    def traces(self) -> tuple[Trace, ...]:
        """The requirements that this node belongs to, each once, by line."""
        unique = {trace.requirement: trace for op in self.operations for trace in op.traces}
        return tuple(sorted(unique.values(), key=lambda trace: trace.line))

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses that its operations come from, each once."""
        return tuple(dict.fromkeys(name for op in self.operations for name in op.clauses))


@dataclass(frozen=True, slots=True)
class Scheduled:
    """An operation of a node that runs by itself."""

    operation: str
    node: str
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Routed:
    """An operation of a node that an HTTP route leads to."""

    operation: str
    node: str
    route: Route


@dataclass(frozen=True, slots=True)
class Commanded:
    """An operation of a node that the command line calls by ``command``."""

    operation: str
    node: str
    command: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a run will generate into ``package``."""

    package: str
    title: str
    description: str
    nodes: tuple[NodePlan, ...]
    specification: Specification
    entities: tuple[Entity, ...] = ()
    ports: tuple[Port, ...] = ()
    events: tuple[Event, ...] = ()
    stores: tuple[Store, ...] = ()
    schedules: tuple[Scheduled, ...] = ()
    routes: tuple[Routed, ...] = ()
    commands: tuple[Commanded, ...] = ()
    systems: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    clauses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)


class NothingToGenerateError(NodewrightError):
    """The document asks for nothing that a node could do."""


def plan_specification(specification: Specification) -> Plan:
    """The plan of a checked ``specification``.

    Raises:
        SpecificationError: two entities would be called the same in code.
    """
    _accept_names(specification)
    notes = {note.id: note for note in specification.clauses}
    grouped: dict[tuple[str, str], list[Operation]] = {}
    subjects: dict[tuple[str, str], str] = {}
    for operation in specification.operations:
        subject, entity = subject_of(specification, operation)
        key = (accepted_name(subject), kind_of(operation))
        grouped.setdefault(key, []).append(operation)
        subjects.setdefault(key, entity)
    nodes = tuple(
        _node(specification, name, kind, subjects[name, kind], operations, notes)
        for (name, kind), operations in sorted(grouped.items(), key=_place)
    )
    slugs = {op.name: node.slug for node in nodes for op in node.operations}
    nodes = tuple(replace(node, runs=tuple(run_by(node, slugs))) for node in nodes)
    operations = specification.operations
    return Plan(
        package=specification.package,
        title=specification.title,
        description=specification.description,
        nodes=nodes,
        specification=specification,
        entities=specification.entities,
        ports=specification.ports,
        events=specification.events,
        stores=specification.stores,
        schedules=tuple(
            Scheduled(each.name, slugs[each.name], each.schedule)
            for each in operations
            if each.schedule is not None
        ),
        routes=tuple(
            Routed(each.name, slugs[each.name], each.route)
            for each in operations
            if each.route is not None
        ),
        commands=tuple(
            Commanded(each.name, slugs[each.name], each.command)
            for each in operations
            if each.command
        ),
        systems=tuple(_systems(specification.ports, specification.stores)),
        clauses={node.slug: node.clauses for node in nodes},
    )


def run_by(node: NodePlan, slugs: Mapping[str, str]) -> Iterator[str]:
    """The other nodes that the workflows of ``node`` run, each once."""
    asked = (
        name
        for op in node.operations
        if isinstance(op.element, Workflow)
        for step in op.element.steps
        for name in (step.operation, step.undo)
    )
    yield from dict.fromkeys(
        slugs[name] for name in asked if slugs.get(name, node.slug) != node.slug
    )


def _accept_names(specification: Specification) -> None:
    """Words that onex refuses are replaced, so that different names can become one."""
    known: dict[str, str] = {}
    for entity in specification.entities:
        other = known.setdefault(accepted_name(entity.name), entity.name)
        if other != entity.name:
            raise SpecificationError(
                f"entities {other!r} and {entity.name!r} would both be called "
                f"{accepted_name(entity.name)!r} in code; rename one"
            )


def undescribed_node(name: str, kind: str, reason: str) -> NodePlan:
    """A node that was asked for and that the document says nothing of.

    Its one operation refuses with ``not_implemented`` and shows where the user's code goes.
    """
    subject = domain_name(name)
    guard = Guard(require=None, error="not_implemented", message=reason)
    operation = {
        "EFFECT": Operation(name=f"carry_out_{subject}", guards=(guard,)),
        "COMPUTE": Compute(name=f"compute_{subject}", guards=(guard,)),
        "REDUCER": Operation(name=f"reduce_{subject}", guards=(guard,)),
        "ORCHESTRATOR": Operation(name=f"orchestrate_{subject}", guards=(guard,)),
    }[kind]
    nothing = Specification(title="", package="")
    return _node(nothing, subject, kind, "", [operation], {})


def kind_of(operation: Operation) -> str:
    """The kind of node that carries ``operation`` out; what has effects is no pure computation."""
    match operation:
        case Move() | Aggregate():
            return "REDUCER"
        case Compute(effects=()):
            return "COMPUTE"
        case Workflow():
            return "ORCHESTRATOR"
        case _:
            return "EFFECT"


def subject_of(specification: Specification, operation: Operation) -> tuple[str, str]:
    """What ``operation`` is about, and the entity that this is, empty where it is none."""
    named = operation.entity if isinstance(operation, OnEntity | Compute) else ""
    if named:
        return named, named
    subject = operation.name.partition("_")[2] or operation.name
    for entity in specification.entities:
        if snake(entity.name) == subject:
            return entity.name, entity.name
    return subject, ""


def clauses_of(element: object) -> tuple[str, ...]:
    """The clauses of ``element`` and of all elements inside it, each once."""
    return tuple(dict.fromkeys(_clauses(element)))


def _clauses(element: object) -> Iterator[str]:
    if isinstance(element, Element):
        yield from element.clauses
        yield from (clause for _, clause in element.parts)
    if isinstance(element, tuple):
        for each in element:
            yield from _clauses(each)
    elif is_dataclass(element):
        for each in fields(element):
            if each.name not in {"clauses", "parts"}:
                value = getattr(element, each.name, None)
                if isinstance(value, Element | tuple):
                    yield from _clauses(value)


def _place(entry: tuple[tuple[str, str], list[Operation]]) -> tuple[int, str]:
    (name, kind), _ = entry
    return KINDS.index(kind), name


def _node(  # noqa: PLR0917 - what a node consists of
    specification: Specification,
    name: str,
    kind: str,
    entity: str,
    operations: Iterable[Operation],
    notes: Mapping[str, ClauseNote],
) -> NodePlan:
    planned = tuple(_operation(specification, each, notes) for each in operations)
    slug = f"node_{name}_{kind.lower()}"
    doings = ", ".join(op.name.replace("_", " ") for op in planned)
    subject = name.replace("_", " ").strip().capitalize()
    return NodePlan(
        slug=slug,
        kind=kind,
        name=name,
        class_name=pascal(slug),
        description=f"{subject}: {doings}.",
        entity=entity,
        operations=planned,
        systems=tuple(_systems_of(specification, planned)),
    )


def _operation(
    specification: Specification, operation: Operation, notes: Mapping[str, ClauseNote]
) -> OperationPlan:
    inside = list(clauses_of(operation))
    if isinstance(operation, Move):
        machine = specification.machine(operation.entity)
        moves = machine.transitions if machine else ()
        for transition in moves:
            if transition.target == operation.to:
                inside += clauses_of(transition)
    clauses = tuple(dict.fromkeys(inside))
    traces = tuple(_trace(notes[name]) for name in clauses if name in notes)
    words = operation.name.replace("_", " ").strip().capitalize()
    return OperationPlan(
        name=operation.name,
        description=operation.description or f"{words}.",
        element=operation,
        clauses=clauses,
        traces=traces,
    )


def _trace(note: ClauseNote) -> Trace:
    return Trace(note.requirement or note.id, "", note.line, note.text)


def _systems(ports: Iterable[Port], stores: Iterable[Store]) -> Iterator[str]:
    named = [each.system for each in ports] + [each.system for each in stores]
    yield from dict.fromkeys(name for name in named if name)


def _systems_of(specification: Specification, operations: Iterable[OperationPlan]) -> Iterator[str]:
    used: set[str] = set()
    touched: set[str] = set()
    for planned in operations:
        element = planned.element
        touched |= {element.entity} if isinstance(element, OnEntity) else set()
        for effect in element.effects:
            if isinstance(effect, Send):
                used.add(effect.port)
            elif isinstance(effect, Change | Add):
                touched.add(effect.entity)
    ports = [port for port in specification.ports if port.name in used]
    stores = [
        store
        for store in specification.stores
        if touched and (not store.entities or touched & set(store.entities))
    ]
    yield from _systems(ports, stores)
