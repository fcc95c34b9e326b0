"""What is wrong with a specification, and where."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nodewright.spec.model import Element, Specification
from nodewright.spec.tree import Path
from nodewright.spec.types import SpecificationError


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with what stands at ``path``."""

    path: Path
    message: str


def described(specification: Specification, path: Path) -> str:
    """The element at ``path`` by its names: ``operation create_ticket: guard 1``.

    >>> described(Specification(title="Shop", package="shop"), ())
    'specification Shop'
    """
    words = []
    node: Any = specification
    noun = ""
    for step in path:
        if isinstance(step, str):
            node = getattr(node, step, None)
            noun = step.removesuffix("ies") + "y" if step.endswith("ies") else step.rstrip("s")
            if isinstance(node, Element) and not isinstance(node, tuple):
                words.append(noun)
            continue
        node = node[step] if isinstance(node, tuple) and step < len(node) else None
        name = getattr(node, "name", "") or getattr(node, "id", "")
        words.append(f"{noun} {name or step + 1}")
    return ": ".join(words) or f"specification {specification.title}"


def as_error(
    specification: Specification, problem: Problem, lines: Mapping[Path, int]
) -> SpecificationError:
    """The error that names a problem's element, its line where known, and what to do."""
    path = problem.path
    while path and path not in lines:
        path = path[:-1]
    line = f"line {lines[path]}: " if path in lines else ""
    message = " ".join(problem.message.split())
    return SpecificationError(f"{line}{described(specification, problem.path)}: {message}"[:500])
