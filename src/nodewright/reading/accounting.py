"""Which words of a clause its elements account for."""

import re

from nodewright.language.verb_forms import verb_in
from nodewright.reading.demands import PURPOSE, Demand
from nodewright.reading.draft import Draft
from nodewright.reading.things import Thing, field_of, is_person, thing_of
from nodewright.spec.model import Entity

_AND = re.compile(r"\s*(?:,|\band\b|\bor\b)\s*")
_WORD = re.compile(r"[^\W\d_]+")
# "for every delivery and pick", "for the purchasing report": when or why, nothing more to do.
_OCCASION = re.compile(
    r"\bfor (?:(?:every|each) [\w ,]{3,60}|(?:the |an? )?(?:[\w-]+ ){0,2}(?:reports?|analysis|dashboards?))$",
    re.IGNORECASE,
)
_PREPARES = {"with", "for", "of", "from", "to", "by", "including", "containing", "in", "on", "at"}


def account(draft: Draft, demand: Demand, thing: Thing) -> None:
    """Account for what every operation on records has: verb, actor, the thing, fields it names."""
    clause = demand.clause
    draft.take(clause)
    draft.done.add((clause.id, demand.text))
    purpose = PURPOSE.search(clause.text)
    draft.understand(clause, demand.verb, demand.actor, thing.words, purpose[0] if purpose else "")
    draft.understand(
        clause, *(word for word in _WORD.findall(demand.text) if _same(word, demand.verb))
    )
    occasion = _OCCASION.search(demand.text)
    if occasion:
        draft.understand(clause, occasion[0])
    for field in (field_of(thing.entity, demand.object),):
        if field is not None:
            draft.understand(clause, field.name.replace("_", " "))
    for mark, phrase in demand.complements:
        if mark in _PREPARES and names_fields(thing.entity, phrase):
            draft.understand(clause, mark, phrase)
    for condition in demand.conditions:
        if condition.kind == "trigger" and is_request(draft, thing.entity, condition.text):
            draft.understand(clause, "when if once whenever after", condition.text)


def _same(word: str, verb: str) -> bool:
    return verb_in(word.lower()) == verb


def names_fields(entity: Entity, phrase: str) -> bool:
    """Whether every part of ``phrase`` is a field, or the entity itself."""
    parts = [part for part in _AND.split(phrase) if part]
    return bool(parts) and all(field_of(entity, part) is not None for part in parts)


_REQUEST = re.compile(
    r"(?:an?|the|any)?\s*(?P<who>[\w-]+)\s+(?P<verb>\w+)\s+(?:(?:an?|the|their|its|some)\s+)?(?P<what>.+)",
    re.IGNORECASE,
)


def is_request(draft: Draft, entity: Entity, condition: str) -> bool:
    """Whether a trigger only says that somebody asks: "when a visitor reserves a seat"."""
    found = _REQUEST.match(condition)
    if not found or not is_person(found["who"]):
        return False
    thing = thing_of(draft, found["what"])
    return field_of(entity, found["what"]) is not None or (
        thing is not None and thing.entity.name == entity.name
    )
