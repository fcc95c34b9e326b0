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
