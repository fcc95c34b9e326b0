"""Modal verbs: the one list of them, and where one stands in a sentence."""

import re
from functools import cache
from typing import NamedTuple

from nodewright.language.lexicon import Lexicon, stems
from nodewright.language.vocabulary import load_data

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_LONGEST = 3


class Modal(NamedTuple):
    """Where a modal verb begins, and where what it governs begins."""

    start: int
    end: int


@cache
def _phrases(name: str) -> frozenset[tuple[str, ...]]:
    known: list[str] = load_data("modals")[name]
    return frozenset(tuple(phrase.split()) for phrase in known)


@cache
def _first_words() -> frozenset[str]:
    return frozenset(phrase[0] for phrase in _phrases("verbs"))


@cache
def _any_modal() -> Lexicon:
    data: dict[str, list[str]] = load_data("modals")
    return Lexicon((word, True) for word in (*data["verbs"], *data["foreign"]))


def find_modal(text: str) -> Modal | None:
    """The first modal verb of ``text``, with "not", "also" and the like behind it.

    >>> text = "The desk shall not sell tickets"
    >>> modal = find_modal(text)
    >>> text[modal.start : modal.end], text[modal.end :]
    ('shall not ', 'sell tickets')
    """
    found = list(_WORD.finditer(text))
    words = [match[0].lower() for match in found]
    for place, word in enumerate(words):
        if word not in _first_words():
            continue
        length = _length(words, place, "verbs")
        if not length:
            continue
        after = place + length
        while more := _length(words, after, "between"):
            after += more
        end = found[after - 1].end()
        while end < len(text) and text[end].isspace():
            end += 1
        return Modal(found[place].start(), end)
    return None


def _length(words: list[str], place: int, name: str) -> int:
    """How many words of a list's phrase begin at ``place``, the most there are."""
    known = _phrases(name)
    longest = min(_LONGEST, len(words) - place)
    return next((n for n in range(longest, 0, -1) if tuple(words[place : place + n]) in known), 0)


def is_modal(word: str) -> bool:
    """Whether a single word in lower case is a modal verb."""
    return (word,) in _phrases("verbs")


def demands(text: str) -> bool:
    """Whether a modal verb of any language stands in ``text``.

    >>> demands("El sistema debe vender"), demands("A ticket has a seat")
    (True, False)
    """
    parts: list[str] = load_data("modals")["parts"]
    return bool(_any_modal().find(stems(text))) or any(part in text for part in parts)
