"""Checks of operations: what they name exists, every expression makes sense where it stands."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import singledispatch

from nodewright.spec.check_effects import check_effect
from nodewright.spec.check_workflows import answers_before, check_steps
from nodewright.spec.checking import Checking, Problems
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Aggregate,
    Compute,
    Create,
    Export,
    FileFormat,
    Import,
    Input,
    Listing,
    Measure,
    Move,
    OnEntity,
    Operation,
    Order,
    Reduction,
    Route,
    Selected,
    Update,
    Workflow,
)
from nodewright.spec.naming import field_problem, operation_problem, twice, unknown
from nodewright.spec.problems import Problem
from nodewright.spec.requests import created_fields, inputs_of, needed, state_field
from nodewright.spec.tree import Path
from nodewright.spec.types import INTEGER, NUMBER, Base, SpecificationError, Type
from nodewright.spec.typing_ import NOTHING, Names, Place, assignable, names_of, type_of
from nodewright.spec.values import MOST_PLACES

_STATUSES = range(100, 600)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PARAMETER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_PATH = re.compile(r"/[A-Za-z0-9._~{}/:-]{0,200}")


def check_operations(checking: Checking) -> Problems:
    """All operations, each with what every operation has and with what its construct has."""
    operations = checking.specification.operations
    routes = [f"{each.route.method} {each.route.path}" if each.route else "" for each in operations]
    for number, route in twice(routes):
        if route:
            yield Problem(("operations", number, "route"), f"two operations answer {route}")
    for number, operation in enumerate(operations):
        path: Path = ("operations", number)
        if objection := operation_problem(operation.name):
            yield Problem(path, objection)
        if isinstance(operation, OnEntity):
            missing = list(checking.stored((*path, "entity"), operation.entity))
            if missing:
                yield from missing
                continue
        yield from _inputs(checking, path, operation)
        request = replace(checking.place(), request=_request(checking, operation), caller=True)
        yield from _surface(checking, path, operation, request)
        record = record_place(checking, operation, request)
        yield from checking.guards((*path, "guards"), operation.guards, guarded(operation, record))
        yield from check_construct(operation, checking, path, record)
        after = effects_place(checking, operation, record)
        for place, effect in enumerate(operation.effects):
            yield from check_effect(effect, checking, (*path, "effects", place), after)


def _request(checking: Checking, operation: Operation) -> dict[str, Type]:
    return {
        each.name: each.type.required if each.default is not None else each.type
        for each in inputs_of(checking.specification, operation)
    }


def record_place(checking: Checking, operation: Operation, request: Place) -> Place:
    """What an operation's expressions see before its work."""
    names: Names = {}
    match operation:
        case OnEntity():
            names = names_of(checking.entities[operation.entity])
        case Compute(entity=entity):
            described = checking.entities.get(entity)
            known = {**(names_of(described) if described else {}), **(request.request or {})}
            names = known
    return replace(request, names=names)


def guarded(operation: Operation, record: Place) -> Place:
    """What guards see: no record where the operation has none of its own."""
    if isinstance(operation, Listing | Aggregate | Export):
        return replace(record, names={})
    old = record.names if isinstance(operation, Selected) else None
    return replace(record, old=old)


def effects_place(checking: Checking, operation: Operation, record: Place) -> Place:
    """What effects see after the work."""
    match operation:
        case Listing() | Aggregate() | Export():
            return replace(record, names={})
        case Selected():
            return replace(record, old=record.names)
        case Compute(results=results):
            return replace(record, names={**record.names, **{r.name: r.type for r in results}})
        case Workflow():
            return replace(record, steps=answers_before(checking, operation, len(operation.steps)))
    return record


# --- what every operation has -------------------------------------------------------------------


