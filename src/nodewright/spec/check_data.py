"""Checks of entities, machines and what stands around operations."""

import math
from collections.abc import Sequence

from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.checking import Checking, Problems
from nodewright.spec.model import Entity, Field, Machine, Transition, Unique
from nodewright.spec.naming import entity_problem, field_problem, operation_problem, twice, unknown
from nodewright.spec.problems import Problem
from nodewright.spec.tree import Path
from nodewright.spec.types import Base, Type
from nodewright.spec.values import MOST_PLACES

MOST_FIELDS = 300
_COMPARISONS = ("<", "<=", "=", ">=", ">")
_KEYS = {Base.TEXT, Base.INTEGER, Base.UUID, Base.ENUM, Base.DATE}


def check_entities(checking: Checking) -> Problems:
    """Entities have good names, one key, and fields of types that exist."""
    for number, entity in enumerate(checking.specification.entities):
        path: Path = ("entities", number)
        if objection := entity_problem(entity.name):
            yield Problem(path, objection)
        yield from check_fields(checking, (*path, "fields"), entity.fields, entity)
        yield from _key(path, entity)
        for place, unique in enumerate(entity.unique):
            yield from _unique(checking, (*path, "unique", place), entity, unique)
        yield from checking.guards((*path, "guards"), entity.guards, checking.record(entity.name))
        if not entity.stored and _holds_itself(checking, entity.name):
            yield Problem(path, f"{entity.name} holds itself; leave one of the fields out")


def check_fields(
    checking: Checking, path: Path, fields: Sequence[Field], entity: Entity | None = None
) -> Problems:
    """Fields have good names, and defaults and rules that fit their types."""
    if len(fields) > MOST_FIELDS:
        yield Problem(path, f"{len(fields)} fields; at most {MOST_FIELDS}")
    for number, name in twice(each.name for each in fields):
        yield Problem((*path, number), f"there are two fields {name!r}; give one another name")
    record = checking.record(entity.name) if entity else checking.place()
    for number, each in enumerate(fields):
        here = (*path, number)
        if objection := field_problem(each.name):
            yield Problem(here, objection)
        yield from checking.type((*here, "type"), each.type)
        yield from checking.expression(
            (*here, "default"), each.default, checking.place(), each.type
        )
        yield from checking.rules((*here, "rules"), each.rules, each.type, record)
        if each.places is not None:
            if not 0 <= each.places <= MOST_PLACES:
                yield Problem(here, f"places is {each.places}; 0 to {MOST_PLACES}")
            if each.type.base is not Base.NUMBER:
                yield Problem(here, f"places is for a number, not for {each.type}")


def _key(path: Path, entity: Entity) -> Problems:
    if not entity.stored:
        if entity.key or entity.unique:
            yield Problem(path, f"{entity.name} is not stored; it has no key and nothing unique")
        return
    key = entity.field(entity.key)
    if key is None:
        names = [each.name for each in entity.fields]
        yield Problem(path, "the key: " + unknown("field", entity.key, names))
    elif key.type.optional or key.type.base not in _KEYS:
        wanted = ", ".join(sorted(base.value for base in _KEYS))
        yield Problem(path, f"key {key.name!r} is {key.type}; a key is {wanted}, never missing")


def _unique(checking: Checking, path: Path, entity: Entity, unique: Unique) -> Problems:
    names = [each.name for each in entity.fields]
    if not unique.fields:
        yield Problem(path, "it names no fields; say which are unique")
    for name in unique.fields:
        if name not in names:
            yield Problem(path, unknown("field", name, names))
    yield from checking.condition((*path, "when"), unique.when, checking.record(entity.name))
    yield from checking.code(path, unique.error)


def _holds_itself(checking: Checking, name: str) -> bool:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        entity = checking.entities.get(waiting.pop())
        for each in entity.fields if entity and not entity.stored else ():
            inner = _entity_in(each.type)
            if inner == name:
                return True
            if inner and inner not in seen:
                seen.add(inner)
                waiting.append(inner)
    return False


def _entity_in(kind: Type) -> str:
    return _entity_in(kind.item) if kind.item is not None else kind.entity


def check_machines(checking: Checking) -> Problems:
    """A machine moves one enum field of an entity between values that it has."""
    machines = checking.specification.machines
    for number, name in twice(each.entity for each in machines):
        yield Problem(("machines", number), f"{name} has two machines; put them into one")
    for number, machine in enumerate(machines):
        path: Path = ("machines", number)
        yield from checking.stored(path, machine.entity)
        entity = checking.entities.get(machine.entity)
        if entity is None:
            continue
        state = entity.field(machine.field)
        if state is None:
            names = [each.name for each in entity.fields]
            yield Problem(path, unknown("field", machine.field, names))
        elif state.type.base is not Base.ENUM or state.type.optional:
            yield Problem(path, f"{machine.field!r} is {state.type}; write its states with |")
        else:
            yield from _states(checking, path, machine, state.type.values)


def _states(checking: Checking, path: Path, machine: Machine, states: Sequence[str]) -> Problems:
    if machine.initial not in states:
        yield Problem((*path, "initial"), unknown("state", machine.initial, states))
    moves = [(each.source, each.target) for each in machine.transitions]
    for number, _ in twice(f"{source} -> {target}" for source, target in moves):
        yield Problem((*path, "transitions", number), "this transition is there twice")
    for number, each in enumerate(machine.transitions):
        here = (*path, "transitions", number)
        yield from _transition(checking, here, machine, each, states)


def _transition(
    checking: Checking, path: Path, machine: Machine, each: Transition, states: Sequence[str]
) -> Problems:
    for state in (each.source, each.target):
        if state not in states:
            yield Problem(path, unknown("state", state, states))
    place = checking.record(machine.entity).asked_by_caller()
    yield from checking.guards((*path, "guards"), each.guards, place)


def check_surroundings(checking: Checking) -> Problems:
    """Ports, events, stores and qualities name what exists."""
    specification = checking.specification
    for number, port in enumerate(specification.ports):
        if objection := operation_problem(port.name):
            yield Problem(("ports", number), objection)
        if port.capability not in CAPABILITIES:
            yield Problem(("ports", number), unknown("capability", port.capability, CAPABILITIES))
    for number, event in enumerate(specification.events):
        if objection := operation_problem(event.name):
            yield Problem(("events", number), objection)
        yield from check_fields(checking, ("events", number, "fields"), event.fields)
    for number, store in enumerate(specification.stores):
        for name in store.entities:
            yield from checking.stored(("stores", number), name)


def check_qualities(checking: Checking) -> Problems:
    """Qualities compare with a number, and speak of operations that exist."""
    specification = checking.specification
    for number, quality in enumerate(specification.qualities):
        if quality.comparison not in _COMPARISONS:
            known = ", ".join(_COMPARISONS)
            yield Problem(("qualities", number), f"{quality.comparison!r} is none of {known}")
        if not math.isfinite(quality.value):
            yield Problem(("qualities", number), f"{quality.value} is not a number to compare with")
        if quality.operation and specification.operation(quality.operation) is None:
            names = [each.name for each in specification.operations]
            yield Problem(("qualities", number), unknown("operation", quality.operation, names))
