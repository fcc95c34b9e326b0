"""Expressions of a specification as plain Python.

What a name means depends on where the expression stands; a ``Scope`` says it. Code keeps its type,
because exact decimals, missing values and keys are written differently.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from nodewright.rendering.names import model_class, resolved, safe, variable
from nodewright.spec.expressions import Expression, is_query
from nodewright.spec.model import Entity, Specification
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
    entity_type,
    list_of,
)
from nodewright.templates.quoting import pystr

# How tightly operators bind, loosest first.
CHOICE, OR, AND, NOT, COMPARE, ADD, MULTIPLY, UNARY, ATOM = range(9)


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of Python, the type of its value, and how tightly it binds."""

    text: str
    type: Type
    binds: int = ATOM

    def within(self, binds: int) -> str:
        """The text, in parentheses where the surrounding operator binds tighter."""
        return self.text if self.binds >= binds else f"({self.text})"


@dataclass(frozen=True, slots=True)
class Record:
    """A variable that holds a record of ``entity``."""

    variable: str
    entity: Entity


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at one place of the generated code.

    ``record`` is the record at hand, ``names`` are bare names beside its fields, ``request`` are the
    inputs by name, ``steps`` what earlier steps of a workflow answered.
    """

    specification: Specification
    record: Record | None = None
    old: Record | None = None
    this: "Scope | None" = None
    names: Mapping[str, Code] = field(default_factory=dict)
    request: Mapping[str, Code] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, Code]] = field(default_factory=dict)
    surroundings: str = "self.surroundings"
    caller: str = "named(request.caller)"

    def bare(self, name: str) -> Code:
        """What the bare ``name`` means."""
        if name in self.names:
            return self.names[name]
        if self.record is not None:
            return self.attribute(self.record, name)
        raise LookupError(f"{name!r} means nothing here; check the specification before rendering")

    def attribute(self, record: Record, name: str) -> Code:
        """The field ``name`` of a record."""
        declared = record.entity.field(name)
        if declared is None:
            raise LookupError(f"{record.entity.name} has no field {name!r}")
        kind = resolved(declared.type, self.specification)
        return Code(f"{record.variable}.{safe(name)}", kind)

    def store(self, entity: str) -> str:
        """The store of an entity's records."""
        return f"{self.surroundings}.stores.{variable(entity)}"


def compiled(expression: Expression, scope: Scope) -> Code:
    """``expression`` as Python."""
    return _code(expression.tree, scope)


def condition(expression: Expression, scope: Scope) -> str:
    """``expression`` as a condition."""
    return compiled(expression, scope).text


def value_for(expression: Expression, kind: Type, scope: Scope, places: int | None = None) -> str:
    """``expression`` as a value of ``kind``, rounded to ``places``."""
    return fitted(compiled(expression, scope), resolved(kind, scope.specification), places).text


def fitted(code: Code, kind: Type, places: int | None = None) -> Code:
    """``code`` as a value of ``kind``: a number where one is asked for, rounded to ``places``."""
    if kind.base is not Base.NUMBER or code.text == "None":
        return code
    if code.type.base is Base.INTEGER:
        code = _optional(code, _decimal)
    if places is None:
        return code
    return _optional(code, lambda inner: _call(f"rounded({inner.text}, {places})", NUMBER))


def _optional(code: Code, change: Callable[[Code], Code]) -> Code:
    """``change`` of a value that may be missing."""
    if not code.type.optional:
        return change(code)
    present = change(Code(code.text, code.type.required, code.binds))
    text = f"None if {code.within(COMPARE)} is None else {present.within(OR)}"
    return Code(text, present.type.maybe, CHOICE)


def _call(text: str, kind: Type) -> Code:
    return Code(text, kind, ATOM)


def _decimal(code: Code) -> Code:
    return _call(f"Decimal({code.text})", NUMBER)


# --- nodes --------------------------------------------------------------------------------------


def _code(node: ast.expr, scope: Scope) -> Code:
    return _NODES[type(node)](node, scope)


