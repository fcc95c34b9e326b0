"""The sentences of a block, with the line that each begins on."""

import re
from collections.abc import Iterator
from functools import cache

from nodewright.language.identifiers import author_id
from nodewright.language.vocabulary import load_data
from nodewright.prd.gherkin import line_of

_END = re.compile(r"[.!?;][\"')\]]?\s+(?=[\"'(¿¡\[*A-ZÀ-ÞА-Я])|[。！？；][」』”）]?|\n")
_LABEL = re.compile(r"\s*[A-Z][\w /-]{1,30}[:：](?:\s|$)")
_WORD_BEFORE = re.compile(r"[^\s(\"']{1,12}\Z")
_CLOSED = (".", "!", "?", ":", ";", "。", "：", "！", "？", "；", "|")
# A line that is shorter was ended by its author; a longer one may have been wrapped.
_WRAPPED = 55


@cache
def _abbreviations() -> frozenset[str]:
    lists: list[list[str]] = load_data("abbreviations")
    return frozenset(word for words in lists for word in words)


def split_sentences(text: str) -> Iterator[tuple[str, int]]:
    r"""Sentences of ``text`` on one line each, with the number of the line, from 0, they begin on.

    A line break ends a sentence where its author ended the line; wrapped lines are joined.

    >>> list(split_sentences("It sells, e.g. Tickets. It\nrefunds them.\nFR-2: It lists."))
    [('It sells, e.g. Tickets.', 0), ('It refunds them.', 0), ('FR-2: It lists.', 2)]
    """
    line = position = counted = 0
    for end in _END.finditer(text):
        if not (_breaks_line(text, position, end) if end[0] == "\n" else _ends(text, end)):
            continue
        stop = end.start() + len(end[0].rstrip())
        piece = " ".join(text[position:stop].split())
        if piece:
            line += text.count("\n", counted, position + _leading(text, position))
            counted = position + _leading(text, position)
            yield piece, line
        position = end.end()
    rest = " ".join(text[position:].split())
    if rest:
        yield rest, line + text.count("\n", counted, position + _leading(text, position))


def _leading(text: str, position: int) -> int:
    """How much white space follows ``position``."""
    start = position
    while start < len(text) and text[start].isspace():
        start += 1
    return start - position


def _ends(text: str, end: re.Match[str]) -> bool:
    if end[0][0] != ".":
        return True
    word = _WORD_BEFORE.search(text, max(0, end.start() - 12), end.start())
    return word is None or word[0].lower().lstrip(".") not in _abbreviations()


def _breaks_line(text: str, position: int, end: re.Match[str]) -> bool:
    begin = max(position, text.rfind("\n", position, end.start()) + 1)
    before = text[begin : end.start()].rstrip()
    stop = text.find("\n", end.end(), end.end() + 200)
    following = text[end.end() : stop if stop >= 0 else end.end() + 200].strip()
    if not before or not following or before.endswith(_CLOSED):
        return True
    if following[0].islower() or following[0] in ",.;)":
        return False
    if before.endswith((",", "，", "、")):
        return False
    if _LABEL.match(following) or author_id(following) is not None:
        return True
    step = line_of(following)
    return len(before) < _WRAPPED or (step is not None and following[0].isupper())
