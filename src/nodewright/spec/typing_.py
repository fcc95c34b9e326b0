"""Types of expressions, inferred from what names mean at their place.

An optional value must be shown to be there before it is used, as type checkers of Python demand:
``x is not None and x > 3``. A text in quotes is an enum of one value, so that a misspelt state is
found. ``NOTHING`` is the type of None. The module is over 400 lines because inference is one
recursion over all that an expression can say.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from nodewright.spec.expressions import Expression, ExpressionError
from nodewright.spec.model import Entity
from nodewright.spec.nearness import near
from nodewright.spec.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    UUID,
    Base,
    Type,
    enum_of,
    list_of,
)

NOTHING = Type(Base.ENUM, optional=True)
CALLER = {"id": TEXT, "role": TEXT}
_ORDERED = {Base.TEXT, Base.ENUM, Base.INTEGER, Base.NUMBER, Base.DATE, Base.DATETIME,
            Base.DURATION}  # fmt: skip
Names = Mapping[str, Type]


@dataclass(frozen=True, slots=True)
class Place:
    """What names mean where an expression stands; None: the place has no such thing.

    ``steps`` maps step of a workflow -> what it answers. ``shown`` are the names (and other
    expressions) that are known not to be missing.
    """

    entities: Mapping[str, Entity]
    names: Names = field(default_factory=dict)
    request: Names | None = None
    caller: bool = False
    old: Names | None = None
    this: Names | None = None
    steps: Mapping[str, Names] = field(default_factory=dict)
    shown: frozenset[str] = frozenset()

    def knowing(self, *conditions: Expression | None) -> "Place":
        """The same place where ``conditions`` hold."""
        found = self.shown
        for condition in conditions:
            if condition is not None:
                found |= _shown(condition.tree, truth=True)
        return self if found == self.shown else replace(self, shown=found)

    def asked_by_caller(self) -> "Place":
        """The same place where somebody asks."""
        return replace(self, caller=True)

    def of_record(self, entity: Entity) -> "Place":
        """Inside a query over ``entity``: ``this`` is what was at hand."""
        outer = frozenset(
            name if "." in name or not name.isidentifier() else f"this.{name}"
            for name in self.shown
            if not name.startswith("this.")
        )
        return replace(self, names=names_of(entity), this=self.names, shown=outer, steps=self.steps)


def names_of(entity: Entity) -> dict[str, Type]:
    """Field -> type."""
    return {each.name: each.type for each in entity.fields}


def type_of(expression: Expression, place: Place) -> Type:
    """The type of ``expression``.

    Raises:
        ExpressionError: it says something that makes no sense at its place.
    """
    try:
        return _type(expression.tree, place)
    except ExpressionError as error:
        raise ExpressionError(f"{expression.text[:80]!r}: {error}") from None


def assignable(  # noqa: PLR0911 - one case a type
    source: Type, target: Type, entities: Mapping[str, Entity]
) -> bool:
    """Whether a value of ``source`` may stand where ``target`` is wanted."""
    if source == NOTHING:
        return target.optional
    if source.optional and not target.optional:
        return False
    source, target = _key(source, entities).required, _key(target, entities).required
    if source.base is Base.LIST and target.base is Base.LIST:
        return source.item in {None, NOTHING} or (
            source.item is not None
            and target.item is not None
            and assignable(source.item, target.item, entities)
        )
    if source.base is Base.ENUM and target.base is Base.ENUM:
        return set(source.values) <= set(target.values)
    if target.base is Base.TEXT:
        return source.textual
    if target.base is Base.NUMBER:
        return source.numeric
    return source == target


def _key(kind: Type, entities: Mapping[str, Entity]) -> Type:
    """A reference as the type of the key that it holds."""
    entity = entities.get(kind.entity) if kind.base is Base.ENTITY else None
    key = entity.field(entity.key) if entity is not None and entity.stored else None
    return replace(key.type, optional=kind.optional) if key is not None else kind


# --- what is known not to be missing ------------------------------------------------------------


def _shown(node: ast.expr, *, truth: bool) -> frozenset[str]:
    match node:
        case ast.BoolOp(op=op, values=values) if isinstance(op, ast.And) is truth:
            return frozenset().union(*(_shown(each, truth=truth) for each in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _shown(operand, truth=not truth)
        case ast.Compare(left=left, ops=[op], comparators=[ast.Constant(value=None)]) if isinstance(
            op, ast.IsNot if truth else ast.Is
        ):
            return frozenset({ast.unparse(left)})
    return frozenset()


# --- inference ----------------------------------------------------------------------------------


def _type(node: ast.expr, place: Place) -> Type:
    found = _plain(node, place)
    if found.optional and found != NOTHING and ast.unparse(node) in place.shown:
        return found.required
    return found


def _plain(node: ast.expr, place: Place) -> Type:  # noqa: C901, PLR0911, PLR0912 - one case a node
    match node:
        case ast.Constant(value=value):
            return _constant(value)
        case ast.Name(id=name):
            return _named(name, place)
        case ast.Attribute():
            return _attribute(node, place)
        case ast.BoolOp():
            return _boolean(node, place)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            condition(operand, place)
            return BOOLEAN
        case ast.UnaryOp(operand=operand):
            return _one_of(operand, place, {Base.INTEGER, Base.NUMBER, Base.DURATION})
        case ast.BinOp():
            return _binary(node, place)
        case ast.Compare():
            return _compare(node, place)
        case ast.IfExp():
            return _choice(node, place)
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            return _list(elts, place)
        case ast.JoinedStr(values=values):
            for each in values:
                if isinstance(each, ast.FormattedValue):
                    _there(each.value, place)
            return TEXT
        case ast.Dict(values=held):
            for each in held:
                _there(each, place)
            return OBJECT
        case ast.Call():
            return _call(node, place)
    raise ExpressionError(f"{ast.unparse(node)} is not part of the language")


def _constant(value: object) -> Type:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, str):
        return enum_of(value)
    if isinstance(value, int):
        if abs(value) >= 10**30:
            raise ExpressionError("an integer has at most 30 digits")
        return INTEGER
    if not Decimal(repr(value)).is_finite():
        raise ExpressionError(f"{value} is too large a number")
    return NUMBER


def _named(name: str, place: Place) -> Type:
    found = place.names.get(name)
    if found is not None:
        return found
    if name in place.steps:
        raise ExpressionError(f"say which answer of step {name}, as in {name}.status")
    known = [*place.names, *place.steps]
    if not known:
        raise ExpressionError(f"there is no record at hand that {name!r} could be a field of")
    raise ExpressionError(f"{name!r} is not known here{near(name, known)}")


def _attribute(node: ast.Attribute, place: Place) -> Type:
    if not isinstance(node.value, ast.Name):
        base = _there(node.value, place)
        return _inside(base, node.attr, place)
    name = node.value.id
    if name in place.names:
        return _inside(_there(node.value, place), node.attr, place)
    if name in place.steps:
        return _of(place.steps[name], node.attr, f"step {name} answers")
    scopes = {
        "request": place.request,
        "caller": CALLER if place.caller else None,
        "old": place.old,
        "this": place.this,
    }
    if name not in scopes:
        return _named(name, place)
    fields = scopes[name]
    if fields is None:
        raise ExpressionError(f"{name!r} has no meaning here")
    return _of(fields, node.attr, f"{name} has")


def _of(fields: Names, name: str, holder: str) -> Type:
    if name not in fields:
        known = ", ".join(list(fields)[:20]) or "nothing"
        raise ExpressionError(f"{holder} {known}; not {name!r}{near(name, fields)}")
    return fields[name]


def _inside(base: Type, name: str, place: Place) -> Type:
    entity = place.entities.get(base.entity) if base.base is Base.ENTITY else None
    if entity is None:
        raise ExpressionError(f"a {base} has no {name!r}")
    if entity.stored and base != _record(entity):
        raise ExpressionError(f"a {entity.name} is its key; write find({entity.name}, ...).{name}")
    return _of(names_of(entity), name, f"{entity.name} has")


def _record(entity: Entity) -> Type:
    """The type of a whole stored record, which only ``find`` gives."""
    return Type(Base.ENTITY, entity=entity.name, values=("record",))


def _there(node: ast.expr, place: Place) -> Type:
    """The type of a value that must not be missing."""
    return _needed(node, _type(node, place))


def _needed(node: ast.expr, found: Type) -> Type:
    """``found``, the type of ``node``, where it is never missing."""
    if found.optional:
        text = ast.unparse(node)
        raise ExpressionError(f"{text} may be missing; write {text} is not None and ...")
    return found


def condition(node: ast.expr, place: Place) -> None:
    """Object to what is not a condition."""
    found = _there(node, place)
    if found.base is not Base.BOOLEAN:
        raise ExpressionError(f"{ast.unparse(node)} is {said(found)}, not a condition")


def _one_of(node: ast.expr, place: Place, bases: set[Base]) -> Type:
    found = _there(node, place)
    if found.base not in bases:
        wanted = " or ".join(sorted(base.value for base in bases))
        raise ExpressionError(f"{ast.unparse(node)} is {said(found)}, not {wanted}")
    return found


def said(kind: Type) -> str:
    """A type for a message."""
    if kind == NOTHING:
        return "None"
    return "a text" if kind.base is Base.ENUM and len(kind.values) == 1 else str(kind)


def _boolean(node: ast.BoolOp, place: Place) -> Type:
    truth = isinstance(node.op, ast.And)
    for each in node.values:
        condition(each, place)
        place = replace(place, shown=place.shown | _shown(each, truth=truth))
    return BOOLEAN


def _choice(node: ast.IfExp, place: Place) -> Type:
    condition(node.test, place)
    yes = _type(node.body, replace(place, shown=place.shown | _shown(node.test, truth=True)))
    no = _type(node.orelse, replace(place, shown=place.shown | _shown(node.test, truth=False)))
    return _joined(yes, no, place)


def _joined(left: Type, right: Type, place: Place) -> Type:
    """The type of a value that is one or the other."""
    if NOTHING in (left, right):
        return (right if left == NOTHING else left).maybe
    optional = left.optional or right.optional
    left, right = left.required, right.required
    if left.base is Base.ENUM and right.base is Base.ENUM:
        values = dict.fromkeys((*left.values, *right.values))
        return enum_of(*values, optional=optional)
    for one, other in ((left, right), (right, left)):
        if assignable(one, other, place.entities):
            return replace(other, optional=optional)
    raise ExpressionError(f"{said(left)} and {said(right)} do not go together")


def _list(nodes: list[ast.expr], place: Place) -> Type:
    kind: Type | None = None
    for each in nodes:
        found = _there(each, place)
        kind = found if kind is None else _joined(kind, found, place)
    return list_of(kind or NOTHING)


_SAME = (ast.Add, ast.Sub)


def _binary(node: ast.BinOp, place: Place) -> Type:
    left, right = _there(node.left, place), _there(node.right, place)
    found = _arithmetic(type(node.op), _key(left, place.entities), _key(right, place.entities))
    if found is None:
        raise ExpressionError(f"{ast.unparse(node)} joins {said(left)} and {said(right)}")
    return found


def _arithmetic(  # noqa: PLR0911 - one case a pair of types
    kind: type[ast.operator], left: Type, right: Type
) -> Type | None:
    if left.numeric and right.numeric:
        whole = left.base is right.base is Base.INTEGER and kind is not ast.Div
        return INTEGER if whole else NUMBER
    if kind is ast.Add and left.textual and right.textual:
        return TEXT
    bases = (left.base, right.base)
    if kind in _SAME and bases in {(Base.DATE, Base.DURATION), (Base.DATETIME, Base.DURATION)}:
        return left
    if kind is ast.Sub and bases in {(Base.DATE, Base.DATE), (Base.DATETIME, Base.DATETIME)}:
        return DURATION
    if kind in _SAME and bases == (Base.DURATION, Base.DURATION):
        return DURATION
    if kind is ast.Div and bases == (Base.DURATION, Base.DURATION):
        return NUMBER
    if kind is ast.Mult and bases == (Base.DURATION, Base.INTEGER):
        return DURATION
    return None


def _compare(node: ast.Compare, place: Place) -> Type:
    nodes = [node.left, *node.comparators]
    types = [_type(each, place) for each in nodes]
    for number, op in enumerate(node.ops):
        pair = slice(number, number + 2)
        _comparison(op, nodes[pair], types[pair], place)
    return BOOLEAN


def _comparison(op: ast.cmpop, nodes: list[ast.expr], types: list[Type], place: Place) -> None:
    left, right = nodes
    first, second = types
    if isinstance(op, ast.Is | ast.IsNot):
        if not (isinstance(right, ast.Constant) and right.value is None):
            raise ExpressionError("'is' compares with None only; write ==")
    elif isinstance(op, ast.In | ast.NotIn):
        inside = _needed(right, second).item
        if second.base is not Base.LIST or inside is None:
            raise ExpressionError(
                f"{ast.unparse(right)} is {said(second)}, not a list; for texts write contains()"
            )
        if inside != NOTHING:
            _alike(first, inside, left, right, place)
    else:
        if not isinstance(op, ast.Eq | ast.NotEq):
            for each, kind in zip(nodes, types, strict=True):
                _ordered(each, _needed(each, kind))
        _alike(first, second, left, right, place)


def _ordered(node: ast.expr, kind: Type) -> None:
    if kind.base not in _ORDERED:
        raise ExpressionError(f"{ast.unparse(node)} is {said(kind)}: it has no order")


def _alike(first: Type, second: Type, left: ast.expr, right: ast.expr, place: Place) -> None:
    """Object to a comparison of values that are never equal."""
    if NOTHING in (first, second):
        raise ExpressionError("compare with None by 'is' or 'is not'")
    first, second = _key(first, place.entities).required, _key(second, place.entities).required
    if first.numeric and second.numeric:
        return
    if first.base is Base.ENUM and second.base is Base.ENUM:
        if set(first.values) & set(second.values):
            return
        literal, kind = (first, second) if len(first.values) == 1 else (second, first)
        value = literal.values[0]
        raise ExpressionError(
            f"{value!r} is not one of {', '.join(kind.values[:20])}{near(value, kind.values)}"
        )
    if first.textual and second.textual:
        return
    if first != second:
        raise ExpressionError(
            f"{ast.unparse(left)} is {said(first)}, {ast.unparse(right)} is {said(second)}: "
            "they cannot be compared"
        )


# --- calls --------------------------------------------------------------------------------------

_NUMBERS = {Base.INTEGER, Base.NUMBER}
_TEXTS = {Base.TEXT, Base.ENUM}
_DAYS = {Base.DATE, Base.DATETIME}
_SIMPLE: dict[str, tuple[tuple[set[Base], ...], Type]] = {
    "now": ((), DATETIME),
    "today": ((), DATE),
    "new_id": ((), UUID),
    **dict.fromkeys(("seconds", "minutes", "hours", "days", "weeks"), ((_NUMBERS,), DURATION)),
    **dict.fromkeys(("date", "start_of_week", "start_of_month", "start_of_year"), ((_DAYS,), DATE)),
    **dict.fromkeys(("year", "month", "weekday"), ((_DAYS,), INTEGER)),
    "hour": (({Base.DATETIME},), INTEGER),
    **{
        name: (({Base.DURATION},), NUMBER)
        for name in ("total_seconds", "total_minutes", "total_hours", "total_days")
    },
    "length": (({*_TEXTS, Base.LIST},), INTEGER),
    **dict.fromkeys(("lower", "upper", "strip"), ((_TEXTS,), TEXT)),
    **dict.fromkeys(("starts_with", "ends_with"), ((_TEXTS, _TEXTS), BOOLEAN)),
    "join": ((_TEXTS, {Base.LIST}), TEXT),
    "round": ((_NUMBERS, {Base.INTEGER}), NUMBER),
    "floor": ((_NUMBERS,), INTEGER),
    "ceil": ((_NUMBERS,), INTEGER),
    "number": (({Base.INTEGER, Base.NUMBER},), NUMBER),
}


def _call(node: ast.Call, place: Place) -> Type:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in _QUERIES:
        return _query(name, node.args, place)
    if name in _SIMPLE:
        wanted, answer = _SIMPLE[name]
        found = [
            _one_of(each, place, bases) for each, bases in zip(node.args, wanted, strict=False)
        ]
        if name == "join" and (found[1].item is None or not found[1].item.textual):
            raise ExpressionError(f"join joins texts, not {said(found[1])}")
        return answer
    match name:
        case "text":
            _there(node.args[0], place)
            return TEXT
        case "contains":
            return _contains(node.args, place)
        case "abs":
            return _one_of(node.args[0], place, {*_NUMBERS, Base.DURATION})
        case _:
            return _extreme(node.args, place)


def _contains(args: list[ast.expr], place: Place) -> Type:
    whole = _one_of(args[0], place, {*_TEXTS, Base.LIST})
    if whole.base is not Base.LIST:
        _one_of(args[1], place, _TEXTS)
    elif whole.item is not None and whole.item != NOTHING:
        _alike(_there(args[1], place), whole.item, args[1], args[0], place)
    return BOOLEAN


def _extreme(args: list[ast.expr], place: Place) -> Type:
    kind = _one_of(args[0], place, _ORDERED)
    for each in args[1:]:
        kind = _joined(kind, _one_of(each, place, _ORDERED), place)
    return kind


def _query(name: str, args: list[ast.expr], place: Place) -> Type:
    wanted = args[0].id if isinstance(args[0], ast.Name) else ""
    entity = place.entities.get(wanted)
    if entity is None or not entity.stored:
        stored = [each.name for each in place.entities.values() if each.stored]
        raise ExpressionError(f"there are no records of {wanted!r}{near(wanted, stored)}")
    if name == "find":
        key = entity.field(entity.key)
        found = _there(args[1], place)
        if key is None or not assignable(found, key.type, place.entities):
            raise ExpressionError(
                f"find({wanted}, {ast.unparse(args[1])}) takes its key, not {said(found)}"
            )
        return _record(entity)
    inside = place.of_record(entity)
    condition(args[-1], inside)
    knowing = replace(inside, shown=inside.shown | _shown(args[-1], truth=True))
    return _QUERIES[name](args[1:-1], knowing)


def _total(args: list[ast.expr], place: Place) -> Type:
    found = _type(args[0], place).required
    if not found.numeric:
        raise ExpressionError(f"{ast.unparse(args[0])} is {said(found)}, not a number")
    return found


def _end(args: list[ast.expr], place: Place) -> Type:
    found = _type(args[0], place).required
    if found.base not in _ORDERED:
        raise ExpressionError(f"{ast.unparse(args[0])} is {said(found)}: it has no order")
    return found.maybe


def _latest(args: list[ast.expr], place: Place) -> Type:
    _end(args[1:], place)
    return _type(args[0], place).maybe


_QUERIES: dict[str, Callable[[list[ast.expr], Place], Type]] = {
    "exists": lambda _args, _place: BOOLEAN,
    "count": lambda _args, _place: INTEGER,
    "sum": _total,
    "average": lambda args, place: replace(_total(args, place), base=Base.NUMBER).maybe,
    "lowest": _end,
    "highest": _end,
    "latest": _latest,
    "find": _latest,
}
