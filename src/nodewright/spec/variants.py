"""Calls of an operation in the situations that its elements tell apart.

Each variant is a scenario: the good call, then the same with other values, other records, at other
times, by others, with ports that fail. The plainest come first.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain, combinations
from typing import Any

from nodewright.spec.calls import Caller
from nodewright.spec.deciding import constants, draft, edges, looked_at, related, spans
from nodewright.spec.drafting import MISSING, Draft, Known, paths_of, unknown_key
from nodewright.spec.model import (
    Aggregate,
    Change,
    Compute,
    Create,
    Export,
    Import,
    Input,
    Listing,
    OnEntity,
    Operation,
    Selected,
    Send,
    Workflow,
)
from nodewright.spec.populations import (
    MOST_RECORDS,
    altered,
    changes,
    queried,
    recipe_of,
    several,
    two_records,
)
from nodewright.spec.requests import needed
from nodewright.spec.scenario import Advance, Call, Deliver, PortFails, Scenario, Tick
from nodewright.spec.tree import expressions
from nodewright.spec.types import Base
from nodewright.spec.values import Value

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
MOST_CALLS = 120


def variants(known: Known, operation: Operation) -> Iterator[Scenario]:
    """Scenarios that end with the operation, or with what follows from it; each once."""
    seen: set[str] = set()
    sources = [build(known, operation) for build in _BUILDERS]
    for scenario in chain(_again(known, operation), in_turns(sources, (6, 4))):
        text = repr(scenario)
        if text not in seen:
            seen.add(text)
            yield scenario


def _again(known: Known, operation: Operation) -> Iterator[Scenario]:
    good = draft(known, operation)
    yield good
    if isinstance(operation, Aggregate):  # two records in a group
        for gap in (MINUTE, timedelta(days=1)):
            yield two_records(known, operation, operation.entity, {}, gap=gap, alike=True)
        for changed in changes(known, operation.entity):
            made = Draft(known)
            made.record(operation.entity, 1, changed)
            made.record(operation.entity, 1, changed)
            made.call(operation)
            yield made.scenario
    last = good.steps[-1]
    if operation.schedule is not None:
        wait = Advance(operation.schedule.every)
        if operation.schedule.at is not None:
            wait = Advance(operation.schedule.every + timedelta(days=1))
        yield Scenario((*good.steps[:-1], wait, Tick()))
    if isinstance(last, Call):
        yield good.then(last)
        yield from _told_apart(known, operation, good, last)
        if operation.rate is not None and operation.rate.calls < MOST_CALLS:
            yield from _too_often(known, operation, good, last)


def _told_apart(
    known: Known, operation: Operation, good: Scenario, last: Call
) -> Iterator[Scenario]:
    """A second call that differs in all but an idempotency key, or in nothing but the key."""
    names: set[str] = set()
    if operation.idempotency is not None:
        kept = operation.idempotency.key.inputs() | operation.idempotency.key.names()
        names = last.request.keys() - kept
    elif isinstance(operation, Create):
        entity = known.specification.entity(operation.entity)
        names = {entity.key} & last.request.keys() if entity is not None else set()
    for each in known.prepared.inputs(operation):
        if each.name in names:
            for value in edges(known, operation, each)[:8]:
                yield good.then(replace(last, request={**last.request, each.name: value}))


def _too_often(
    known: Known, operation: Operation, good: Scenario, last: Call
) -> Iterator[Scenario]:
    calls = operation.rate.calls if operation.rate else 0
    yield Scenario((*good.steps[:-1], replace(last, times=calls + 1)))
    made = Draft(known)
    for number in range(1, min(calls, MOST_RECORDS) + 2):
        given = {
            each.name: known.sampling.value(
                each.name, each.type, known.rules(operation, each), number
            )
            for each in known.prepared.inputs(operation)
            if needed(each) and each.type.base is Base.TEXT
        }
        made.call(operation, number=1, given=given)
    yield made.scenario


def _values(known: Known, operation: Operation) -> Iterator[Scenario]:
    inputs = list(known.prepared.inputs(operation))
    inputs.sort(key=lambda each: not known.rules(operation, each))
    tried = [_named_values(known, operation, each) for each in inputs]
    for name, value in in_turns(tried, (6, 3)):
        yield draft(known, operation, given={name: value})
    if isinstance(operation, Compute | Create | Workflow):
        yield from _without_optional(known, operation)


def _named_values(known: Known, operation: Operation, each: Input) -> Iterator[tuple[str, Value]]:
    return ((each.name, value) for value in _tried(known, operation, each))


def _without_optional(known: Known, operation: Operation) -> Iterator[Scenario]:
    optional = [each for each in known.prepared.inputs(operation) if not needed(each)]
    if optional:
        made = Draft(known)
        given = {
            each.name: made.typed(each.name, each.type, known.rules(operation, each), 1)
            for each in optional
        }
        made.call(operation, given=given)
        yield made.scenario


def _tried(known: Known, operation: Operation, each: Input) -> Iterator[Value]:
    if isinstance(operation, Selected) and operation.where is None:
        entity = known.specification.entity(operation.entity)
        if entity is not None and each.name == entity.key:
            yield unknown_key(each.type)
            return
    yield from edges(known, operation, each)
    if needed(each):
        yield MISSING
    if each.type.base not in {Base.TEXT, Base.ENUM}:
        yield f"not a {each.type.base.value}"
    elif each.type.base is Base.ENUM:
        yield "unknown"


def _together(known: Known, operation: Operation) -> Iterator[Scenario]:
    """Values of two inputs that one expression speaks of."""
    inputs = {each.name: each for each in known.prepared.inputs(operation)}
    for expression in expressions(related(known, operation)):
        names = sorted((expression.names() | expression.inputs()) & inputs.keys())
        for one, other in combinations(names[:4], 2):
            for first in edges(known, operation, inputs[one])[:8]:
                for second in edges(known, operation, inputs[other])[:8]:
                    yield draft(known, operation, given={one: first, other: second})


def _states(known: Known, operation: Operation) -> Iterator[Scenario]:
    """A record in each of its states."""
    if isinstance(operation, Create):
        for path in paths_of(known, operation.entity).values():
            made = Draft(known)
            made.record(operation.entity)
            for move in path:
                moving = known.specification.operation(move)
                if moving is not None:
                    made.call(moving)
            made.call(operation)
            yield made.scenario
    if not isinstance(operation, OnEntity) or isinstance(operation, Create | Import):
        return
    for path in paths_of(known, operation.entity).values():
        yield draft(known, operation, recipe=replace(recipe_of(known, operation), moves=path))
    for path in paths_of(known, operation.entity).values():
        if path and isinstance(operation, Selected | Listing | Aggregate | Export):
            yield two_records(known, operation, operation.entity, {}, moved=path)


def _elsewhere(known: Known, operation: Operation) -> Iterator[Scenario]:
    """Other records, that the operation looks at, in each of their states."""
    for name in sorted(looked_at(known, operation)):
        for path in paths_of(known, name).values():
            recipe = replace(recipe_of(known, operation), elsewhere=(name, path))
            yield draft(known, operation, recipe=recipe)


def _ports(known: Known, operation: Operation) -> Iterator[Scenario]:
    """Ports that fail, once and for good."""
    good = draft(known, operation)
    for port, tries in _used(known, operation):
        for times in sorted({1, tries}):
            yield Scenario((*good.steps[:-1], PortFails(port, times), good.steps[-1]))
    if isinstance(operation, Workflow):
        for port, tries in _used(known, operation):
            for after in range(1, len(operation.steps)):
                failing = PortFails(port, tries, after)
                yield Scenario((*good.steps[:-1], failing, good.steps[-1]))
        for step in operation.steps:
            if step.retry is not None:
                called = known.specification.operation(step.operation)
                for port, tries in _used(known, called) if called else ():
                    times = tries * (step.retry.times + 1)
                    yield Scenario((*good.steps[:-1], PortFails(port, times), good.steps[-1]))


def _used(known: Known, operation: Operation) -> Iterable[tuple[str, int]]:
    """Port -> how often it has to fail before it has failed for good."""
    found: dict[str, int] = {}
    for part in related(known, operation):
        for effect in getattr(part, "effects", ()):
            if isinstance(effect, Send):
                found[effect.port] = 1 + (effect.retry.times if effect.retry else 0)
    return found.items()


def _callers(known: Known, operation: Operation) -> Iterator[Scenario]:
    good = draft(known, operation)
    last = good.steps[-1]
    if isinstance(last, Call) and last.caller is not None:
        for caller in (None, Caller(last.caller.id, "guest"), Caller("ben", last.caller.role)):
            yield Scenario((*good.steps[:-1], replace(last, caller=caller)))


def _waits(known: Known, operation: Operation) -> Iterator[Scenario]:
    """The call after the times that its elements speak of, and just before them."""
    recipe = replace(recipe_of(known, operation), wait=timedelta())
    *before, last = draft(known, operation, recipe=recipe).steps
    for span in spans(known, operation):
        for wait in (span, span - SECOND, span + SECOND):
            yield Scenario((*before, Advance(wait), last))
            if operation.schedule is not None:
                yield Scenario((*before, Advance(wait), Tick()))
        if isinstance(last, Call) and operation.rate is not None:
            often = replace(last, times=min(operation.rate.calls, MOST_CALLS))
            yield Scenario((*before, often, Advance(span), last))


def _events(known: Known, operation: Operation) -> Iterator[Scenario]:
    event = next((each for each in known.specification.events if each.name == operation.on), None)
    if event is None:
        return
    good = draft(known, operation)
    *before, last = good.steps
    if not isinstance(last, Call):
        return
    carried = {each.name for each in event.fields}
    payload = {name: value for name, value in last.request.items() if name in carried}
    for each in event.fields:
        if each.name not in payload and not each.type.optional:
            payload[each.name] = known.sampling.value(each.name, each.type)
    yield Scenario((*before, Deliver(event.name, payload)))


def _mixed(known: Known, operation: Operation) -> Iterator[Scenario]:
    """Two things at once: a state and a time, two inputs that are compared with each other."""
    recipe = recipe_of(known, operation)
    if isinstance(operation, OnEntity) and not isinstance(operation, Create | Import):
        for path in paths_of(known, operation.entity).values():
            for span in spans(known, operation):
                yield draft(known, operation, recipe=replace(recipe, moves=path, wait=span))
    inputs = [
        each
        for each in known.prepared.inputs(operation)
        if each.type.base in {Base.INTEGER, Base.NUMBER, Base.BOOLEAN, Base.ENUM, Base.DATETIME}
    ]
    for one, other in itertools.pairwise(inputs):
        for first in edges(known, operation, one)[:4]:
            for second in edges(known, operation, other)[:4]:
                yield draft(known, operation, given={one.name: first, other.name: second})


def _beside_others(known: Known, operation: Operation) -> Iterator[Scenario]:
    """Each value of an input while there are records of an entity that the operation changes."""
    names = {each.entity for each in operation.effects if isinstance(each, Change)}
    for name in sorted(names | looked_at(known, operation)):
        recipe = replace(recipe_of(known, operation), others=(name,))
        yield draft(known, operation, recipe=recipe)
        for each in known.prepared.inputs(operation):
            for value in edges(known, operation, each)[:6]:
                yield draft(known, operation, recipe=recipe, given={each.name: value})
        for given in changes(known, name, constants(known, operation)):
            for values in _first_edges(known, operation):
                made = Draft(known)
                made.record(name, 1, given)
                made.call(operation, given=values)
                yield made.scenario


def _first_edges(known: Known, operation: Operation) -> Iterator[dict[str, Value]]:
    for each in known.prepared.inputs(operation):
        if each.type.base in {Base.ENUM, Base.BOOLEAN}:
            for value in edges(known, operation, each)[:6]:
                yield {each.name: value}


def in_turns(sources: Iterable[Iterator[Any]], turns: tuple[int, int]) -> Iterator[Any]:
    """Items of each in turn: ``turns[0]`` of the first source a round, ``turns[1]`` of others."""
    waiting = list(sources)
    first = waiting[0] if waiting else None
    while waiting:
        for source in list(waiting):
            for _ in range(turns[0] if source is first else turns[1]):
                item = next(source, None)
                if item is None:
                    waiting.remove(source)
                    break
                yield item


_BUILDERS = (
    _values,
    altered,
    several,
    _states,
    _elsewhere,
    queried,
    _together,
    _beside_others,
    _ports,
    _callers,
    _waits,
    _events,
    _mixed,
)
