"""Which entity, field or value of the document a phrase speaks of."""

from dataclasses import dataclass

from nodewright.language.lexicon import stems
from nodewright.language.verb_forms import verb_in, verb_of_noun
from nodewright.language.vocabulary import load_data
from nodewright.language.word_lists import words_of_list
from nodewright.reading.adjectives import state_of
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import name_stems
from nodewright.spec.model import Entity

_PRONOUNS = {"it", "them", "this", "that", "these", "those", "one", "ones", "latter"}


@dataclass(frozen=True, slots=True)
class Thing:
    """An entity that a phrase means, with the condition that the phrase puts on its records.

    ``words`` are those of the phrase that name the entity or the condition.
    """

    entity: Entity
    where: str = ""
    words: str = ""


def thing_of(draft: Draft, phrase: str, recent: Entity | None = None) -> Thing | None:
    """The stored entity that ``phrase`` means.

    The head noun decides: "tickets", "sold tickets", "list of tickets". A noun of action that
    belongs to a state means the records in it: with a status "reserved", a reservation is a
    record for which ``status == 'reserved'``. Pronouns mean ``recent``.
    """
    plain = _without_containers(phrase)
    words = stems(plain)
    if not words:
        return None
    if set(phrase.lower().split()) <= _PRONOUNS:
        return Thing(recent, words=phrase) if recent is not None else None
    best: tuple[int, Entity] | None = None
    for entity in draft.entities.values():
        score = _match(name_stems(entity.name), words) if entity.stored else 0
        if score and (best is None or score > best[0]):
            best = (score, entity)
    if best is not None:
        return _with_adjectives(draft, best[1], phrase)
    return _by_state(draft, phrase.rsplit(maxsplit=1)[-1])


def thing_done(draft: Draft, verb: str) -> Thing | None:
    """The entity that a verb makes: learners "enrol" make an Enrolment, "book" a Booking."""
    made: dict[str, list[str]] = load_data("likeness")["makes"]
    names = {noun: place for place, noun in enumerate(made.get(verb, []))}
    found = [
        (names.get(entity.name.lower(), 0), entity)
        for entity in draft.entities.values()
        if entity.stored
        and (entity.name.lower() in names or verb_of_noun(entity.name.lower()) == verb)
    ]
    return Thing(min(found, key=lambda each: each[0])[1]) if found else None


def _without_containers(phrase: str) -> str:
    """A phrase without words that hold the thing: "dish information", "list of orders"."""
    containers = words_of_list("demands", "containers")
    words = phrase.split()
    while len(words) > 1 and words[-1].lower() in containers:
        words.pop()
    return " ".join(words)


def _with_adjectives(draft: Draft, entity: Entity, phrase: str) -> Thing:
    known = set(name_stems(entity.name))
    containers = words_of_list("demands", "containers")
    said = [
        word for word in phrase.split() if set(stems(word)) & known or word.lower() in containers
    ]
    tests: list[str] = []
    for word in phrase.split():
        if set(stems(word)) & known:
            continue
        test = state_of(entity, word, draft.machines.get(entity.name))
        if test is not None:
            tests.append(test.text)
            said.append(word)
    where = tests[0] if len(tests) == 1 else " and ".join(f"({test})" for test in tests)
    return Thing(entity, where, " ".join(said))


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
