"""What decides what an operation does, and the values and times at which that changes."""

from datetime import timedelta
from typing import Any

from nodewright.spec.drafting import Draft, Known, unknown_key
from nodewright.spec.model import Add, Change, Input, Operation, Workflow
from nodewright.spec.samples import constants_of
from nodewright.spec.scenario import START, Scenario
from nodewright.spec.tree import expressions
from nodewright.spec.types import Base
from nodewright.spec.values import Value

MOST_CONSTANTS = 16


def draft(known: Known, operation: Operation, **changes: Any) -> Scenario:
    """A call of ``operation`` after what it needs."""
    made = Draft(known)
    made.call(operation, **changes)
    return made.scenario


def related(known: Known, operation: Operation) -> tuple[Any, ...]:
    """What decides what an operation does: itself, its entity, its machine, its steps."""
    parts: list[Any] = [operation]
    specification = known.specification
    name = getattr(operation, "entity", "")
    entity = specification.entity(name) if name else None
    if entity is not None:
        parts.append(entity)
        machine = specification.machine(entity.name)
        parts += [machine] if machine else []
    for effect in operation.effects:
        if isinstance(effect, Add | Change):
            parts += [each for each in specification.entities if each.name == effect.entity]
            parts += [each for each in specification.machines if each.entity == effect.entity]
    if isinstance(operation, Workflow):
        for step in operation.steps:
            called = specification.operation(step.operation)
            if called is not None and not isinstance(called, Workflow):
                parts += related(known, called)
    return tuple(parts)


def constants(known: Known, operation: Operation) -> list[Value]:
    """Constants that decide what an operation does, and the hour in which it is asked for."""
    found = list(expressions(related(known, operation)))
    hours = [START.hour] if any("hour" in each.calls() for each in found) else []
    return [*hours, *constants_of(found)][:MOST_CONSTANTS]


def spans(known: Known, operation: Operation) -> list[timedelta]:
    """How long somebody has to wait for something to change."""
    found = {each for each in constants(known, operation) if isinstance(each, timedelta)}
    if operation.rate is not None:
        found.add(operation.rate.per)
    if operation.schedule is not None:
        found.add(operation.schedule.every)
    return sorted(span for span in found if timedelta() < span < timedelta(days=3660))[:4]


def edges(known: Known, operation: Operation, each: Input) -> list[Value]:
    """Values of one input where the answer may change."""
    rules = known.rules(operation, each)
    found = known.sampling.edges(each.name, each.type, rules, constants(known, operation))
    if each.type.base is Base.ENTITY:
        found = [unknown_key(each.type)]
    return found


def looked_at(known: Known, operation: Operation) -> frozenset[str]:
    """Entities whose records an operation looks at beside its own."""
    found = {
        name
        for part in related(known, operation)
        for each in expressions(part)
        for name in each.entities()
    }
    found |= {
        each.type.entity
        for each in known.prepared.inputs(operation)
        if each.type.base is Base.ENTITY
    }
    return frozenset(found)
