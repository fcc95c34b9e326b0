"""Patterns of strangers: only those that cannot keep a processor busy for long."""

import re
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST_PATTERN = 200
MOST_OPEN = 4
NEAR_END = 50

_REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}
_FORBIDDEN = {codes.GROUPREF, codes.GROUPREF_EXISTS, codes.ASSERT, codes.ASSERT_NOT}


def pattern_problem(pattern: str) -> str:
    """What is wrong with a regular expression, empty where nothing is."""
    if len(pattern) > LONGEST_PATTERN:
        return f"a pattern has {len(pattern)} characters; at most {LONGEST_PATTERN}"
    try:
        parsed = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"{pattern[:60]!r} is not a regular expression: {error}"
    try:
        opened = _open(parsed, inside=False)
    except ValueError as error:
        return f"{pattern[:60]!r} {error}"
    if opened > MOST_OPEN:
        return f"{pattern[:60]!r} has more than {MOST_OPEN} open repetitions; write {{1,20}} or so"
    return ""


def _open(parsed: Any, *, inside: bool) -> int:
    """How many repetitions have no near end."""
    found = 0
    for code, argument in parsed:
        if code in _FORBIDDEN:
            raise ValueError("looks around or back; say it plainly")
        if code in _REPEATS:
            low, high, body = argument
            changing = high != low and high > 1
            if changing and inside:
                raise ValueError("repeats a repetition; say it plainly")
            found += (changing and high > NEAR_END) + _open(body, inside=inside or high > 1)
        elif code is codes.SUBPATTERN:
            found += _open(argument[-1], inside=inside)
        elif code is codes.BRANCH:
            found += sum(_open(each, inside=inside) for each in argument[1])
        elif code is codes.ATOMIC_GROUP:
            found += _open(argument, inside=inside)
    return found


def sample_of(pattern: str, number: int) -> str:
    """A short text that fits ``pattern``, another one for each ``number`` where there is one."""
    return _sample(parser.parse(pattern), number)


def _sample(parsed: Any, number: int) -> str:
    text = ""
    for code, argument in parsed:
        if code is codes.LITERAL:
            text += chr(argument)
        elif code is codes.IN:
            text += _member(argument, number)
        elif code in {codes.ANY, codes.NOT_LITERAL}:
            text += "a" if argument != ord("a") else "b"
        elif code in _REPEATS:
            low, high, body = argument
            text += _sample(body, number) * min(max(low, 1), high)
        elif code is codes.SUBPATTERN:
            text += _sample(argument[-1], number)
        elif code is codes.BRANCH:
            branches = argument[1]
            text += _sample(branches[(number - 1) % len(branches)], number)
        elif code is codes.ATOMIC_GROUP:
            text += _sample(argument, number)
    return text


_KINDS = {
    codes.CATEGORY_DIGIT: "0123456789",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_WORD: "abcdefghijklmnopqrstuvwxyz",
    codes.CATEGORY_NOT_DIGIT: "abc",
    codes.CATEGORY_NOT_SPACE: "abc",
    codes.CATEGORY_NOT_WORD: "-.",
}


def _member(items: Any, number: int) -> str:
    """A character of a class."""
    (kind, argument), *_ = items
    if kind is codes.NEGATE:
        taken = "".join(_members(items[1:]))
        return next((each for each in "ab12-_ .xyz" if each not in taken), "~")
    members = _members([(kind, argument)])
    return members[number % len(members)] if len(members) > 1 else members[0]


def _members(items: Any) -> str:
    found = ""
    for kind, argument in items:
        if kind is codes.LITERAL:
            found += chr(argument)
        elif kind is codes.RANGE:
            first, last = argument
            found += "".join(map(chr, range(first, min(last, first + 100) + 1)))
        elif kind is codes.CATEGORY:
            found += _KINDS.get(argument, "a")
    return found or "a"