def _inputs(checking: Checking, path: Path, operation: Operation) -> Problems:
    every = inputs_of(checking.specification, operation)
    implied = len(every) - len(operation.inputs)
    for number, name in twice(each.name for each in every):
        if number >= implied:
            yield Problem(
                (*path, "inputs", number - implied), f"{name!r} is an input already; leave it out"
            )
    names = {each.name: each.type for each in every}
    for number, each in enumerate(operation.inputs):
        here = (*path, "inputs", number)
        if objection := field_problem(each.name):
            yield Problem(here, objection)
        yield from checking.type(here, each.type)
        yield from checking.expression(
            (*here, "default"), each.default, checking.place(), each.type
        )
        place = replace(checking.place(), request=names)
        yield from checking.rules((*here, "rules"), each.rules, each.type, place)


def _surface(checking: Checking, path: Path, operation: Operation, request: Place) -> Problems:
    if operation.roles is not None and not operation.roles.roles:
        yield Problem((*path, "roles"), "it names no role; say who may ask")
    if operation.rate is not None:
        if not 1 <= operation.rate.calls <= 10**9:
            yield Problem((*path, "rate"), f"calls is {operation.rate.calls}; it is 1 or more")
        yield from checking.span((*path, "rate"), operation.rate.per, least=timedelta(seconds=1))
        yield from _plain_value(checking, (*path, "rate", "by"), operation.rate.by, request)
    if operation.idempotency is not None:
        here = (*path, "idempotency", "key")
        yield from _plain_value(checking, here, operation.idempotency.key, request)
    if operation.schedule is not None:
        here = (*path, "schedule")
        yield from checking.span(here, operation.schedule.every, least=timedelta(seconds=1))
        yield from _needs_nothing(checking, here, operation, {}, "a schedule gives no inputs")
    if operation.on:
        yield from _starts(checking, path, operation)
    if operation.route is not None:
        yield from _route(checking, (*path, "route"), operation, operation.route)


def _plain_value(
    checking: Checking, path: Path, expression: Expression | None, request: Place
) -> Problems:
    if expression is None:
        return
    yield from checking.expression(path, expression, request)
    try:
        found = type_of(expression, request)
    except SpecificationError:
        return
    if found == NOTHING or (
        found.base in {Base.LIST, Base.OBJECT, Base.ENTITY} and (checking.key_type(found) == found)
    ):
        yield Problem(path, f"{expression} is no single value that can be told from others")


def _needs_nothing(
    checking: Checking, path: Path, operation: Operation, given: Names, reason: str
) -> Problems:
    for each in inputs_of(checking.specification, operation):
        if each.name not in given and needed(each):
            yield Problem(path, f"{operation.name} needs input {each.name!r}, but {reason}")


def _starts(checking: Checking, path: Path, operation: Operation) -> Problems:
    event = next(
        (each for each in checking.specification.events if each.name == operation.on), None
    )
    if event is None:
        names = [each.name for each in checking.specification.events]
        yield Problem((*path, "on"), unknown("event", operation.on, names))
        return
    given = {each.name: each.type for each in event.fields}
    reason = f"event {event.name} does not carry it"
    yield from _needs_nothing(checking, (*path, "on"), operation, given, reason)
    for each in inputs_of(checking.specification, operation):
        if each.name in given and not _fits(checking, given[each.name], each):
            yield Problem(
                (*path, "on"),
                f"input {each.name!r} is {each.type}; {event.name} carries {given[each.name]}",
            )


def _fits(checking: Checking, kind: Type, each: Input) -> bool:
    wanted = each.type.maybe if each.default is not None else each.type
    return assignable(kind, wanted, checking.entities)


def _route(checking: Checking, path: Path, operation: Operation, route: Route) -> Problems:
    if route.method not in _METHODS:
        yield Problem(path, unknown("method", route.method, _METHODS))
    if not _PATH.fullmatch(route.path):
        yield Problem(
            path, f"{route.path[:60]!r} is not a path; write it as /tickets/{{ticket_id}}"
        )
    names = {each.name for each in inputs_of(checking.specification, operation)}
    for name in _PARAMETER.findall(route.path):
        if name not in names:
            yield Problem(path, unknown("input", name, sorted(names)))
    for code, status in (("", route.status), *route.statuses):
        if status not in _STATUSES:
            yield Problem(path, f"{status} is not a status code; use 100 to 599")
        yield from checking.code(path, code)


# --- constructs ---------------------------------------------------------------------------------


