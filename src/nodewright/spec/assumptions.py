"""What was taken for granted where the document is silent."""

from collections.abc import Iterator
from dataclasses import dataclass

from nodewright.spec.model import Specification
from nodewright.spec.paraphrase import sentences
from nodewright.spec.tree import at


@dataclass(frozen=True, slots=True)
class Assumption:
    """``text`` is what was assumed, ``element`` the element in a sentence."""

    text: str
    element: str
    clauses: tuple[str, ...]


def assumptions(specification: Specification) -> Iterator[Assumption]:
    """All assumptions of a specification, from the top to the bottom."""
    for path, sentence in sentences(specification):
        element = at(specification, path)
        if element.assumed:
            yield Assumption(element.assumed, sentence, element.clauses)
