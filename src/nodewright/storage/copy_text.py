r"""Whole columns of values as the text that PostgreSQL's COPY reads.

An encoder takes all values of one column at once, so that its checks run at the speed of C: one
look at the set of their types, one at their smallest and largest. It accepts only what needs no
judgement, and raises on anything else, which is not yet refused: the record's model decides that,
and what the model makes of it is accepted here.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from types import NoneType
from typing import Any
from uuid import UUID

import orjson

from nodewright.storage.columns import json_text

type Encoder = Callable[[Sequence[Any]], Sequence[str]]

_NULL = r"\N"
_INT4_MIN, _INT4_MAX = -(2**31), 2**31 - 1
_PERCENT_MAX = 999.99
_BOOLEANS = {True: "t", False: "f", None: _NULL}
_CANONICAL_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class UncertainValueError(ValueError):
    """A value that only the record's model can judge."""


def _types(values: Sequence[Any], known: set[type], *, nullable: bool) -> set[type]:
    """The types among ``values``, all of them known; None is one of them only where it may be."""
    found = set(map(type, values))
    if not (found <= known or (nullable and found <= known | {NoneType})):
        raise UncertainValueError
    return found


def integers(low: int = _INT4_MIN, *, nullable: bool = False) -> Encoder:
    """Integers from ``low`` to what four bytes hold; floats are rounded half to even."""

    def encode(values: Sequence[Any]) -> Sequence[str]:
        types = _types(values, {int, float}, nullable=nullable)
        given = [value for value in values if value is not None] if NoneType in types else values
        if float in types:
            given = list(map(round, given))
        if given and not (low <= min(given) and max(given) <= _INT4_MAX):
            raise UncertainValueError
        return _with_nulls(values, map(str, given), types)

    return encode


def percents(values: Sequence[Any]) -> Sequence[str]:
    """Numbers below 1000 in magnitude, or None; the server rounds them to two decimals."""
    types = _types(values, {float, int}, nullable=True)
    given = [value for value in values if value is not None] if NoneType in types else values
    # NaN may hide from min and max, but not from a sum.
    if given and not (
        min(given) >= -_PERCENT_MAX and max(given) <= _PERCENT_MAX and isfinite(sum(given))
    ):
        raise UncertainValueError
    return _with_nulls(values, map(repr, given), types)


def booleans(*, nullable: bool = False) -> Encoder:
    """True and False."""

    def encode(values: Sequence[Any]) -> Sequence[str]:
        _types(values, {bool}, nullable=nullable)
        return [*map(_BOOLEANS.__getitem__, values)]

    return encode


def texts(limit: int | None = None, *, nullable: bool = False) -> Encoder:
    """Strings of ``limit`` characters at most; most columns repeat a few."""

    def encode(values: Sequence[Any]) -> Sequence[str]:
        for kind in set(map(type, values)) - {str}:
            if not (issubclass(kind, StrEnum) or (nullable and kind is NoneType)):
                raise UncertainValueError
        known = {value: _NULL if value is None else _escaped(value) for value in set(values)}
        return [*map(known.__getitem__, values)]

    def _escaped(value: str) -> str:
        if limit is not None and len(value) > limit:
            raise UncertainValueError
        if value.isprintable() and "\\" not in value:
            return value
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise UncertainValueError
        return value.translate(_ESCAPES)

    return encode


def uuids(values: Sequence[Any]) -> Sequence[str]:
    """UUIDs, or their usual text; those of a run are one object, so each is formatted once."""
    types = _types(values, {UUID, str}, nullable=False)
    if str in types and not all(
        isinstance(value, UUID) or _CANONICAL_UUID.fullmatch(value) for value in set(values)
    ):
        raise UncertainValueError
    identities = [*map(id, values)]
    known = {
        identity: str(value)
        for identity, value in dict(zip(identities, values, strict=True)).items()
    }
    return [*map(known.__getitem__, identities)]


def documents(values: Sequence[Any]) -> Sequence[str]:
    """JSON values, or None for no value."""
    given = [value for value in values if value is not None]
    joined = b"\n".join(map(orjson.dumps, given)).decode()
    # NaN has become null, and JSONB refuses U+0000: where either may be, each is judged.
    if "null" in joined or "\\u0000" in joined:
        joined = "\n".join(map(json_text, given))
    # Line ends are escaped in JSON, and so are all other characters that COPY would take amiss.
    encoded = joined.replace("\\", r"\\").split("\n") if given else []
    if len(given) == len(values):
        return encoded
    rest = iter(encoded)
    return [_NULL if value is None else next(rest) for value in values]


def instants(moments: Sequence[float]) -> list[str]:
    """Seconds since 1970 as timestamps in UTC, to the microsecond."""
    return [f"{_second(int(moment))}{int(moment % 1 * 1_000_000):06d}+00" for moment in moments]


def lines(columns: Sequence[Sequence[str]]) -> bytes:
    """The rows that ``columns``, encoded and equally long, make."""
    return ("\n".join(map("\t".join, zip(*columns, strict=True))) + "\n").encode()


@lru_cache(maxsize=64)
def _second(moment: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S.", time.gmtime(moment))


def _with_nulls(values: Sequence[Any], encoded: Iterator[str], types: set[type]) -> Sequence[str]:
    if NoneType not in types:
        return [*encoded]
    return [_NULL if value is None else next(encoded) for value in values]
