"""Names of operations, and how they are added: one that is said twice is one."""

from dataclasses import fields, replace
from typing import Any

from nodewright.language.naming import snake, unique
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.spec.model import Element, Operation


def taken_elsewhere(draft: Draft, demand: Demand) -> bool:
    """Whether another pass made an operation of just this demand."""
    return (demand.clause.id, demand.text) in draft.done


def add_operation(draft: Draft, operation: Operation) -> Operation:
    """Add an operation, or its clauses to the one that already says the same."""
    shape = _shape(operation)
    alike = (
        known
        for known in draft.operations.values()
        if type(known) is type(operation) and _entity(known) == _entity(operation)
    )
    same = next((known for known in alike if _shape(known) == shape), None)
    if same is not None:
        if len(same.clauses) >= _MOST_CLAUSES:
            for clause in operation.clauses:
                draft.context.setdefault(clause, f"{same.clauses[0]} says the same")
            return same
        clauses = tuple(dict.fromkeys((*same.clauses, *operation.clauses)))
        guards = tuple(dict.fromkeys((*same.guards, *operation.guards)))
        operation = replace(same, clauses=clauses, guards=guards)
    else:
        operation = replace(operation, name=unique(operation.name, draft.operations))
    draft.operations[operation.name] = operation
    return operation


_MOST_CLAUSES = 50


def _entity(operation: Operation) -> str:
    return getattr(operation, "entity", "")


def _shape(operation: Operation) -> Any:
    """What an operation does, without its name and where it comes from."""
    plain = replace(operation, name="", description="", effects=(), guards=())
    return _without_origins(plain)


def _without_origins(part: Any) -> Any:
    if isinstance(part, tuple):
        return tuple(map(_without_origins, part))
    if not isinstance(part, Element):
        return part
    names = (each.name for each in fields(part) if each.name not in _ORIGINS)
    return (type(part), *(_without_origins(getattr(part, name)) for name in names))


_ORIGINS = {"clauses", "assumed", "parts"}


def named(verb: str, subject: str) -> str:
    """``verb_subject`` in at most four words.

    >>> named("list", "StockMovements")
    'list_stock_movements'
    """
    return snake(" ".join([verb, *spaced(subject).split()[:3]]), "operation")


def spaced(name: str) -> str:
    """``StockMovement`` as two words."""
    return "".join(f" {char}" if char.isupper() else char for char in name).strip()


def plural(name: str) -> str:
    """The plural of an entity's name.

    >>> plural("Delivery")
    'Deliveries'
    """
    words = spaced(name)
    if words.endswith("y") and words[-2:-1] not in "aeiou":
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith(("s", "x", "ch", "sh")) else f"{words}s"
