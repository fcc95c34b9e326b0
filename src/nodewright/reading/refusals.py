"""The pass for refusals: "if the new time lies in the past the system shall reject it"."""

import re
from dataclasses import replace

from nodewright.language.naming import snake
from nodewright.language.verb_forms import verb_of_noun
from nodewright.reading.accounting import account_condition, tells_moment
from nodewright.reading.changes import refusal_code
from nodewright.reading.conditions import condition_of
from nodewright.reading.demands import Condition, Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of, time_field
from nodewright.reading.things import thing_of
from nodewright.reading.triggers import operation_after
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Create, Delete, Entity, Guard, Move, OnEntity, Unique, Update
from nodewright.spec.types import Base

_TAKEN = re.compile(
    r"\b(?:already (?:exists?|taken|used|registered|in use|booked)|taken|duplicate|in use|twice|"
    r"occupied)\b",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b(?:in the past|past date|has passed)\b", re.IGNORECASE)
_FUTURE = re.compile(r"\bin the future\b", re.IGNORECASE)
_CODE = re.compile(
    r"\b(?:error|code)\s+(?:code\s+)?[`'\"]?(?P<code>[A-Za-z]+(?:_[A-Za-z]+)+)[`'\"]?"
)


def read_refusals(draft: Draft, demands: list[Demand]) -> None:
    """Guards and uniqueness from what is rejected.

    "If the new time lies in the past the system shall reject it" becomes a ``Guard`` of the
    operation that its requirement speaks of before.
    """
    for number, demand in enumerate(demands):
        if demand.asks("refuse") and _refuse_double(draft, demand):
            continue
        if not demand.asks("refuse") or not demand.conditions or demand.negated:
            continue
        host = _host(draft, demand, before(demands, number))
        if host is not None and _refuse(draft, demand, host):
            draft.take(demand.clause)
            draft.understand(demand.clause, demand.text, demand.actor, "clear message error")


_DOUBLE = re.compile(
    r"\b(?:double|duplicate|repeated)\s+(?P<what>[\w ]{3,40}?)(?=\s+(?:of|by|for|in|with)\b|$)",
    re.IGNORECASE,
)
_SAME = re.compile(r"\b(?:the )?same\s+(?P<what>\w+)", re.IGNORECASE)


def _refuse_double(draft: Draft, demand: Demand) -> bool:
    """As in "Prevent double bookings of the same session by the same member"."""
    found = _DOUBLE.search(demand.text)
    thing = thing_of(draft, found["what"]) if found else None
    if found is None or thing is None or demand.conditions:
        return False
    fields = [field_of(thing.entity, each["what"]) for each in _SAME.finditer(demand.text)]
    names = tuple(field.name for field in fields if field is not None)
    if not names or len(names) < len(fields):
        return False
    entity = draft.entities[thing.entity.name]
    unique = Unique(fields=names, clauses=(demand.clause.id,))
    draft.entities[entity.name] = replace(entity, unique=(*entity.unique, unique))
    draft.take(demand.clause)
    draft.understand(demand.clause, demand.text, demand.actor)
    return True


def before(demands: list[Demand], number: int) -> list[Demand]:
    """The demands of the same requirement before one, the last first."""
    requirement = demands[number].clause.requirement
    found = []
    for place in range(number - 1, max(-1, number - _FAR), -1):
        if demands[place].clause.requirement != requirement:
            break
        found.append(demands[place])
    return found


_FAR = 200


def _host(draft: Draft, demand: Demand, earlier: list[Demand]) -> OnEntity | None:
    """The operation that a refusal belongs to: what its trigger or object names, or the last."""
    for condition in demand.conditions:
        named = operation_after(draft, condition.text) if condition.kind == "trigger" else None
        if isinstance(named, Create | Update | Delete | Move):
            return named
    ids = {each.clause.id for each in earlier}
    changing = [
        each
        for each in draft.operations.values()
        if isinstance(each, Create | Update | Delete | Move)
    ]
    near = [each for each in changing if ids & set(each.clauses)]
    verb = verb_of_noun(demand.object.lower())
    doing = [each for each in changing if verb and each.name.split("_")[0] == verb]
    if doing:
        return doing[0]
    thing = thing_of(draft, demand.object)
    if thing is not None and not near:
        near = [
            each
            for each in changing
            if isinstance(each, Create) and each.entity == thing.entity.name
        ]
    return near[-1] if near else None


def _refuse(draft: Draft, demand: Demand, host: OnEntity) -> bool:
    """Whether each condition became a guard or is the occasion of the host."""
    done = False
    for condition in demand.conditions:
        if condition.kind == "trigger" and operation_after(draft, condition.text) is not None:
            account_condition(draft, demand, condition)
            continue
        host = draft.operations[host.name]  # type: ignore[assignment]
        if not _guard(draft, demand, condition, host):
            return False
        account_condition(draft, demand, condition)
        done = True
    return done


def _guard(draft: Draft, demand: Demand, condition: Condition, host: OnEntity) -> bool:
    entity = draft.entities[host.entity]
    guard = _of_time(entity, condition.text, demand.clause.id, host) or _of_record(
        draft, demand, condition, entity
    )
    if guard is not None:
        others = tuple(each for each in host.guards if each.require != guard.require)
        draft.change(replace(host, guards=(*others, guard)))
        return True
    if not _TAKEN.search(condition.text):
        return False
    field = field_of(entity, condition.text)
    if field is None and tells_moment(entity, re.split(r"\s+(?:is|was|has)\b", condition.text)[0]):
        field = time_field(entity)
    if field is None or field.name == entity.key:
        return False
    unique = Unique(fields=(field.name,), clauses=(demand.clause.id,))
    for known in entity.unique:
        if known.fields == unique.fields and known.clauses:
            draft.context[demand.clause.id] = f"{known.clauses[0]} says the same"
    if all(known.fields != unique.fields for known in entity.unique):
        draft.entities[entity.name] = replace(entity, unique=(*entity.unique, unique))
        return True
    return False


def _of_time(entity: Entity, text: str, clause: str, host: OnEntity) -> Guard | None:
    """A guard on a time that is given: an update looks at the new one."""
    for shape, sign, code in ((_PAST, ">=", "in_the_past"), (_FUTURE, "<=", "in_the_future")):
        field = time_field(entity, text) if shape.search(text) else None
        if field is None:
            continue
        now = "today()" if field.type.base is Base.DATE else "now()"
        name = field.name
        missing = f"{name} is None or " if field.type.optional else ""
        if isinstance(host, Update) and name in host.fields:
            name = f"request.{name}"
            missing = f"{name} is None or "
        return Guard(
            require=Expression(f"{missing}{name} {sign} {now}"),
            error=f"{field.name}_{code}",
            clauses=(clause,),
        )
    return None


def _of_record(draft: Draft, demand: Demand, condition: Condition, entity: Entity) -> Guard | None:
    test = condition_of(draft, entity, condition.text)
    if test is None:
        return None
    require = test if condition.kind == "barrier" else test.denied
    code = _CODE.search(demand.clause.text)
    return Guard(
        require=Expression(require.text),
        error=snake(code["code"]) if code else refusal_code(require.text),
        clauses=(demand.clause.id,),
        assumed=require.assumed,
    )
