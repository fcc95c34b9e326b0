"""Checks of operations: what they name exists, every expression makes sense where it stands."""

import re
from dataclasses import replace
from datetime import timedelta

from nodewright.spec.check_constructs import check_construct
from nodewright.spec.check_effects import check_effect
from nodewright.spec.check_workflows import answers_before
from nodewright.spec.checking import Checking, Problems
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Aggregate,
    Compute,
    Export,
    Input,
    Listing,
    OnEntity,
    Operation,
    Route,
    Selected,
    Workflow,
)
from nodewright.spec.naming import field_problem, operation_problem, twice, unknown
from nodewright.spec.problems import Problem
from nodewright.spec.requests import inputs_of, needed
from nodewright.spec.tree import Path
from nodewright.spec.types import Base, SpecificationError, Type
from nodewright.spec.typing_ import NOTHING, Names, Place, assignable, names_of, type_of

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
