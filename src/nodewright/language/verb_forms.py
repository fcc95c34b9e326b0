"""English verbs by all their forms, and by their nouns of action."""

from functools import cache

from nodewright.language.verbs import verb_of
from nodewright.language.vocabulary import load_data


@cache
def _irregular() -> dict[str, str]:
    forms: dict[str, list[str]] = load_data("verb_forms")["irregular"]
    return {form: verb for verb, known in forms.items() for form in (verb, *known)}


def verb_in(word: str) -> str | None:
    """The verb that ``word`` is a form of, regular or not.

    >>> verb_in("paid"), verb_in("cancelled"), verb_in("banana")
    ('pay', 'cancel', None)
    """
    low = word.lower()
    return _irregular().get(low) or verb_of(low)


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
