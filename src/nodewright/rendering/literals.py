"""Values as Python source that a person likes to read."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from nodewright.spec.scenario import START
from nodewright.templates.quoting import pystr


@dataclass(frozen=True, slots=True)
class Request:
    """A request that several tests make, under a name."""

    name: str
    values: Mapping[str, Any]

    @property
    def line(self) -> str:
        """Its definition."""
        return f"{self.name} = {literal(dict(self.values))}"


def literal(  # noqa: PLR0911 - one case a type
    value: Any, known: Callable[[Any], str] = lambda _: ""
) -> str:
    """A value as Python source; ``known`` may give a name for it.

    >>> literal({"price": Decimal("5"), "at": dt.date(2026, 1, 5)})
    "{'price': Decimal('5'), 'at': dt.date(2026, 1, 5)}"
    """
    name = known(value)
    if name:
        return name
    match value:
        case str():
            return pystr(value)
        case Decimal():
            return f"Decimal({pystr(str(value))})"
        case UUID():
            return f"UUID(int={value.int})" if value.int < _SMALL else f"UUID({pystr(str(value))})"
        case dt.datetime():
            return _moment(value)
        case dt.date():
            return f"dt.date({value.year}, {value.month}, {value.day})"
        case dt.timedelta():
            return f"dt.timedelta({span(value)})"
        case Mapping():
            inside = ", ".join(
                f"{literal(key)}: {literal(each, known)}" for key, each in value.items()
            )
            return f"{{{inside}}}"
        case list() | tuple():
            return f"[{', '.join(literal(each, known) for each in value)}]"
        case _:
            return repr(value)


def _moment(value: dt.datetime) -> str:
    """A time, by its distance from the start where it is near."""
    apart = value - START if value.tzinfo is not None else _FAR
    if not apart:
        return "START"
    if abs(apart) < _FAR:
        sign, size = ("+", apart) if apart > dt.timedelta() else ("-", -apart)
        return f"START {sign} dt.timedelta({span(size)})"
    parts = [value.year, value.month, value.day, value.hour, value.minute]
    parts += [value.second, value.microsecond] if value.second or value.microsecond else []
    return f"dt.datetime({', '.join(map(str, parts))}, tzinfo=dt.UTC)"


def span(value: dt.timedelta) -> str:
    """A duration as the arguments of a timedelta, in the largest units that are whole.

    >>> span(dt.timedelta(minutes=15)), span(dt.timedelta(days=1, seconds=-1))
    ('minutes=15', 'hours=23, minutes=59, seconds=59')
    """
    rest = value // dt.timedelta(microseconds=1)
    sign, rest = (-1, -rest) if rest < 0 else (1, rest)
    parts = []
    for unit, size in _UNITS:
        whole, rest = divmod(rest, size)
        if whole:
            parts.append(f"{unit}={sign * whole}")
    return ", ".join(parts) or "seconds=0"


_SMALL = 1_000_000
_FAR = dt.timedelta(days=60)
_UNITS = (
    ("days", 86_400_000_000),
    ("hours", 3_600_000_000),
    ("minutes", 60_000_000),
    ("seconds", 1_000_000),
    ("microseconds", 1),
)
