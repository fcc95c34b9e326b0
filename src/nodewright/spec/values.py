"""Values of a specification's types: what fits a type, how a value is written and read as text."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from nodewright.spec.model import Format
from nodewright.spec.types import Base, Type

# Values are data of strangers' documents: their type is known only by the specification.
Value = Any
Record = Mapping[str, Value]

LONGEST_TEXT = 1_000_000
LONGEST_MATCHED = 300  # a pattern is tried on no longer text, whatever it says
LARGEST = 10**30
MOST_PLACES = 12
LONGEST_SHOWN = 60

_CLASSES: dict[Base, type] = {
    Base.TEXT: str,
    Base.ENUM: str,
    Base.NUMBER: Decimal,
    Base.DATETIME: datetime,
    Base.DURATION: timedelta,
    Base.UUID: UUID,
}


class NotComputable(Exception):  # noqa: N818 - says what an expression is
    """A value cannot be computed: an arithmetic error, or more than the language allows."""


def fitting(value: Value, kind: Type, records: Mapping[str, Mapping[str, Type]]) -> Value:  # noqa: C901, PLR0911, PLR0912 - one case a type
    """``value`` as a value of ``kind``: a whole number becomes exact decimal where one is asked.

    ``records`` maps entity -> the types of what stands for it: its fields for a value entity, only
    its key for a stored one.

    Raises:
        ValueError: it does not fit.
    """
    if value is None:
        if kind.optional:
            return None
        raise ValueError("is missing")
    match kind.base:
        case Base.INTEGER if type(value) is int and abs(value) < LARGEST:
            return value
        case Base.BOOLEAN if type(value) is bool:
            return value
        case Base.NUMBER if type(value) is int and abs(value) < LARGEST:
            return Decimal(value)
        case Base.NUMBER if isinstance(value, Decimal) and value.is_finite():
            return value
        case Base.DATE if isinstance(value, date) and not isinstance(value, datetime):
            return value
        case Base.DATETIME if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(UTC)
        case Base.TEXT if isinstance(value, str) and len(value) <= LONGEST_TEXT:
            return str(value)
        case Base.ENUM if isinstance(value, str) and value in kind.values:
            return str(value)
        case Base.DURATION | Base.UUID if isinstance(value, _CLASSES[kind.base]):
            return value
        case Base.OBJECT if isinstance(value, Mapping) and all(
            isinstance(key, str) and isinstance(each, str) for key, each in value.items()
        ):
            return dict(value)
        case Base.LIST if kind.item is not None and isinstance(value, list | tuple):
            return [fitting(each, kind.item, records) for each in value]
        case Base.ENTITY:
            return _fitting_entity(value, records.get(kind.entity, {}), records)
        case _:
            raise ValueError(f"is {shown(value)}, not {kind}")


def _fitting_entity(
    value: Value, fields: Mapping[str, Type], records: Mapping[str, Mapping[str, Type]]
) -> Value:
    if list(fields) == [""]:
        return fitting(value, fields[""], records)
    if not isinstance(value, Mapping) or not value.keys() <= fields.keys():
        raise ValueError(f"is {shown(value)}, not a record of {', '.join(fields)}")
    return {name: fitting(value.get(name), kind, records) for name, kind in fields.items()}


def shown(value: Value) -> str:
    """``value`` for a message: short, on one line."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def rounded(value: Value, places: int | None) -> Value:
    """A number with so many digits after the point, half up; any other value as it is."""
    if places is None or not isinstance(value, Decimal):
        return value
    if not -MOST_PLACES <= places <= MOST_PLACES:
        raise NotComputable(f"{places} digits after the point; at most {MOST_PLACES}")
    try:
        return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    except InvalidOperation:
        raise NotComputable(f"{shown(value)} is too large to round") from None


def text_of(value: Value) -> str:  # noqa: C901, PLR0911 - one case a type
    """``value`` as text: numbers plain, times in ISO 8601, durations in seconds."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case Decimal():
            if value.adjusted() > MOST_PLACES * 3 or value.adjusted() < -MOST_PLACES * 3:
                raise NotComputable(f"{shown(value)} is too large or small for a text")
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case timedelta():
            return format(seconds_of(value).normalize(), "f")
        case list():
            return ", ".join(text_of(each) for each in value)
        case dict():
            return json.dumps(value, default=text_of)
        case _:
            return str(value)


def seconds_of(value: timedelta) -> Decimal:
    """A duration in seconds, exactly."""
    whole = value.days * 86_400 + value.seconds
    return whole + Decimal(value.microseconds).scaleb(-6)


_TRUTHS = {"true": True, "false": False}
_READERS: dict[Base, Callable[[str], Value]] = {
    Base.TEXT: str,
    Base.ENUM: str,
    Base.INTEGER: int,
    Base.NUMBER: Decimal,
    Base.BOOLEAN: lambda text: _TRUTHS[text.lower()],
    Base.DATE: date.fromisoformat,
    Base.DATETIME: datetime.fromisoformat,
    Base.DURATION: lambda text: timedelta(seconds=float(text)),
    Base.UUID: UUID,
    Base.OBJECT: json.loads,
}


def read_text(text: str, kind: Type) -> Value:
    """The value that ``text`` writes in a file; an empty text is a missing value.

    Raises:
        ValueError: it writes none of that type.
    """
    if text == "":
        return None
    reader = _READERS.get(kind.base)
    if reader is None:
        raise ValueError(f"is {shown(text)}; a {kind} cannot be written in a file of rows")
    try:
        value = reader(text)
    except (ValueError, ArithmeticError, KeyError):
        raise ValueError(f"is {shown(text)}, not {kind}") from None
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


_FORMATS = {
    Format.EMAIL: r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}",
    Format.URL: r"https?://[A-Za-z0-9.-]{1,253}(?::\d{1,5})?(?:[/?#]\S{0,2000})?",
    Format.PHONE: r"\+?[0-9][0-9 ()./-]{4,24}",
    Format.HOSTNAME: r"(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){0,8}"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
    Format.COUNTRY: r"[A-Z]{2}",
    Format.CURRENCY: r"[A-Z]{3}",
    Format.SLUG: r"[a-z0-9]{1,63}(?:-[a-z0-9]{1,63}){0,20}",
}


def has_format(text: str, wanted: Format) -> bool:
    """Whether ``text`` looks as ``wanted`` says."""
    match wanted:
        case Format.IP:
            return _accepts(ip_address, text)
        case Format.DATE:
            return _accepts(date.fromisoformat, text)
        case Format.DATETIME:
            return _accepts(datetime.fromisoformat, text)
        case _:
            return _compiled(_FORMATS[wanted]).fullmatch(text) is not None


def matches(text: str, pattern: str) -> bool:
    """Whether the whole ``text`` fits ``pattern``; a very long text does not."""
    return len(text) <= LONGEST_MATCHED and _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _accepts(reader: Callable[[str], object], text: str) -> bool:
    try:
        reader(text)
    except ValueError:
        return False
    return True
