"""What planning and rendering ask a checked specification for."""

from nodewright.spec.model import Entity, Field, Input, Operation, Specification
from nodewright.spec.requests import inputs_of


def asked_inputs(specification: Specification, operation: Operation) -> tuple[Input, ...]:
    """All inputs of ``operation``, each name once; its own win over those of its construct."""
    return tuple({each.name: each for each in inputs_of(specification, operation)}.values())


def is_needed(each: Input) -> bool:
    """Whether a request must give an input."""
    return not each.type.optional and each.default is None


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
