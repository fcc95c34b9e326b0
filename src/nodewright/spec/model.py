"""The elements of a specification: one frozen class a construct.

Names of entities are ``PascalCase``, all other names ``snake_case``. ``clauses`` are the ids of the
clauses of the document that an element comes from; ``assumed`` says in a sentence what was taken
for granted where the text is silent, empty where nothing was. Elements say what is meant, never
how it is done. The module is over 400 lines because the language is read best in one place.
"""

from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from nodewright.spec.expressions import Expression
from nodewright.spec.types import Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What every element says of where it comes from."""

    clauses: tuple[str, ...] = ()
    assumed: str = ""


# --- data ---------------------------------------------------------------------------------------


class Format(StrEnum):
    """What a text looks like."""

    EMAIL = "email"
    URL = "url"
    PHONE = "phone"
    HOSTNAME = "hostname"
    IP = "ip"
    COUNTRY = "country"  # two capital letters
    CURRENCY = "currency"  # three capital letters
    SLUG = "slug"
    DATE = "date"  # ISO 8601
    DATETIME = "datetime"  # ISO 8601


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Element):
    """A bound on one field; breaking it is refused with ``error``.

    One of: ``minimum`` / ``maximum`` (``exclusive``: the bound itself is refused too; for a text or
    list they bound its length), ``format``, ``pattern`` (a regular expression for the whole text).
    """

    minimum: Expression | None = None
    maximum: Expression | None = None
    exclusive: bool = False
    format: Format | None = None
    pattern: str = ""
    error: str = ""  # "<field>_invalid" where empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Element):
    """A field of an entity. ``default`` is taken where a request leaves the field out."""

    name: str
    type: Type
    default: Expression | None = None
    rules: tuple[Rule, ...] = ()
    unit: str = ""
    places: int | None = None  # digits after the point that a number is rounded to


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique(Element):
    """No two records have the same values of ``fields``; a second is refused with ``error``.

    ``when`` narrows it to records for which it holds.
    """

    fields: tuple[str, ...]
    when: Expression | None = None
    error: str = ""  # "<field>_taken" where empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard(Element):
    """What must hold; where it does not, the operation is refused with ``error``.

    ``require`` None: the text demands something that was not understood. It always refuses, with
    ``not_implemented``, unless the user's code decides.
    """

    require: Expression | None
    error: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity(Element):
    """A thing with fields. ``key`` names the field that identifies a record.

    A value entity (``stored`` false) has no key and lives inside others.
    """

    name: str
    fields: tuple[Field, ...]
    key: str = ""
    unique: tuple[Unique, ...] = ()
    guards: tuple[Guard, ...] = ()  # hold for every record that is created or changed
    stored: bool = True

    def field(self, name: str) -> Field | None:
        """The field of that name."""
        return next((each for each in self.fields if each.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition(Element):
    """A move that a state machine allows; ``guards`` must hold besides."""

    source: str
    target: str
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine(Element):
    """The states of ``field`` of an entity: a new record is ``initial``, only ``Move`` changes it.

    A move that no transition allows is refused with ``transition_not_allowed``.
    """

    entity: str
    field: str
    initial: str
    transitions: tuple[Transition, ...]


# --- what happens besides -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Element):
    """``name`` gets ``value``."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry(Element):
    """How often a failed port is asked again: waits ``wait``, then ``wait * factor``, and so on."""

    times: int
    wait: timedelta = timedelta(seconds=1)
    factor: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Element):
    """Something that an operation does after its own work; only where ``when`` holds."""

    when: Expression | None = None


