"""Passes for operations on records: create, read, update, delete, list, move."""

import re
from collections.abc import Callable

from nodewright.language.lexicon import stems
from nodewright.language.nouns import singular
from nodewright.language.verb_forms import verb_of_noun
from nodewright.language.word_lists import words_of_list
from nodewright.reading.accounting import account
from nodewright.reading.changes import changed, guards_of, named_state, names_state
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import (
    field_of,
    is_person,
    name_stems,
    time_field,
)
from nodewright.reading.founding import SEARCHING, founded
from nodewright.reading.operations import add_operation, named, plural, taken_elsewhere
from nodewright.reading.orders import limit_of, order_of
from nodewright.reading.phrases import complements_of
from nodewright.reading.selection import chosen_records, filters_of
from nodewright.reading.things import Thing, thing_done, thing_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Assign,
    Create,
    Delete,
    Entity,
    Field,
    Listing,
    OnEntity,
    Read,
    Update,
)
from nodewright.spec.types import Base

_TECHNICAL = frozenset({"nonfunctional", "architecture"})
_STORING = {"store", "save", "persist", "keep", "insert", "add"}


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
        if _follows(draft, demand):
            continue
        thing = _thing(draft, demand, recent)
        if thing is None:
            continue
        recent = thing.entity
        made = _operation(draft, demand, thing)
        if made is not None:
            add_operation(draft, made)
            account(draft, demand, thing)


def _follows(draft: Draft, demand: Demand) -> bool:
    """Whether a demand only follows on what is done to another thing: no operation of its own."""
    thing = thing_of(draft, demand.object)
    if thing is None or named_state(thing.entity, demand) is None:
        return False
    for condition in demand.conditions:
        found = _DONE.match(condition.text) if condition.kind == "trigger" else None
        other = thing_of(draft, found["what"]) if found else None
        if other is not None and other.entity.name != thing.entity.name:
            return True
    return False


_DONE = re.compile(r"(?P<what>.{2,60}?)\s+(?:is|are|was|were|has been|gets)\s+\w+", re.IGNORECASE)


def _thing(draft: Draft, demand: Demand, recent: Entity | None) -> Thing | None:
    if not demand.object:
        return thing_done(draft, demand.verb)
    recent = _spoken_of(draft, demand) or recent
    if recent is not None and _ITS.match(demand.text) and field_of(recent, demand.object) is None:
        return Thing(recent, words=demand.object)
    thing = thing_of(draft, demand.object, recent)
    if thing is None and _THEIR.search(demand.text):
        actor = thing_of(draft, demand.actor) if demand.actor else None
        if actor is not None and names_state(actor.entity, demand.verb) is not None:
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
    moved = changed(draft, demand, thing)
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
        guards=guards_of(demand, thing),
    )


def _delete(draft: Draft, demand: Demand, thing: Thing) -> Delete:
    """A person deletes one record; the system deletes all that are as the text says."""
    where, assumed = ("", "") if _is_one(demand) else chosen_records(draft, demand, thing)
    return Delete(
        name=named("delete", thing.words if where else thing.entity.name),
        entity=thing.entity.name,
        clauses=_clauses(demand),
        where=Expression(where) if where else None,
        guards=() if where else guards_of(demand, thing),
        assumed=assumed,
    )


def _is_one(demand: Demand) -> bool:
    """Whether one record by its key is meant, as people ask for."""
    return demand.only or is_person(demand.actor)


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


_MAKERS: dict[str, Callable[[Draft, Demand, Thing], OnEntity | None]] = {
    "delete": _delete,
    "update": _update,
    "create": _create,
    "read": _read,
}
