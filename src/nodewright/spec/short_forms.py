"""How elements are written in a line: ``price: number``, ``reserved -> paid``, ``1 day at 09:00``.

A short form says some attributes of an element as one text (or list). An element with more to say
is a mapping that has the short form under ``key``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Assign,
    Field,
    Format,
    Idempotency,
    Input,
    Measure,
    Order,
    Port,
    Quality,
    RateLimit,
    Reduction,
    Result,
    Retry,
    Roles,
    Route,
    Rule,
    Schedule,
    Step,
    Store,
    Transition,
    Unique,
)
from nodewright.spec.types import SpecificationError, parse_type

Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Short:
    """``covers`` are the attributes that it says; ``write`` gives None where it cannot say them."""

    key: str
    covers: tuple[str, ...]
    write: Callable[[Any], str | list[str] | None]
    read: Callable[[Any], Attributes]
    example: str
    many: bool = False  # a list of texts


# --- durations and times ------------------------------------------------------------------------

_UNITS = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "millisecond": timedelta(milliseconds=1),
    "microsecond": timedelta(microseconds=1),
}
_SPAN = re.compile(r"(\d{1,15}) (week|day|hour|minute|second|millisecond|microsecond)s?")


def write_span(span: timedelta) -> str:
    """``timedelta(minutes=15)`` -> ``15 minutes``."""
    if not span:
        return "0 seconds"
    name, unit = next(
        (name, unit) for name, unit in _UNITS.items() if name != "week" and not span % unit
    )
    count = span // unit
    return f"{count} {name}{'' if count == 1 else 's'}"


def read_span(text: str) -> timedelta:
    """The duration that ``text`` writes."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        raise SpecificationError(f"{text[:60]!r} is not a duration; write it as in 15 minutes")
    try:
        return int(found[1]) * _UNITS[found[2]]
    except OverflowError:
        raise SpecificationError(f"{text[:60]!r} is too long a time") from None


def write_time(at: time) -> str:
    """``time(9)`` -> ``09:00``."""
    return at.isoformat("auto") if at.second or at.microsecond else at.isoformat("minutes")


def read_time(text: str) -> time:
    """The time of the day that ``text`` writes."""
    try:
        found = time.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise SpecificationError(f"{text[:60]!r} is not a time of the day; write it as in 09:00")
    return found


def write_number(value: float) -> str:
    """A number without a point where it has no fraction."""
    return str(int(value)) if value == int(value) and abs(value) < 10**15 else repr(value)


def read_integer(text: str) -> int:
    """The whole number that ``text`` writes."""
    if not re.fullmatch(r"-?\d{1,18}", text.strip()):
        raise SpecificationError(f"{text[:60]!r} is not a whole number")
    return int(text)


def read_number(text: str) -> float:
    """The number that ``text`` writes."""
    try:
        return float(text)
    except ValueError:
        raise SpecificationError(f"{text[:60]!r} is not a number") from None


# --- elements -----------------------------------------------------------------------------------


def _field(element: Any) -> str:
    return f"{element.type} = {element.default}" if element.default else str(element.type)


def _read_field(text: str) -> Attributes:
    kind, mark, default = text.partition(" = ")
    found: Attributes = {"type": parse_type(kind)}
    return found | {"default": Expression(default)} if mark else found


def _result(element: Result) -> str:
    return f"{element.type} = {element.value}"


def _read_result(text: str) -> Attributes:
    kind, mark, value = text.partition(" = ")
    if not mark:
        raise SpecificationError(f"{text[:60]!r} has no value; write it as in number = price * 2")
    return {"type": parse_type(kind), "value": Expression(value)}


_BOUNDS = {">": ("minimum", True), ">=": ("minimum", False), "<": ("maximum", True),
           "<=": ("maximum", False)}  # fmt: skip
_BOUND = re.compile(r"(>=|<=|>|<)\s*(.+)", re.DOTALL)


def _rule(rule: Rule) -> str | None:
    if rule.format is not None:
        plain = rule.minimum is None and rule.maximum is None
        return rule.format.value if plain and not rule.exclusive else None
    if (rule.minimum is None) is (rule.maximum is None):
        return None
    sign = ">" if rule.minimum is not None else "<"
    return f"{sign}{'' if rule.exclusive else '='} {rule.minimum or rule.maximum}"


def _read_rule(text: str) -> Attributes:
    found = _BOUND.fullmatch(text.strip())
    if found:
        side, exclusive = _BOUNDS[found[1]]
        return {side: Expression(found[2]), "exclusive": exclusive}
    try:
        return {"format": Format(text.strip())}
    except ValueError:
        known = ", ".join(Format)
        raise SpecificationError(
            f"{text[:60]!r} is not a rule; write a bound as in '> 0', or one of {known}"
        ) from None


def _transition(each: Transition) -> str | None:
    plain = "->" not in each.source and "->" not in each.target
    return f"{each.source} -> {each.target}" if plain else None


def _read_transition(text: str) -> Attributes:
    states = [part.strip() for part in text.split("->")]
    if len(states) != 2:  # noqa: PLR2004 - from and to
        raise SpecificationError(f"{text[:60]!r} is not a transition; write reserved -> paid")
    return {"source": states[0], "target": states[1]}


