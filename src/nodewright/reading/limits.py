"""Bounds on a value, as a text says them: ``> 0``, ``1 to 5``, ``at most 50 characters``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nodewright.language.worded import Worded
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Rule

_NUMBER = r"(-?\d[\d,_]{0,15}(?:\.\d{1,9})?)"
_LEAST = Worded(r"(?<!\w)<least>\s*[=:]?\s*" + _NUMBER)
_MOST = Worded(r"(?<!\w)<most>\s*[=:]?\s*" + _NUMBER)
_ABOVE = re.compile(
    r"(?:(?<![-=])>(?!=)|greater than(?! or)|more than|above|larger than|over)\s*" + _NUMBER,
    re.IGNORECASE,
)
_BELOW = re.compile(
    r"(?:<(?![=>a-zA-Z/])|less than(?! or)|below|smaller than|under)\s*" + _NUMBER, re.IGNORECASE
)
_OR_EQUAL = re.compile(r"(greater|less) than or equal to\s*" + _NUMBER, re.IGNORECASE)
_BETWEEN = re.compile(
    r"(?<![\w.-])"
    + _NUMBER
    + r"\s*(?:-|–|—|~|\.\.+|to|and|至|～)\s*"
    + _NUMBER
    + r"(?![\w-]|[.,:]\d)"
)
_POSITIVE = re.compile(r"\b(?:positive|greater than zero|more than zero)\b|正数", re.IGNORECASE)
_NOT_NEGATIVE = re.compile(
    r"\b(?:non-?negative|not (?:be )?negative|never (?:be )?negative)\b|非负", re.IGNORECASE
)
_CHARACTERS = re.compile(
    r"\b(?:char(?:acter)?s?|letters|length|long)\b|字符|文字|글자", re.IGNORECASE
)
_LENGTH = re.compile(r"(?:var|nvar|n)?char(?:2|acter)?\s*\(\s*(\d{1,6})\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound; ``length`` where it bounds how long a text or list is."""

    value: str
    upper: bool
    exclusive: bool = False
    length: bool = False

    def rule(self, clauses: tuple[str, ...]) -> Rule:
        """The rule of a field that it makes."""
        bound = Expression(self.value)
        if self.upper:
            return Rule(maximum=bound, exclusive=self.exclusive, clauses=clauses)
        return Rule(minimum=bound, exclusive=self.exclusive, clauses=clauses)


def limits_in(text: str) -> list[Limit]:
    """The bounds that ``text`` says, each side once, in the order of least and most.

    >>> [(limit.value, limit.upper, limit.exclusive) for limit in limits_in("> 0, at most 5,000")]
    [('0', False, True), ('5000', True, False)]
    >>> [limit.value for limit in limits_in("from 5 to 120")]
    ['5', '120']
    """
    text = text[:600]
    length = bool(_CHARACTERS.search(text))
    found: dict[bool, Limit] = {}
    for value, upper, exclusive in _bounds(text):
        found.setdefault(upper, Limit(_plain(value), upper, exclusive, length))
    return [found[upper] for upper in (False, True) if upper in found]


def declared_length(annotation: str) -> list[Limit]:
    """The bound in ``varchar(50)``."""
    return [
        Limit(found, upper=True, length=True) for found in _LENGTH.findall(annotation[:200])[:1]
    ]


def _bounds(text: str) -> Iterator[tuple[str, bool, bool]]:
    for kind, value in _OR_EQUAL.findall(text):
        yield value, kind.lower() == "less", False
    for pattern, upper, exclusive in (
        (_LEAST, False, False),
        (_MOST, True, False),
        (_ABOVE, False, True),
        (_BELOW, True, True),
    ):
        found = pattern.search(text)
        if found and not (pattern is _LEAST and found[0].lower().startswith("from")):
            yield found[1], upper, exclusive
    between = _BETWEEN.search(text)
    if between and float(_plain(between[1])) < float(_plain(between[2])):
        yield between[1], False, False
        yield between[2], True, False
    if _POSITIVE.search(text):
        yield "0", False, True
    if _NOT_NEGATIVE.search(text):
        yield "0", False, False


def _plain(number: str) -> str:
    """``5,000`` as Python writes it; leading zeros are none."""
    value = number.replace(",", "").replace("_", "")
    sign = "-" if value.startswith("-") else ""
    return (
        sign + (value.lstrip("-").lstrip("0") or "0").replace("..", ".")
        if "." not in value
        else value
    )
