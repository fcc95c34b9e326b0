"""The value of an expression on plain data, by a walk over its tree.

Arithmetic is Python's on exact decimals: a number with a point is a Decimal, ``/`` of two integers
is a Decimal, ``//`` and ``%`` are Python's. ``and`` / ``or`` stop at the first side that decides.
A walk ends: nested queries draw on one budget a call, texts and numbers have a largest size.
"""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from nodewright.spec.expressions import Expression
from nodewright.spec.requests import missing_code
from nodewright.spec.values import (
    LARGEST,
    LONGEST_TEXT,
    NotComputable,
    Record,
    Value,
    rounded,
    seconds_of,
    text_of,
)

MOST_VISITED = 200_000


class Refused(Exception):  # noqa: N818 - says what became of a request
    """An operation is refused with an error code."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class World:
    """What expressions look at beside names: records, the clock, new ids; ``budget`` is spent."""

    records: dict[str, dict[Value, Record]]
    now: datetime
    new_id: Callable[[], UUID]
    budget: int = MOST_VISITED


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at one place; None: the place has no such thing."""

    world: World
    names: Mapping[str, Value] = field(default_factory=dict)
    request: Mapping[str, Value] | None = None
    caller: Mapping[str, Value] | None = None
    old: Record | None = None
    this: Record | None = None
    steps: Mapping[str, Record] = field(default_factory=dict)


_ARITHMETIC = (ArithmeticError, TypeError, ValueError, LookupError, AttributeError)


def evaluate(expression: Expression, scope: Scope) -> Value:
    """The value of ``expression``.

    Raises:
        Refused: ``not_computable``, or a ``find`` without a record.
    """
    try:
        return _value(expression.tree, scope)
    except (*_ARITHMETIC, NotComputable, RecursionError) as error:
        reason = str(error) or type(error).__name__
        raise Refused("not_computable", f"{expression.text[:80]}: {reason[:120]}") from None


def holds(expression: Expression | None, scope: Scope) -> bool:
    """Whether a condition holds; none always does."""
    return expression is None or evaluate(expression, scope) is True


def _value(node: ast.expr, scope: Scope) -> Value:
    return _NODES[type(node)](node, scope)


def _constant(node: Any, _: Scope) -> Value:
    value = node.value
    return _bounded(Decimal(repr(value))) if type(value) is float else value


def _name(node: Any, scope: Scope) -> Value:
    return scope.names[node.id]


def _attribute(node: Any, scope: Scope) -> Value:
    base = node.value
    if type(base) is ast.Name:
        if base.id in {"request", "caller", "old", "this"} and base.id not in scope.names:
            holder = getattr(scope, base.id)
            if holder is None and base.id == "caller":
                raise Refused("forbidden", "nobody is named as the caller")
            return holder[node.attr]
        held = scope.names[base.id] if base.id in scope.names else scope.steps[base.id]
    else:
        held = _value(base, scope)
    return held[node.attr]


def _boolean(node: Any, scope: Scope) -> Value:
    deciding = type(node.op) is ast.Or
    return any(_truth(each, scope) is deciding for each in node.values) is deciding


def _truth(node: ast.expr, scope: Scope) -> bool:
    value = _value(node, scope)
    if type(value) is not bool:
        raise NotComputable(f"{ast.unparse(node)[:60]} is not a condition")
    return value


def _unary(node: Any, scope: Scope) -> Value:
    if type(node.op) is ast.Not:
        return not _truth(node.operand, scope)
    return -_value(node.operand, scope)


def _binary(node: Any, scope: Scope) -> Value:
    left, right = _value(node.left, scope), _value(node.right, scope)
    return combined(type(node.op), left, right)


