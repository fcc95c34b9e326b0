"""Checks of described data that no other operation works on."""

from collections.abc import Iterable
from dataclasses import replace

from nodewright.language.naming import snake, unique
from nodewright.prd.clauses import Clause, ClauseForm
from nodewright.reading.steps import demands_in
from nodewright.spec.model import (
    Compute,
    Create,
    Entity,
    Import,
    Operation,
    Specification,
    State,
    Update,
)
from nodewright.spec.tree import elements

WHY = "what the text says of this data is checked by an operation of its own"


def with_data_checks(specification: Specification, clauses: Iterable[Clause]) -> Specification:
    """``specification`` with a check for each described entity that nothing creates or changes.

    A document that only describes a record says what such a record is: the check accepts one that
    is so, and refuses every other. It shows no clause that demands that something is done.
    """
    described = {clause.id for clause in clauses if only_describes(clause)}
    read = {note.id for note in specification.clauses if note.state is State.READ} & described
    used = {name for each in specification.operations if (name := _checked_by(each))}
    names = {each.name for each in specification.operations}
    made: list[Operation] = []
    for entity in specification.entities:
        shown = tuple(clause for clause in _clauses(entity) if clause in read)
        if entity.name in used or not shown:
            continue
        name = unique(f"check_{snake(entity.name)}", names)
        names.add(name)
        made.append(Compute(name=name, entity=entity.name, clauses=shown, assumed=WHY))
    return replace(specification, operations=(*specification.operations, *made))


def only_describes(clause: Clause) -> bool:
    """Whether a clause says what data is and demands no work on it."""
    if clause.requirement:
        return False
    shown = clause.form in {ClauseForm.ROW, ClauseForm.CODE}
    return shown or not any(demands_in([clause]))


def _checked_by(operation: Operation) -> str:
    """The entity whose records an operation checks as it takes them."""
    if isinstance(operation, Create | Update | Import | Compute):
        return operation.entity
    return ""


def _clauses(entity: Entity) -> tuple[str, ...]:
    """The clauses of an entity and of its parts, each once."""
    named = [clause for _, element in elements(entity) for clause in element.clauses]
    return tuple(dict.fromkeys([*entity.clauses, *named]))
