"""An example that matches a regular expression."""

import re
from collections.abc import Sequence
from re import _constants as op  # type: ignore[attr-defined]  # the only parse of Python's syntax
from re import _parser  # type: ignore[attr-defined]
from typing import Any

# What stands for the classes \d, \w and \s.
_CATEGORIES: dict[Any, str] = {
    op.CATEGORY_DIGIT: "1",
    op.CATEGORY_WORD: "a",
    op.CATEGORY_SPACE: " ",
}
_LIKELY = "a1A -_.@/:#+,;=é"


def example(pattern: str, repeats: int = 1) -> str:
    """A text that matches ``pattern`` where the parts that may repeat do so ``repeats`` times.

    Look-arounds and conditions are passed over, so with them the text may not match; the caller's
    validation has the last word.

    Raises:
        re.error: ``pattern`` is no regular expression.
    """
    groups: dict[int, str] = {}
    return _sequence(_parser.parse(pattern), repeats, groups)


def _sequence(parsed: Sequence[tuple[Any, Any]], repeats: int, groups: dict[int, str]) -> str:
    return "".join(_part(kind, value, repeats, groups) for kind, value in parsed)


def _part(  # noqa: PLR0911 - a table of the syntax
    kind: Any, value: Any, repeats: int, groups: dict[int, str]
) -> str:
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.ANY:
        return "a"
    if kind is op.NOT_LITERAL:
        return next(char for char in _LIKELY if ord(char) != value)
    if kind is op.IN:
        return _character(value)
    if kind in {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}:
        least, most, inner = value
        return _sequence(inner, repeats, groups) * int(min(max(least, repeats), most))
    if kind is op.BRANCH:
        return _sequence(value[1][0], repeats, groups)
    if kind is op.SUBPATTERN:
        text = _sequence(value[3], repeats, groups)
        if value[0] is not None:
            groups[value[0]] = text
        return text
    if kind is op.ATOMIC_GROUP:
        return _sequence(value, repeats, groups)
    return groups.get(value, "") if kind is op.GROUPREF else ""


def _character(members: Sequence[tuple[Any, Any]]) -> str:
    if members[0][0] is op.NEGATE:
        allowed = (char for char in _LIKELY if not _contains(members[1:], char))
        return next(allowed, "\N{SNOWMAN}")
    kind, value = members[0]
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.RANGE:
        return chr(value[0])
    return _CATEGORIES.get(value, "-")


def _contains(members: Sequence[tuple[Any, Any]], char: str) -> bool:
    for kind, value in members:
        if kind is op.LITERAL and ord(char) == value:
            return True
        if kind is op.RANGE and value[0] <= ord(char) <= value[1]:
            return True
        if kind is op.CATEGORY and re.match(_CLASSES.get(value, r"(?!)"), char):
            return True
    return False


_CLASSES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
}
