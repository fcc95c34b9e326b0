"""A specification without what one clause says.

Elements that only the clause names go; a part of an element that only the clause gave becomes what
it is by default. What then makes no sense any more goes too, the smallest element first, until the
rest is right.
"""

from collections.abc import Iterable
from dataclasses import MISSING, fields, replace
from typing import Any

from nodewright.spec.checks import problems
from nodewright.spec.model import Element, Field, Specification
from nodewright.spec.tree import Path, at, elements, put, without_item
from nodewright.spec.types import TEXT

MOST_ROUNDS = 100


def without(specification: Specification, clause: str, *, shared: bool = False) -> Specification:
    """``specification`` without ``clause``; the same object where it says nothing.

    With ``shared`` elements go too that other clauses name as well: several clauses may say one
    thing together.
    """
    found: Any = specification
    gone: list[Path] = []
    for path, element in elements(specification):
        if clause in element.clauses:
            if shared or set(element.clauses) == {clause}:
                gone.append(path)
            else:
                kept = tuple(each for each in element.clauses if each != clause)
                found = put(found, (*path, "clauses"), kept)
        if any(each == clause for _, each in element.parts):
            found = put(found, path, _without_parts(at(found, path), clause, shared=shared))
    unchanged: bool = not gone and found is specification
    return specification if unchanged else pruned(drop(found, gone))


def named(specification: Specification, clause: str) -> tuple[Path, ...]:
    """Where the elements stand that name ``clause`` and no other, the outermost first."""
    return tuple(path for path, each in elements(specification) if set(each.clauses) == {clause})


def _without_parts(element: Element, clause: str, *, shared: bool) -> Element:
    left = tuple(each for each in element.parts if each[1] != clause)
    names = {part for part, each in element.parts if each == clause}
    if not shared:
        names -= {part for part, _ in left}
    changes: dict[str, Any] = {"parts": left}
    for each in fields(element):
        if each.name in names:
            if each.default is not MISSING:
                changes[each.name] = each.default
            elif isinstance(element, Field) and each.name == "type":
                changes[each.name] = replace(TEXT, optional=element.type.optional)
    return replace(element, **changes)


def drop(node: Any, paths: Iterable[Path]) -> Any:
    """A copy of ``node`` without what stands at ``paths``."""
    for path in sorted(set(paths), key=_order, reverse=True):
        if isinstance(path[-1], int):
            node = without_item(node, path)
        else:
            holder = at(node, path[:-1])
            node = put(node, path, _default(holder, path[-1]))
    return node


def _order(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple((step, "") if isinstance(step, int) else (-1, step) for step in path)


def _default(holder: Any, name: str) -> Any:
    return next(each.default for each in fields(holder) if each.name == name)


def pruned(specification: Specification) -> Specification:
    """``specification`` without all that is wrong in it."""
    for _ in range(MOST_ROUNDS):
        wrong = {_removable(specification, each.path) for each in problems(specification)}
        if not wrong:
            return specification
        inner = {path for path in wrong if not any(path[:n] in wrong for n in range(len(path)))}
        specification = drop(specification, inner)
    raise RuntimeError(f"{specification.title} is not right after {MOST_ROUNDS} rounds")


def _removable(specification: Specification, path: Path) -> Path:
    """The smallest part around ``path`` that can be taken out."""
    for end in range(len(path), 0, -1):
        here = path[:end]
        step = here[-1]
        holder = at(specification, here[:-1])
        if isinstance(step, int):
            return here
        value = getattr(holder, step)
        optional = any(each.name == step and each.default is not MISSING for each in fields(holder))
        if optional and value and not _holds_elements(value):
            return here
    return ("operations",)


def _holds_elements(value: Any) -> bool:
    return isinstance(value, tuple) and any(isinstance(each, Element) for each in value)
