"""Checks of what each construct needs: its fields, conditions, orders, measures and results."""

from collections.abc import Iterator
from dataclasses import replace
from functools import singledispatch

from nodewright.spec.check_workflows import check_steps
from nodewright.spec.checking import Checking, Problems
from nodewright.spec.model import (
    Aggregate,
    Compute,
    Create,
    Export,
    FileFormat,
    Import,
    Listing,
    Measure,
    Move,
    Operation,
    Order,
    Reduction,
    Selected,
    Update,
    Workflow,
)
from nodewright.spec.naming import field_problem, twice, unknown
from nodewright.spec.problems import Problem
from nodewright.spec.requests import created_fields, state_field
from nodewright.spec.tree import Path
from nodewright.spec.types import INTEGER, NUMBER, Base, SpecificationError, Type
from nodewright.spec.typing_ import Names, Place, names_of, type_of
from nodewright.spec.values import MOST_PLACES


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