def _constant(node: ast.Constant, _: Scope) -> Code:
    match node.value:
        case None:
            return Code("None", TEXT.maybe)
        case bool() as value:
            return Code(str(value), BOOLEAN)
        case int() as value:
            return Code(str(value), INTEGER)
        case float() as value:
            return _call(f'Decimal("{Decimal(repr(value))}")', NUMBER)
        case value:
            return Code(pystr(value), Type(Base.ENUM, values=(str(value),)))


def _name(node: ast.Name, scope: Scope) -> Code:
    return scope.bare(node.id)


def _attribute(node: ast.Attribute, scope: Scope) -> Code:
    base = node.value
    if isinstance(base, ast.Call):
        return _found(base, node.attr, scope)
    name = base.id if isinstance(base, ast.Name) else ""
    if name in scope.steps:
        return scope.steps[name][node.attr]
    match name:
        case "request":
            return scope.request[node.attr]
        case "caller":
            return Code(f"{scope.caller}.{safe(node.attr)}", TEXT)
        case "old" if scope.old is not None:
            return scope.attribute(scope.old, node.attr)
        case "this" if scope.this is not None:
            return scope.this.bare(node.attr)
        case "this":
            return scope.bare(node.attr)
        case _:
            return _of_value(scope.bare(name), node.attr, scope)


def _found(call: ast.Call, name: str, scope: Scope) -> Code:
    code = _code(call, scope)
    return _of_value(code, name, scope)


def _of_value(code: Code, name: str, scope: Scope) -> Code:
    """A field of a record that ``code`` holds, or a value of an object."""
    if code.type.base is Base.OBJECT:
        return _call(f"{code.within(ATOM)}[{pystr(name)}]", TEXT)
    entity = scope.specification.entity(code.type.entity)
    if entity is None:
        raise LookupError(f"{code.text} has no fields; check the specification before rendering")
    return scope.attribute(Record(code.within(ATOM), entity), name)


def _boolean(node: ast.BoolOp, scope: Scope) -> Code:
    word, binds = ("or", OR) if isinstance(node.op, ast.Or) else ("and", AND)
    # A looser or equal operator inside is set in parentheses: "a and (b or c)".
    parts = [_code(each, scope).within(binds + 1) for each in node.values]
    return Code(f" {word} ".join(parts), BOOLEAN, binds)


def _unary(node: ast.UnaryOp, scope: Scope) -> Code:
    operand = _code(node.operand, scope)
    if isinstance(node.op, ast.Not):
        return Code(f"not {operand.within(NOT)}", BOOLEAN, NOT)
    return Code(f"-{operand.within(UNARY)}", operand.type, UNARY)


_SIGNS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", ADD),
    ast.Sub: ("-", ADD),
    ast.Mult: ("*", MULTIPLY),
    ast.Div: ("/", MULTIPLY),
    ast.FloorDiv: ("//", MULTIPLY),
    ast.Mod: ("%", MULTIPLY),
}


def _binary(node: ast.BinOp, scope: Scope) -> Code:
    left, right = _code(node.left, scope), _code(node.right, scope)
    sign, binds = _SIGNS[type(node.op)]
    bases = {left.type.base, right.type.base}
    if isinstance(node.op, ast.Div):
        if bases == {Base.DURATION}:
            return Code(f"seconds_of({left.text}) / seconds_of({right.text})", NUMBER, MULTIPLY)
        if bases == {Base.INTEGER}:
            left = _decimal(left)
    if Base.DURATION in bases and Base.NUMBER in bases:
        # A duration takes no exact decimal; both sides are spelled out in seconds.
        return _scaled(left, right, sign)
    kind = _joined(left.type, right.type, sign)
    text = f"{left.within(binds)} {sign} {right.within(binds + 1)}"
    return Code(text, kind, binds)


def _scaled(left: Code, right: Code, sign: str) -> Code:
    span, factor = (left, right) if left.type.base is Base.DURATION else (right, left)
    text = f"span(seconds_of({span.text}) {sign} {factor.within(UNARY)})"
    return _call(text, DURATION)


