"""Which words of a clause its elements account for."""

import re

from nodewright.language.lexicon import stems
from nodewright.language.verb_forms import verb_in, verb_of_noun
from nodewright.language.word_lists import stems_of_list
from nodewright.reading.demands import PURPOSE, Condition, Demand, filler_stems
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of, is_person, name_stems, time_field, value_of
from nodewright.reading.phrases import complements_of
from nodewright.reading.things import Thing, thing_of
from nodewright.spec.model import Entity

_AND = re.compile(r"\s*(?:,|\band\b|\bor\b)\s*")
_WORD = re.compile(r"[^\W\d_]+")
# "for every delivery and pick", "for the purchasing report": when or why, nothing more to do.
_OCCASION = re.compile(
    r"\bfor (?:(?:every|each) [\w ,]{3,60}|"
    r"(?:the |an? )?(?:[\w-]+ ){0,2}(?:reports?|analysis|dashboards?))$",
    re.IGNORECASE,
)
_PREPARES = {"with", "for", "of", "from", "to", "by", "including", "containing", "in", "on", "at"}


def account(draft: Draft, demand: Demand, thing: Thing) -> None:
    """Account for what every operation on records has: verb, actor, the thing, fields it names."""
    clause = demand.clause
    draft.take(clause)
    draft.done.add((clause.id, demand.text))
    _account_words(draft, demand, thing)
    for aside in demand.asides:
        if _EXAMPLES.match(aside) or names_fields(thing.entity, aside):
            draft.understand(clause, aside)
    for mark, phrase in demand.complements:
        fields = mark in _PREPARES and names_fields(thing.entity, phrase)
        if fields or (mark in _FOR_WHAT and tells_moment(thing.entity, phrase)):
            draft.understand(clause, mark, phrase)
    for condition in demand.conditions:
        asked = condition.kind == "trigger" and is_request(draft, thing.entity, demand, condition)
        if asked or _is_given(draft, thing.entity, demand, condition.text):
            account_condition(draft, demand, condition)


def _account_words(draft: Draft, demand: Demand, thing: Thing) -> None:
    """Account for the verb in all its forms, the actor, the thing and the purpose."""
    clause = demand.clause
    purpose = PURPOSE.search(clause.text)
    occasion = _OCCASION.search(demand.text)
    draft.understand(clause, demand.verb, f"{demand.verb.removesuffix('e')}able", demand.actor)
    draft.understand(clause, thing.words, purpose[0] if purpose else "")
    draft.understand(
        clause, *(word for word in _WORD.findall(demand.text) if _same(word, demand.verb))
    )
    draft.understand(clause, occasion[0] if occasion else "")
    if "CRUD" in demand.text:
        draft.understand(clause, "CRUD operations functions actions")
    field = field_of(thing.entity, demand.object)
    if field is not None:
        draft.understand(clause, field.name.replace("_", " "))


_MISSING = re.compile(
    r"(?P<what>.+?)\s+(?:does not|do not|doesn't)\s+(?:yet |already )?exist\b", re.IGNORECASE
)
_THERE = re.compile(r"(?P<what>.+?)\s+(?:already )?exists?\b", re.IGNORECASE)


def _is_given(draft: Draft, entity: Entity, demand: Demand, condition: str) -> bool:
    """Whether a condition is what every such operation asks: to update, the record exists."""
    if demand.asks("create"):
        found = _MISSING.match(condition)
    elif demand.asks("update") or demand.asks("delete"):
        found = None if _MISSING.match(condition) else _THERE.match(condition)
    else:
        found = None
    if found is None:
        return False
    thing = thing_of(draft, complements_of(found["what"])[0])
    return thing is not None and thing.entity.name == entity.name


_FOR_WHAT = {"for", "in", "at", "on"}


def account_condition(draft: Draft, demand: Demand, condition: Condition) -> None:
    """Account for a condition; the step of a scenario that says it is the demand's occasion."""
    draft.understand(
        demand.clause,
        "when if once whenever after then only unless except provided while given",
        condition.text,
    )
    if condition.clause:
        draft.context.setdefault(condition.clause, f"the occasion of {demand.clause.id}")


_EXAMPLES = re.compile(r"e\.g\.|for example|such as|like\b", re.IGNORECASE)


def _same(word: str, verb: str) -> bool:
    return verb_in(word.lower()) == verb


def names_fields(entity: Entity, phrase: str) -> bool:
    """Whether every part of ``phrase`` is a field, or the entity itself."""
    parts = [part for part in _AND.split(phrase) if part and part not in _MORE]
    return bool(parts) and all(_names_field(entity, part) for part in parts)


def _names_field(entity: Entity, part: str) -> bool:
    """Whether a phrase says a field or value and nothing else, such as "a free locker"."""
    if value_of(entity, part) is not None:
        return True
    field = field_of(entity, part)
    if field is None:
        return False
    known = {*name_stems(field.name), *name_stems(entity.name), *filler_stems()}
    if field.type.entity:
        known |= set(name_stems(field.type.entity))
    left = [stem for stem in stems(part) if stem not in known]
    return not left or (not field.type.entity and len(left) < _SEVERAL)


_SEVERAL = 2


_MORE = {"etc", "etc.", "and so on", "..."}


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
