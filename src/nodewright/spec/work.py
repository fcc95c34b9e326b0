"""The work of each construct: what an operation does itself, before its effects.

Guards of an operation speak of the record as it is before the work (a new one: as it is going to
be); guards without a field of the record are checked once. Where an operation works on several
records, all are guarded before the first is changed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cmp_to_key, partial, singledispatch
from typing import Any

from nodewright.spec.aggregates import rows_of
from nodewright.spec.calls import Answer, Call
from nodewright.spec.evaluation import Refused, Scope, evaluate, holds
from nodewright.spec.model import (
    Aggregate,
    Compute,
    Create,
    Delete,
    Entity,
    Export,
    Guard,
    Import,
    Listing,
    Move,
    Notify,
    Operation,
    Order,
    Read,
    Selected,
    Update,
)
from nodewright.spec.records import (
    assign,
    check_fields,
    fitted,
    keep_changed,
    keep_new,
    made,
    may_move,
    transition,
)
from nodewright.spec.requests import LISTED, MOST_LISTED, created_fields
from nodewright.spec.tables import Row, read_rows, write_rows
from nodewright.spec.values import Record, Value, fitting, rounded


@dataclass(slots=True)
class Done:
    """What the work came to: its answer, and for each record it touched (record, old one)."""

    answer: Answer
    touched: list[tuple[Record, Record | None]] = field(default_factory=list)


def guard(call: Call, records: Iterable[Record]) -> None:
    """Refuse unless the operation's guards hold, for each of ``records`` where they speak of it."""
    records = list(records)
    for each in call.operation.guards:
        if _about_record(each):
            for record in records:
                call.check((each,), partial(call.scope, record, old=record))
        else:
            call.check((each,), call.scope)


def _about_record(each: Guard) -> bool:
    """Whether a guard speaks of a record, by its fields or as ``this`` of a query."""
    require = each.require
    return require is not None and bool(
        require.names() or require.attributes("this") or require.attributes("old")
    )


@singledispatch
def perform(operation: Operation, call: Call) -> Done:
    """Do the work of ``operation``."""
    del operation
    guard(call, ())
    return Done(Answer(), [({}, None)])


@perform.register
def _(operation: Create, call: Call) -> Done:
    entity = call.entity(operation.entity)
    names = {each.name for each in created_fields(call.specification, operation)}
    given = {name: value for name, value in call.request.items() if name in names}
    record = made(call, entity, given, operation.set)
    check_fields(call, entity, record, record)
    guard(call, [record])
    keep_new(call, entity, record)
    return Done(Answer(item=record), [(record, None)])


def selected(operation: Selected, call: Call) -> list[Record]:
    """The records that an operation works on."""
    entity = call.entity(operation.entity)
    store = call.world.records[entity.name]
    if operation.where is not None:
        return [each for each in list(store.values()) if holds(operation.where, call.scope(each))]
    record = store.get(call.request[entity.key])
    if record is None:
        raise Refused("not_found", f"there is no {entity.name} {call.request[entity.key]}")
    return [record]


def _answered(operation: Selected, records: list[Record]) -> Answer:
    return Answer(item=records[0]) if operation.where is None else Answer(count=len(records))


@perform.register
def _(operation: Read, call: Call) -> Done:
    records = selected(operation, call)
    guard(call, records)
    if operation.where is None:
        return Done(Answer(item=records[0]), [(records[0], None)])
    return Done(Answer(items=tuple(records)), [(each, None) for each in records])


@perform.register
def _(operation: Update, call: Call) -> Done:
    entity = call.entity(operation.entity)
    records = selected(operation, call)
    given = {
        name: call.request[name] for name in operation.fields if call.request.get(name) is not None
    }
    changed = []
    if operation.where is None:
        check_given(call, entity, records[0], given)
    guard(call, records)
    for old in records:
        record = {**old}
        for name, value in given.items():
            if (found := entity.field(name)) is not None:
                record[name] = fitted(call, found, value)
        assign(call, entity, record, operation.set, old=old)
        keep_changed(call, entity, old, record, {*given, *(each.name for each in operation.set)})
        changed.append((record, old))
    return Done(_answered(operation, [record for record, _ in changed]), list(changed))


def check_given(call: Call, entity: Entity, old: Record, given: Mapping[str, Value]) -> None:
    """Refuse values of the request that break a rule, before any guard is asked."""
    check_fields(call, entity, {**old, **given}, given)


@perform.register
def _(operation: Move, call: Call) -> Done:
    entity = call.entity(operation.entity)
    machine = call.specification.machine(entity.name)
    if machine is None:
        raise Refused("not_computable", f"{entity.name} has no states")
    records = selected(operation, call)
    if operation.where is not None:
        records = [each for each in records if may_move(call, entity, each, operation.to)]
    guard(call, records)
    changed = []
    for old in records:
        allowed = transition(call, entity, old, operation.to)
        if allowed is None:
            raise Refused(
                "transition_not_allowed", f"{old[machine.field]} cannot become {operation.to}"
            )
        call.check(allowed.guards, partial(call.scope, old, old=old))
        record = {**old, machine.field: operation.to}
        assign(call, entity, record, operation.set, old=old)
        keep_changed(call, entity, old, record, {each.name for each in operation.set})
        changed.append((record, old))
    return Done(_answered(operation, [record for record, _ in changed]), list(changed))


@perform.register
def _(operation: Delete, call: Call) -> Done:
    records = selected(operation, call)
    guard(call, records)
    entity = call.entity(operation.entity)
    for record in records:
        call.world.records[entity.name].pop(record[entity.key], None)
    return Done(_answered(operation, records), [(record, record) for record in records])