@singledispatch
def check_construct(
    operation: Operation, checking: Checking, path: Path, record: Place
) -> Iterator[Problem]:
    """What the construct of an operation needs."""
    del operation, checking, path, record
    yield from ()


@check_construct.register
def _(operation: Create, checking: Checking, path: Path, record: Place) -> Problems:
    entity = checking.entities[operation.entity]
    state = state_field(checking.specification, entity.name)
    targets = {name: kind for name, kind in names_of(entity).items() if name != state}
    yield from checking.assigns((*path, "set"), operation.set, targets, record, what="field")
    given = {each.name for each in operation.set}
    asked = {each.name for each in created_fields(checking.specification, operation)}
    for name in operation.without:
        if name not in targets:
            yield Problem((*path, "without"), unknown("field", name, targets))
    for name in checking.needed_of(entity.name):
        if name not in given | asked:
            yield Problem(path, f"field {name!r} would have no value; give it a default or set it")


@check_construct.register
def _(operation: Selected, checking: Checking, path: Path, record: Place) -> Problems:
    yield from checking.condition((*path, "where"), operation.where, record)


@check_construct.register
def _(operation: Update, checking: Checking, path: Path, record: Place) -> Problems:
    yield from checking.condition((*path, "where"), operation.where, record)
    targets = checking.settable(operation.entity)
    for name in operation.fields:
        if name not in targets:
            yield Problem((*path, "fields"), _closed(checking, operation.entity, name, targets))
    place = replace(record, old=record.names)
    yield from checking.assigns((*path, "set"), operation.set, targets, place, what="field")


def _closed(checking: Checking, entity: str, name: str, targets: Names) -> str:
    if name == state_field(checking.specification, entity):
        return f"{name!r} is a state; only a move changes it"
    return unknown("field to change", name, targets)


@check_construct.register
def _(operation: Move, checking: Checking, path: Path, record: Place) -> Problems:
    yield from checking.condition((*path, "where"), operation.where, record)
    machine = checking.specification.machine(operation.entity)
    if machine is None:
        yield Problem(path, f"{operation.entity} has no states; give it a machine")
        return
    targets = [each.target for each in machine.transitions]
    if operation.to not in targets:
        yield Problem((*path, "to"), f"no transition leads to {operation.to!r}; add one")
    place = replace(record, old=record.names)
    yield from checking.assigns(
        (*path, "set"), operation.set, checking.settable(operation.entity), place, what="field"
    )


def _fields(checking: Checking, path: Path, entity: str, names: tuple[str, ...]) -> Problems:
    known = names_of(checking.entities[entity])
    for name in names:
        if name not in known:
            yield Problem((*path, "fields"), unknown("field", name, known))
    for _, name in twice(names):
        yield Problem((*path, "fields"), f"field {name!r} is named twice")


def _ordering(checking: Checking, path: Path, order: tuple[Order, ...], place: Place) -> Problems:
    for number, each in enumerate(order):
        here = (*path, "order", number, "by")
        found = list(checking.expression(here, each.by, place))
        yield from found
        if not found and checking.key_type(type_of(each.by, place)).base in {
            Base.LIST, Base.OBJECT, Base.ENTITY,
        }:  # fmt: skip
            yield Problem(here, f"{each.by} has no order")


def _limit(path: Path, limit: int | None) -> Problems:
    if limit is not None and not 1 <= limit <= 10**9:
        yield Problem((*path, "limit"), f"limit is {limit}; it is 1 or more")


@check_construct.register
def _(operation: Listing, checking: Checking, path: Path, record: Place) -> Problems:
    yield from checking.condition((*path, "where"), operation.where, record)
    yield from _ordering(checking, path, operation.order, record)
    yield from _fields(checking, path, operation.entity, operation.fields)
    yield from _limit(path, operation.limit)


@check_construct.register
def _(operation: Export, checking: Checking, path: Path, record: Place) -> Problems:
    yield from checking.condition((*path, "where"), operation.where, record)
    yield from _ordering(checking, path, operation.order, record)
    yield from _fields(checking, path, operation.entity, operation.fields)


