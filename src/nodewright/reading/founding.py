"""Entities that operations speak of while the text names no field of them."""

import re

from nodewright.language.lexicon import stems
from nodewright.language.naming import snake
from nodewright.language.nouns import NOT_ENTITIES, singular
from nodewright.language.word_lists import stems_of_list
from nodewright.reading.demands import Demand, words_of
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import is_person, name_stems, value_of
from nodewright.reading.things import Thing
from nodewright.spec.model import Entity, Field
from nodewright.spec.types import DATE, TEXT, UUID, Type

_ASKING = {"functional", "stories", "criteria", "api", "unknown", "scope", "rules"}
_LONGEST_NAME = 3
_FILTERS = re.compile(r"\s*(?:,|\band\b|\bor\b)\s*")
SEARCHING = frozenset({"list", "search", "browse", "find", "query", "filter", "sort"})


def founded(draft: Draft, demand: Demand) -> Thing | None:
    """An entity of which the text names no field but those of a search: it has a key besides.

    "search courses by title and level" founds a Course with title and level.
    """
    words = demand.object.split()
    asked = demand.verb in words_of("founding") and not demand.passive
    if not asked or demand.clause.role not in _ASKING or not _is_name(draft, words):
        return None
    head = singular(words[-1])
    name = "".join(part.capitalize() for part in [*words[:-1], head])
    key = f"{snake(name)}_id"
    clauses = (demand.clause.id,)
    fields = [Field(name=key, type=UUID, assumed="the text names no key")]
    if demand.verb in SEARCHING:
        fields += _searched(demand, clauses)
    fields += _owning(demand, clauses)
    why = "" if len(fields) > 1 else "the text names no field of it"
    entity = Entity(name=name, key=key, fields=tuple(fields), clauses=clauses, assumed=why)
    draft.entities[name] = entity
    return Thing(entity, words=demand.object)


def _is_name(draft: Draft, words: list[str]) -> bool:
    if not words or len(words) > _LONGEST_NAME:
        return False
    if not all(word.isascii() and word.isalpha() for word in words):
        return False
    head = singular(words[-1])
    unfit = NOT_ENTITIES | {"one", "user interface"}
    if head.lower() in unfit or stems(head)[0] in stems_of_list("demands", "no_records"):
        return False
    return not _is_part(draft, head)


def _searched(demand: Demand, clauses: tuple[str, ...]) -> list[Field]:
    """The fields that a search implies."""
    phrase = demand.complement("by", "filtered by")
    parts = [part for part in _FILTERS.split(phrase) if part]
    why = "the search implies it"
    return [
        Field(name=snake(part), type=_type_of(part), clauses=clauses, assumed=why)
        for part in parts
        if len(part.split()) <= _LONGEST_NAME and part.replace(" ", "").isalpha()
    ]


def _owning(demand: Demand, clauses: tuple[str, ...]) -> list[Field]:
    """The field that an owner or a day implies: "the orders of a table", "crossings of a day"."""
    if demand.verb not in SEARCHING:
        return []
    phrase = re.sub(r"^(?:an?|one|the|each)\s+", "", demand.complement("of", "for", "on"))
    words = phrase.split()
    if len(words) != 1 or not words[0].isalpha():
        return []
    if words[0].lower() in {"day", "week", "month", "date"}:
        return [Field(name="date", type=DATE, clauses=clauses, assumed="the list implies it")]
    kept = {"system", "application", "user"}
    if words[0].lower() in kept or not (is_person(words[0]) or words[0] == singular(words[0])):
        return []
    return [Field(name=snake(words[0]), type=TEXT, clauses=clauses, assumed="the list implies it")]


def _type_of(part: str) -> Type:
    return DATE if stems(part)[-1:] == ["date"] else TEXT


def _is_part(draft: Draft, word: str) -> bool:
    """Whether a word is a field or value of a known entity."""
    wanted = tuple(stems(word))
    return any(
        value_of(entity, word) or any(name_stems(field.name) == wanted for field in entity.fields)
        for entity in draft.entities.values()
    )