@perform.register
def _(operation: Notify, call: Call) -> Done:
    records = selected(operation, call)
    guard(call, records)
    return Done(Answer(count=len(records)), [(record, record) for record in records])


# --- questions ----------------------------------------------------------------------------------


def chosen(call: Call, entity: str, where: Any, order: tuple[Order, ...]) -> list[Record]:
    """Records of ``entity`` for which ``where`` holds, in ``order``."""
    store = call.world.records[call.entity(entity).name]
    records = [each for each in store.values() if holds(where, call.scope(each))]
    return ordered(records, order, call.scope)


def ordered(
    records: list[Any], order: tuple[Order, ...], scope: Callable[[Any], Scope]
) -> list[Any]:
    """``records`` sorted by ``order``; equal ones stay as they are, missing values come last."""
    if not order:
        return records
    keyed = [([evaluate(each.by, scope(record)) for each in order], record) for record in records]
    down = [each.descending for each in order]

    def compare(left: tuple[list[Any], Any], right: tuple[list[Any], Any]) -> int:
        for a, b, descending in zip(left[0], right[0], down, strict=True):
            if a == b:
                continue
            if a is None or b is None:
                return 1 if a is None else -1
            return 1 if (a > b) is not descending else -1
        return 0

    try:
        return [record for _, record in sorted(keyed, key=cmp_to_key(compare))]
    except TypeError as error:
        raise Refused("not_computable", str(error)) from None


def _paging(call: Call) -> tuple[int, int]:
    limit, offset = call.request.get("limit"), call.request.get("offset")
    limit = LISTED if limit is None else limit
    offset = 0 if offset is None else offset
    if not 1 <= limit <= MOST_LISTED:
        raise Refused("limit_invalid", f"limit is {limit}, not 1 to {MOST_LISTED}")
    if offset < 0:
        raise Refused("offset_invalid", f"offset is {offset}, not 0 or more")
    return limit, offset


@perform.register
def _(operation: Listing, call: Call) -> Done:
    limit, offset = _paging(call) if operation.paged else (None, 0)
    guard(call, ())
    records = chosen(call, operation.entity, operation.where, operation.order)
    records = records[: operation.limit][offset:][:limit]
    if operation.fields:
        records = [{name: each[name] for name in operation.fields} for each in records]
    return Done(Answer(items=tuple(records)), [({}, None)])


@perform.register
def _(operation: Export, call: Call) -> Done:
    guard(call, ())
    entity = call.entity(operation.entity)
    records = chosen(call, operation.entity, operation.where, operation.order)
    names = operation.fields or tuple(each.name for each in entity.fields)
    content = write_rows(operation.format, names, records)
    return Done(Answer(content=content), [({}, None)])


@perform.register
def _(operation: Aggregate, call: Call) -> Done:
    guard(call, ())
    records = chosen(call, operation.entity, operation.where, ())
    rows = rows_of(operation, records, call.scope)
    rows = ordered(rows, operation.order, call.scope)
    return Done(Answer(rows=tuple(rows[: operation.limit])), [({}, None)])


@perform.register
def _(operation: Compute, call: Call) -> Done:
    names = dict(call.request)
    if operation.entity:
        entity = call.entity(operation.entity)
        record = {each.name: names.get(each.name) for each in entity.fields}
        names = {**record, **names}
        check_fields(call, entity, record, record)
        guard(call, [names])
        call.check(entity.guards, lambda: call.scope(record))
    else:
        guard(call, [names])
    results: dict[str, Value] = {}
    for each in operation.results:
        value = evaluate(each.value, call.scope(names))
        try:
            results[each.name] = rounded(fitting(value, each.type, call.types), each.places)
        except ValueError as error:
            raise Refused("not_computable", f"{each.name} {error}") from None
        names[each.name] = results[each.name]
    return Done(Answer(results=results), [(names, None)])


# --- imports ------------------------------------------------------------------------------------


@perform.register
def _(operation: Import, call: Call) -> Done:
    entity = call.entity(operation.entity)
    created: list[Record] = []
    touched: list[tuple[Record, Record | None]] = []
    if not any(_about_record(each) for each in operation.guards):
        guard(call, ())
    for number, row in _rows(operation, entity, call):
        try:
            old = call.world.records[entity.name].get(row.get(entity.key))
            if old is not None and operation.upsert:
                record = _changed(call, entity, old, row)
            else:
                old = None
                record = _imported(call, entity, row)
                created.append(record)
        except Refused as error:
            raise Refused("row_invalid", f"row {number}: {error.code}") from None
        touched.append((record, old))
    return Done(Answer(count=len(created)), touched)


def _rows(operation: Import, entity: Entity, call: Call) -> Iterator[tuple[int, Row]]:
    machine = call.specification.machine(entity.name)
    fields = [each for each in entity.fields if machine is None or each.name != machine.field]
    try:
        rows = list(read_rows(operation.format, call.request["content"], fields))
    except ValueError as error:
        raise Refused("row_invalid", str(error)) from None
    return enumerate(rows, start=1)


def _imported(call: Call, entity: Entity, row: Row) -> Record:
    record = made(call, entity, row, ())
    if row.get(entity.key) is not None:
        record[entity.key] = row[entity.key]
    check_fields(call, entity, record, record)
    guard(call, [record])
    keep_new(call, entity, record)
    return record


def _changed(call: Call, entity: Entity, old: Record, row: Row) -> Record:
    record = {**old}
    given = {name: value for name, value in row.items() if value is not None}
    for each in entity.fields:
        if each.name in given:
            record[each.name] = fitted(call, each, given[each.name])
    guard(call, [record])
    keep_changed(call, entity, old, record, given)
    return record