@check_construct.register
def _(operation: Import, checking: Checking, path: Path, record: Place) -> Problems:
    del record
    for each in checking.entities[operation.entity].fields:
        plain = each.type.base not in {Base.LIST, Base.ENTITY}
        plain = plain or checking.key_type(each.type) != each.type
        if not plain and not each.type.optional and operation.format is FileFormat.CSV:
            yield Problem(path, f"a {each.type} such as {each.name!r} cannot stand in a csv file")


@check_construct.register
def _(operation: Aggregate, checking: Checking, path: Path, record: Place) -> Problems:
    yield from checking.condition((*path, "where"), operation.where, record)
    inside = record.knowing(operation.where)
    row: dict[str, Type] = {}
    for number, group in enumerate(operation.group):
        here = (*path, "group", number)
        if objection := field_problem(group.name):
            yield Problem(here, objection)
        found = list(checking.expression((*here, "value"), group.value, inside))
        yield from found
        if not found:
            row[group.name] = type_of(group.value, inside)
            if row[group.name].base in {Base.LIST, Base.OBJECT}:
                yield Problem(here, f"{group.value} cannot be grouped by")
    if not operation.measures:
        yield Problem(path, "it measures nothing; add a measure")
    for number, measure in enumerate(operation.measures):
        here = (*path, "measures", number)
        if objection := field_problem(measure.name):
            yield Problem(here, objection)
        yield from _measure(checking, here, measure, inside)
        row[measure.name] = measure_type(measure, inside)
    names = [*(each.name for each in operation.group), *(each.name for each in operation.measures)]
    for _, name in twice(names):
        yield Problem(path, f"{name!r} stands for two things; give one another name")
    yield from _ordering(checking, path, operation.order, replace(record, names=row))
    yield from _limit(path, operation.limit)


def _measure(checking: Checking, path: Path, measure: Measure, place: Place) -> Problems:
    counted = measure.reduce in {Reduction.COUNT, Reduction.SHARE}
    if measure.of is None and not counted:
        yield Problem(path, f"say what it is the {measure.reduce.value} of")
        return
    numbers = {Reduction.SUM, Reduction.AVERAGE, Reduction.SHARE}
    wanted = NUMBER.maybe if measure.reduce in numbers else None
    yield from checking.expression((*path, "of"), measure.of, place, wanted)
    if (measure.by is not None) is not (measure.reduce is Reduction.LATEST):
        yield Problem(path, "the latest needs 'by', the others have none")
    yield from checking.expression((*path, "by"), measure.by, place)


def measure_type(measure: Measure, place: Place) -> Type:
    """The type of a measure."""
    if measure.reduce in {Reduction.COUNT, Reduction.DISTINCT} or measure.of is None:
        return INTEGER if measure.reduce is not Reduction.SHARE else NUMBER
    try:
        found = type_of(measure.of, place)
    except SpecificationError:
        return NUMBER
    match measure.reduce:
        case Reduction.SUM:
            return found.required
        case Reduction.AVERAGE:
            return NUMBER.maybe
        case Reduction.SHARE:
            return NUMBER
    return found.maybe


@check_construct.register
def _(operation: Compute, checking: Checking, path: Path, record: Place) -> Problems:
    if operation.entity and operation.entity not in checking.entities:
        yield Problem((*path, "entity"), unknown("entity", operation.entity, checking.entities))
        return
    names = dict(record.names)
    for number, each in enumerate(operation.results):
        here = (*path, "results", number)
        if objection := field_problem(each.name):
            yield Problem(here, objection)
        if each.name in names:
            yield Problem(here, f"{each.name!r} is an input or earlier result; rename it")
        yield from checking.type(here, each.type)
        yield from checking.expression(
            (*here, "value"), each.value, replace(record, names=names), each.type
        )
        if each.places is not None and not 0 <= each.places <= MOST_PLACES:
            yield Problem(here, f"places is {each.places}; 0 to {MOST_PLACES}")
        names[each.name] = each.type


@check_construct.register
def _(operation: Workflow, checking: Checking, path: Path, record: Place) -> Problems:
    yield from check_steps(operation, checking, path, record)