_OPERATORS: dict[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_JOINED = (str, list, dict)


def combined(kind: type[ast.operator], left: Value, right: Value) -> Value:
    """``left`` and ``right`` joined by an arithmetic operator."""
    if isinstance(left, bool) or isinstance(right, bool):
        raise NotComputable("truth values are not numbers")
    if isinstance(left, _JOINED) or isinstance(right, _JOINED):
        if kind is not ast.Add or not isinstance(left, str) or not isinstance(right, str):
            raise NotComputable("texts and lists are not numbers")
        return _bounded(left + right)
    if kind is ast.Div and type(left) is int and type(right) is int:
        left = Decimal(left)
    if kind is ast.Div and isinstance(left, timedelta) and isinstance(right, timedelta):
        return seconds_of(left) / seconds_of(right)
    return _bounded(_OPERATORS[kind](left, right))


def _bounded(value: Value) -> Value:
    """``value``, unless it is larger than the language allows."""
    if type(value) is str and len(value) > LONGEST_TEXT:
        raise NotComputable(f"a text of more than {LONGEST_TEXT} characters")
    if type(value) is int and abs(value) >= LARGEST:
        raise NotComputable("an integer of more than 30 digits")
    if type(value) is Decimal and not (value.is_finite() and abs(value) < LARGEST):
        raise NotComputable("a number of more than 30 digits")
    return value


_COMPARISONS: dict[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


def _compare(node: Any, scope: Scope) -> Value:
    left = _value(node.left, scope)
    for kind, operand in zip(node.ops, node.comparators, strict=True):
        right = _value(operand, scope)
        if not _COMPARISONS[type(kind)](left, right):
            return False
        left = right
    return True


def _choice(node: Any, scope: Scope) -> Value:
    return _value(node.body if _truth(node.test, scope) else node.orelse, scope)


def _list(node: Any, scope: Scope) -> Value:
    return [_value(each, scope) for each in node.elts]


def _template(node: Any, scope: Scope) -> Value:
    whole = ""
    for each in node.values:
        whole = _bounded(whole + text_of(_value(each, scope)))
    return whole


def _placeholder(node: Any, scope: Scope) -> Value:
    return _value(node.value, scope)


def _object(node: Any, scope: Scope) -> Value:
    return {
        key.value: text_of(_value(value, scope))
        for key, value in zip(node.keys, node.values, strict=True)
    }


def _call(node: Any, scope: Scope) -> Value:
    query = _QUERIES.get(node.func.id)
    if query is not None:
        return query(node.args, scope)
    function = _FUNCTIONS.get(node.func.id)
    if function is not None:
        return _bounded(function(*[_value(each, scope) for each in node.args]))
    return _WORLDLY[node.func.id](scope.world)


_NODES: dict[type[ast.expr], Callable[[Any, Scope], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.List: _list,
    ast.Tuple: _list,
    ast.JoinedStr: _template,
    ast.FormattedValue: _placeholder,
    ast.Dict: _object,
    ast.Call: _call,
}


# --- functions ----------------------------------------------------------------------------------


def _day(value: Value) -> date:
    day: date = value.astimezone(UTC).date() if isinstance(value, datetime) else value
    return day


def _span(seconds: int) -> Callable[[Value], timedelta]:
    def span(amount: Value) -> timedelta:
        exact = Decimal(amount) * seconds * 1_000_000
        return timedelta(microseconds=int(exact.to_integral_value(ROUND_HALF_UP)))

    return span


def _total(seconds: int) -> Callable[[Value], Decimal]:
    return lambda span: seconds_of(span) / seconds


def _whole(rounding: str) -> Callable[[Value], int]:
    def whole(value: Value) -> int:
        if type(value) is int:
            return value
        return int(_bounded(value).to_integral_value(rounding))

    return whole


def _rounded(value: Value, places: int = 0) -> Value:
    return rounded(Decimal(value), places)


def _week(value: Value) -> date:
    day = _day(value)
    return day - timedelta(days=day.weekday())


_WORLDLY: dict[str, Callable[[World], Value]] = {
    "now": lambda world: world.now,
    "today": lambda world: world.now.date(),
    "new_id": lambda world: world.new_id(),
}
_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "seconds": _span(1),
    "minutes": _span(60),
    "hours": _span(3600),
    "days": _span(86_400),
    "weeks": _span(604_800),
    "date": _day,
    "start_of_week": _week,
    "start_of_month": lambda value: _day(value).replace(day=1),
    "start_of_year": lambda value: _day(value).replace(month=1, day=1),
    "year": lambda value: _day(value).year,
    "month": lambda value: _day(value).month,
    "weekday": lambda value: _day(value).isoweekday(),
    "hour": lambda value: value.astimezone(UTC).hour,
    "total_seconds": _total(1),
    "total_minutes": _total(60),
    "total_hours": _total(3600),
    "total_days": _total(86_400),
    "length": len,
    "lower": str.lower,
    "upper": str.upper,
    "strip": str.strip,
    "contains": lambda whole, part: part in whole,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "text": text_of,
    "join": lambda separator, parts: separator.join(parts),
    "round": _rounded,
    "floor": _whole(ROUND_FLOOR),
    "ceil": _whole(ROUND_CEILING),
    "abs": abs,
    "min": min,
    "max": max,
    "number": Decimal,
}


# --- queries ------------------------------------------------------------------------------------


def matching(entity: str, condition: ast.expr | None, scope: Scope) -> Iterable[Scope]:
    """A scope for each record for which ``condition`` holds; ``this`` is the record outside."""
    world = scope.world
    inside = replace(scope, this=scope.names)
    for record in list(world.records.get(entity, {}).values()):
        world.budget -= 1
        if world.budget < 0:
            raise NotComputable(f"more than {MOST_VISITED} records looked at")
        candidate = replace(inside, names=record)
        if condition is None or _truth(condition, candidate):
            yield candidate


def _values(args: list[Any], scope: Scope) -> list[Value]:
    found = [_value(args[1], each) for each in matching(args[0].id, args[2], scope)]
    return [value for value in found if value is not None]


def _find(args: list[Any], scope: Scope) -> Value:
    entity = args[0].id
    record = scope.world.records.get(entity, {}).get(_value(args[1], scope))
    if record is None:
        raise Refused(missing_code(entity), f"there is no such {entity}")
    return record


def _latest(args: list[Any], scope: Scope) -> Value:
    entity, value, by, condition = args
    found = [(_value(by, each), each.names) for each in matching(entity.id, condition, scope)]
    rows = [(moment, names) for moment, names in found if moment is not None]
    if not rows:
        return None
    newest = rows[0]
    for row in rows:
        if row[0] >= newest[0]:
            newest = row
    return _value(value, replace(scope, this=scope.names, names=newest[1]))


_QUERIES: dict[str, Callable[[list[Any], Scope], Value]] = {
    "exists": lambda args, scope: any(True for _ in matching(args[0].id, args[1], scope)),
    "count": lambda args, scope: sum(1 for _ in matching(args[0].id, args[1], scope)),
    "sum": lambda args, scope: _bounded(sum(_values(args, scope))),
    "average": lambda args, scope: average(_values(args, scope)),
    "lowest": lambda args, scope: min(_values(args, scope), default=None),
    "highest": lambda args, scope: max(_values(args, scope), default=None),
    "latest": _latest,
    "find": _find,
}


def average(values: list[Value]) -> Value:
    """Their mean, exactly; None of nothing."""
    return Decimal(sum(values)) / len(values) if values else None
