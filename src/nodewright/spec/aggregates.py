"""Rows of an aggregate: records by group, each group's values made one."""

from collections.abc import Callable
from decimal import Decimal

from nodewright.spec.evaluation import Refused, Scope, average, evaluate
from nodewright.spec.model import Aggregate, Measure, Reduction
from nodewright.spec.values import Record, Value


def rows_of(
    operation: Aggregate, records: list[Record], scope: Callable[[Record], Scope]
) -> list[Record]:
    """One row a group, sorted by the group's keys; one row of all where there are no groups."""
    groups: dict[tuple[Value, ...], list[Record]] = {} if operation.group else {(): []}
    for record in records:
        key = tuple(_hashable(evaluate(each.value, scope(record))) for each in operation.group)
        groups.setdefault(key, []).append(record)
    try:
        keys = sorted(groups, key=lambda key: [(each is None, each) for each in key])
    except TypeError as error:
        raise Refused("not_computable", str(error)) from None
    names = [each.name for each in operation.group]
    rows: list[Record] = []
    for key in keys:
        row = dict(zip(names, key, strict=True))
        for measure in operation.measures:
            row[measure.name] = _measured(measure, groups[key], records, scope)
        rows.append(row)
    return rows


def _hashable(value: Value) -> Value:
    if isinstance(value, list | dict):
        raise Refused("not_computable", "a list or object is no group")
    return value


def _measured(  # noqa: PLR0911 - one case a reduction
    measure: Measure,
    group: list[Record],
    records: list[Record],
    scope: Callable[[Record], Scope],
) -> Value:
    values = _values(measure, group, scope)
    try:
        match measure.reduce:
            case Reduction.COUNT:
                return len(values)
            case Reduction.SUM:
                return sum(values)
            case Reduction.AVERAGE:
                return average(values)
            case Reduction.LOWEST:
                return min(values, default=None)
            case Reduction.HIGHEST:
                return max(values, default=None)
            case Reduction.DISTINCT:
                return len(set(values))
            case Reduction.LATEST:
                return _latest(measure, group, scope)
            case Reduction.SHARE:
                return _share(measure, values, _values(measure, records, scope))
    except (TypeError, ArithmeticError) as error:
        raise Refused("not_computable", f"{measure.name}: {error}") from None


def _values(
    measure: Measure, records: list[Record], scope: Callable[[Record], Scope]
) -> list[Value]:
    if measure.of is None:
        return records
    found = [evaluate(measure.of, scope(record)) for record in records]
    return [value for value in found if value is not None]


def _latest(measure: Measure, group: list[Record], scope: Callable[[Record], Scope]) -> Value:
    if measure.by is None or measure.of is None:
        return None
    newest: tuple[Value, Value] | None = None
    for record in group:
        moment = evaluate(measure.by, scope(record))
        if moment is not None and (newest is None or moment >= newest[0]):
            newest = (moment, evaluate(measure.of, scope(record)))
    return newest[1] if newest else None


def _share(measure: Measure, part: list[Value], whole: list[Value]) -> Decimal:
    if measure.of is None:
        return Decimal(len(part)) / len(whole) if whole else Decimal(0)
    total = sum(whole)
    return Decimal(sum(part)) / Decimal(total) if total else Decimal(0)