def _joined(left: Type, right: Type, sign: str) -> Type:
    bases = {left.base, right.base}
    if Base.NUMBER in bases:
        return NUMBER
    if bases == {Base.INTEGER}:
        return NUMBER if sign == "/" else INTEGER
    if bases <= {Base.TEXT, Base.ENUM}:
        return TEXT
    moments = [each for each in (left, right) if each.base in {Base.DATE, Base.DATETIME}]
    if len(moments) == 1:
        return moments[0].required
    return DURATION


_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


def _compare(node: ast.Compare, scope: Scope) -> Code:
    known = _known(node)
    if known is not None:
        return Code(str(known), BOOLEAN)
    operands = [_code(each, scope) for each in (node.left, *node.comparators)]
    bases = {operand.type.base for operand in operands}
    if Base.UUID in bases and not bases.isdisjoint({Base.TEXT, Base.ENUM}):
        operands = [_spelled(each) for each in operands]
    parts = [operands[0].within(ADD)]
    for kind, operand in zip(node.ops, operands[1:], strict=True):
        parts += [_COMPARISONS[type(kind)], operand.within(ADD)]
    return Code(" ".join(parts), BOOLEAN, COMPARE)


def _known(node: ast.Compare) -> bool | None:
    """Whether two literals are equal, where that is what a comparison asks."""
    match node:
        case ast.Compare(
            left=ast.Constant(value=left),
            ops=[ast.Eq() | ast.NotEq() as sign],
            comparators=[ast.Constant(value=right)],
        ):
            return (left == right) is isinstance(sign, ast.Eq)
        case _:
            return None


def _spelled(code: Code) -> Code:
    """A key as text, so that it compares with the caller's."""
    return _call(f"str({code.text})", TEXT) if code.type.base is Base.UUID else code


def _choice(node: ast.IfExp, scope: Scope) -> Code:
    test = _code(node.test, scope)
    body, other = _code(node.body, scope), _code(node.orelse, scope)
    kind = _common(body, other)
    body, other = fitted(body, kind), fitted(other, kind)
    text = f"{body.within(OR)} if {test.within(OR)} else {other.within(CHOICE)}"
    return Code(text, kind, CHOICE)


def _common(left: Code, right: Code) -> Type:
    if left.text == "None":
        return right.type.maybe
    if right.text == "None":
        return left.type.maybe
    optional = left.type.optional or right.type.optional
    kind = left.type
    if {left.type.base, right.type.base} == {Base.INTEGER, Base.NUMBER}:
        kind = NUMBER
    elif left.type.base is Base.ENUM and right.type.base is Base.ENUM:
        kind = Type(Base.ENUM, values=tuple({*left.type.values, *right.type.values}))
    elif left.type.base is Base.ENUM:
        kind = right.type
    return kind.maybe if optional else kind.required


def _list(node: ast.List | ast.Tuple, scope: Scope) -> Code:
    items = [_code(each, scope) for each in node.elts]
    comma = "," if len(items) == 1 else ""
    kind = items[0].type if items else TEXT
    return _call(f"({', '.join(each.text for each in items)}{comma})", list_of(kind))


def _template(node: ast.JoinedStr, scope: Scope) -> Code:
    parts: list[str] = []
    for each in node.values:
        if isinstance(each, ast.FormattedValue):
            parts.append(_text(_code(each.value, scope)).within(ADD + 1))
        elif isinstance(each, ast.Constant):
            parts.append(pystr(each.value))
    return Code(" + ".join(parts) or '""', TEXT, ADD if len(parts) > 1 else ATOM)


def _text(code: Code) -> Code:
    if code.type.optional:
        return _call(f"text_of({code.text})", TEXT)
    match code.type.base:
        case Base.TEXT | Base.ENUM:
            return code
        case Base.INTEGER | Base.UUID:
            return _call(f"str({code.text})", TEXT)
        case _:
            return _call(f"text_of({code.text})", TEXT)


