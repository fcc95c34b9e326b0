"""Code of what an operation does after its own work."""

from dataclasses import replace
from functools import singledispatch

from nodewright.language.naming import pascal
from nodewright.rendering.expressions import compiled, condition, inside, value_for
from nodewright.rendering.layout import Block
from nodewright.rendering.names import model_class, safe, variable
from nodewright.rendering.records import (
    change_record,
    check_fields,
    entity_named,
    keep_changed,
    keep_new,
    make_record,
    move_allowed,
    names_tuple,
    transitions_to,
)
from nodewright.rendering.scopes import Record, Scope
from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.model import Add, Assign, Change, Effect, OnFailure, Publish, Retry, Send
from nodewright.spec.types import Type
from nodewright.templates.quoting import pystr


def take_effect(effect: Effect, block: Block, scope: Scope) -> None:
    """Add the code of ``effect``, under its condition."""
    if effect.when is None:
        _take(effect, block, scope)
        return
    with block.indented(f"if {condition(effect.when, scope)}:"):
        _take(effect, block, scope)


def warns(effects: tuple[Effect, ...]) -> bool:
    """Whether a failure of one of ``effects`` is answered as a warning."""
    return any(isinstance(each, Send) and each.on_failure is OnFailure.KEEP for each in effects)


@singledispatch
def _take(effect: Effect, block: Block, scope: Scope) -> None:  # noqa: ARG001 - one signature
    raise TypeError(f"{type(effect).__name__} is not an effect")


@_take.register
def _(effect: Send, block: Block, scope: Scope) -> None:
    port = next(each for each in scope.specification.ports if each.name == effect.port)
    capability = CAPABILITIES[port.capability]
    message = _arguments(effect.message, capability.message, scope)
    method = f"{scope.surroundings}.ports.{safe(port.name)}.{capability.verb}"
    arguments = [pystr(port.name), method, f"{message_class(port.capability)}({message})"]
    if effect.retry is not None and effect.retry.times:
        arguments.append(retry_code(effect.retry))
    inside_ = ", ".join(arguments)
    if effect.on_failure is OnFailure.KEEP:
        block.add(f"warnings += await {scope.surroundings}.offer({inside_})")
    else:
        block.add(f"await {scope.surroundings}.deliver({inside_})")


def message_class(capability: str) -> str:
    """The model of a capability's message."""
    return f"Model{pascal(capability)}PortMessage"


def retry_code(retry: Retry) -> str:
    """``retry`` as the package writes it."""
    seconds = retry.wait.total_seconds()
    shown = int(seconds) if seconds == int(seconds) else seconds
    return f"Retry({retry.times}, dt.timedelta(seconds={shown}), {retry.factor})"


@_take.register
def _(effect: Publish, block: Block, scope: Scope) -> None:
    event = next(each for each in scope.specification.events if each.name == effect.event)
    types = {each.name: each.type for each in event.fields}
    payload = _arguments(effect.payload, types, scope)
    block.add(f"await {scope.surroundings}.announce({event_class(event.name)}({payload}))")


def event_class(name: str) -> str:
    """The model of an event."""
    return f"{model_class(name)}Event"


def _arguments(assigns: tuple[Assign, ...], types: dict[str, Type], scope: Scope) -> str:
    return ", ".join(
        f"{safe(each.name)}={value_for(each.value, types[each.name], scope)}"
        if each.name in types
        else f"{safe(each.name)}={compiled(each.value, scope).text}"
        for each in assigns
    )


@_take.register
def _(effect: Change, block: Block, scope: Scope) -> None:
    entity = entity_named(scope, effect.entity)
    each = inside(entity, scope)
    name = each.record.variable if each.record else ""
    old = f"old_{name}"
    each = replace(each, record=Record(old, entity), old=Record(old, entity))
    store = scope.store(entity.name)
    with (
        block.indented(f"for {old} in {store}.all():"),
        block.indented(f"if {condition(effect.where, each)}:"),
    ):
        change_record(block, entity, old, name, effect.set, each)
        machine = scope.specification.machine(entity.name)
        written = [assign.name for assign in effect.set]
        if machine is None or machine.field not in written:
            keep_changed(block, entity, name, scope.surroundings, names_tuple(written))
            return
        written.remove(machine.field)
        with block.indented(f"if {_may_change(effect, old, name, each)}:"):
            keep_changed(block, entity, name, scope.surroundings, names_tuple(written))


def _may_change(effect: Change, old: str, new: str, scope: Scope) -> str:
    """A condition: the machine allows what the change does to the state."""
    machine = scope.specification.machine(effect.entity)
    if machine is None:
        return "True"
    entity = entity_named(scope, effect.entity)
    state = safe(machine.field)
    parts = [f"{new}.{state} == {old}.{state}"]
    for target in dict.fromkeys(each.target for each in machine.transitions):
        transitions = transitions_to(scope.specification, effect.entity, target)
        allowed = move_allowed(Record(old, entity), transitions, machine.field, scope)
        if allowed != "False":
            parts.append(f"({new}.{state} == {pystr(target)} and ({allowed}))")
    return " or ".join(parts)


@_take.register
def _(effect: Add, block: Block, scope: Scope) -> None:
    entity = entity_named(scope, effect.entity)
    name = inside(entity, scope).record
    target = f"new_{name.variable}" if name else variable(entity.name)
    within = replace(scope, record=None, names={}, this=scope)
    make_record(block, entity, target, {}, effect.set, within)
    check_fields(block, entity, target, scope)
    keep_new(block, entity, target, scope.surroundings)
