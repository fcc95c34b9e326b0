"""The language in short, for whoever writes elements: made of the docstrings of its classes."""

from collections.abc import Iterator
from dataclasses import MISSING
from enum import StrEnum
from typing import Any, get_origin

from nodewright.spec import model
from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.short_forms import SHORT
from nodewright.spec.types import SpecificationError
from nodewright.spec.yaml_classes import CONSTRUCTS, EFFECTS, Attribute, attributes_of, key_of

INTRODUCTION = """\
A specification is YAML. Under entities, machines, ports, events, stores, operations and qualities
stand elements by their names; `from: [FR-1.2]` names the clauses that an element comes from, and
each element that you write has to name them. An operation's first key is its construct:
`create: Ticket`. Types: text, integer, number, boolean, date, datetime, duration, uuid, object, an
entity, list[...], or values with | between them; ? after it: may be missing. Expressions are
Python's comparisons, arithmetic, and / or / not, `x if c else y`, over the fields of the record by
their bare names, `request.x` for inputs, `now()`, `caller.id`, `caller.role`. An optional value is
asked for first: `x is not None and x > 3`.

operations:
  count_sold_by_event:
    aggregate: Ticket
    measures: {sold: {is: count, from: [FR-8.2]}, revenue: {is: sum of price, from: [FR-8.2]}}
    where: status == 'paid'
    group: {event_name: {is: event_name, from: [FR-8.2]}}
    from: [FR-8.2]
"""

_CLASSES = (
    model.Entity, model.Field, model.Rule, model.Unique, model.Guard, model.Machine,
    model.Transition, model.Operation, model.Input, model.Schedule, model.RateLimit,
    model.Idempotency, model.Route, model.Roles, model.Order, model.Measure, model.Result,
    model.Step, model.Assign, model.Retry, model.Port, model.Event, model.Store, model.Quality,
)  # fmt: skip


def names() -> tuple[str, ...]:
    """What ``describe`` knows."""
    return (*(kind.__name__.lower() for kind in _CLASSES), *CONSTRUCTS, *EFFECTS, "capabilities")


def describe(name: str = "") -> str:
    """The language, or one class or construct of it, in short.

    >>> print(describe("order"))
    order: Sort key; records with a missing value come last.
      written in short as: created_at descending
      by: expression
      descending: yes or no

    Raises:
        SpecificationError: there is nothing of that name.
    """
    if not name:
        return "\n".join([INTRODUCTION, *_overview()])
    if name == "capabilities":
        return "\n".join(_capabilities())
    for words in (CONSTRUCTS, EFFECTS):
        if name in words:
            kind, lead = words[name]
            return "\n".join(_described(name, kind, lead))
    for kind in _CLASSES:
        if kind.__name__.lower() == name.lower():
            return "\n".join(_described(name.lower(), kind, key_of(kind)))
    raise SpecificationError(f"the language has no {name[:60]!r}; it has {', '.join(names())}")


def _overview() -> Iterator[str]:
    yield "Constructs of operations:"
    yield from (f"  {word}: {_first(kind)}" for word, (kind, _) in CONSTRUCTS.items())
    yield "Effects of operations:"
    yield from (f"  {word}: {_first(kind)}" for word, (kind, _) in EFFECTS.items())
    yield "Elements:"
    yield from (f"  {kind.__name__.lower()}: {_first(kind)}" for kind in _CLASSES)
    yield "Ask for one of these names, or for capabilities (what ports can do), to see all of it."


_OF_ALL = {"clauses", "assumed", "parts"}


def _capabilities() -> Iterator[str]:
    for name, each in CAPABILITIES.items():
        message = ", ".join(f"{key}: {kind}" for key, kind in each.message.items())
        yield f"{name}: to {each.purpose}; its message holds {message}"


def _described(word: str, kind: Any, lead: str) -> Iterator[str]:
    yield f"{word}: {' '.join((kind.__doc__ or '').split())}"
    short = SHORT.get(kind)
    if short is not None:
        yield f"  written in short as: {short.example}"
    for each in attributes_of(kind).values():
        inner = word not in {*CONSTRUCTS, *EFFECTS}
        if each.name in _OF_ALL or (each.name == lead and inner) or each.name == key_of(kind):
            continue
        name = word if each.name == lead else each.word
        default = "" if each.default in {MISSING, None, (), "", 0} else _shown(each.default)
        said = f", by default {default}" if default else ""
        needed = ", needed" if each.default is MISSING and each.name not in {lead, "by"} else ""
        yield f"  {name}: {_kind(each)}{said}{needed}"


def _kind(attribute: Attribute) -> str:
    kind = attribute.kind
    if get_origin(kind) is tuple:
        return "name to text"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        said = " | ".join(each.value for each in kind)
    else:
        said = {"str": "text", "bool": "yes or no", "int": "whole number", "float": "number",
                "timedelta": "duration"}.get(kind.__name__, kind.__name__.lower())  # fmt: skip
    if not attribute.many:
        return said
    return f"{said}s by name" if isinstance(kind, type) and key_of(kind) else f"list of {said}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(getattr(value, "value", value))


def _first(kind: Any) -> str:
    text = " ".join((kind.__doc__ or "").split())
    return text.split(". ")[0].rstrip(".") + "."