def _object(node: ast.Dict, scope: Scope) -> Code:
    pairs = [
        f"{pystr(key.value)}: {_text(_code(value, scope)).text}"
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
    ]
    return _call(f"{{{', '.join(pairs)}}}", OBJECT)


def _called(node: ast.Call, scope: Scope) -> Code:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if is_query(node):
        return _query(name, node.args, scope)
    if name in _WORLDLY:
        text, kind = _WORLDLY[name]
        return _call(f"{scope.surroundings}.{text}", kind)
    return _FUNCTIONS[name]([_code(each, scope) for each in node.args])


_NODES: dict[type[ast.expr], Callable[..., Code]] = {
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
    ast.Dict: _object,
    ast.Call: _called,
}


# --- functions ----------------------------------------------------------------------------------

_Function = Callable[[list[Code]], Code]
_WORLDLY = {
    "now": ("now()", DATETIME),
    "today": ("now().date()", DATE),
    "new_id": ("new_id()", UUID),
}


def _day(code: Code) -> str:
    if code.type.base is Base.DATETIME:
        return f"{code.within(ATOM)}.astimezone(dt.UTC).date()"
    return code.within(ATOM)


def _plain(template: str, kind: Type) -> _Function:
    """A function whose arguments are written into ``template``, ``{0}``, ``{1}``."""
    return lambda args: _call(template.format(*(each.within(ATOM) for each in args)), kind)


def _of_day(template: str, kind: Type) -> _Function:
    return lambda args: _call(template.format(_day(args[0])), kind)


def _span(unit: str, seconds: int) -> _Function:
    def span(args: list[Code]) -> Code:
        amount = args[0]
        if amount.type.base is Base.INTEGER:
            return _call(f"dt.timedelta({unit}={amount.text})", DURATION)
        factor = f" * {seconds}" if seconds > 1 else ""
        return _call(f"span({amount.within(MULTIPLY)}{factor})", DURATION)

    return span


def _total(seconds: int) -> _Function:
    def total(args: list[Code]) -> Code:
        whole = f"seconds_of({args[0].text})"
        if seconds == 1:
            return _call(whole, NUMBER)
        return Code(f"{whole} / {seconds}", NUMBER, MULTIPLY)

    return total


def _round(args: list[Code]) -> Code:
    number = args[0] if args[0].type.base is Base.NUMBER else _decimal(args[0])
    places = args[1].text if len(args) > 1 else "0"
    return _call(f"rounded({number.text}, {places})", NUMBER)


def _whole(name: str) -> _Function:
    def whole(args: list[Code]) -> Code:
        if args[0].type.base is Base.INTEGER:
            return args[0]
        return _call(f"math.{name}({args[0].text})", INTEGER)

    return whole


def _extreme(name: str) -> _Function:
    def extreme(args: list[Code]) -> Code:
        kind = args[0]
        for each in args[1:]:
            kind = Code("", _common(kind, each))
        inside = ", ".join(fitted(each, kind.type).text for each in args)
        return _call(f"{name}({inside})", kind.type)

    return extreme


def _contains(args: list[Code]) -> Code:
    return Code(f"{args[1].within(ADD)} in {args[0].within(ADD)}", BOOLEAN, COMPARE)


