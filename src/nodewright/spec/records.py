"""Records in the making: their values, the rules that hold for them, their place in a store.

Values come first from the request, then from defaults, then from ``set`` in its order: each value
sees the record as made so far. Rules are checked for fields that are written, guards of the entity
for the whole record, then uniqueness.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from nodewright.spec.calls import Call
from nodewright.spec.evaluation import Refused, Scope, evaluate, holds
from nodewright.spec.model import Assign, Entity, Field, Rule, Transition, Unique
from nodewright.spec.requests import (
    makes_key,
    missing_code,
    rule_code,
    state_field,
    unique_code,
)
from nodewright.spec.types import Base, Type
from nodewright.spec.values import Record, Value, fitting, has_format, matches, rounded, shown

MOST_RECORDS = 100_000


def made(
    call: Call,
    entity: Entity,
    given: Mapping[str, Value],
    assigns: tuple[Assign, ...],
    this: Record | None = None,
) -> dict[str, Value]:
    """A new record of ``entity``."""
    record: dict[str, Value] = {}
    machine = call.specification.machine(entity.name)
    assigned = {assign.name for assign in assigns}
    for each in entity.fields:
        value = given.get(each.name)
        if machine is not None and each.name == machine.field:
            value = machine.initial
        elif value is None and each.name not in assigned:
            if each.name == entity.key and makes_key(entity):
                value = call.world.new_id()
            elif each.default is not None:
                value = evaluate(each.default, call.scope())
        record[each.name] = fitted(call, each, value) if each.name not in assigned else None
    assign(call, entity, record, assigns, this=this)
    return record


def assign(
    call: Call,
    entity: Entity,
    record: dict[str, Value],
    assigns: tuple[Assign, ...],
    *,
    old: Record | None = None,
    this: Record | None = None,
) -> None:
    """Give ``record`` the values of ``assigns`` in their order."""
    for each in assigns:
        found = entity.field(each.name)
        if found is not None:
            value = evaluate(each.value, call.scope(record, old=old, this=this))
            record[each.name] = fitted(call, found, value)


def fitted(call: Call, each: Field, value: Value) -> Value:
    """``value`` as the field keeps it."""
    try:
        return rounded(fitting(value, each.type, call.types), each.places)
    except ValueError as error:
        raise Refused(f"{each.name}_invalid", f"{each.name} {error}") from None


# --- what holds for a record --------------------------------------------------------------------


def check_fields(call: Call, entity: Entity, record: Record, written: Iterable[str]) -> None:
    """Refuse a record whose ``written`` fields break a rule or point to no record."""
    names = set(written)
    scope = call.scope(record)
    for each in entity.fields:
        if each.name in names:
            check_rules(each.rules, each.name, record[each.name], scope)
            check_inside(call, each.type, record[each.name])
    for each in entity.fields:
        if each.name in names:
            check_reference(call, each.type, record[each.name])


def check_inside(call: Call, kind: Type, value: Value) -> None:
    """Refuse a value entity that breaks its own rules."""
    if value is None:
        return
    if kind.base is Base.LIST and kind.item is not None:
        for each in value:
            check_inside(call, kind.item, each)
    elif kind.base is Base.ENTITY and not (inner := call.entity(kind.entity)).stored:
        check_fields(call, inner, value, value)
        call.check(inner.guards, lambda: call.scope(value))


def check_reference(call: Call, kind: Type, value: Value) -> None:
    """Refuse a key of a stored entity that has no such record."""
    if value is None:
        return
    if kind.base is Base.LIST and kind.item is not None:
        for each in value:
            check_reference(call, kind.item, each)
    elif (
        kind.base is Base.ENTITY
        and call.entity(kind.entity).stored
        and value not in call.world.records[kind.entity]
    ):
        raise Refused(missing_code(kind.entity), f"there is no {kind.entity} {shown(value)}")


def check_rules(rules: tuple[Rule, ...], name: str, value: Value, scope: Scope) -> None:
    """Refuse a value that breaks one of ``rules``; a missing value breaks none."""
    if value is None:
        return
    for rule in rules:
        if not _keeps(rule, value, scope):
            raise Refused(rule_code(rule, name), f"{name} is {shown(value)}")


def _keeps(rule: Rule, value: Value, scope: Scope) -> bool:
    if rule.format is not None and not has_format(value, rule.format):
        return False
    if rule.pattern and not matches(value, rule.pattern):
        return False
    measured: Any = len(value) if isinstance(value, str | list | dict) else value
    for bound, side in ((rule.minimum, 1), (rule.maximum, -1)):
        if bound is None:
            continue
        limit = evaluate(bound, scope)
        if limit is None:
            continue
        try:
            above, equal = measured > limit, measured == limit
        except TypeError:
            raise Refused("not_computable", f"{shown(value)} has no bound {bound}") from None
        if equal:
            if rule.exclusive:
                return False
        elif above is (side < 0):
            return False
    return True


def check_whole(call: Call, entity: Entity, record: Record, *, own: Value = None) -> None:
    """Refuse a record that breaks a guard of its entity or repeats another; ``own``: its key."""
    call.check(entity.guards, lambda: call.scope(record))
    for unique in entity.unique:
        if _repeats(call, entity, unique, record, own):
            raise Refused(unique_code(unique), f"{', '.join(unique.fields)} is taken")


def _repeats(call: Call, entity: Entity, unique: Unique, record: Record, own: Value) -> bool:
    values = [record[name] for name in unique.fields]
    if None in values or not holds(unique.when, call.scope(record)):
        return False
    return any(
        key != own
        and [other[name] for name in unique.fields] == values
        and holds(unique.when, call.scope(other))
        for key, other in call.world.records[entity.name].items()
    )


# --- stores -------------------------------------------------------------------------------------


def keep_new(call: Call, entity: Entity, record: Record) -> None:
    """Put a new record into the store of its entity."""
    store = call.world.records[entity.name]
    key = record[entity.key]
    if key in store:
        raise Refused(f"{entity.key}_taken", f"{entity.key} {shown(key)} is taken")
    check_whole(call, entity, record)
    if len(store) >= MOST_RECORDS:
        raise Refused("not_computable", f"more than {MOST_RECORDS} records of {entity.name}")
    store[key] = record


def keep_changed(
    call: Call, entity: Entity, old: Record, record: Record, written: Iterable[str]
) -> None:
    """Put a changed record in the place of ``old``."""
    check_fields(call, entity, record, written)
    check_whole(call, entity, record, own=old[entity.key])
    call.world.records[entity.name][old[entity.key]] = record


def add(
    call: Call, entity: Entity, assigns: tuple[Assign, ...], this: Record | None
) -> dict[str, Value]:
    """A new record beside the operation's own; ``this`` is that."""
    record = made(call, entity, {}, assigns, this)
    check_fields(call, entity, record, record)
    keep_new(call, entity, record)
    return record


# --- states -------------------------------------------------------------------------------------


def transition(call: Call, entity: Entity, record: Record, target: str) -> Transition | None:
    """The transition that leads ``record`` to ``target``; none where its machine has none."""
    machine = call.specification.machine(entity.name)
    if machine is None:
        return None
    state = record[machine.field]
    return next(
        (each for each in machine.transitions if (each.source, each.target) == (state, target)),
        None,
    )


def may_move(call: Call, entity: Entity, record: Record, target: str) -> bool:
    """Whether the machine and its guards let ``record`` go to ``target``."""
    found = transition(call, entity, record, target)
    if found is None:
        return False
    try:
        call.check(found.guards, lambda: call.scope(record))
    except Refused:
        return False
    return True


def moves_allowed(call: Call, entity: Entity, old: Record, record: Record) -> bool:
    """Whether the machine allows what ``record`` changed of its state, if it did."""
    name = state_field(call.specification, entity.name)
    if not name or old[name] == record[name]:
        return True
    return may_move(call, entity, old, record[name])
