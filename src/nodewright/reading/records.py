"""Passes for operations on records: create, read, update, delete, list, move."""

import re
from dataclasses import replace

from nodewright.language.lexicon import stems
from nodewright.language.naming import snake, unique
from nodewright.language.nouns import NOT_ENTITIES, singular
from nodewright.language.verb_forms import verb_in
from nodewright.reading.accounting import account
from nodewright.reading.demands import Demand, words_of
from nodewright.reading.draft import Draft
from nodewright.reading.selection import filters_of, order_of, selection_of
from nodewright.reading.things import Thing, field_of, name_stems, thing_of, time_field, value_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Assign,
    Create,
    Delete,
    Entity,
    Field,
    Listing,
    Move,
    OnEntity,
    Operation,
    Read,
    Update,
)
from nodewright.spec.types import TEXT, UUID, Base


def read_records(draft: Draft, demands: list[Demand]) -> None:
    """Operations on records.

    "The system shall list the tickets of a visitor, newest first" becomes a ``Listing`` of Ticket
    with a ``where`` on the holder and an ``order`` by the time of reservation.
    """
    recent: Entity | None = None
    for demand in demands:
        if demand.negated or taken_elsewhere(draft, demand):
            continue
        thing = thing_of(draft, demand.object, recent) or _assumed(draft, demand)
        if thing is None:
            continue
        recent = thing.entity
        made = _operation(draft, demand, thing)
        if made is not None:
            add_operation(draft, made)
            account(draft, demand, thing)


def taken_elsewhere(draft: Draft, demand: Demand) -> bool:
    """Whether another pass made an operation of just this demand."""
    return (demand.clause.id, demand.text) in draft.done


def add_operation(draft: Draft, operation: Operation) -> Operation:
    """Add an operation, or its clauses to the one that already says the same."""
    same = next(
        (
            known
            for known in draft.operations.values()
            if replace(known, name="", clauses=(), description="", assumed="")
            == replace(operation, name="", clauses=(), description="", assumed="")
        ),
        None,
    )
    if same is not None:
        clauses = tuple(dict.fromkeys((*same.clauses, *operation.clauses)))
        operation = replace(same, clauses=clauses)
    else:
        operation = replace(operation, name=unique(operation.name, draft.operations))
    draft.operations[operation.name] = operation
    return operation


def named(verb: str, subject: str) -> str:
    """``verb_subject`` in at most four words."""
    return snake(" ".join([verb, *_spaced(subject).split()[:3]]), "operation")


def _spaced(name: str) -> str:
    return "".join(f" {char}" if char.isupper() else char for char in name).strip()


def plural(name: str) -> str:
    """The plural of an entity's name."""
    spaced = _spaced(name)
    if spaced.endswith("y") and spaced[-2:-1] not in "aeiou":
        return f"{spaced[:-1]}ies"
    return f"{spaced}es" if spaced.endswith(("s", "x", "ch", "sh")) else f"{spaced}s"


def _operation(draft: Draft, demand: Demand, thing: Thing) -> OnEntity | None:
    moved = _move(draft, demand, thing)
    if moved is not None:
        return moved
    many = _means_many(demand)
    if demand.asks("list") and (many or demand.verb in _ALWAYS_MANY):
        return _listing(draft, demand, thing)
    for construct, make in _MAKERS.items():
        if demand.asks(construct):
            return make(draft, demand, thing)
    return None


_ALWAYS_MANY = {"list", "search", "browse", "find", "query", "filter", "sort"}


def _means_many(demand: Demand) -> bool:
    words = [word for word in demand.object.split() if word.isalpha()]
    return bool(words) and singular(words[-1]) != words[-1]


def _clauses(demand: Demand) -> tuple[str, ...]:
    return (demand.clause.id,)


def _create(draft: Draft, demand: Demand, thing: Thing) -> Create:
    moment = time_field(thing.entity, demand.verb, "created")
    taken = [moment] if moment is not None and _says_when(moment, demand.verb) else []
    return Create(
        name=named("create" if demand.verb in _STORING else demand.verb, thing.entity.name),
        entity=thing.entity.name,
        clauses=_clauses(demand),
        set=tuple(
            Assign(
                name=field.name,
                value=Expression("now()"),
                clauses=_clauses(demand),
                assumed=f"{field.name} is the time of the request",
            )
            for field in taken
        ),
    )


_STORING = {"store", "save", "persist", "keep", "insert", "add"}


