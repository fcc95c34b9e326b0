"""Passes for operations on records: create, read, update, delete, list, move."""

import re
from collections.abc import Callable
from dataclasses import replace

from nodewright.language.lexicon import stems
from nodewright.language.nouns import singular
from nodewright.language.verb_forms import verb_in, verb_of_noun
from nodewright.language.vocabulary import load_data
from nodewright.reading.accounting import account
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import (
    field_of,
    is_person,
    name_stems,
    time_field,
    value_of,
)
from nodewright.reading.founding import SEARCHING, founded
from nodewright.reading.operations import add_operation, named, plural, taken_elsewhere
from nodewright.reading.selection import chosen_records, filters_of, limit_of, order_of
from nodewright.reading.things import Thing, thing_done, thing_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Assign,
    Create,
    Delete,
    Entity,
    Field,
    Guard,
    Listing,
    Move,
    OnEntity,
    Read,
    Update,
)
from nodewright.spec.types import Base

_STORING = {"store", "save", "persist", "keep", "insert", "add"}
_MARKING = {"mark", "set", "flag", "move", "change", "put", "transition", "switch", "tag"}
_AS = re.compile(
    r"\b(?:as|to|into)\s+(?:an?\s+|the\s+)?(?:status\s+|state\s+)?[\"']?(?P<what>[\w -]{2,30})"
)


def read_records(draft: Draft, demands: list[Demand]) -> None:
    """Operations on records.

    "The system shall list the tickets of a visitor, newest first" becomes a ``Listing`` of Ticket
    with a ``where`` on the holder and an ``order`` by the time of reservation.
    """
    recent: Entity | None = None
    for demand in demands:
        if demand.negated or taken_elsewhere(draft, demand):
            continue
        thing = _thing(draft, demand, recent)
        if thing is None:
            continue
        recent = thing.entity
        made = _operation(draft, demand, thing)
        if made is not None:
            add_operation(draft, made)
            account(draft, demand, thing)


def _thing(draft: Draft, demand: Demand, recent: Entity | None) -> Thing | None:
    if not demand.object:
        return thing_done(draft, demand.verb)
    return thing_of(draft, demand.object, recent) or founded(draft, demand)


def _operation(draft: Draft, demand: Demand, thing: Thing) -> OnEntity | None:
    moved = _move(draft, demand, thing) or _turned(demand, thing)
    if moved is not None:
        return moved
    if _is_told(demand):
        return None
    many = _means_many(demand)
    if demand.asks("list") and (many or demand.verb in SEARCHING):
        return _listing(draft, demand, thing)
    for construct, make in _MAKERS.items():
        if demand.asks(construct):
            return make(draft, demand, thing)
    return None


def _is_told(demand: Demand) -> bool:
    """Whether a passive tells of what there is rather than asks for an operation."""
    return demand.passive and demand.asks("read") and not demand.asks("create")


def _means_many(demand: Demand) -> bool:
    words = [word for word in demand.object.split() if word.isalpha()]
    plural_words = bool(words) and singular(words[-1]) != words[-1]
    return plural_words or bool(re.match(r"(?:all|list)\b", demand.text.split(" ", 1)[-1]))


def _clauses(demand: Demand) -> tuple[str, ...]:
    return (demand.clause.id,)


def _create(draft: Draft, demand: Demand, thing: Thing) -> Create:
    del draft
    moment = time_field(thing.entity, demand.verb, "created")
    taken = [moment] if moment is not None and _says_when(thing.entity, moment, demand.verb) else []
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


def _says_when(entity: Entity, field: Field, verb: str) -> bool:
    """Whether a time field tells when the record was made: ``created_at``, ``reserved_at``."""
    names = name_stems(field.name)
    own = verb_of_noun(entity.name.lower()) or ""
    made = {"creat", "creation", "registr", "record", "insert", *stems(verb), *stems(own)}
    return field.type.base is Base.DATETIME and bool(set(names) & made)


def _read(draft: Draft, demand: Demand, thing: Thing) -> Read:
    del draft
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
    if not wanted or (only is not None and only.name in fixed):
        return None
    name = f"{entity.name} {only.name.replace('_', ' ')}" if only else entity.name
    return Update(
        name=named("update", name),
        entity=entity.name,
        clauses=_clauses(demand),
        fields=tuple(field.name for field in wanted),
        guards=_limits(demand, thing),
    )


def _delete(draft: Draft, demand: Demand, thing: Thing) -> Delete:
    """A person deletes one record; the system deletes all that are as the text says."""
    where, assumed = ("", "") if _is_one(demand) else chosen_records(draft, demand, thing)
    return Delete(
        name=named("delete", thing.words if where else thing.entity.name),
        entity=thing.entity.name,
        clauses=_clauses(demand),
        where=Expression(where) if where else None,
        guards=() if where else _limits(demand, thing),
        assumed=assumed,
    )


def _is_one(demand: Demand) -> bool:
    """Whether one record by its key is meant, as people ask for."""
    return demand.only or is_person(demand.actor)


def _limits(demand: Demand, thing: Thing) -> tuple[Guard, ...]:
    """The guard of an adjective: "users can delete a draft article"."""
    if not thing.where:
        return ()
    error = refusal_code(thing.where)
    return (Guard(require=Expression(thing.where), error=error, clauses=_clauses(demand)),)


