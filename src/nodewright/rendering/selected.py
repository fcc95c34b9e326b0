"""Code of operations on records that exist: one by its key, or all that fit."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from nodewright.planning.inputs import entity_of, key_field
from nodewright.rendering.expressions import condition
from nodewright.rendering.methods import Method
from nodewright.rendering.names import safe, variable
from nodewright.rendering.records import (
    bare_names,
    change_record,
    check_fields,
    keep_changed,
    move_allowed,
    names_tuple,
    one_of,
    transitions_to,
)
from nodewright.rendering.scopes import Record, Scope
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Assign,
    Delete,
    Entity,
    Move,
    Notify,
    Read,
    Selected,
    Transition,
    Update,
)
from nodewright.spec.types import Base
from nodewright.templates.quoting import pystr


def _select(method: Method, element: Selected, name: str) -> tuple[Entity, Scope]:
    """Assign the record with the key to ``name``, or the chosen ones to ``records``."""
    entity = entity_of(method.specification, element.entity)
    scope = replace(method.scope, record=Record(name, entity))
    store = method.scope.store(entity.name)
    if element.where is None:
        key = method.scope.request[key_field(entity).name].text
        message = pystr(f"there is no {variable(entity.name).replace('_', ' ')} with this key")
        method.block.add(f"{name} = found({store}.get({key}), {message})")
    else:
        test = condition(element.where, scope)
        narrowed = "" if test == "True" else f" if {test}"
        method.block.add(f"records = [{name} for {name} in {store}.all(){narrowed}]")
    return entity, scope


def _guard_selected(method: Method, element: Selected, scope: Scope) -> None:
    """Guards of an operation: once, or for each record where they speak of it."""
    scope = replace(scope, old=scope.record)
    if element.where is None:
        method.guard(element.guards, scope)
        return
    for each in element.guards:
        if bare_names(each.require) and scope.record is not None:
            with method.block.loop((scope.record.variable,), "records"):
                method.guard((each,), scope)
        else:
            method.guard((each,), method.scope)


def add_read(method: Method, element: Read) -> None:
    """Add the body of a read."""
    entity = entity_of(method.specification, element.entity)
    name = variable(entity.name)
    _, scope = _select(method, element, name)
    _guard_selected(method, element, scope)
    if element.where is None:
        method.take_effects(scope)
        method.answer(item=name)
        return
    _effects_of_each(method, scope)
    method.answer(items="tuple(records)")


def _effects_of_each(method: Method, scope: Scope) -> None:
    if method.element.effects and scope.record is not None:
        with method.block.loop((scope.record.variable,), "records"):
            method.take_effects(scope)


def add_delete(method: Method, element: Delete) -> None:
    """Add the body of a deletion."""
    name = variable(element.entity)
    entity, scope = _select(method, element, name)
    _guard_selected(method, element, scope)
    scope = replace(scope, old=scope.record)
    remove = f"{method.scope.store(entity.name)}.remove({name}.{safe(entity.key)})"
    if element.where is None:
        method.block.add(remove)
        method.take_effects(scope)
        method.answer(item=name)
        return
    with method.block.indented(f"for {name} in records:"):
        method.block.add(remove)
    _effects_of_each(method, scope)
    method.answer(count="len(records)")


def add_notify(method: Method, element: Notify) -> None:
    """Add the body of a notification."""
    name = variable(element.entity)
    _, scope = _select(method, element, name)
    _guard_selected(method, element, scope)
    scope = replace(scope, old=scope.record)
    if element.where is None:
        method.take_effects(scope)
        method.answer(count="1")
        return
    _effects_of_each(method, scope)
    method.answer(count="len(records)")


def add_update(method: Method, element: Update) -> None:
    """Add the body of an update."""
    name = variable(element.entity)
    old = f"old_{name}"
    entity, scope = _select(method, element, old)
    fields = [each for each in element.fields if entity.field(each) and each != entity.key]
    if fields:
        pairs = ", ".join(f"{safe(each)}={method.scope.request[each].text}" for each in fields)
        method.block.add(f"given = given_values({pairs})")
        if element.where is None:
            check_fields(
                method.block, entity, f"{old}.model_copy(update=given)", method.scope, "given"
            )
    _guard_selected(method, element, scope)
    written = ", ".join([*(["*given"] if fields else []), *(pystr(e.name) for e in element.set)])
    written = f"({written},)" if written else "()"

    def change() -> None:
        source = old
        if fields:
            method.block.add(f"{name} = {old}.model_copy(update=given)")
            source = name
            _round_given(method, entity, name, fields)
        inner = replace(scope, old=Record(old, entity))
        change_record(method.block, entity, source, name, element.set, inner)
        keep_changed(method.block, entity, name, method.scope.surroundings, written)

    _change_selected(method, element, Record(old, entity), Record(name, entity), change)


def _round_given(method: Method, entity: Entity, name: str, fields: Sequence[str]) -> None:
    for each in fields:
        declared = entity.field(each)
        if declared is None or declared.places is None or declared.type.base is not Base.NUMBER:
            continue
        value = f"rounded({name}.{safe(each)}, {declared.places})"
        update = f"{name} = {name}.model_copy(update={{{pystr(safe(each))}: {value}}})"
        if declared.type.optional:
            with method.block.indented(f"if {name}.{safe(each)} is not None:"):
                method.block.add(update)
        else:
            method.block.add(update)


def _change_selected(
    method: Method, element: Selected, old: Record, new: Record, change: Callable[[], None]
) -> None:
    """Change the one record or each of ``records``, then the effects, then the answer."""
    scope = replace(method.scope, record=new, old=old)
    if element.where is None:
        change()
        method.take_effects(scope)
        method.answer(item=new.variable)
        return
    if element.effects:
        method.block.add("touched = []")
    with method.block.indented(f"for {old.variable} in records:"):
        change()
        if element.effects:
            method.block.add(f"touched.append(({new.variable}, {old.variable}))")
    if element.effects:
        with method.block.loop((new.variable, old.variable), "touched"):
            method.take_effects(scope)
    method.answer(count="len(records)")


def add_move(method: Method, element: Move) -> None:
    """Add the body of a move of a state machine."""
    name = variable(element.entity)
    old = f"old_{name}"
    entity, scope = _select(method, element, old)
    record = Record(old, entity)
    machine = method.specification.machine(element.entity)
    if machine is None:
        raise LookupError(f"{element.entity} has no states; check the specification")
    transitions = transitions_to(method.specification, element.entity, element.to)
    inner = replace(scope, old=record)
    if element.where is not None:
        allowed = move_allowed(record, transitions, machine.field, inner)
        method.block.add(f"records = [{old} for {old} in records if {allowed}]")
    _guard_selected(method, element, scope)
    if element.where is None:
        _transition(method, record, transitions, machine.field, element.to, inner)

    def change() -> None:
        moved = Assign(name=machine.field, value=Expression(repr(element.to)))
        change_record(method.block, entity, old, name, (moved, *element.set), inner)
        written = names_tuple([each.name for each in element.set])
        keep_changed(method.block, entity, name, method.scope.surroundings, written)

    _change_selected(method, element, record, Record(name, entity), change)


def _transition(  # noqa: PLR0917 - what a transition consists of
    method: Method,
    record: Record,
    transitions: Sequence[Transition],
    field_name: str,
    target: str,
    scope: Scope,
) -> None:
    state = f"{record.variable}.{safe(field_name)}"
    allowed = one_of(state, [each.source for each in transitions])
    message = pystr(f"only {' or '.join(each.source for each in transitions)} becomes {target}")
    method.block.add(f'require({allowed}, "transition_not_allowed", {message})')
    for each in transitions:
        if not each.guards:
            continue
        if len(transitions) == 1:
            method.guard(each.guards, scope)
        else:
            with method.block.indented(f"if {state} == {pystr(each.source)}:"):
                method.guard(each.guards, scope)
