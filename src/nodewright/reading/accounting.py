"""Which words of a clause its elements account for."""

import re

from nodewright.language.lexicon import stems
from nodewright.language.verb_forms import verb_in, verb_of_noun
from nodewright.language.word_lists import stems_of_list
from nodewright.reading.demands import PURPOSE, Condition, Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of, is_person, time_field
from nodewright.reading.things import Thing, thing_of
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
    for mark, phrase in demand.complements:
        if mark in _FOR_WHAT and tells_moment(thing.entity, phrase):
            draft.understand(clause, mark, phrase)
    for condition in demand.conditions:
        if condition.kind == "trigger" and is_request(draft, thing.entity, demand, condition):
            account_condition(draft, demand, condition)


_FOR_WHAT = {"for", "in", "at", "on"}


def account_condition(draft: Draft, demand: Demand, condition: Condition) -> None:
    """Account for a condition; the step of a scenario that says it is the demand's occasion."""
    draft.understand(demand.clause, "when if once whenever after then", condition.text)
    if condition.clause:
        draft.context.setdefault(condition.clause, f"the occasion of {demand.clause.id}")


def _same(word: str, verb: str) -> bool:
    return verb_in(word.lower()) == verb


def names_fields(entity: Entity, phrase: str) -> bool:
    """Whether every part of ``phrase`` is a field, or the entity itself."""
    parts = [part for part in _AND.split(phrase) if part]
    return bool(parts) and all(field_of(entity, part) is not None for part in parts)


_REQUEST = re.compile(
    r"(?:an?|the|any|each)?\s*(?P<who>[\w-]+)\s+(?P<verb>\w+)"
    r"(?:\s+(?:(?:an?|the|their|its|some|this|that)\s+)?(?P<what>[^,;]{1,80}))?$",
    re.IGNORECASE,
)


def is_request(draft: Draft, entity: Entity, demand: Demand, condition: Condition) -> bool:
    """Whether a trigger only says that somebody asks: "when a visitor reserves a seat"."""
    found = _REQUEST.match(condition.text)
    if not found or not is_person(found["who"]):
        return False
    if not found["what"]:
        verb = verb_in(found["verb"].lower())
        return verb is not None and verb in {demand.verb, verb_of_noun(entity.name.lower())}
    what = re.split(r"\s+of\s+", found["what"])[0]
    thing = thing_of(draft, found["what"]) or thing_of(draft, what)
    return (
        field_of(entity, what) is not None
        or tells_moment(entity, what)
        or (thing is not None and thing.entity.name == entity.name)
    )


def tells_moment(entity: Entity, phrase: str) -> bool:
    """Whether a phrase means the time of a record: "a free slot", "that time"."""
    words = stems(re.sub(r"^(?:an?|the|that|this)\s+", "", phrase, flags=re.IGNORECASE))
    known = stems_of_list("likeness", "moments")
    left = stems_of_list("likeness", "left")
    return (
        time_field(entity) is not None
        and bool(words)
        and words[-1] in known
        and set(words) <= known | left
    )
