"""Expressions of a specification: a small, harmless part of Python's own.

They are parsed with ``ast`` and never evaluated by Python: ``typing_`` checks them against the
entities, the interpreter walks them, planning turns them into code.

What names mean is said by the place where an expression stands:

- ``price``: a field of the record at hand (of each candidate in ``where`` and in queries);
- ``request.amount``: an input of the operation; ``caller.id``, ``caller.role``: who asks;
- ``old.status``: the record before a change; ``this.bin``: inside a query, the record outside it;
- ``reserve.ticket_id`` in a workflow: what the step ``reserve`` answered.

``{"id": ticket_id}`` is an object; its values are written as ``text(...)`` writes them.

Functions are listed in ``FUNCTIONS`` (values) and ``QUERIES`` (over all records of an entity).
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from nodewright.spec.types import SpecificationError

LONGEST = 2000
DEEPEST = 40

# Function -> (fewest, most arguments). What each means: the interpreter.
FUNCTIONS = {
    "now": (0, 0),
    "today": (0, 0),
    "new_id": (0, 0),
    "seconds": (1, 1),
    "minutes": (1, 1),
    "hours": (1, 1),
    "days": (1, 1),
    "weeks": (1, 1),
    "date": (1, 1),  # the day of a datetime, in UTC
    "start_of_week": (1, 1),  # Monday of a date or datetime, a date
    "start_of_month": (1, 1),  # its first day, a date
    "start_of_year": (1, 1),
    "year": (1, 1),
    "month": (1, 1),
    "weekday": (1, 1),  # 1 Monday to 7 Sunday
    "hour": (1, 1),
    "total_seconds": (1, 1),  # of a duration, a number
    "total_minutes": (1, 1),
    "total_hours": (1, 1),
    "total_days": (1, 1),
    "length": (1, 1),  # of a text or list
    "lower": (1, 1),
    "upper": (1, 1),
    "strip": (1, 1),
    "contains": (2, 2),  # text, part; or list, item
    "starts_with": (2, 2),
    "ends_with": (2, 2),
    "text": (1, 1),  # a value as text
    "join": (2, 2),  # separator, list of text
    "round": (1, 2),  # number, places; half up, as money is rounded
    "floor": (1, 1),
    "ceil": (1, 1),
    "abs": (1, 1),
    "min": (2, 9),
    "max": (2, 9),
    "number": (1, 1),  # an integer as number
}

# Query -> (fewest, most arguments): entity, then expressions over its records.
QUERIES = {
    "exists": (2, 2),  # exists(Ticket, seat == this.seat)
    "count": (2, 2),
    "sum": (3, 3),  # sum(Payment, amount, ticket == this.ticket_id); 0 where none fits
    "average": (3, 3),  # None where none fits
    "lowest": (3, 3),
    "highest": (3, 3),
    "latest": (4, 4),  # latest(Reading, value, taken_at, meter == this.meter): by the third
    "find": (2, 2),  # find(Product, product_code).reorder_point; refuses where there is none
}
SCOPES = ("request", "caller", "old", "this")

_NODES = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Compare, ast.Eq, ast.NotEq,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In, ast.NotIn, ast.IfExp, ast.Name,
    ast.Load, ast.Attribute, ast.Call, ast.Constant, ast.List, ast.Tuple, ast.JoinedStr,
    ast.FormattedValue, ast.Dict,
)  # fmt: skip


class ExpressionError(SpecificationError):
    """An expression is not of the language."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, by its normal text; ``tree`` is what it says.

    >>> Expression("price*2  > 10").text
    'price * 2 > 10'

    Raises:
        ExpressionError: it is too long or deep, does not parse, or uses what the language has not.
    """

    text: str
    tree: ast.expr = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tree = _parse(self.text)
        object.__setattr__(self, "tree", tree)
        object.__setattr__(self, "text", ast.unparse(tree))

    def __reduce__(self) -> tuple[type["Expression"], tuple[str]]:
        return Expression, (self.text,)

    def __str__(self) -> str:
        return self.text

    def names(self) -> frozenset[str]:
        """Bare names outside queries: fields of the record at hand, or steps of a workflow."""
        return frozenset(_bare(self.tree))

    def inputs(self) -> frozenset[str]:
        """Inputs that it asks for."""
        return self.attributes("request")

    def attributes(self, scope: str) -> frozenset[str]:
        """What it asks ``scope`` for: ``attributes("caller")`` of ``caller.id == 1`` is {id}."""
        return frozenset(
            node.attr
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == scope
        )

    def calls(self) -> frozenset[str]:
        """Functions and queries that it uses."""
        return frozenset(
            node.func.id
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        )

    def entities(self) -> frozenset[str]:
        """Entities that its queries look at."""
        return frozenset(
            node.args[0].id
            for node in ast.walk(self.tree)
            if is_query(node) and isinstance(node, ast.Call) and isinstance(node.args[0], ast.Name)
        )


def is_query(node: ast.AST) -> bool:
    """Whether ``node`` asks for records of an entity."""
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in QUERIES
    )


def _bare(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "find":
            yield from _bare(node.args[1])
            return
        if is_query(node):
            return
        for argument in node.args:
            yield from _bare(argument)
    elif isinstance(node, ast.Name):
        if node.id not in SCOPES:
            yield node.id
    else:
        for child in ast.iter_child_nodes(node):
            yield from _bare(child)


@lru_cache(maxsize=8192)
def _parse(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has {len(text)} characters; at most {LONGEST}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or type(error).__name__
        raise ExpressionError(f"{text[:80]!r} is not an expression: {reason}") from None
    _accept(tree, text, 0)
    return tree


def _accept(node: ast.AST, text: str, depth: int) -> None:
    if depth > DEEPEST:
        raise ExpressionError(f"{text[:80]!r} is nested more than {DEEPEST} deep; split it")
    objection = _objection(node)
    if objection:
        raise ExpressionError(f"{text[:80]!r}: {objection}")
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.Call) and child is node.func:
            continue
        _accept(child, text, depth + 1)


def _objection(node: ast.AST) -> str:  # noqa: PLR0911 - one case a rule
    """What the language has against one node, empty where nothing."""
    match node:
        case ast.Call():
            return _call_objection(node)
        case ast.Attribute(value=value) if not isinstance(value, ast.Name | ast.Call):
            return "only one dot, as in request.amount"
        case ast.Attribute(attr=name) | ast.Name(id=name) if name.startswith("_"):
            return f"{name!r} begins with an underscore"
        case ast.Constant(value=value) if not isinstance(value, str | int | float | None):
            return f"{value!r} is not a text, number or truth value"
        case ast.FormattedValue() if node.format_spec or node.conversion != -1:
            return "write {name} without a format"
        case ast.Dict(keys=keys) if not all(
            isinstance(key, ast.Constant) and isinstance(key.value, str) for key in keys
        ):
            return "the keys of an object are texts"
        case _ if not isinstance(node, _NODES):
            return f"{type(node).__name__} is not part of the language"
    return ""


def _call_objection(node: ast.Call) -> str:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    bounds = FUNCTIONS.get(name) or QUERIES.get(name)
    if bounds is None:
        known = ", ".join([*FUNCTIONS, *QUERIES])
        return f"{name or 'that'!r} is not a function; use {known}"
    if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
        return f"{name} takes plain arguments"
    fewest, most = bounds
    if not fewest <= len(node.args) <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        return f"{name} takes {wanted} arguments"
    if name in QUERIES and not isinstance(node.args[0], ast.Name):
        return f"{name} takes an entity's name first"
    return ""