class OnFailure(StrEnum):
    """What happens when a port or step fails."""

    REFUSE = "refuse"  # the operation is refused, nothing of it is kept
    KEEP = "keep"  # the operation goes on; the answer lists the failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Effect):
    """A message to a port: mail, a payment, a call of an API, whatever the port's capability is.

    A port that fails (after its retries) refuses the operation with ``<port>_failed`` or is kept.
    """

    port: str
    message: tuple[Assign, ...]
    retry: Retry | None = None
    on_failure: OnFailure = OnFailure.REFUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Effect):
    """An event with its payload."""

    event: str
    payload: tuple[Assign, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Effect):
    """All records of another entity for which ``where`` holds get new values (``this``: own one).

    A state field changes only where its machine allows the move from the record's state.
    """

    entity: str
    where: Expression
    set: tuple[Assign, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Effect):
    """A new record of another entity, such as an entry of a history; values speak of ``this``."""

    entity: str
    set: tuple[Assign, ...]


# --- operations ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Input(Element):
    """An input of an operation, beside those that the operation has by itself."""

    name: str
    type: Type
    default: Expression | None = None
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Element):
    """Runs by itself: every ``every``; where ``at`` is given, at that time of the day (UTC)."""

    every: timedelta
    at: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit(Element):
    """At most ``calls`` within any ``per``, by value of ``by``; more: ``rate_limited``."""

    calls: int
    per: timedelta
    by: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency(Element):
    """A second request with the same ``key`` gets the first answer, and nothing is done again."""

    key: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Element):
    """An HTTP route; ``statuses`` maps error code -> status code."""

    method: str
    path: str
    status: int = 200
    statuses: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles(Element):
    """Only callers with one of ``roles``; others are refused with ``forbidden``."""

    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Element):
    """Something that can be asked for; ``name`` is ``verb_object``, unique in a specification.

    Order of what happens: roles, rate limit, idempotency, inputs, guards, the work itself, effects
    in their order. A refusal at any point leaves no trace. ``on`` names an event that starts it.
    """

    name: str
    inputs: tuple[Input, ...] = ()
    roles: Roles | None = None
    guards: tuple[Guard, ...] = ()
    effects: tuple[Effect, ...] = ()
    schedule: Schedule | None = None
    on: str = ""
    rate: RateLimit | None = None
    idempotency: Idempotency | None = None
    route: Route | None = None
    command: str = ""  # how the command line calls it, such as "admin stats"
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnEntity(Operation):
    """An operation on the records of one stored entity."""

    entity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(OnEntity):
    """A new record; answers it.

    Inputs are the entity's fields but those that ``set`` gives, state fields, and ``without``.
    The key is an input where its type is not uuid and no ``set`` gives it. A uuid key is made.
    """

    set: tuple[Assign, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected(OnEntity):
    """An operation on records that exist.

    It works on the one with the key in the request, refused with ``not_found`` where there is
    none; with ``where``, on all that fit, and no key is asked for.
    """

    where: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Selected):
    """Answers the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Selected):
    """Changes records; answers the record, or how many were changed.

    ``fields`` of the request that are given (not None) are taken; ``set`` besides.
    """

    fields: tuple[str, ...] = ()
    set: tuple[Assign, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Selected):
    """Brings records to state ``to`` as their machine allows; ``set`` besides.

    With ``where``, records that the machine does not allow to move stay as they are.
    """

    to: str
    set: tuple[Assign, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Selected):
    """Removes records; answers the removed record, or how many there were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(Selected):
    """Does nothing but its effects, for each record; answers how many there were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Element):
    """Sort key; records with a missing value come last."""

    by: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(OnEntity):
    """Answers records: those for which ``where`` holds, in ``order`` (then as created).

    ``limit``: at most so many; ``paged``: the request may give ``limit`` (1 to 1000, default 100)
    and ``offset``; ``fields``: only these, all where empty.
    """

    where: Expression | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    paged: bool = False
    fields: tuple[str, ...] = ()


class Reduction(StrEnum):
    """How the values of a group become one."""

    COUNT = "count"
    SUM = "sum"
    AVERAGE = "average"
    LOWEST = "lowest"
    HIGHEST = "highest"
    LATEST = "latest"  # the value of the last record by ``by``
    SHARE = "share"  # this group's sum (or count) over that of all groups, 0 to 1
    DISTINCT = "distinct"  # how many different values


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Element):
    """One number of a group; ``of`` is not needed to count. Missing values are left out."""

    name: str
    reduce: Reduction
    of: Expression | None = None
    by: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(OnEntity):
    """Answers one row a group, sorted by its keys: the group's names and its measures.

    ``group`` maps name -> value; without it there is one row, also where no record fits.
    ``order`` and ``limit`` speak of names of groups and measures.
    """

    measures: tuple[Measure, ...]
    where: Expression | None = None
    group: tuple[Assign, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Element):
    """A named result of a computation; later results may use earlier ones by their bare names."""

    name: str
    type: Type
    value: Expression
    places: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute(Operation):
    """A pure function of its inputs (bare names): answers ``results``.

    With ``entity`` its fields are inputs too, and the rules and guards of the entity are checked.
    Without results it is a check: it answers ok or the first refusal.
    """

    results: tuple[Result, ...] = ()
    entity: str = ""


class FileFormat(StrEnum):
    """Formats of imports and exports."""

    CSV = "csv"
    JSON = "json"
    JSON_LINES = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Import(OnEntity):
    """Reads records from the text input ``content``; answers how many were created.

    One bad row refuses the whole import with ``row_invalid``. ``upsert``: a row whose key is known
    changes the record.
    """

    format: FileFormat
    upsert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Export(OnEntity):
    """Answers ``content``: the chosen records and fields as text of a format."""

    format: FileFormat
    where: Expression | None = None
    order: tuple[Order, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Element):
    """A step of a workflow: runs ``operation`` with ``given`` inputs.

    ``given`` speaks of ``request`` and of earlier steps (``reserve.ticket_id`` is a field of the
    record, result or answer of step ``reserve``). A failing step is tried again as ``retry`` says;
    then ``undo`` operations of the finished steps run backwards, and the workflow stops and answers
    ``failed`` with ``failed_step`` and the step's error code (REFUSE), or goes on (KEEP).
    """

    name: str
    operation: str
    given: tuple[Assign, ...] = ()
    when: Expression | None = None
    retry: Retry | None = None
    undo: str = ""
    on_failure: OnFailure = OnFailure.REFUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow(Operation):
    """Runs its steps in their order; answers ``completed`` steps and what they answered."""

    steps: tuple[Step, ...]


# --- surroundings -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Port(Element):
    """Something outside that messages are sent to; what they hold: ``CAPABILITIES``."""

    name: str
    capability: str
    system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Element):
    """An event that is published or consumed; ``topic`` where the text names one."""

    name: str
    fields: tuple[Field, ...]
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store(Element):
    """Where records are kept, by the name of the text (PostgreSQL); ``entities`` empty: all."""

    system: str
    entities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality(Element):
    """A demand with a number, such as ``latency_p95 <= 200 ms``; ``operation`` may be empty."""

    measure: str
    comparison: str
    value: float
    unit: str
    operation: str = ""


class State(StrEnum):
    """What reading made of a clause; ``proven`` is decided by proof, never here."""

    READ = "read"  # elements say what it demands
    OPEN = "open"  # it demands something that no element says
    CONTEXT = "context"  # it demands nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseNote:
    """What became of one clause of the document; ``reason`` says why it is open or context."""

    id: str
    requirement: str
    line: int
    text: str
    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """All that a document means."""

    title: str
    package: str
    description: str = ""
    clauses: tuple[ClauseNote, ...] = ()
    entities: tuple[Entity, ...] = ()
    machines: tuple[Machine, ...] = ()
    ports: tuple[Port, ...] = ()
    events: tuple[Event, ...] = ()
    stores: tuple[Store, ...] = ()
    operations: tuple[Operation, ...] = ()
    qualities: tuple[Quality, ...] = field(default=())

    def entity(self, name: str) -> Entity | None:
        """The entity of that name."""
        return next((each for each in self.entities if each.name == name), None)

    def operation(self, name: str) -> Operation | None:
        """The operation of that name."""
        return next((each for each in self.operations if each.name == name), None)

    def machine(self, entity: str) -> Machine | None:
        """The state machine of an entity."""
        return next((each for each in self.machines if each.entity == entity), None)
