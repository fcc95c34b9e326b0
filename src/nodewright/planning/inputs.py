"""What an operation may be given: its own inputs, and those that its construct has by itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Compute,
    Create,
    Entity,
    Field,
    Import,
    Listing,
    Operation,
    Rule,
    Selected,
    Specification,
    Update,
)
from nodewright.spec.types import INTEGER, TEXT, Base, Type

LARGEST_PAGE = 1000
USUAL_PAGE = 100


@dataclass(frozen=True, slots=True)
class PlannedInput:
    """An input of an operation.

    ``rules`` are those of the input itself; a field's own rules hold for the record. ``places``
    are digits that a number is rounded to, ``text`` says what it is.
    """

    name: str
    type: Type
    default: Expression | None = None
    rules: tuple[Rule, ...] = ()
    places: int | None = None
    text: str = ""

    @property
    def required(self) -> bool:
        """Whether a request must give it."""
        return not self.type.optional and self.default is None


def inputs_of(specification: Specification, operation: Operation) -> tuple[PlannedInput, ...]:
    """All inputs of ``operation``, each name once; its own come last and win."""
    found = {each.name: each for each in _by_construct(specification, operation)}
    for each in operation.inputs:
        found.pop(each.name, None)
        found[each.name] = PlannedInput(each.name, each.type, each.default, each.rules)
    return tuple(found.values())


def created_inputs(specification: Specification, operation: Create) -> tuple[Field, ...]:
    """The fields that a request for a new record gives."""
    entity = entity_of(specification, operation.entity)
    given = {each.name for each in operation.set} | set(operation.without)
    machine = specification.machine(entity.name)
    if machine is not None:
        given.add(machine.field)
    return tuple(
        field
        for field in entity.fields
        if field.name not in given
        and not (field.name == entity.key and field.type.base is Base.UUID)
    )


def entity_of(specification: Specification, name: str) -> Entity:
    """The entity of that name, which a checked specification has."""
    entity = specification.entity(name)
    if entity is None:
        raise LookupError(f"the specification has no entity {name!r}; check it before planning")
    return entity


def key_field(entity: Entity) -> Field:
    """The field that identifies a record of a stored entity."""
    field = entity.field(entity.key)
    if field is None:
        raise LookupError(f"{entity.name} has no key {entity.key!r}; check it before planning")
    return field


def _by_construct(specification: Specification, operation: Operation) -> Iterator[PlannedInput]:
    match operation:
        case Create():
            yield from map(_of_field, created_inputs(specification, operation))
        case Selected():
            entity = entity_of(specification, operation.entity)
            if operation.where is None:
                key = key_field(entity)
                yield PlannedInput(key.name, key.type.required, text=f"which {entity.name}")
            if isinstance(operation, Update):
                yield from _changed(entity, operation)
        case Listing(paged=True):
            yield PlannedInput("limit", INTEGER.maybe, text=f"at most {LARGEST_PAGE}")
            yield PlannedInput("offset", INTEGER.maybe, text="how many to skip")
        case Import():
            yield PlannedInput("content", TEXT, text=f"the records as {operation.format}")
        case Compute() if operation.entity:
            yield from map(_of_field, entity_of(specification, operation.entity).fields)
        case _:
            return


def _changed(entity: Entity, operation: Update) -> Iterator[PlannedInput]:
    for name in operation.fields:
        field = entity.field(name)
        if field is not None:
            yield PlannedInput(name, field.type.maybe, places=field.places, text=_words(name))


def _of_field(field: Field) -> PlannedInput:
    unit = f" in {field.unit}" if field.unit else ""
    text = _words(field.name) + unit
    return PlannedInput(field.name, field.type, field.default, places=field.places, text=text)


def _words(name: str) -> str:
    return name.replace("_", " ").strip()
