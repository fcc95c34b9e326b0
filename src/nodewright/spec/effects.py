"""What an operation does after its own work, once for each record that it touched.

An effect sees the record after the work (``old``: before it); a computation's inputs and results;
a workflow's steps. A message that a port took has left: a later refusal cannot call it back.
"""

from functools import singledispatch
from typing import Any

from nodewright.spec.calls import Call
from nodewright.spec.evaluation import Refused, Scope, evaluate, holds
from nodewright.spec.model import Add, Assign, Change, Effect, Entity, OnFailure, Publish, Send
from nodewright.spec.records import add, assign, keep_changed, moves_allowed
from nodewright.spec.requests import state_field
from nodewright.spec.values import Record, Value


def take_effects(call: Call, touched: list[tuple[Record, Record | None]]) -> None:
    """Run the effects of the operation, in their order, for each of ``touched``."""
    for record, old in touched:
        for effect in call.operation.effects:
            scope = call.scope(record, old=old)
            if holds(effect.when, scope):
                take(effect, call, scope)


def given(assigns: tuple[Assign, ...], scope: Scope) -> dict[str, Value]:
    """Name -> value of what is sent, published or handed on."""
    return {each.name: evaluate(each.value, scope) for each in assigns}


@singledispatch
def take(effect: Effect, call: Call, scope: Scope) -> None:  # noqa: ARG001 - one signature for all
    """Do what ``effect`` says."""
    raise Refused("not_computable", f"{type(effect).__name__} is not an effect")


@take.register
def _(effect: Send, call: Call, scope: Scope) -> None:
    if not call.outside.send(effect.port, given(effect.message, scope), effect.retry):
        if effect.on_failure is OnFailure.REFUSE:
            raise Refused(f"{effect.port}_failed", f"{effect.port} did not take the message")
        call.warnings.append(f"{effect.port}_failed")


@take.register
def _(effect: Publish, call: Call, scope: Scope) -> None:
    call.published.append((effect.event, given(effect.payload, scope)))


@take.register
def _(effect: Change, call: Call, scope: Scope) -> None:
    entity = call.entity(effect.entity)
    own: Any = scope.names
    for old in list(call.world.records[entity.name].values()):
        if holds(effect.where, call.scope(old, this=own)):
            _change(effect, call, entity, old, own)


def _change(effect: Change, call: Call, entity: Entity, old: Record, own: Record) -> None:
    record = {**old}
    assign(call, entity, record, effect.set, old=old, this=own)
    if not moves_allowed(call, entity, old, record):
        return
    state = state_field(call.specification, entity.name)
    keep_changed(call, entity, old, record, {each.name for each in effect.set} - {state})


@take.register
def _(effect: Add, call: Call, scope: Scope) -> None:
    add(call, call.entity(effect.entity), effect.set, scope.names)
