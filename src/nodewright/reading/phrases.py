"""The parts of a verb phrase: pieces of a list of verbs, complements by their prepositions."""

import re
from collections.abc import Iterator
from functools import cache

from nodewright.language.verb_forms import is_noun_as_well, verb_in
from nodewright.language.word_lists import words_of_list

WORD = re.compile(r"[^\W_][\w'’./-]*[^\W_.]|[^\W_]")
ARTICLE = re.compile(
    r"^(?:the|an?|all|each|every|any|its|their|his|her|my|our|your|this|these|those)\s+",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"(?:,\s*(?:and|or|then)\s+|\s+and\s+then\s+|\s+(?:and|or|then)\s+|;\s*|,\s+|/)", re.IGNORECASE
)
_LISTED = re.compile(r"\bfor (?:every|each|all)\b[^.;]*$", re.IGNORECASE)


def phrases_of(text: str) -> Iterator[str]:
    """``text`` in pieces that each begin with a verb.

    >>> list(phrases_of("count sold tickets per event and sum the revenue per day"))
    ['count sold tickets per event', 'sum the revenue per day']
    """
    start = 0
    for cut in _SPLIT.finditer(text):
        before, following = text[: cut.start()], text[cut.end() :]
        first = WORD.match(following)
        if first is None or ARTICLE.match(following):
            continue
        if not _is_verb_form(first[0], before, following[first.end() :]):
            continue
        yield text[start : cut.start()].strip(" ,")
        start = cut.end()
    yield text[start:].strip(" ,")


def _is_verb_form(word: str, before: str, after: str) -> bool:
    """Whether ``word`` after "and" is a verb in the form of the verb that the text begins with."""
    low = word.lower()
    if not word[0].islower() or verb_in(low) is None:
        return False
    if is_noun_as_well(low) and not (_takes_object(after) or _is_verb_list(before)):
        return False
    if _LISTED.search(before) and not _takes_object(after):
        return False
    lead_word = WORD.match(ARTICLE.sub("", before))
    lead = lead_word[0].lower() if lead_word else ""
    if lead.endswith("s") and verb_in(lead):
        return low.endswith("s") and not low.endswith("ss")
    if lead.endswith("ing"):
        return low.endswith("ing")
    return not low.endswith(("ing", "ion", "ment", "al", "ance", "s", "ed"))


def _is_verb_list(before: str) -> bool:
    """Whether nothing but verbs stands before: "create, edit and " of "create, edit and order"."""
    words = WORD.findall(before[-60:])
    return bool(words) and verb_in(words[-1].lower()) is not None


def _takes_object(after: str) -> bool:
    """Whether an object stands after a word that is a noun as well: "order the parts"."""
    return bool(re.match(r"\s+(?:the|an?|all|its|their|it|them|each|every|his|her)\b", after))


@cache
def _marks() -> re.Pattern[str]:
    words = words_of_list("demands", "prepositions") | words_of_list("demands", "marks")
    marks = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?:^|,?\s)(?P<mark>{'|'.join(marks)})\s+", re.IGNORECASE)


def complements_of(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The phrase at the start of ``text``, and the (preposition, phrase) pairs after it.

    >>> complements_of("tickets of a visitor by seat")
    ('tickets', (('of', 'a visitor'), ('by', 'seat')))
    """
    cuts = list(_marks().finditer(text))
    if not cuts:
        return text.strip(" ,"), ()
    head = text[: cuts[0].start()].strip(" ,")
    found = []
    for cut, following in zip(cuts, [*cuts[1:], None], strict=True):
        end = following.start() if following else len(text)
        found.append((cut["mark"].lower(), text[cut.end() : end].strip(" ,")))
    return head, tuple(found)


def bare(phrase: str) -> str:
    """A phrase without its article.

    >>> bare("the tickets.")
    'tickets'
    """
    return ARTICLE.sub("", phrase.strip(" ,.")).strip()
