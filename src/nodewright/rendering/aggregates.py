"""Code that makes the rows of an aggregate."""

import ast
from dataclasses import replace

from nodewright.rendering.expressions import compiled
from nodewright.rendering.layout import Block
from nodewright.rendering.names import annotation, local, model_class, safe
from nodewright.rendering.scopes import ADD, Code, Scope
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Aggregate, Measure, Reduction
from nodewright.spec.types import INTEGER, NUMBER, TEXT, Base, Type


def row_types(element: Aggregate, scope: Scope) -> list[tuple[str, Type]]:
    """Names and types of a row: groups, then measures. ``scope`` has a record at hand."""
    groups = [(each.name, _kind(each.value, scope)) for each in element.group]
    return groups + [(each.name, _type(each, scope)) for each in element.measures]


def _kind(value: Expression, scope: Scope) -> Type:
    """The type of a value; one of some texts is any text, unless a field says so."""
    kind = compiled(value, scope).type
    if kind.base is Base.ENUM and not isinstance(value.tree, ast.Name | ast.Attribute):
        return TEXT.maybe if kind.optional else TEXT
    return kind


def _type(measure: Measure, scope: Scope) -> Type:
    of = _kind(measure.of, scope).required if measure.of else INTEGER
    match measure.reduce:
        case Reduction.COUNT | Reduction.DISTINCT:
            return INTEGER
        case Reduction.SUM:
            return of
        case Reduction.SHARE:
            return NUMBER
        case Reduction.AVERAGE:
            return NUMBER.maybe
        case _:
            return of.maybe


def add_rows(block: Block, element: Aggregate, scope: Scope, row: str) -> None:
    """Assign the rows of ``records`` to ``rows``; ``row`` is their model."""
    record = scope.record
    if record is None:
        raise LookupError("an aggregate has records")
    each = record.variable
    group = "group" if element.group else "records"
    measured = [f"{safe(m.name)}={_measured(m, scope, group)}" for m in element.measures]
    if not element.group:
        block.add(f"rows = [{row}({', '.join(measured)})]")
    else:
        keys = [compiled(g.value, scope) for g in element.group]
        names = [local(g.name) if local(g.name) != each else f"{g.name}_key" for g in element.group]
        comma = "," if len(keys) == 1 else ""
        kinds = [_kind(g.value, scope) for g in element.group]
        types = ", ".join(annotation(kind, scope.specification) for kind in kinds)
        model = model_class(record.entity.name)
        block.add(f"groups: dict[tuple[{types}], list[{model}]] = {{}}")
        with block.indented(f"for {each} in records:"):
            block.add(f"key = ({', '.join(key.text for key in keys)}{comma})")
            block.add(f"groups.setdefault(key, []).append({each})")
        values = [f"{safe(g.name)}={name}" for g, name in zip(element.group, names, strict=True)]
        block.add("rows = []")
        with block.indented(
            f"for ({', '.join(names)}{comma}), group in sorted(groups.items(), key=sort_key):"
        ):
            block.add(f"rows.append({row}({', '.join([*values, *measured])}))")
    _order(block, element, scope)


def _order(block: Block, element: Aggregate, scope: Scope) -> None:
    names = {name: Code(f"row.{safe(name)}", kind) for name, kind in row_types(element, scope)}
    inner = replace(scope, record=None, names=names)
    for each in reversed(element.order):
        down = ", descending=True" if each.descending else ""
        by = compiled(each.by, inner).text
        block.add(f"rows = in_order(rows, lambda row: {by}{down})")
    if element.limit is not None:
        block.add(f"rows = rows[:{element.limit}]")


def _measured(  # noqa: C901, PLR0911 - one case a reduction
    measure: Measure, scope: Scope, group: str
) -> str:
    each = scope.record.variable if scope.record else ""
    if measure.of is None:
        if measure.reduce is Reduction.SHARE:
            return f"share(len({group}), len(records))"
        return f"len({group})"
    of = compiled(measure.of, scope)
    present = f" if {of.within(ADD)} is not None" if of.type.optional else ""
    values = f"{of.text} for {each} in {group}{present}"
    zero = {Base.NUMBER: "Decimal(0)", Base.DURATION: "dt.timedelta()"}.get(of.type.base, "0")
    match measure.reduce:
        case Reduction.COUNT:
            return f"sum(1 for {each} in {group}{present})" if present else f"len({group})"
        case Reduction.SUM:
            return f"sum(({values}), {zero})" if zero != "0" else f"sum({values})"
        case Reduction.AVERAGE:
            return f"average({values})"
        case Reduction.LOWEST:
            return f"min(({values}), default=None)"
        case Reduction.HIGHEST:
            return f"max(({values}), default=None)"
        case Reduction.DISTINCT:
            return f"len({{{values}}})"
        case Reduction.LATEST:
            by = compiled(measure.by, scope).text if measure.by else "None"
            return f"latest(({by}, {of.text}) for {each} in {group})"
        case Reduction.SHARE:
            whole = f"{of.text} for {each} in records{present}"
            return f"share(sum({values}), sum({whole}))"