def _says_when(field: Field, verb: str) -> bool:
    """Whether a time field tells when the record was made: ``created_at``, ``reserved_at``."""
    names = name_stems(field.name)
    made = {"creat", "creation", "registr", "record", "insert"} | set(stems(verb))
    return field.type.base is Base.DATETIME and bool(set(names) & made)


def _read(draft: Draft, demand: Demand, thing: Thing) -> Read:
    return Read(
        name=named("get", thing.entity.name), entity=thing.entity.name, clauses=_clauses(demand)
    )


def _update(draft: Draft, demand: Demand, thing: Thing) -> Update | None:
    entity = thing.entity
    machine = draft.machines.get(entity.name)
    fixed = {entity.key, machine.field if machine else ""}
    wanted = [field for field in entity.fields if field.name not in fixed]
    only = field_of(entity, demand.object) if demand.complement("of") else None
    if only is not None:
        wanted = [only]
    if not wanted:
        return None
    name = f"{entity.name} {only.name.replace('_', ' ')}" if only else entity.name
    return Update(
        name=named("update", name),
        entity=entity.name,
        clauses=_clauses(demand),
        fields=tuple(field.name for field in wanted),
    )


def _delete(draft: Draft, demand: Demand, thing: Thing) -> Delete:
    where, assumed = selection_of(draft, demand, thing)
    return Delete(
        name=named("delete", thing.words if where else thing.entity.name),
        entity=thing.entity.name,
        clauses=_clauses(demand),
        where=Expression(where) if where else None,
        assumed=assumed,
    )


def _listing(draft: Draft, demand: Demand, thing: Thing) -> Listing:
    where, inputs, assumed = filters_of(draft, demand, thing)
    return Listing(
        name=named("search" if demand.verb == "search" else "list", plural(thing.entity.name)),
        entity=thing.entity.name,
        clauses=_clauses(demand),
        where=Expression(where) if where else None,
        inputs=inputs,
        order=order_of(draft, demand, thing.entity),
        assumed=assumed,
    )


def _move(draft: Draft, demand: Demand, thing: Thing) -> Move | None:
    """A verb that names a state of the thing's machine: "cancel" where a status is "cancelled"."""
    machine = draft.machines.get(thing.entity.name)
    if machine is None:
        return None
    states = {state for step in machine.transitions for state in (step.source, step.target)}
    target = next(
        (
            state
            for state in sorted(states)
            if state != machine.initial and verb_in(state.lower()) == demand.verb
        ),
        None,
    )
    if target is None:
        return None
    return Move(
        name=named(demand.verb, thing.entity.name),
        entity=thing.entity.name,
        clauses=_clauses(demand),
        to=target,
    )


_MAKERS = {"delete": _delete, "update": _update, "create": _create, "read": _read}


_ASKING = {"functional", "stories", "criteria", "api", "unknown"}


def _assumed(draft: Draft, demand: Demand) -> Thing | None:
    """An entity of which the text names no field but those of a search: it has a key besides."""
    words = demand.object.split()
    asked = demand.verb in words_of("founding") and not demand.passive
    if not asked or demand.clause.role not in _ASKING or not words or len(words) > _LONGEST_NAME:
        return None
    head = singular(words[-1])
    known = head.lower() in NOT_ENTITIES or not all(
        word.isascii() and word.isalpha() for word in words
    )
    if known or value_of_any(draft, head):
        return None
    name = "".join(part.capitalize() for part in [*words[:-1], head])
    key = f"{snake(name)}_id"
    clauses = (demand.clause.id,)
    fields = [Field(name=key, type=UUID, assumed="the text names no key")]
    if demand.verb in _ALWAYS_MANY:
        for part in re.split(r"\s*(?:,|\band\b|\bor\b)\s*", demand.complement("by", "filtered by")):
            if part and len(part.split()) <= _LONGEST_NAME:
                why = "the search implies it"
                fields.append(Field(name=snake(part), type=TEXT, clauses=clauses, assumed=why))
    why = "" if len(fields) > 1 else "the text names no field of it"
    entity = Entity(name=name, key=key, fields=tuple(fields), clauses=clauses, assumed=why)
    draft.entities[name] = entity
    return Thing(entity, words=demand.object)


_LONGEST_NAME = 3


def value_of_any(draft: Draft, word: str) -> bool:
    """Whether a word is a field or value of a known entity."""
    return any(
        value_of(entity, word) or field_of(entity, word) for entity in draft.entities.values()
    )
