"""The pass for refusals: "if the new time lies in the past the system shall reject it"."""

import re
from dataclasses import replace

from nodewright.reading.demands import Condition, Demand
from nodewright.reading.draft import Draft
from nodewright.reading.things import field_of, present, time_field, value_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Create, Delete, Entity, Guard, Move, OnEntity, Unique, Update
from nodewright.spec.types import Base

_TAKEN = re.compile(r"\b(?:already|taken|duplicate|exists?|in use|twice|occupied)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:in the past|past date|has passed)\b", re.IGNORECASE)
_FUTURE = re.compile(r"\bin the future\b", re.IGNORECASE)
_STATE = re.compile(
    r"\b(?:is|are|was|has been)\s+(?P<not>not\s+)?(?:already\s+)?(?P<state>\w+)$", re.IGNORECASE
)


def read_refusals(draft: Draft, demands: list[Demand]) -> None:
    """Guards and uniqueness from what is rejected."""
    for number, demand in enumerate(demands):
        if not demand.asks("refuse") or not demand.conditions:
            continue
        host = _host(draft, demand, demands[:number])
        condition = demand.conditions[0]
        if host is not None and _refuse(draft, demand, condition, host):
            draft.take(demand.clause)
            draft.understand(
                demand.clause, demand.text, demand.actor, condition.text, "clear message error"
            )


def _host(draft: Draft, demand: Demand, earlier: list[Demand]) -> OnEntity | None:
    """The operation that a refusal belongs to: the last before it in its requirement."""
    ids = {
        each.clause.id for each in earlier if each.clause.requirement == demand.clause.requirement
    }
    found = [
        operation
        for operation in draft.operations.values()
        if isinstance(operation, Create | Update | Delete | Move) and ids & set(operation.clauses)
    ]
    return found[-1] if found else None


def _refuse(draft: Draft, demand: Demand, condition: Condition, host: OnEntity) -> bool:
    entity = draft.entities[host.entity]
    guard = _of_time(entity, condition.text, demand.clause.id) or _of_state(
        entity, condition.text, demand.clause.id, host
    )
    if guard is not None:
        draft.change(replace(host, guards=(*host.guards, guard)))
        return True
    if not _TAKEN.search(condition.text):
        return False
    field = field_of(entity, condition.text) or time_field(entity)
    if field is None:
        return False
    unique = Unique(fields=(field.name,), clauses=(demand.clause.id,))
    draft.entities[entity.name] = replace(entity, unique=(*entity.unique, unique))
    return True


def _of_time(entity: Entity, text: str, clause: str) -> Guard | None:
    for shape, sign, code in ((_PAST, ">=", "in_the_past"), (_FUTURE, "<=", "in_the_future")):
        field = time_field(entity, text) or time_field(entity) if shape.search(text) else None
        if field is not None:
            now = "today()" if field.type.base is Base.DATE else "now()"
            missing = f"{field.name} is None or " if field.type.optional else ""
            return Guard(
                require=Expression(f"{missing}{field.name} {sign} {now}"),
                error=f"{field.name}_{code}",
                clauses=(clause,),
            )
    return None


def _of_state(entity: Entity, text: str, clause: str, host: OnEntity) -> Guard | None:
    found = _STATE.search(text)
    named = value_of(entity, found["state"]) if found else None
    if found is None or named is None or isinstance(host, Create):
        return None
    field, value = named
    sign = "==" if found["not"] else "!="
    return Guard(
        require=Expression(present(field, f"old.{field.name} {sign} {value!r}")),
        error=f"{field.name}_{'not_' if found['not'] else ''}{value}".lower().replace(" ", "_"),
        clauses=(clause,),
    )
