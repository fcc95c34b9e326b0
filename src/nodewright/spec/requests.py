"""What an operation is asked with and what it answers, as its construct implies; and its codes."""

from collections.abc import Iterator

from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Compute,
    Create,
    Entity,
    Export,
    Field,
    Import,
    Input,
    Listing,
    Notify,
    Operation,
    Read,
    Rule,
    Selected,
    Specification,
    Unique,
    Update,
)
from nodewright.spec.types import INTEGER, TEXT, Base, Type

MOST_LISTED = 1000
LISTED = 100


def state_field(specification: Specification, entity: str) -> str:
    """The field that the entity's machine moves, empty where there is none."""
    machine = specification.machine(entity)
    return machine.field if machine else ""


def makes_key(entity: Entity) -> bool:
    """Whether new records get their key by themselves."""
    key = entity.field(entity.key)
    return key is not None and key.type.base is Base.UUID


def created_fields(specification: Specification, operation: Create) -> tuple[Field, ...]:
    """Fields of the entity that a request to create gives."""
    entity = specification.entity(operation.entity)
    if entity is None:
        return ()
    left_out = {assign.name for assign in operation.set} | set(operation.without)
    left_out.add(state_field(specification, entity.name))
    if makes_key(entity):
        left_out.add(entity.key)
    return tuple(each for each in entity.fields if each.name not in left_out)


def inputs_of(specification: Specification, operation: Operation) -> tuple[Input, ...]:
    """All inputs of an operation: those that its construct has by itself, then its own."""
    return (*_implied(specification, operation), *operation.inputs)


def _implied(specification: Specification, operation: Operation) -> Iterator[Input]:
    match operation:
        case Create():
            for each in created_fields(specification, operation):
                yield _input(each)
        case Selected():
            yield from _selecting(specification, operation)
        case Listing(paged=True):
            yield Input(name="limit", type=INTEGER.maybe)
            yield Input(name="offset", type=INTEGER.maybe)
        case Import():
            yield Input(name="content", type=TEXT)
        case Compute(entity=name) if name:
            yield from _described(specification, name)


def _described(specification: Specification, name: str) -> Iterator[Input]:
    """Fields of a record that need not exist: no made key, the first state by default."""
    entity = specification.entity(name)
    machine = specification.machine(name)
    for each in entity.fields if entity else ():
        if machine is not None and each.name == machine.field:
            yield Input(name=each.name, type=each.type, default=Expression(repr(machine.initial)))
        elif entity is None or each.name != entity.key or not makes_key(entity):
            yield _input(each)


def _selecting(specification: Specification, operation: Selected) -> Iterator[Input]:
    entity = specification.entity(operation.entity)
    if entity is None:
        return
    key = entity.field(entity.key)
    if operation.where is None and key is not None:
        yield Input(name=key.name, type=key.type)
    if isinstance(operation, Update):
        for name in operation.fields:
            found = entity.field(name)
            if found is not None and found is not key:
                yield Input(name=name, type=found.type.maybe)


def _input(each: Field) -> Input:
    return Input(name=each.name, type=each.type, default=each.default)


def needed(each: Input) -> bool:
    """Whether a request has to give an input."""
    return not each.type.optional and each.default is None


def rule_code(rule: Rule, name: str) -> str:
    """The error code of a broken rule of field or input ``name``."""
    return rule.error or f"{name}_invalid"


def unique_code(unique: Unique) -> str:
    """The error code of a second record: of its last field, the one that tells records apart."""
    return unique.error or f"{unique.fields[-1]}_taken"


def missing_code(entity: str) -> str:
    """The code where ``find`` or a reference points to no record: ``order_line_not_found``."""
    return f"{snake(entity)}_not_found"


def snake(name: str) -> str:
    """``OrderLine`` -> ``order_line``."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def record_types(specification: Specification) -> dict[str, dict[str, Type]]:
    """Entity -> types of what stands for it in a field: its key's (under "") where it is stored."""
    types: dict[str, dict[str, Type]] = {}
    for entity in specification.entities:
        key = entity.field(entity.key)
        if entity.stored and key is not None:
            types[entity.name] = {"": key.type}
        else:
            types[entity.name] = {each.name: each.type for each in entity.fields}
    return types


def answers_of(specification: Specification, operation: Operation) -> dict[str, Type]:
    """What a later step of a workflow may ask an operation's answer for: name -> type.

    A field of the record, a result, or ``status``, ``error_code``, ``count``, ``content``.
    """
    names = {"status": TEXT, "error_code": TEXT}
    match operation:
        case Read(where=Expression()):
            pass
        case Notify() | Import() | Selected(where=Expression()):
            names["count"] = INTEGER
        case Create() | Selected():
            entity = specification.entity(operation.entity)
            names |= {each.name: each.type for each in entity.fields} if entity else {}
        case Compute():
            names |= {each.name: each.type for each in operation.results}
        case Export():
            names["content"] = TEXT
    return names
