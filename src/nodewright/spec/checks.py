"""The checks that a specification has to pass before anything is made of it."""

from collections.abc import Callable, Iterator, Mapping

from nodewright.spec.check_data import (
    check_entities,
    check_machines,
    check_qualities,
    check_surroundings,
)
from nodewright.spec.check_operations import check_operations
from nodewright.spec.checking import Checking, Problems
from nodewright.spec.model import Specification
from nodewright.spec.naming import twice, unknown
from nodewright.spec.problems import Problem, as_error
from nodewright.spec.tree import Path, elements

MOST_ELEMENTS = 50_000
LONGEST_TEXT = 20_000
MOST = {"entities": 500, "machines": 500, "ports": 200, "events": 500, "stores": 50,
        "operations": 2000, "qualities": 500, "clauses": 20_000}  # fmt: skip


def check(specification: Specification, lines: Mapping[Path, int] | None = None) -> Specification:
    """``specification``, which is right; ``lines`` maps what was read from a file -> its line.

    Raises:
        SpecificationError: it is wrong; one line says where, which value, and what to do.
    """
    for problem in problems(specification):
        raise as_error(specification, problem, lines or {})
    return specification


def problems(specification: Specification) -> Iterator[Problem]:
    """All that is wrong with ``specification``, as far as it can be told at once."""
    checking = Checking.of(specification)
    for each in _CHECKS:
        yield from each(checking)


def _sizes(checking: Checking) -> Problems:
    specification = checking.specification
    for name, most in MOST.items():
        count = len(getattr(specification, name))
        if count > most:
            yield Problem((name,), f"there are {count}; at most {most}")
    for name in ("title", "package", "description"):
        if len(getattr(specification, name)) > LONGEST_TEXT:
            yield Problem((name,), f"{name} is longer than {LONGEST_TEXT} characters")


def _names(checking: Checking) -> Problems:
    specification = checking.specification
    for kind in ("entities", "ports", "events", "operations"):
        for number, name in twice(each.name for each in getattr(specification, kind)):
            yield Problem((kind, number), f"there are two of the name {name!r}; rename one")
    for number, name in twice(each.id for each in specification.clauses):
        yield Problem(("clauses", number), f"there are two clauses {name!r}; number them anew")


def _origins(checking: Checking) -> Problems:
    known = {each.id for each in checking.specification.clauses}
    for count, (path, element) in enumerate(elements(checking.specification)):
        if count > MOST_ELEMENTS:
            yield Problem((), f"it has more than {MOST_ELEMENTS} elements; split the document")
            return
        for part, clause in element.parts:
            if part in {"clauses", "assumed", "parts", "name"} or not hasattr(element, part):
                yield Problem(path, f"it has no part {part!r}")
            if known and clause not in known:
                yield Problem(path, unknown("clause", clause, known))
        for clause in element.clauses:
            if known and clause not in known:
                yield Problem(path, unknown("clause", clause, known))


_CHECKS: tuple[Callable[[Checking], Problems], ...] = (
    _sizes,
    _names,
    _origins,
    check_entities,
    check_machines,
    check_surroundings,
    check_qualities,
    check_operations,
)