def refusal_code(require: str) -> str:
    """The error code of a guard: the field and what it has to be.

    >>> refusal_code("status == 'paid'"), refusal_code("status != 'paid'")
    ('status_not_paid', 'status_paid')
    """
    found = re.search(r"(?P<field>\w+) (?P<sign>==|!=) '(?P<value>[^']*)'", require)
    spare = re.fullmatch(r"(?P<field>\w+) > 0", require)
    truth = re.fullmatch(r"(?P<no>not )?(?P<field>[a-z_]+)", require)
    if spare:
        code = f"no_{spare['field']}"
    elif truth:
        code = f"{'is' if truth['no'] else 'not'}_{truth['field']}"
    elif found:
        sign = "not_" if found["sign"] == "==" else ""
        code = f"{found['field']}_{sign}{found['value']}"
    else:
        words = [word for word in re.findall(r"[a-z_]+", require) if word not in _NO_CODE]
        code = f"{words[0] if words else 'condition'}_not_met"
    return re.sub(r"\W+", "_", code.lower()).strip("_")


_NO_CODE = {"is", "not", "none", "and", "or", "now", "today", "days", "hours", "minutes", "request",
            "this", "exists", "find", "in"}  # fmt: skip


def _listing(draft: Draft, demand: Demand, thing: Thing) -> Listing:
    where, inputs, assumed = filters_of(draft, demand, thing)
    limit, paged = limit_of(draft, demand)
    return Listing(
        name=named("search" if demand.verb == "search" else "list", plural(thing.entity.name)),
        entity=thing.entity.name,
        clauses=_clauses(demand),
        where=Expression(where) if where else None,
        inputs=inputs,
        order=order_of(draft, demand, thing.entity),
        limit=limit,
        paged=paged,
        assumed=assumed,
    )


def _move(draft: Draft, demand: Demand, thing: Thing) -> OnEntity | None:
    """A verb that names a state of the thing: "cancel" where a status is "cancelled".

    Where the text tells no transitions, it is an update of the status.
    """
    entity = thing.entity
    machine = draft.machines.get(entity.name)
    if demand.asks("list") or demand.asks("aggregate"):
        return None
    named_state = _marked(entity, demand) or _by_verb(entity, demand.verb)
    if named_state is None:
        return None
    field, value, assumed = named_state
    name = named(demand.verb if demand.verb not in _MARKING else f"mark {value}", entity.name)
    if machine is None or machine.field != field.name:
        if demand.asks("create"):
            return None
        return Update(
            name=name,
            entity=entity.name,
            clauses=_clauses(demand),
            set=(Assign(name=field.name, value=Expression(repr(value)), clauses=_clauses(demand)),),
            guards=_limits(demand, thing),
            assumed=assumed,
        )
    states = {state for step in machine.transitions for state in (step.source, step.target)}
    if value == machine.initial or value not in states:
        return None
    return Move(
        name=name,
        entity=entity.name,
        clauses=_clauses(demand),
        to=value,
        assumed=assumed,
    )


def _marked(entity: Entity, demand: Demand) -> tuple[Field, str, str] | None:
    """ "mark an order as paid", "set the status to paid"."""
    found = _AS.search(demand.text) if demand.verb in _MARKING else None
    if found is None:
        return None
    words = found["what"].split()
    for size in range(len(words), 0, -1):
        state = value_of(entity, " ".join(words[:size]))
        if state is not None:
            return (*state, "")
    return None


def _by_verb(entity: Entity, verb: str) -> tuple[Field, str, str] | None:
    alike: dict[str, list[str]] = load_data("likeness")["moves"]
    for meant in (verb, *alike.get(verb, [])):
        for field in entity.fields:
            for value in field.type.values:
                if _verb_of_state(value) == meant:
                    return field, value, "" if meant == verb else f"to {verb} is to {meant}"
    return None


def _verb_of_state(value: str) -> str | None:
    """ "cancelled" is what is cancelled; a state that is an adjective too has no verb."""
    word = value.lower()
    if " " in word or "_" in word or not word.endswith(("ed", "d", "t", "n")):
        return None
    verb = verb_in(word)
    return verb if verb != word else None


def _turned(demand: Demand, thing: Thing) -> Update | None:
    """A verb for a truth field: "deactivate a user" where it has ``is_active``."""
    entity = thing.entity
    for field in entity.fields:
        if field.type.base is not Base.BOOLEAN:
            continue
        own = set(name_stems(field.name)) - {"is", "has"}
        value = _truth_by(demand.verb, own)
        if value is None:
            continue
        return Update(
            name=named(demand.verb, entity.name),
            entity=entity.name,
            clauses=_clauses(demand),
            set=(Assign(name=field.name, value=Expression(value), clauses=_clauses(demand)),),
            guards=_limits(demand, thing),
        )
    return None


def _truth_by(verb: str, own: set[str]) -> str | None:
    """``True`` or ``False`` where a verb turns a field on or off."""
    for prefix in ("", "de", "un", "dis", "in"):
        rest = verb.removeprefix(prefix)
        if prefix and not verb.startswith(prefix):
            continue
        forms = {stem for form in (rest, f"{rest}d", f"{rest}ed") for stem in stems(form)}
        adjective = {stem for stem in own if verb_in(stem) == rest or stem in forms}
        active = rest in {"activate", "able"} and own & {"activ", "active", "enabl", "enable"}
        if adjective or active:
            return "False" if prefix else "True"
    return None


_MAKERS: dict[str, Callable[[Draft, Demand, Thing], OnEntity | None]] = {
    "delete": _delete,
    "update": _update,
    "create": _create,
    "read": _read,
}


def with_clause(operation: OnEntity, clause: str) -> OnEntity:
    """An operation that another clause asks for as well."""
    return replace(operation, clauses=tuple(dict.fromkeys((*operation.clauses, clause))))
