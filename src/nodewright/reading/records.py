"""Passes for operations on records: create, read, update, delete, list, move."""

import re
from collections.abc import Callable
from dataclasses import replace

from nodewright.language.lexicon import stems
from nodewright.language.nouns import singular
from nodewright.language.verb_forms import verb_in, verb_of_noun
from nodewright.language.vocabulary import load_data
from nodewright.language.word_lists import words_of_list
from nodewright.reading.accounting import account
from nodewright.reading.adjectives import Test
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
from nodewright.reading.phrases import complements_of
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

_TECHNICAL = frozenset({"nonfunctional", "architecture"})
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
        technical = demand.clause.role in _TECHNICAL
        if demand.negated or technical or taken_elsewhere(draft, demand):
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
    recent = _spoken_of(draft, demand) or recent
    if recent is not None and _ITS.match(demand.text) and field_of(recent, demand.object) is None:
        return Thing(recent, words=demand.object)
    thing = thing_of(draft, demand.object, recent)
    if thing is None and _THEIR.search(demand.text):
        actor = thing_of(draft, demand.actor) if demand.actor else None
        if actor is not None and _by_verb(actor.entity, demand.verb) is not None:
            return Thing(actor.entity, words=f"{demand.object} their own")
    owner = thing_of(draft, demand.complement("of")) if thing is None else None
    if owner is not None and field_of(owner.entity, demand.object) is not None:
        draft.understand(demand.clause, "of", owner.words)
        return owner
    made = (
        thing_done(draft, demand.verb)
        if demand.asks("create") or demand.verb in _making()
        else None
    )
    if made is not None and (thing is None or _refers(made.entity, thing.entity)):
        return Thing(made.entity, words=demand.object)
    return thing or founded(draft, demand)


def _making() -> frozenset[str]:
    """Verbs that make a record of their own: to book makes a Booking."""
    return words_of_list("likeness", "makes")


def _refers(made: Entity, thing: Entity) -> bool:
    """Whether what a verb makes speaks of what it is done to: a Booking of its Session."""
    return made.name != thing.name and (
        any(field.type.entity == thing.name for field in made.fields)
        or bool(
            {stem for f in made.fields for stem in name_stems(f.name)} & set(name_stems(thing.name))
        )
    )


_ITS = re.compile(
    r"(?:\w+ )?(?:its|their) (?:details|data|information|record|attributes|values|fields)\b",
    re.IGNORECASE,
)


_THEIR = re.compile(r"\b(?:their|his|her|my)\b", re.IGNORECASE)


def _spoken_of(draft: Draft, demand: Demand) -> Entity | None:
    """What "it" means: the thing that the demand's condition speaks of."""
    for condition in demand.conditions:
        thing = thing_of(draft, complements_of(condition.text)[0].split(" is ")[0])
        found = thing or thing_of(draft, " ".join(condition.text.split()[:2]))
        if found is not None:
            return found.entity
    return None


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
    if demand.verb in _making() and not demand.passive:
        return _create(draft, demand, thing)
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
    if only is not None:
        draft.understand(demand.clause, demand.object)
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
    inner = re.fullmatch(r"(?P<no>not )?\(?exists\(\w+, .+? and \(?(?P<test>.+?)\)*", require)
    if inner:
        return refusal_code(str(Test(inner["test"]).denied.text if inner["no"] else inner["test"]))
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
        words = [word for word in re.findall(r"\b[a-z_]+\b", require) if word not in _NO_CODE]
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
    marked = _marked(entity, demand)
    named_state = marked or _by_verb(entity, demand.verb)
    if named_state is None:
        return None
    if marked is not None:
        draft.understand(demand.clause, "as to status state", marked[1], marked[0].name)
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
    """As in "mark an order as paid", "set the status to paid"."""
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
    """As in "cancelled" is what is cancelled; a state that is an adjective too has no verb."""
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
