"""Which clause an element comes from, where several speak of it.

An element that two clauses name falls with neither, and then no test can show either. A rule's
clause stays on the rule, and a clause that is open is no reason for an operation that others ask
for.
"""

from dataclasses import replace
from typing import Any

from nodewright.language.lexicon import stems
from nodewright.spec.model import Element, Entity, Field, Operation, Specification, State
from nodewright.spec.tree import elements, put


def with_own_clauses(specification: Specification) -> Specification:
    """``specification`` with each element's clauses no more than it takes."""
    read = {note.id for note in specification.clauses if note.state is State.READ}
    texts = {note.id: note.text for note in specification.clauses}
    return replace(
        specification,
        entities=tuple(_entity(each, texts) for each in specification.entities),
        operations=tuple(_operation(each, read) for each in specification.operations),
    )


def _operation(operation: Operation, read: set[str]) -> Operation:
    found: Any = operation
    for path, element in list(elements(operation)):
        kept = tuple(each for each in element.clauses if each in read)
        if 0 < len(kept) < len(element.clauses):
            changed = replace(found if not path else _at(found, path), clauses=kept)
            found = put(found, path, changed)
    narrowed: Operation = found
    return narrowed


def _at(node: Any, path: tuple[str | int, ...]) -> Element:
    for step in path:
        node = node[step] if isinstance(step, int) else getattr(node, step)
    element: Element = node
    return element


def _entity(entity: Entity, texts: dict[str, str]) -> Entity:
    fields = tuple(_field(each, texts) for each in entity.fields)
    ruling = {
        clause
        for field in fields
        for element in (*field.rules, *entity.unique, *entity.guards)
        for clause in element.clauses
    } | {clause for field in fields for _, clause in field.parts}
    own = tuple(
        clause
        for clause in entity.clauses
        if clause not in ruling or any(clause in field.clauses for field in fields)
    )
    own = own or entity.clauses
    if own and not any(own[0] in field.clauses for field in fields):
        own = own[:1]  # its heading
    return replace(entity, fields=fields, clauses=own)


def _field(field: Field, texts: dict[str, str]) -> Field:
    """The field with the clauses that name it; a later list of its values gives its type."""
    ruling = {clause for rule in field.rules for clause in rule.clauses}
    own = tuple(clause for clause in field.clauses if clause not in ruling) or field.clauses[:1]
    if not field.type.values or len(own) < _SEVERAL or field.parts:
        return replace(field, clauses=own)
    listing = [clause for clause in own if _lists(texts.get(clause, ""), field.type.values)]
    if not listing:
        return replace(field, clauses=own)
    if own[0] in listing:
        return replace(field, clauses=own[:1])
    return replace(
        field,
        clauses=tuple(clause for clause in own if clause not in listing),
        parts=tuple(("type", clause) for clause in listing[:1]),
    )


_SEVERAL = 2


def _lists(text: str, values: tuple[str, ...]) -> bool:
    words = set(stems(text))
    return all(set(stems(value)) <= words for value in values[:2])
