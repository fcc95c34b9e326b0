"""The records that a call meets: other values, several of them, those that its queries find."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal

from nodewright.spec.deciding import constants, draft, looked_at
from nodewright.spec.drafting import Draft, Given, Known, Recipe
from nodewright.spec.model import (
    Aggregate,
    Create,
    Export,
    Field,
    Input,
    Listing,
    Operation,
    Selected,
)
from nodewright.spec.requests import created_fields
from nodewright.spec.samples import constants_of
from nodewright.spec.scenario import Advance, Scenario
from nodewright.spec.tree import expressions
from nodewright.spec.types import Base
from nodewright.spec.values import Value

MINUTE = timedelta(minutes=1)
MOST_RECORDS = 12
MOST_EDGES = 9


def altered(known: Known, operation: Operation) -> Iterator[Scenario]:
    """The same call on a record that differs in one field."""
    if isinstance(operation, Selected | Listing | Aggregate | Export):
        beside = _record_values(known, operation, operation.entity)
        for changed in (*changes(known, operation.entity, constants(known, operation)), *beside):
            made = Draft(known)
            made.record(operation.entity, 1, {**_base(known, operation), **changed})
            made.call(operation)
            yield made.scenario


def _base(known: Known, operation: Operation) -> Given:
    """Values of the record that the operation's recipe works on."""
    return dict(recipe_of(known, operation).record)


def queried(known: Known, operation: Operation) -> Iterator[Scenario]:
    """The call after other records that its queries find, or do not."""
    for name in sorted(looked_at(known, operation)):
        first = _record_values(known, operation, name)
        for given in (*first, *changes(known, name, constants(known, operation))):
            for numbers in ((1,), (2,), (1, 2)):
                made = Draft(known)
                for number in numbers:
                    made.record(name, number, given)
                made.call(operation)
                yield made.scenario


def _record_values(known: Known, operation: Operation, name: str) -> Iterator[Given]:
    """Values of a record that equal the inputs of the call, and lie beside them."""
    entity = known.specification.entity(name)
    last = draft(known, operation).steps[-1]
    numbers = [each for each in getattr(last, "request", {}).values() if _number(each)]
    for each in entity.fields if entity else ():
        if each.type.numeric:
            for value in known.sampling.edges(each.name, each.type, (), numbers)[:MOST_EDGES]:
                yield {each.name: value}


def _number(value: Value) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def several(known: Known, operation: Operation) -> Iterator[Scenario]:
    """Several records, that differ in one field at a time."""
    name = getattr(operation, "entity", "")
    if not isinstance(operation, Selected | Listing | Aggregate | Export) or not name:
        return
    for gap in _gaps(operation)[1:]:
        yield two_records(known, operation, name, {}, gap=gap)
    for gap in (*_gaps(operation), timedelta(days=1)):
        yield two_records(known, operation, name, {}, gap=gap, alike=True)
    for changed in changes(known, name, constants(known, operation)):
        yield two_records(known, operation, name, changed)
    if isinstance(operation, Listing | Aggregate) and (operation.limit or 0) < MOST_RECORDS:
        pairs = ((gap, changed) for gap in _gaps(operation) for changed in changes(known, name))
        for gap, changed in pairs:
            made = Draft(known)
            for number in range(1, (operation.limit or 2) + 2):
                values = _numbered(known, name, changed, number)
                made.record(name, number, {**_base(known, operation), **values})
                made.steps.append(Advance(gap))
            made.call(operation)
            yield made.scenario


def two_records(
    known: Known,
    operation: Operation,
    name: str,
    changed: Given,
    *,
    moved: tuple[str, ...] = (),
    gap: timedelta = MINUTE,
    alike: bool = False,
) -> Scenario:
    """The call on two records, the second ``changed``, the first ``moved`` to another state.

    ``alike``: the second has the values of the first.
    """
    made = Draft(known)
    made.record(name, 1, _base(known, operation))
    for move in moved:
        moving = known.specification.operation(move)
        if moving is not None:
            made.call(moving)
    made.steps.append(Advance(gap))
    made.record(name, 1 if alike else 2, {**_base(known, operation), **changed})
    made.call(operation)
    return made.scenario


def changes(known: Known, name: str, decisive: Iterable[Value] = ()) -> Iterator[Given]:
    """Nothing, then another value of one field at a time."""
    yield {}
    creator = known.creator(name)
    entity = known.specification.entity(name)
    if entity is None or not isinstance(creator, Create):
        return
    decisive = [*decisive, *constants_of(expressions(creator.set))]
    given: list[Field | Input] = [*created_fields(known.specification, creator), *creator.inputs]
    for each in given:
        if each.type.base is Base.ENTITY or each.name == entity.key:
            continue
        for number in (2, 3):
            value = known.sampling.value(each.name, each.type, each.rules, number)
            yield {each.name: value}
        found = known.sampling.edges(each.name, each.type, each.rules, decisive)
        yield from ({each.name: value} for value in found[:MOST_EDGES])


def _numbered(known: Known, name: str, changed: Given, number: int) -> Given:
    entity = known.specification.entity(name)
    values = {}
    for field_name in changed:
        found = entity.field(field_name) if entity else None
        if found is not None:
            values[field_name] = known.sampling.value(field_name, found.type, found.rules, number)
    return values


def _gaps(operation: Operation) -> list[timedelta]:
    """How much time lies between two records, so that they fall into two groups."""
    calls = {name for each in expressions(operation) for name in each.calls()}
    found = [MINUTE]
    for name, days in (("date", 1), ("weekday", 1), ("start_of_week", 7), ("start_of_month", 31),
                       ("month", 31), ("start_of_year", 366), ("year", 366)):  # fmt: skip
        if name in calls:
            found.append(timedelta(days=days))
    if "hour" in calls:
        found.append(timedelta(hours=1))
    return found


def recipe_of(known: Known, operation: Operation) -> Recipe:
    """How the operation is made to succeed."""
    return known.recipes.get(operation.name, Recipe())
