"""English verbs by all their forms, and by their nouns of action."""

from functools import cache, lru_cache

from nodewright.language.verbs import verb_of
from nodewright.language.vocabulary import load_data


@cache
def _irregular() -> dict[str, str]:
    forms: dict[str, list[str]] = load_data("verb_forms")["irregular"]
    return {form: verb for verb, known in forms.items() for form in (verb, *known)}


@cache
def _regular() -> dict[str, str]:
    verbs: list[str] = load_data("verb_forms")["regular"]
    return {form: verb for verb in verbs for form in _inflected(verb)}


def _inflected(verb: str) -> tuple[str, ...]:
    """``pin``: pin, pins, pinned, pinning."""
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb, f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing"
    if verb.endswith("e"):
        return verb, f"{verb}s", f"{verb}d", f"{verb[:-1]}ing"
    stems = [verb]
    if verb[-1] in "bdgkmnprtl" and verb[-2] in "aeiou" and verb[-3:-2] not in "aeiou":
        stems.append(verb + verb[-1])
    third = f"{verb}es" if verb.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{verb}s"
    return (verb, third, *(f"{stem}{end}" for stem in stems for end in ("ed", "ing")))


def is_noun_as_well(word: str) -> bool:
    """Whether ``word`` may be a noun where a verb of the same form is known: "orders"."""
    verb = verb_in(word)
    return verb is not None and verb in _nouns_as_well()


@cache
def _nouns_as_well() -> frozenset[str]:
    return frozenset(load_data("verb_forms")["nouns_as_well"])


@lru_cache(maxsize=16384)
def verb_in(word: str) -> str | None:
    """The verb that ``word`` is a form of, regular or not.

    >>> verb_in("paid"), verb_in("cancelled"), verb_in("banana")
    ('pay', 'cancel', None)
    """
    low = word.lower()
    return _irregular().get(low) or verb_of(low) or _regular().get(low)


def verb_of_noun(word: str) -> str | None:
    """The verb of a noun of action.

    >>> verb_of_noun("reservations")
    'reserve'
    """
    nouns: dict[str, str] = load_data("verb_forms")["nouns"]
    low = word.lower()
    return (
        nouns.get(low)
        or nouns.get(low.removesuffix("s"))
        or (nouns.get(f"{low[:-3]}y") if low.endswith("ies") else None)
    )
