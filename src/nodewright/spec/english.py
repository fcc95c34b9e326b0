"""Expressions in plain English.

``price > 0 and price <= 5000`` is "price is greater than 0 and at most 5000".
"""

import ast

from nodewright.spec.expressions import Expression

_COMPARED = {
    ast.Eq: "is",
    ast.NotEq: "is not",
    ast.Lt: "is less than",
    ast.LtE: "is at most",
    ast.Gt: "is greater than",
    ast.GtE: "is at least",
    ast.In: "is one of",
    ast.NotIn: "is none of",
}
_JOINED = {
    ast.Add: "plus",
    ast.Sub: "minus",
    ast.Mult: "times",
    ast.Div: "divided by",
    ast.FloorDiv: "divided (whole) by",
    ast.Mod: "modulo",
}
_SCOPES = {"request": "the given", "caller": "the caller's", "old": "the former", "this": "its own"}
_UNITS = {"seconds", "minutes", "hours", "days", "weeks"}
_CALLS = {
    "now": "now",
    "today": "today",
    "new_id": "a new id",
    "length": "the length of {0}",
    "lower": "{0} in small letters",
    "upper": "{0} in capitals",
    "strip": "{0} without space around it",
    "contains": "{0} contains {1}",
    "starts_with": "{0} starts with {1}",
    "ends_with": "{0} ends with {1}",
    "text": "{0}",
    "number": "{0}",
    "date": "the day of {0}",
    "start_of_week": "the Monday of {0}",
    "start_of_month": "the first day of the month of {0}",
    "start_of_year": "the first day of the year of {0}",
    "year": "the year of {0}",
    "month": "the month of {0}",
    "weekday": "the day of the week of {0}",
    "hour": "the hour of {0}",
    "total_seconds": "the seconds of {0}",
    "total_minutes": "the minutes of {0}",
    "total_hours": "the hours of {0}",
    "total_days": "the days of {0}",
    "join": "{1} joined by {0}",
    "floor": "{0} rounded down",
    "ceil": "{0} rounded up",
    "abs": "the amount of {0}",
    "exists": "there is a {0} for which {1}",
    "count": "the number of {0} records for which {1}",
    "sum": "the sum of {1} over {0} records for which {2}",
    "average": "the average {1} over {0} records for which {2}",
    "lowest": "the lowest {1} over {0} records for which {2}",
    "highest": "the highest {1} over {0} records for which {2}",
    "latest": "the latest {1} (by {2}) of {0} records for which {3}",
    "find": "the {0} with key {1}",
}


def words(name: str) -> str:
    """``holder_email`` -> ``holder email``."""
    return name.replace("_", " ")


def in_english(expression: Expression | None, *, negated: bool = False) -> str:
    """An expression as part of a sentence; ``negated``: that it does not hold."""
    if expression is None:
        return "always"
    text = _say(expression.tree)
    return f"it is not so that {text}" if negated else text


def _say(node: ast.expr) -> str:  # noqa: C901, PLR0911, PLR0912 - one case a node
    match node:
        case ast.Constant(value=value):
            return _constant(value)
        case ast.Name(id=name):
            return words(name)
        case ast.Attribute(value=ast.Name(id=scope), attr=name):
            return f"{_SCOPES.get(scope, f'the {words(scope)} step' + chr(39) + 's')} {words(name)}"
        case ast.Attribute(value=inner, attr=name):
            return f"the {words(name)} of {_say(inner)}"
        case ast.BoolOp(op=op, values=values):
            return _several(values, "and" if isinstance(op, ast.And) else "or")
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"not ({_say(operand)})"
        case ast.UnaryOp(operand=operand):
            return f"minus {_say(operand)}"
        case ast.BinOp(left=left, op=op, right=right):
            chained = isinstance(op, ast.Add | ast.Sub) and _is_sum(left)
            first = _say(left) if chained else _part(left)
            return f"{first} {_JOINED[type(op)]} {_part(right)}"
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            parts = zip(ops, comparators, strict=True)
            return f"{_say(left)} " + " and ".join(_compared(op, right) for op, right in parts)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return f"{_say(body)} if {_say(test)}, else {_say(orelse)}"
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            return ", ".join(map(_say, elts)) or "nothing"
        case ast.JoinedStr(values=values):
            return '"' + "".join(_piece(each) for each in values) + '"'
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return ", ".join(f"{_key(key)} {_say(value)}" for key, value in pairs) or "nothing"
        case ast.Call(func=ast.Name(id=name), args=args):
            return _call(name, args)
    return ast.unparse(node)


def _constant(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _key(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "?"


def _part(node: ast.expr) -> str:
    said = _say(node)
    return f"({said})" if isinstance(node, ast.BinOp | ast.IfExp) else said


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def _compared(op: ast.cmpop, right: ast.expr) -> str:
    if isinstance(op, ast.Is):
        return "is missing"
    if isinstance(op, ast.IsNot):
        return "is given"
    return f"{_COMPARED[type(op)]} {_say(right)}"


def _several(values: list[ast.expr], word: str) -> str:
    """Conditions joined; what is said of the same thing twice names it once."""
    said: list[str] = []
    subject = ""
    for each in values:
        text = _say(each)
        if isinstance(each, ast.BoolOp):
            text = f"({text})"
            subject = ""
        elif isinstance(each, ast.Compare):
            now = _say(each.left)
            if now == subject:
                text = text.removeprefix(f"{now} ").removeprefix("is ")
            subject = now
        else:
            subject = ""
        said.append(text)
    return f" {word} ".join(said)


def _piece(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return f"[{_say(node.value)}]" if isinstance(node, ast.FormattedValue) else _say(node)


def _call(name: str, args: list[ast.expr]) -> str:
    said = [_say(each) for each in args]
    if args and isinstance(args[0], ast.Name) and args[0].id[:1].isupper():
        said[0] = args[0].id
    if name in _UNITS:
        return f"{said[0]} {name}"
    if name == "round":
        places = f" to {said[1]} places" if len(said) > 1 else ""
        return f"{said[0]} rounded{places}"
    if name in {"min", "max"}:
        return f"the {'least' if name == 'min' else 'greatest'} of {', '.join(said)}"
    return _CALLS[name].format(*said)
