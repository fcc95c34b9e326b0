"""A specification as a tree: every element and expression in it, with the path that leads there.

A path is a tuple of attribute names and places in tuples: ``("entities", 0, "fields", 2)``.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

from nodewright.spec.expressions import Expression
from nodewright.spec.model import Element

Path = tuple[str | int, ...]


@cache
def attributes(kind: Any) -> tuple[str, ...]:
    """Names of what an element of ``kind`` holds."""
    return tuple(each.name for each in fields(kind))


def walk(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """``node`` and all elements and expressions inside it, from the top to the bottom."""
    if isinstance(node, Expression):
        yield path, node
    elif isinstance(node, tuple):
        for place, each in enumerate(node):
            yield from walk(each, (*path, place))
    elif is_dataclass(node):
        yield path, node
        kind: Any = type(node)
        for name in attributes(kind):
            value = getattr(node, name)
            if isinstance(value, tuple | Expression) or is_dataclass(value):
                yield from walk(value, (*path, name))


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
