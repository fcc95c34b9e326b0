"""Which entity, field or value of the document a phrase speaks of."""

import re
from dataclasses import dataclass

from nodewright.language.lexicon import stems
from nodewright.language.verb_forms import verb_in, verb_of_noun
from nodewright.reading.draft import Draft
from nodewright.spec.model import Entity, Field
from nodewright.spec.types import Base

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_")
_PRONOUNS = {"it", "them", "this", "that", "these", "those", "one", "ones", "latter"}


@dataclass(frozen=True, slots=True)
class Thing:
    """An entity that a phrase means, with the condition that the phrase puts on its records.

    ``words`` are those of the phrase that name the entity or the condition.
    """

    entity: Entity
    where: str = ""
    words: str = ""


def name_stems(name: str) -> tuple[str, ...]:
    """The stems of a name's words: ``stockMovement``, ``StockMovement``, ``stock_movement``."""
    return tuple(stems(_HUMPS.sub(" ", name)))


def thing_of(draft: Draft, phrase: str, recent: Entity | None = None) -> Thing | None:
    """The stored entity that ``phrase`` means.

    The head noun decides: "tickets", "sold tickets", "list of tickets". A noun of action that
    belongs to a state means the records in it: with a status "reserved", a reservation is a
    record for which ``status == 'reserved'``. Pronouns mean ``recent``.
    """
    words = stems(phrase)
    if not words or set(phrase.lower().split()) <= _PRONOUNS:
        return Thing(recent, words=phrase) if recent is not None else None
    best: tuple[int, Entity] | None = None
    for entity in draft.entities.values():
        own = name_stems(entity.name)
        score = _match(own, words)
        if entity.stored and score and (best is None or score > best[0]):
            best = (score, entity)
    if best is not None:
        where, said = _state_in(best[1], phrase)
        known = set(name_stems(best[1].name))
        named = [word for word in phrase.split() if set(stems(word)) & known]
        return Thing(best[1], where, " ".join([said, *named]).strip())
    return _by_state(draft, phrase.rsplit(maxsplit=1)[-1])


def _match(own: tuple[str, ...], words: list[str]) -> int:
    """How well a name fits a phrase: 0 not at all; its last word must be there."""
    size = len(own)
    for start in range(len(words) - size, -1, -1):
        if tuple(words[start : start + size]) == own:
            return 10 * size + (start + size == len(words))
    if own[-1] == words[-1]:
        return 5
    return 3 if len(words) == 1 and words[0] in own else 0


def _by_state(draft: Draft, word: str) -> Thing | None:
    verb = verb_of_noun(word)
    for entity in draft.entities.values():
        for field in entity.fields:
            for value in field.type.values:
                if verb is not None and verb_in(value.lower()) == verb and entity.stored:
                    return Thing(entity, f"{field.name} == {value!r}", word)
    return None


def _state_in(entity: Entity, phrase: str) -> tuple[str, str]:
    """The condition of an adjective that is a value, "sold tickets", and the word itself."""
    for word in phrase.split():
        found = value_of(entity, word)
        if found is not None:
            field, value = found
            return f"{field.name} == {value!r}", word
        for field in entity.fields:
            truth = field.type.base is Base.BOOLEAN
            if truth and set(stems(word)) and set(stems(word)) == _asked_by(field.name):
                return present(field, field.name), word
    return "", ""


def _asked_by(name: str) -> set[str]:
    """The stems of a truth field's name without "is" and "has": ``is_published``."""
    return set(name_stems(name)) - {"is", "has"}


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
    return best[1] if best else None


def time_field(entity: Entity, *hints: str) -> Field | None:
    """The field that says when: one that ``hints`` name, else the only or creating one."""
    times = [field for field in entity.fields if field.type.base in {Base.DATETIME, Base.DATE}]
    wanted = {stem for hint in hints for stem in stems(hint)}
    named = [field for field in times if set(name_stems(field.name)) & wanted]
    if named:
        return named[0]
    creating = [field for field in times if set(name_stems(field.name)) & set(stems(_CREATING))]
    if creating:
        return creating[0]
    return times[0] if len(times) == 1 else None


_CREATING = "created creation placed ordered booked reserved registered enrolled taken received submitted time date"


def person_field(entity: Entity, phrase: str = "") -> Field | None:
    """The field that says whose a record is: "tickets of a visitor"."""
    named = field_of(entity, phrase) if phrase else None
    if named is not None:
        return named
    people = [
        field
        for field in entity.fields
        if set(name_stems(field.name)) & set(stems(_PEOPLE)) and field.name != entity.key
    ]
    return people[0] if len(people) == 1 else None


_PEOPLE = (
    "user customer client visitor holder owner member patient learner student email buyer seller author "
    "account employee assignee guest tenant traveller passenger driver receptionist manager admin administrator "
    "operator agent staff trader organiser organizer teacher doctor nurse clerk picker reviewer editor"
)


def is_person(phrase: str) -> bool:
    """Whether a phrase ends in a word for people: "the visitor", "administrators"."""
    words = stems(phrase)
    return bool(words) and words[-1] in set(stems(_PEOPLE))


def text_fields(entity: Entity) -> tuple[Field, ...]:
    """Free texts of an entity."""
    return tuple(field for field in entity.fields if field.type.base is Base.TEXT)
