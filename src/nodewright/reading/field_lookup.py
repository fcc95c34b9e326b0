"""Which field or value of an entity a phrase names."""

import re
from functools import lru_cache

from nodewright.language.lexicon import stems
from nodewright.language.vocabulary import load_data
from nodewright.language.word_lists import stems_of_list
from nodewright.spec.model import Entity, Field
from nodewright.spec.types import Base

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_")


@lru_cache(maxsize=8192)
def name_stems(name: str) -> tuple[str, ...]:
    """The stems of a name's words: ``stockMovement``, ``StockMovement``, ``stock_movement``."""
    return tuple(stems(_HUMPS.sub(" ", name)))


def present(field: Field, test: str) -> str:
    """``test`` on a field, false where its value is missing."""
    return f"{field.name} is not None and {test}" if field.type.optional else test


def value_of(entity: Entity, word: str) -> tuple[Field, str] | None:
    """The field and value of an enum that ``word`` names."""
    wanted = stems(word)
    for field in entity.fields:
        for value in field.type.values:
            if wanted and stems(value) == wanted:
                return field, value
    return None


def field_of(entity: Entity, phrase: str) -> Field | None:
    """The field of ``entity`` that ``phrase`` names: "product code", "the seat", "e-mail"."""
    words = set(stems(phrase))
    own = set(name_stems(entity.name))
    best: tuple[float, Field] | None = None
    for field in entity.fields:
        names = set(name_stems(field.name))
        shared = len(names & words)
        if not shared:
            continue
        # "ticket_id" is named by "id" of a ticket; the entity's own words count for nothing.
        if names <= words or words <= names | own or names - own <= words:
            score = shared / len(names | (words - own))
            if best is None or score > best[0]:
                best = (score, field)
    return best[1] if best else _field_alike(entity, phrase)


def _field_alike(entity: Entity, phrase: str) -> Field | None:
    """A field whose last word means the same: "waiting time" is ``waiting_minutes``."""
    words = stems(phrase)
    if len(words) < _FEWEST:
        return None
    for group in _alike(words[-1]):
        for field in entity.fields:
            names = name_stems(field.name)
            if names[:-1] == tuple(words[:-1]) and names[-1] in group:
                return field
    return None


_FEWEST = 2


@lru_cache(maxsize=1024)
def _alike(word: str) -> tuple[frozenset[str], ...]:
    groups: list[list[str]] = load_data("likeness")["measures"]
    known = [frozenset(stem for each in group for stem in stems(each)) for group in groups]
    return tuple(group for group in known if word in group)


def time_field(entity: Entity, *hints: str) -> Field | None:
    """The field that says when: one that ``hints`` name, else the only or creating one."""
    times = [field for field in entity.fields if field.type.base in {Base.DATETIME, Base.DATE}]
    wanted = {stem for hint in hints for stem in stems(hint)}
    named = [field for field in times if set(name_stems(field.name)) & wanted]
    if named:
        return named[0]
    creating = [
        field
        for field in times
        if set(name_stems(field.name)) & stems_of_list("likeness", "creating")
    ]
    if creating:
        return creating[0]
    return times[0] if len(times) == 1 else None


def person_field(entity: Entity, phrase: str = "") -> Field | None:
    """The field that says whose a record is: "tickets of a visitor"."""
    named = field_of(entity, phrase) if phrase else None
    if named is not None:
        return named
    people = [
        field
        for field in entity.fields
        if set(name_stems(field.name)) & stems_of_list("likeness", "people")
        and field.name != entity.key
    ]
    return people[0] if len(people) == 1 else None


def is_person(phrase: str) -> bool:
    """Whether a phrase ends in a word for people: "the visitor", "administrators"."""
    words = stems(phrase)
    return bool(words) and words[-1] in stems_of_list("likeness", "people")


def text_fields(entity: Entity) -> tuple[Field, ...]:
    """Free texts of an entity."""
    return tuple(field for field in entity.fields if field.type.base is Base.TEXT)
