"""Sample values for a pydantic model, made from its fields alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from nodewright.proving.matching_text import example

OPERATION = "operation"
MAX_DEPTH = 8


class Unsampled(ValueError):  # noqa: N818 - says what could not be made
    """No sample can be made for an annotation; the message names it."""


def operations(model: type[BaseModel]) -> tuple[str, ...]:
    """What the ``operation`` field of an input model can be, in order; empty without one."""
    field = model.model_fields.get(OPERATION)
    if field is None:
        return ()
    annotation = _bare(field.annotation)
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(str(member.value) for member in annotation)
    return ()


def sample_model[Model: BaseModel](
    model: type[Model], given: Mapping[str, Any] | None = None, *, optional: bool = True
) -> Model:
    """A valid instance of ``model``.

    Args:
        model: the model; constraints of its fields are honoured.
        given: values for some fields, by name.
        optional: whether fields that have a default get a value too; those that nothing can be
            made for keep their default.

    Returns:
        The instance, validated by the model itself.

    Raises:
        Unsampled: nothing can be made for a required field.
        pydantic.ValidationError: a validator of the model refuses the sample.
    """
    return model.model_validate(_fields(model, given or {}, optional=optional, depth=0))


def sample_value(annotation: Any, metadata: Iterable[object] = (), depth: int = 0) -> Any:
    """A value that fits ``annotation`` under the constraints in ``metadata``.

    Raises:
        Unsampled: nothing can be made.
    """
    if depth > MAX_DEPTH:
        raise Unsampled(f"{annotation!r} nests deeper than {MAX_DEPTH} levels")
    rules = _rules(metadata)
    if isinstance(annotation, TypeAliasType):
        return sample_value(annotation.__value__, metadata, depth)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return sample_value(arguments[0], (*arguments[1:], *metadata), depth)
    if origin is Literal:
        return arguments[0]
    if origin in {Union, UnionType}:
        return _of_union(arguments, metadata, depth)
    container = origin or annotation
    if container in _CONTAINERS:
        return _of_container(container, arguments, rules, depth)
    return _of_plain(annotation, rules, depth)


def _fields(
    model: type[BaseModel], given: Mapping[str, Any], *, optional: bool, depth: int
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        if name in given:
            values[key] = given[name]
        elif field.is_required() or optional:
            try:
                values[key] = _of_field(field, depth)
            except Unsampled:
                if field.is_required():
                    raise
    return values


def _of_field(field: FieldInfo, depth: int) -> Any:
    if field.examples:
        return field.examples[0]
    return sample_value(field.annotation, field.metadata, depth + 1)


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated or isinstance(annotation, TypeAliasType):
        alias = isinstance(annotation, TypeAliasType)
        annotation = annotation.__value__ if alias else get_args(annotation)[0]
    return annotation


def _rules(metadata: Iterable[object]) -> dict[str, Any]:
    """Constraints by name; pydantic keeps some as annotated_types, some in general holders."""
    rules: dict[str, Any] = {}
    names = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern")
    for item in metadata:
        if isinstance(item, FieldInfo):
            rules |= _rules(item.metadata)
        for name in (*names, "max_digits", "decimal_places"):
            value = getattr(item, name, None)
            if value is not None:
                rules[name] = value
    return rules


def _of_union(members: Sequence[Any], metadata: Iterable[object], depth: int) -> Any:
    reasons = []
    for member in members:
        if member is NoneType:
            continue
        try:
            return sample_value(member, metadata, depth)
        except Unsampled as reason:
            reasons.append(str(reason))
    if NoneType in members:
        return None
    raise Unsampled("; ".join(reasons))


_CONTAINERS: dict[Any, type] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    dict: dict,
    Sequence: list,
    Iterable: list,
    Mapping: dict,
}


def _of_container(
    container: Any, arguments: Sequence[Any], rules: Mapping[str, Any], depth: int
) -> Any:
    build = _CONTAINERS[container]
    if build is tuple and arguments and arguments[-1] is not Ellipsis:
        return tuple(sample_value(argument, depth=depth + 1) for argument in arguments)
    count = max(1, rules.get("min_length", 1))
    if rules.get("max_length") == 0:
        return build()
    if build is dict:
        key, value = arguments or (str, str)
        made = sample_value(value, depth=depth + 1)
        return dict.fromkeys(_distinct(key, count, depth), made)
    element = arguments[0] if arguments else str
    if build in {set, frozenset}:
        return build(_distinct(element, count, depth))
    return build([sample_value(element, depth=depth + 1)] * count)


def _distinct(annotation: Any, count: int, depth: int) -> list[Any]:
    first = sample_value(annotation, depth=depth + 1)
    if isinstance(first, str):
        return [first, *(f"{first}{number}" for number in range(2, count + 1))]
    if isinstance(first, int | float | Decimal):
        return [first + number for number in range(count)]
    return [first]


def _of_plain(annotation: Any, rules: Mapping[str, Any], depth: int) -> Any:
    if annotation is Any:
        return "sample"
    if not isinstance(annotation, type):
        raise Unsampled(f"nothing can be made for {annotation!r}")
    if issubclass(annotation, BaseModel):
        return annotation.model_validate(_fields(annotation, {}, optional=True, depth=depth))
    if issubclass(annotation, Enum):
        return next(iter(annotation))
    if annotation in {str, bytes}:
        return _text(rules) if annotation is str else _text(rules).encode()
    if annotation in {int, float, Decimal}:
        return _number(annotation, rules)
    if annotation in _FIXED:
        return _FIXED[annotation]
    raise Unsampled(f"nothing can be made for {annotation.__qualname__}")


_FIXED: dict[type, Any] = {
    bool: True,
    NoneType: None,
    object: "sample",
    datetime: datetime(2024, 1, 31, 12, 30, tzinfo=UTC),
    date: date(2024, 1, 31),
    time: time(12, 30),
    timedelta: timedelta(seconds=1),
    UUID: UUID("12345678-1234-4678-9234-567812345678"),
}


def _text(rules: Mapping[str, Any]) -> str:
    least, most = rules.get("min_length", 0), rules.get("max_length")
    pattern = rules.get("pattern")
    if pattern is not None:
        pattern = getattr(pattern, "pattern", pattern)
        fits = (text for text in _examples(pattern) if least <= len(text) <= (most or len(text)))
        for text in fits:
            return text
        raise Unsampled(f"no sample of {least} to {most} characters matches {pattern!r}")
    text = "sample".ljust(least, "x")
    return text if most is None else text[:most]


def _examples(pattern: str) -> Iterator[str]:
    return islice((example(pattern, repeats) for repeats in range(1, 40)), 40)


def _number(kind: type, rules: Mapping[str, Any]) -> Any:
    """The first of some likely numbers that keeps every rule."""
    step = rules.get("multiple_of")
    fine = kind is not int
    small = Decimal(1).scaleb(-int(rules.get("decimal_places", 3))) if fine else Decimal(1)
    low, high = rules.get("ge", rules.get("gt")), rules.get("le", rules.get("lt"))
    bounds = [Decimal(str(bound)) for bound in (low, high) if bound is not None]
    likely = [Decimal(1), *bounds]
    likely += [bound + sign * small for bound in bounds for sign in (1, -1)]
    if len(bounds) == 2:  # noqa: PLR2004 - a lower and an upper one
        likely.append((bounds[0] + bounds[1]) / 2)
    if step is not None:
        size = Decimal(str(step))
        likely = [(value // size + up) * size for value in likely for up in (0, 1)]
    for value in likely:
        if kind is int and value != value.to_integral_value():
            continue
        if _keeps(value, rules):
            return kind(value)
    raise Unsampled(f"no {kind.__name__} keeps {dict(rules)}")


def _keeps(value: Decimal, rules: Mapping[str, Any]) -> bool:
    checks = {
        "ge": lambda bound: value >= bound,
        "gt": lambda bound: value > bound,
        "le": lambda bound: value <= bound,
        "lt": lambda bound: value < bound,
    }
    return all(checks[name](Decimal(str(bound))) for name, bound in rules.items() if name in checks)
