"""What a draft may claim in the end: only elements that check, only clauses that elements say.

Reading makes elements as soon as it sees them; some of them turn out to be wrong, or to rest on
clauses that were not understood after all. They go, and their clauses are open with the reason.
"""

from dataclasses import replace

from nodewright.reading.origins import with_own_clauses
from nodewright.spec.ablation import pruned
from nodewright.spec.checks import problems
from nodewright.spec.model import (
    Element,
    Entity,
    Operation,
    Publish,
    Send,
    Specification,
    State,
    Workflow,
)
from nodewright.spec.tree import at, elements, put

_UNSAID = "nothing of the specification says it"
_MOST_ROUNDS = 50


def settled(
    specification: Specification, implied: frozenset[tuple[str, str]] = frozenset()
) -> Specification:
    """``specification`` with nothing in it that is wrong or that no understood clause asks for.

    An operation of which no clause is read goes, workflows that run it go with it, and a clause
    that no element names any more is open. ``implied`` are fields (entity, name) that were only
    made for an operation; they go with it.
    """
    specification = _said_once(with_own_clauses(_right(specification)))
    for _ in range(_MOST_ROUNDS):
        smaller = _right(_without_unread(_noted(specification), implied))
        if smaller == specification:
            break
        specification = smaller
    return specification


def _said_once(specification: Specification) -> Specification:
    """Clauses that only repeat what another says of an operation demand nothing new."""
    read = {note.id for note in specification.clauses if note.state is State.READ}
    named: dict[str, list[tuple[str, ...]]] = {}
    other: set[str] = set()
    for path, element in elements(specification):
        other.update(each for _, each in element.parts)
        for clause in element.clauses:
            named.setdefault(clause, []).append(element.clauses)
            if path[:1] != ("operations",):
                other.add(clause)
    again: dict[str, str] = {}
    for note in specification.clauses:
        groups = named.get(note.id, [])
        shared = all(len(read & set(each) - again.keys()) > 1 for each in groups)
        if note.id not in read - other or not groups or not shared:
            continue
        first = next(each for each in groups[0] if each != note.id and each in read - again.keys())
        again[note.id] = first
    return _repeated(specification, again)


def _repeated(specification: Specification, again: dict[str, str]) -> Specification:
    if not again:
        return specification
    for path, element in list(elements(specification)):
        kept = tuple(each for each in element.clauses if each not in again)
        if len(kept) < len(element.clauses):
            changed = replace(at(specification, path), clauses=kept)
            specification = put(specification, path, changed)
    notes = tuple(
        replace(note, state=State.CONTEXT, reason=f"{again[note.id]} says the same")
        if note.id in again
        else note
        for note in specification.clauses
    )
    return replace(specification, clauses=notes)


def _right(specification: Specification) -> Specification:
    """Without what does not check; its clauses are open with what is wrong."""
    wrong: dict[str, str] = {}
    for problem in problems(specification):
        for clause in _clauses_at(specification, problem.path):
            wrong.setdefault(clause, f"what was read of it does not check: {problem.message}"[:200])
    if not wrong and next(iter(problems(specification)), None) is None:
        return specification
    marked = _opened(specification, wrong)
    try:
        return pruned(marked)
    except RuntimeError:
        return Specification(
            title=marked.title,
            package=marked.package,
            clauses=marked.clauses,
        )


def _clauses_at(specification: Specification, path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The clauses of the innermost element around ``path`` that names any."""
    for end in range(len(path), 0, -1):
        try:
            part = at(specification, path[:end])
        except (AttributeError, IndexError):
            continue
        if isinstance(part, Element) and part.clauses:
            return part.clauses
    return ()


def _opened(specification: Specification, reasons: dict[str, str]) -> Specification:
    notes = tuple(
        replace(note, state=State.OPEN, reason=reasons[note.id])
        if note.id in reasons and note.state is State.READ
        else note
        for note in specification.clauses
    )
    return replace(specification, clauses=notes)


def _noted(specification: Specification) -> Specification:
    """Clauses that are read only where an element names them."""
    named = {
        clause
        for _, element in elements(specification)
        for clause in (*element.clauses, *(each for _, each in element.parts))
    }
    unsaid = {note.id: _UNSAID for note in specification.clauses if note.id not in named}
    return _opened(specification, unsaid)


def _without_unread(
    specification: Specification, implied: frozenset[tuple[str, str]]
) -> Specification:
    read = {note.id for note in specification.clauses if note.state is State.READ}
    run = {
        step.operation
        for each in specification.operations
        if isinstance(each, Workflow) and read & set(each.clauses)
        for step in each.steps
    }
    operations = tuple(
        each
        for each in specification.operations
        if not each.clauses or read & set(each.clauses) or each.name in run
    )
    operations, reasons = _without_broken_workflows(operations)
    specification = _opened(replace(specification, operations=operations), reasons)
    used = _used_names(specification)
    spoken = {
        clause
        for operation in operations
        for _, element in elements(operation)
        for clause in element.clauses
    }
    return replace(
        specification,
        entities=tuple(_narrowed(each, read & spoken, implied) for each in specification.entities
                       if not _is_hollow(specification, each, read)),
        ports=tuple(each for each in specification.ports if each.name in used),
        events=tuple(
            each for each in specification.events
            if each.name in used or read & set(each.clauses)
        ),
    )  # fmt: skip


def _without_broken_workflows(
    operations: tuple[Operation, ...],
) -> tuple[tuple[Operation, ...], dict[str, str]]:
    """Without workflows of which a step runs nothing any more, and why their clauses are open."""
    reasons: dict[str, str] = {}
    while True:
        names = {each.name for each in operations}
        kept = []
        for each in operations:
            missing = [
                step.operation
                for step in (each.steps if isinstance(each, Workflow) else ())
                if step.operation not in names
            ]
            if missing:
                why = f"its step {missing[0]} was not understood"
                reasons |= dict.fromkeys(each.clauses, why)
            else:
                kept.append(each)
        if len(kept) == len(operations):
            return operations, reasons
        operations = tuple(kept)


def _used_names(specification: Specification) -> set[str]:
    """Ports and events that operations speak of."""
    names = {each.on for each in specification.operations if each.on}
    for operation in specification.operations:
        for effect in operation.effects:
            if isinstance(effect, Send):
                names.add(effect.port)
            elif isinstance(effect, Publish):
                names.add(effect.event)
    return names


def _is_hollow(specification: Specification, entity: Entity, read: set[str]) -> bool:
    """Whether an entity was only assumed, for operations that are not there any more."""
    if not entity.assumed or read & set(entity.clauses):
        return False
    return not any(
        getattr(operation, "entity", "") == entity.name for operation in specification.operations
    )


def _narrowed(entity: Entity, read: set[str], implied: frozenset[tuple[str, str]]) -> Entity:
    """Without fields that were implied by clauses that are not read."""
    kept = tuple(
        field
        for field in entity.fields
        if (entity.name, field.name) not in implied or read & set(field.clauses)
    )
    return replace(entity, fields=kept) if len(kept) < len(entity.fields) else entity
