"""Specifications that say a little less, or a little else, than a clause does.

A test of a clause is sharp where it tells the clause from these: one element or part left out, a
bound that lets its edge in, a comparison or an order turned round.
"""

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

from nodewright.spec.ablation import drop, pruned
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Create,
    Element,
    Listing,
    Machine,
    Measure,
    Move,
    OnFailure,
    Operation,
    Order,
    Reduction,
    Retry,
    Rule,
    Send,
    Specification,
    Step,
    Transition,
    Workflow,
)
from nodewright.spec.tree import Path, at, elements, put, walk
from nodewright.spec.types import SpecificationError


def mutants(specification: Specification, clause: str) -> Iterator[Specification]:
    """Right specifications that differ from ``specification`` in one thing that ``clause`` says."""
    seen: set[Path] = set()
    several = sum(clause in each.clauses for _, each in elements(specification)) > 1
    for path, element in elements(specification):
        if clause not in element.clauses and not _inherits(path, seen):
            continue
        if element.clauses and clause not in element.clauses:
            continue
        seen.add(path)
        if several and isinstance(element, Operation):
            yield pruned(drop(specification, [path]))
        for mutant in _mutated(specification, path, element):
            if mutant != specification:
                yield mutant


def _inherits(path: Path, seen: set[Path]) -> bool:
    return any(path[:end] in seen for end in range(len(path)))


def _mutated(specification: Specification, path: Path, element: Element) -> Iterator[Specification]:
    if isinstance(path[-1], int) and not isinstance(element, Operation | Machine):
        yield pruned(drop(specification, [path]))
    for other in _changed(element):
        yield pruned(put(specification, path, other))
    if isinstance(element, Transition):
        yield from _let_in(specification, path, element)
    for inner, expression in walk(element, path):
        if isinstance(expression, Expression) and _own(inner, path):
            for mutated in _expressions(expression):
                try:
                    changed = Expression(mutated)
                except SpecificationError:
                    continue
                yield pruned(put(specification, inner, changed))


def _let_in(
    specification: Specification, path: Path, transition: Transition
) -> Iterator[Specification]:
    """The machine with a move to the same state from a state that has none."""
    machine: Machine = at(specification, path[:-2])
    known = {(each.source, each.target) for each in machine.transitions}
    states = {each.source for each in machine.transitions} | {machine.initial}
    states |= {each.target for each in machine.transitions}
    for source in sorted(states - {transition.target}):
        if (source, transition.target) not in known:
            more = replace(transition, source=source, guards=())
            yield put(
                specification,
                path[:-2],
                replace(machine, transitions=(*machine.transitions, more)),
            )


def _own(inner: Path, path: Path) -> bool:
    return len(inner) == len(path) + 1


def _changed(element: Element) -> Iterator[Element]:  # noqa: C901 - one case a class
    """The element with one of its parts as it is by default, or turned round."""
    match element:
        case Rule() if element.minimum or element.maximum:
            yield replace(element, exclusive=not element.exclusive)
        case Order():
            yield replace(element, descending=not element.descending)
        case Listing() if element.limit is not None:
            yield replace(element, limit=element.limit + 1)
        case Measure(reduce=Reduction.COUNT):
            yield replace(element, reduce=Reduction.DISTINCT, of=Expression("1"))
        case Measure(reduce=Reduction.SUM):
            yield replace(element, reduce=Reduction.HIGHEST)
        case Measure(reduce=Reduction.AVERAGE):
            yield replace(element, reduce=Reduction.SUM)
        case Retry():
            yield replace(element, times=element.times + 1)
        case Move(set=(_, *_)) | Create(set=(_, *_)):
            yield replace(element, set=())
    if isinstance(element, Send | Step):
        other = OnFailure.KEEP if element.on_failure is OnFailure.REFUSE else OnFailure.REFUSE
        yield replace(element, on_failure=other)
    for name in ("order", "limit", "fields", "retry", "undo", "roles", "rate", "idempotency",
                 "effects", "guards", "places"):  # fmt: skip
        if getattr(element, name, None):
            yield replace(element, **{name: _nothing(getattr(element, name))})
    if isinstance(element, Workflow) and len(element.steps) > 1:
        first, second, *rest = element.steps
        yield replace(element, steps=(second, first, *rest))


def _nothing(value: Any) -> Any:
    if isinstance(value, tuple):
        return ()
    return "" if isinstance(value, str) else None


_FLIPPED: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,), ast.And: (ast.Or,),
    ast.Or: (ast.And,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
# Functions of which another gives a value of the same type.
_COARSER = {
    "date": "start_of_month",
    "start_of_week": "date",
    "start_of_month": "date",
    "start_of_year": "date",
}


def _expressions(  # noqa: C901, PLR0912 - one case a node
    expression: Expression,
) -> Iterator[str]:
    """The expression with one operator turned round, or one of its parts left out."""
    nodes = list(ast.walk(expression.tree))
    for place, node in enumerate(nodes):
        match node:
            case ast.Compare(ops=[op]) if type(op) in _FLIPPED:
                for other in _FLIPPED[type(op)]:
                    yield _with(expression, place, ops=[other()])
            case ast.BinOp(op=op) if type(op) in _FLIPPED:
                yield _with(expression, place, op=_FLIPPED[type(op)][0]())
            case ast.BoolOp(op=op, values=values):
                yield _with(expression, place, op=_FLIPPED[type(op)][0]())
                for number in range(len(values)):
                    if len(values) > 1:
                        left = [*values[:number], *values[number + 1 :]]
                        yield _with(expression, place, values=left)
            case ast.IfExp(body=body, orelse=orelse):
                yield _with(expression, place, body=orelse)
                yield _with(expression, place, orelse=body)
            case ast.List(elts=items) if len(items) > 1:
                for number in range(len(items)):
                    yield _with(expression, place, elts=[*items[:number], *items[number + 1 :]])
            case ast.Constant(value=value) if isinstance(value, int | float) and value is not True:
                if value is not False:
                    yield _with(expression, place, value=value + 1)
                    yield _with(expression, place, value=value - 1)
            case ast.Call(func=ast.Name(id=name)) if name in _COARSER:
                yield _with(expression, place, func=ast.Name(_COARSER[name]))
    if any(isinstance(node, ast.Compare | ast.BoolOp) for node in nodes[:1]):
        yield "True"
    if any(isinstance(node, ast.Attribute) for node in nodes[:1]):
        yield f"{expression.text} + 1"


def _with(expression: Expression, place: int, **changes: Any) -> str:
    tree = deepcopy(expression.tree)
    node = list(ast.walk(tree))[place]
    for name, value in changes.items():
        setattr(node, name, value)
    if isinstance(node, ast.BoolOp) and len(node.values) == 1:
        for outer in ast.walk(tree):
            for name, value in ast.iter_fields(outer):
                if value is node:
                    setattr(outer, name, node.values[0])
        if tree is node:
            return ast.unparse(node.values[0])
    return ast.unparse(tree)