def _order(order: Order) -> str:
    return f"{order.by} descending" if order.descending else str(order.by)


def _read_order(text: str) -> Attributes:
    by = text.strip().removesuffix(" descending")
    return {"by": Expression(by), "descending": by != text.strip()}


def _schedule(schedule: Schedule) -> str:
    at = f" at {write_time(schedule.at)}" if schedule.at is not None else ""
    return f"every {write_span(schedule.every)}{at}"


def _read_schedule(text: str) -> Attributes:
    every, _, at = text.strip().removeprefix("every ").partition(" at ")
    return {"every": read_span(every), "at": read_time(at) if at else None}


def _rate(rate: RateLimit) -> str:
    return f"{rate.calls} per {write_span(rate.per)}"


def _read_rate(text: str) -> Attributes:
    calls, _, per = text.partition(" per ")
    return {"calls": read_integer(calls), "per": read_span(per)}


def _read_route(text: str) -> Attributes:
    method, _, path = text.strip().partition(" ")
    return {"method": method, "path": path.strip()}


def _retry(retry: Retry) -> str:
    return f"{retry.times} times, after {write_span(retry.wait)}"


def _read_retry(text: str) -> Attributes:
    times, _, wait = text.partition(" times, after ")
    return {"times": read_integer(times.removesuffix(" times")),
            **({"wait": read_span(wait)} if wait else {})}  # fmt: skip


def _measure(measure: Measure) -> str | None:
    of = f" of {measure.of}" if measure.of is not None else ""
    return None if measure.by is not None else f"{measure.reduce.value}{of}"


def _read_measure(text: str) -> Attributes:
    reduce, _, of = text.strip().partition(" of ")
    try:
        found: Attributes = {"reduce": Reduction(reduce)}
    except ValueError:
        known = ", ".join(Reduction)
        raise SpecificationError(
            f"{text[:60]!r} is not a measure; write it as in 'sum of price', with {known}"
        ) from None
    return found | {"of": Expression(of)} if of else found


_QUALITY = re.compile(r"(\S+) (<=|>=|<|>|=) (\S+) ?(.*)")


def _quality(quality: Quality) -> str | None:
    text = f"{quality.measure} {quality.comparison} {write_number(quality.value)} {quality.unit}"
    found = _QUALITY.fullmatch(text.strip())
    return text.strip() if found and found[1] == quality.measure else None


def _read_quality(text: str) -> Attributes:
    found = _QUALITY.fullmatch(text.strip())
    if not found:
        raise SpecificationError(f"{text[:60]!r} is not a quality; write latency_p95 <= 200 ms")
    return {
        "measure": found[1],
        "comparison": found[2],
        "value": read_number(found[3]),
        "unit": found[4],
    }


def _text(name: str) -> Callable[[Any], str]:
    return lambda element: str(getattr(element, name))


SHORT: Mapping[type, Short] = {
    Field: Short("type", ("type", "default"), _field, _read_field, "number = 0"),
    Input: Short("type", ("type", "default"), _field, _read_field, "integer = 10"),
    Result: Short("is", ("type", "value"), _result, _read_result, "number = price * 2"),
    Assign: Short(
        "is", ("value",), _text("value"), lambda text: {"value": Expression(text)}, "now()"
    ),
    Rule: Short(
        "is", ("minimum", "maximum", "exclusive", "format"), _rule, _read_rule, "> 0"
    ),
    Unique: Short(
        "fields", ("fields",), lambda each: list(each.fields),
        lambda names: {"fields": names}, "[event, seat]", many=True,
    ),
    Roles: Short(
        "only", ("roles",), lambda each: list(each.roles),
        lambda names: {"roles": names}, "[admin]", many=True,
    ),
    Transition: Short(
        "move", ("source", "target"), _transition, _read_transition, "reserved -> paid"
    ),
    Order: Short("by", ("by", "descending"), _order, _read_order, "created_at descending"),
    Schedule: Short("run", ("every", "at"), _schedule, _read_schedule, "every 1 day at 09:00"),
    RateLimit: Short("most", ("calls", "per"), _rate, _read_rate, "100 per 1 minute"),
    Idempotency: Short(
        "key", ("key",), _text("key"), lambda text: {"key": Expression(text)}, "request.order_id"
    ),
    Route: Short(
        "at", ("method", "path"), lambda route: f"{route.method} {route.path}", _read_route,
        "POST /tickets",
    ),
    Retry: Short("try", ("times", "wait"), _retry, _read_retry, "3 times, after 1 second"),
    Measure: Short("is", ("reduce", "of"), _measure, _read_measure, "sum of price"),
    Step: Short(
        "run", ("operation",), _text("operation"), lambda text: {"operation": text},
        "create_ticket",
    ),
    Port: Short(
        "can", ("capability",), _text("capability"), lambda text: {"capability": text}, "mail"
    ),
    Store: Short("in", ("system",), _text("system"), lambda text: {"system": text}, "PostgreSQL"),
    Quality: Short(
        "is", ("measure", "comparison", "value", "unit"), _quality, _read_quality,
        "latency_p95 <= 200 ms",
    ),
}  # fmt: skip
