"""The pass for what follows on another thing: "when it is paid, mark the order as paid"."""

from dataclasses import replace

from nodewright.reading.accounting import account_condition
from nodewright.reading.changes import named_state
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.operations import taken_elsewhere
from nodewright.reading.things import thing_of
from nodewright.reading.triggers import operation_after
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Assign, Change, Create, Entity, Field, Move, OnEntity, Update
from nodewright.spec.types import Base


def read_follow_ups(draft: Draft, demands: list[Demand]) -> None:
    """Changes of another record that an operation brings about.

    "When a payment is recorded, the order is marked as paid" becomes a ``Change`` of the order that
    the payment refers to.
    """
    for demand in demands:
        if demand.negated or taken_elsewhere(draft, demand):
            continue
        for condition in demand.conditions:
            host = operation_after(draft, condition.text) if condition.kind == "trigger" else None
            thing = thing_of(draft, demand.object) if host is not None else None
            if not isinstance(host, Create | Update | Move) or thing is None:
                continue
            change = _change(draft, demand, host, thing.entity)
            if change is None:
                continue
            draft.change(replace(host, effects=(*host.effects, change)))
            draft.take(demand.clause)
            draft.done.add((demand.clause.id, demand.text))
            draft.understand(demand.clause, demand.text, demand.actor)
            account_condition(draft, demand, condition)
            break


def _change(draft: Draft, demand: Demand, host: OnEntity, other: Entity) -> Change | None:
    """The change of the record that the host's record refers to, or that refers to it."""
    named = named_state(other, demand)
    own = draft.entities[host.entity]
    if named is None or own.name == other.name:
        return None
    field, value, assumed = named
    link = _link(own, other)
    back = _link(other, own)
    if link is not None:
        where = f"{other.key} == this.{link.name}"
    elif back is not None:
        where = f"{back.name} == this.{own.key}"
    else:
        return None
    clauses = (demand.clause.id,)
    return Change(
        entity=other.name,
        where=Expression(where),
        set=(Assign(name=field.name, value=Expression(repr(value)), clauses=clauses),),
        clauses=clauses,
        assumed=assumed,
    )


def _link(entity: Entity, other: Entity) -> Field | None:
    """The field of ``entity`` that refers to ``other``."""
    return next(
        (
            field
            for field in entity.fields
            if not field.type.optional
            and field.type.base is not Base.LIST
            and (
                field.type.entity == other.name
                or (field.name == other.key and entity.key != field.name)
            )
        ),
        None,
    )
