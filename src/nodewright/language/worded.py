"""Patterns whose words are data: a short rule with the names of word lists in it."""

import re
from collections.abc import Iterator
from functools import cached_property

from nodewright.language.vocabulary import load_data

_LIST = re.compile(r"(?<!\?P)<(?P<name>[a-z_]+)>")


class Worded:
    r"""A pattern, without regard to case, in which ``<modal>`` stands for any phrase of that list.

    The lists are those of ``data/phrases.yaml``; a space in a phrase is any white space.

    >>> Worded(r"\b<modal>\s+be\b").search("It shall be so")[0]
    'shall be'
    """

    def __init__(self, rule: str) -> None:
        self.rule = rule

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The rule with its words."""
        return re.compile(_LIST.sub(_alternatives, self.rule), re.IGNORECASE | re.DOTALL)

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """The first place in ``text`` that fits."""
        return self.pattern.search(text, start)

    def match(self, text: str) -> re.Match[str] | None:
        """Whether ``text`` begins so."""
        return self.pattern.match(text)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Whether all of ``text`` is so."""
        return self.pattern.fullmatch(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All places in ``text`` that fit."""
        return self.pattern.finditer(text)

    def split(self, text: str) -> list[str]:
        """``text`` at the first place that fits."""
        return self.pattern.split(text, maxsplit=1)

    def after(self, text: str) -> str:
        """``text`` without what fits at its beginning."""
        found = self.pattern.match(text)
        return text[found.end() :] if found else text


def _alternatives(name: re.Match[str]) -> str:
    """The phrases of a list, the longest first."""
    lists: dict[str, str] = load_data("phrases")
    listed = (each.strip() for each in lists[name["name"]].split("|"))
    phrases = sorted(listed, key=len, reverse=True)
    return "(?:" + "|".join(_written(phrase) for phrase in phrases if phrase) + ")"


def _written(phrase: str) -> str:
    return r"\s+".join(
        re.escape(word).replace(r"\-", "-?") if word != "-" else "-" for word in phrase.split()
    )
