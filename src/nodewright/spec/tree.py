"""A specification as a tree: every element and expression in it, with the path that leads there.

A path is a tuple of attribute names and places in tuples: ``("entities", 0, "fields", 2)``.
"""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, get_args, get_type_hints

from nodewright.spec.expressions import Expression
from nodewright.spec.model import ClauseNote, Element

Path = tuple[str | int, ...]

_BRANCHES: dict[type, tuple[str, ...]] = {}


def branches(kind: Any) -> tuple[str, ...]:
    """Names of what holds elements or expressions in an element of ``kind``."""
    if kind not in _BRANCHES:
        hints = get_type_hints(kind)
        _BRANCHES[kind] = tuple(each.name for each in fields(kind) if _branches(hints[each.name]))
    return _BRANCHES[kind]


def _branches(hint: Any) -> bool:
    inner = get_args(hint)
    if inner:
        return any(_branches(each) for each in inner)
    return isinstance(hint, type) and issubclass(hint, Expression | Element | ClauseNote)


def walk(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """``node`` and all elements and expressions inside it, from the top to the bottom."""
    found: list[tuple[Path, Any]] = []
    _walk(node, path, found)
    return iter(found)


def _walk(node: Any, path: Path, found: list[tuple[Path, Any]]) -> None:
    if node.__class__ is tuple:
        for place, each in enumerate(node):
            _walk(each, (*path, place), found)
        return
    found.append((path, node))
    if node.__class__ is Expression:
        return
    for name in branches(node.__class__):
        value = getattr(node, name)
        if value is not None and value != ():
            _walk(value, (*path, name), found)


def expressions(node: Any) -> Iterator[Expression]:
    """All expressions inside ``node``."""
    return (each for _, each in walk(node) if isinstance(each, Expression))


def elements(node: Any) -> Iterator[tuple[Path, Element]]:
    """All elements inside ``node``, itself included."""
    return ((path, each) for path, each in walk(node) if isinstance(each, Element))


def at(node: Any, path: Path) -> Any:
    """What stands at ``path``."""
    for step in path:
        node = node[step] if isinstance(step, int) else getattr(node, step)
    return node


def put(node: Any, path: Path, value: Any) -> Any:
    """A copy of ``node`` with ``value`` at ``path``."""
    if not path:
        return value
    step, *rest = path
    if isinstance(step, int):
        return (*node[:step], put(node[step], tuple(rest), value), *node[step + 1 :])
    return replace(node, **{step: put(getattr(node, step), tuple(rest), value)})


def without_item(node: Any, path: Path) -> Any:
    """A copy of ``node`` without the item of a tuple that stands at ``path``."""
    *way, place = path
    items = at(node, tuple(way))
    if not isinstance(place, int):
        raise TypeError(f"{path} is no place in a tuple")
    return put(node, tuple(way), (*items[:place], *items[place + 1 :]))