_FUNCTIONS: dict[str, _Function] = {
    "seconds": _span("seconds", 1),
    "minutes": _span("minutes", 60),
    "hours": _span("hours", 3600),
    "days": _span("days", 86_400),
    "weeks": _span("weeks", 604_800),
    "date": lambda args: _call(_day(args[0]), DATE),
    "start_of_week": lambda args: _call(f"start_of_week({_day(args[0])})", DATE),
    "start_of_month": _of_day("{}.replace(day=1)", DATE),
    "start_of_year": _of_day("{}.replace(month=1, day=1)", DATE),
    "year": _of_day("{}.year", INTEGER),
    "month": _of_day("{}.month", INTEGER),
    "weekday": _of_day("{}.isoweekday()", INTEGER),
    "hour": _plain("{0}.astimezone(dt.UTC).hour", INTEGER),
    "total_seconds": _total(1),
    "total_minutes": _total(60),
    "total_hours": _total(3600),
    "total_days": _total(86_400),
    "length": lambda args: _call(f"len({args[0].text})", INTEGER),
    "lower": _plain("{0}.lower()", TEXT),
    "upper": _plain("{0}.upper()", TEXT),
    "strip": _plain("{0}.strip()", TEXT),
    "contains": _contains,
    "starts_with": _plain("{0}.startswith({1})", BOOLEAN),
    "ends_with": _plain("{0}.endswith({1})", BOOLEAN),
    "text": lambda args: _text(args[0]),
    "join": _plain("{0}.join({1})", TEXT),
    "round": _round,
    "floor": _whole("floor"),
    "ceil": _whole("ceil"),
    "abs": lambda args: _call(f"abs({args[0].text})", args[0].type),
    "min": _extreme("min"),
    "max": _extreme("max"),
    "number": lambda args: args[0] if args[0].type.base is Base.NUMBER else _decimal(args[0]),
}


# --- queries ------------------------------------------------------------------------------------


def inside(entity: Entity, scope: Scope) -> Scope:
    """The scope of a condition on the records of ``entity``, asked from ``scope``."""
    name = variable(entity.name)
    taken = set(_variables(scope))
    while name in taken:
        name = f"other_{name}"
    return replace(scope, record=Record(name, entity), this=scope, names={}, old=scope.old)


def _variables(scope: Scope | None) -> list[str]:
    names: list[str] = []
    while scope is not None:
        names += [record.variable for record in (scope.record, scope.old) if record]
        names += [code.text for code in scope.names.values()]
        scope = scope.this
    return names


def _query(name: str, args: list[ast.expr], scope: Scope) -> Code:
    entity_name = args[0].id if isinstance(args[0], ast.Name) else ""
    entity = scope.specification.entity(entity_name)
    if entity is None:
        raise LookupError(f"there is no entity {entity_name!r}")
    store = scope.store(entity.name)
    if name == "find":
        key = _code(args[1], scope)
        return _call(f"{store}.find({key.text})", entity_type(entity.name))
    within = inside(entity, scope)
    variable_ = within.record.variable if within.record else ""
    clause = f"for {variable_} in {store}.all()"
    test = _code(args[-1], within)
    narrowed = "" if test.text == "True" else f" if {test.within(OR)}"
    if name == "exists":
        return _call(f"any({test.text} {clause})", BOOLEAN)
    if name == "count":
        return _call(f"sum(1 {clause}{narrowed})", INTEGER)
    value = _code(args[1], within)
    present = f" if {value.within(ADD)} is not None" if value.type.optional else ""
    if present and narrowed:
        present = f"{narrowed} and {present.removeprefix(' if ')}"
        if test.binds < AND:
            present = f" if {test.within(AND)} and {value.within(ADD)} is not None"
    each = f"{value.text} {clause}{present or narrowed}"
    return _reduced(name, each, value, (clause, narrowed), args, within)


def _reduced(  # noqa: PLR0917 - the parts of one comprehension
    name: str,
    each: str,
    value: Code,
    source: tuple[str, str],
    args: list[ast.expr],
    within: Scope,
) -> Code:
    kind = value.type.required
    match name:
        case "sum":
            zero = {Base.NUMBER: ", Decimal(0)", Base.DURATION: ", dt.timedelta()"}
            start = zero.get(kind.base, "")
            return _call(f"sum(({each}){start})" if start else f"sum({each})", kind)
        case "average":
            return _call(f"average({each})", NUMBER.maybe)
        case "lowest" | "highest":
            chosen = "min" if name == "lowest" else "max"
            return _call(f"{chosen}(({each}), default=None)", kind.maybe)
        case _:
            by = _code(args[2], within)
            pair = f"({by.text}, {value.text}) {source[0]}{source[1]}"
            return _call(f"latest({pair})", kind.maybe)


def model_of(entity: str) -> str:
    """The model class of an entity."""
    return model_class(entity)
