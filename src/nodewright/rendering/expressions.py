"""Expressions of a specification as plain Python.

What a name means depends on where the expression stands; a ``Scope`` says it. Code keeps its type,
because exact decimals, missing values and keys are written differently.
"""

import ast
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from nodewright.rendering.functions import FUNCTIONS, WORLDLY
from nodewright.rendering.names import resolved, safe, variable
from nodewright.rendering.scopes import (
    ADD,
    AND,
    ATOM,
    CHOICE,
    COMPARE,
    MULTIPLY,
    NOT,
    OR,
    UNARY,
    Code,
    Record,
    Scope,
    as_text,
    call,
    common,
    decimal,
    fitted,
)
from nodewright.spec.expressions import Expression, is_query
from nodewright.spec.model import Entity
from nodewright.spec.types import (
    BOOLEAN,
    DURATION,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    Base,
    Type,
    entity_type,
    list_of,
)
from nodewright.templates.quoting import pystr


def compiled(expression: Expression, scope: Scope) -> Code:
    """``expression`` as Python."""
    return _code(expression.tree, scope)


def condition(expression: Expression, scope: Scope) -> str:
    """``expression`` as a condition."""
    return compiled(expression, scope).text


def value_for(expression: Expression, kind: Type, scope: Scope, places: int | None = None) -> str:
    """``expression`` as a value of ``kind``, rounded to ``places``."""
    return fitted(compiled(expression, scope), resolved(kind, scope.specification), places).text


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
            return call(f'Decimal("{Decimal(repr(value))}")', NUMBER)
        case value:
            return Code(pystr(value), Type(Base.ENUM, values=(str(value),)))


def _name(node: ast.Name, scope: Scope) -> Code:
    return scope.bare(node.id)


def _attribute(node: ast.Attribute, scope: Scope) -> Code:  # noqa: PLR0911 - one case a scope
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
        return call(f"{code.within(ATOM)}[{pystr(name)}]", TEXT)
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
            left = decimal(left)
    if Base.DURATION in bases and Base.NUMBER in bases:
        # A duration takes no exact decimal; both sides are spelled out in seconds.
        return _scaled(left, right, sign)
    kind = _joined(left.type, right.type, sign)
    text = f"{left.within(binds)} {sign} {right.within(binds + 1)}"
    return Code(text, kind, binds)


def _scaled(left: Code, right: Code, sign: str) -> Code:
    span, factor = (left, right) if left.type.base is Base.DURATION else (right, left)
    text = f"span(seconds_of({span.text}) {sign} {factor.within(UNARY)})"
    return call(text, DURATION)


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
    bases = {operand.type.base for operand in operands if operand.text != "None"}
    if Base.UUID in bases and not bases.isdisjoint({Base.TEXT, Base.ENUM}):
        operands = [_spelled(each) for each in operands]
    parts = [operands[0].within(ADD)]
    for kind, operand in zip(node.ops, operands[1:], strict=True):
        parts += [_COMPARISONS[type(kind)], operand.within(ADD)]
    return Code(" ".join(parts), BOOLEAN, COMPARE)


def _known(node: ast.Compare) -> bool | None:
    """Whether two literals are equal, where that is what a comparison asks."""
    match node:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as sign], comparators=[right]):
            try:
                same = ast.literal_eval(left) == ast.literal_eval(right)
            except (ValueError, TypeError):
                return None
            return same is isinstance(sign, ast.Eq)
        case _:
            return None


def _spelled(code: Code) -> Code:
    """A key as text, so that it compares with the caller's."""
    return call(f"str({code.text})", TEXT) if code.type.base is Base.UUID else code


def _choice(node: ast.IfExp, scope: Scope) -> Code:
    test = _code(node.test, scope)
    body, other = _code(node.body, scope), _code(node.orelse, scope)
    kind = common(body, other)
    body, other = fitted(body, kind), fitted(other, kind)
    text = f"{body.within(OR)} if {test.within(OR)} else {other.within(CHOICE)}"
    return Code(text, kind, CHOICE)


def _list(node: ast.List | ast.Tuple, scope: Scope) -> Code:
    items = [_code(each, scope) for each in node.elts]
    comma = "," if len(items) == 1 else ""
    kind = items[0].type if items else TEXT
    return call(f"({', '.join(each.text for each in items)}{comma})", list_of(kind))


def _template(node: ast.JoinedStr, scope: Scope) -> Code:
    parts: list[str] = []
    for each in node.values:
        if isinstance(each, ast.FormattedValue):
            parts.append(as_text(_code(each.value, scope)).within(ADD + 1))
        elif isinstance(each, ast.Constant):
            parts.append(pystr(each.value))
    return Code(" + ".join(parts) or '""', TEXT, ADD if len(parts) > 1 else ATOM)


def _object(node: ast.Dict, scope: Scope) -> Code:
    pairs = [
        f"{pystr(key.value)}: {as_text(_code(value, scope)).text}"
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
    ]
    return call(f"{{{', '.join(pairs)}}}", OBJECT)


def _called(node: ast.Call, scope: Scope) -> Code:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if is_query(node):
        return _query(name, node.args, scope)
    if name in WORLDLY:
        text, kind = WORLDLY[name]
        return call(f"{scope.surroundings}.{text}", kind)
    return FUNCTIONS[name]([_code(each, scope) for each in node.args])


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
        return call(f"{store}.find({key.text})", entity_type(entity.name))
    within = inside(entity, scope)
    variable_ = within.record.variable if within.record else ""
    clause = f"for {variable_} in {store}.all()"
    test = _code(args[-1], within)
    narrowed = "" if test.text == "True" else f" if {test.within(OR)}"
    if name == "exists":
        return call(f"any({test.text} {clause})", BOOLEAN)
    if name == "count":
        return call(f"sum(1 {clause}{narrowed})", INTEGER)
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
            return call(f"sum(({each}){start})" if start else f"sum({each})", kind)
        case "average":
            return call(f"average({each})", NUMBER.maybe)
        case "lowest" | "highest":
            chosen = "min" if name == "lowest" else "max"
            return call(f"{chosen}(({each}), default=None)", kind.maybe)
        case _:
            by = _code(args[2], within)
            pair = f"({by.text}, {value.text}) {source[0]}{source[1]}"
            return call(f"latest({pair})", kind.maybe)
