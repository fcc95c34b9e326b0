"""Random scenarios over all operations of a specification, the same for the same seed.

Most requests are good or nearly good: samples, values at edges, keys of records that were made
before; some are wrong.
"""

import random
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from nodewright.spec.calls import Caller
from nodewright.spec.deciding import edges, spans
from nodewright.spec.drafting import Draft, Known, unknown_key
from nodewright.spec.model import Create, Input, Operation, Selected, Send, Specification
from nodewright.spec.requests import needed
from nodewright.spec.scenario import (
    Advance,
    Answered,
    Call,
    Deliver,
    PortFails,
    Scenario,
    Step,
    Tick,
)
from nodewright.spec.search import known_of
from nodewright.spec.tree import elements
from nodewright.spec.types import Base
from nodewright.spec.values import Value

LONGEST = 12


def random_scenarios(
    specification: Specification, seed: int, count: int, focus: Collection[str] = ()
) -> tuple[Scenario, ...]:
    """``count`` random scenarios; the same ``seed`` gives the same.

    With ``focus`` most calls are of operations with these names.
    """
    source = _Random(specification, seed, focus)
    return tuple(source.scenario() for _ in range(count))


class _Random:
    def __init__(self, specification: Specification, seed: int, focus: Collection[str]) -> None:
        self.specification = specification
        self.random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.known: Known = known_of(specification)
        self.focus = [each for each in specification.operations if each.name in focus]
        self.ports = sorted(
            {each.port for _, each in elements(specification) if isinstance(each, Send)}
        )
        self.spans = sorted(
            {span for each in specification.operations for span in spans(self.known, each)}
        ) or [timedelta(minutes=1)]
        self.made: dict[str, list[int]] = {}
        self.edges: dict[tuple[str, str], list[Value]] = {}

    def scenario(self) -> Scenario:
        self.made = {}
        steps: list[Step] = []
        for _ in range(self.random.randint(3, LONGEST)):
            steps += self._steps(len(steps))
        return Scenario(tuple(steps))

    def _steps(self, place: int) -> list[Step]:
        choice = self.random.random()
        if choice < 0.08:  # noqa: PLR2004 - one in twelve
            return [Advance(self.random.choice(self.spans) + timedelta(seconds=self._nudge()))]
        if choice < 0.12 and self.ports:  # noqa: PLR2004
            return [PortFails(self.random.choice(self.ports), self.random.randint(1, 3))]
        if choice < 0.16:  # noqa: PLR2004
            return [Tick()]
        if choice < 0.2 and self.specification.events:  # noqa: PLR2004
            return [self._event()]
        if not self.specification.operations:
            return [Tick()]
        focused = self.focus and self.random.random() < 0.7  # noqa: PLR2004
        operations = self.focus if focused else self.specification.operations
        return self._call(self.random.choice(operations), place)

    def _nudge(self) -> int:
        return self.random.choice((-1, 0, 0, 1))

    def _event(self) -> Step:
        event = self.random.choice(self.specification.events)
        return Deliver(
            event.name,
            {
                each.name: self.known.sampling.value(each.name, each.type, each.rules)
                for each in event.fields
                if not each.type.optional or self.random.random() < 0.5  # noqa: PLR2004
            },
        )

    def _call(self, operation: Operation, place: int) -> list[Step]:
        if self.random.random() < 0.25:  # noqa: PLR2004 - a good call with all that it needs
            return list(self._good(operation, place))
        request = {}
        for each in self.known.prepared.inputs(operation):
            if needed(each) or self.random.random() < 0.4:  # noqa: PLR2004
                request[each.name] = self._value(operation, each)
        if request and self.random.random() < 0.03:  # noqa: PLR2004
            request.pop(self.random.choice(sorted(request)))
        if isinstance(operation, Create):
            self.made.setdefault(operation.entity, []).append(place)
        return [Call(operation.name, request, self._caller(operation))]

    def _good(self, operation: Operation, place: int) -> Iterator[Step]:
        made = Draft(self.known)
        made.call(operation)
        for number, step in enumerate(made.steps):
            shifted = step
            if isinstance(step, Call):
                shifted = replace(step, request=_shifted(step.request, place))
                called = self.specification.operation(step.operation)
                if isinstance(called, Create):
                    self.made.setdefault(called.entity, []).append(place + number)
            yield shifted

    def _caller(self, operation: Operation) -> Caller | None:
        good = self.known.caller(operation)
        if good is None or self.random.random() < 0.85:  # noqa: PLR2004
            return good
        return self.random.choice([None, Caller(good.id, "guest"), Caller("ben", good.role)])

    def _value(self, operation: Operation, each: Input) -> Value:
        key = self._key(operation, each)
        if key is not None:
            return key
        rules = self.known.rules(operation, each)
        if self.random.random() < 0.7:  # noqa: PLR2004
            number = self.random.choice((1, 1, 2, 3))
            if each.type.base is Base.ENTITY:
                return self._typed(each)
            return self.known.sampling.value(each.name, each.type, rules, number)
        place = (operation.name, each.name)
        if place not in self.edges:
            self.edges[place] = edges(self.known, operation, each)
        return self.random.choice(self.edges[place] or [None])

    def _typed(self, each: Input) -> Value:
        made = Draft(self.known)
        value = made.typed(each.name, each.type, (), 1)
        return unknown_key(each.type) if isinstance(value, Answered) else value

    def _key(self, operation: Operation, each: Input) -> Value:
        """The key of a record that was made before, where the input asks for one."""
        entity = ""
        if isinstance(operation, Selected):
            found = self.specification.entity(operation.entity)
            if found is not None and found.key == each.name:
                entity = found.name
        hint = self.known.hints(operation).get(each.name)
        if each.type.base is Base.ENTITY:
            entity = each.type.entity
        elif hint is not None and not hint.field:
            entity = hint.entity
        target = self.specification.entity(entity) if entity else None
        if target is None or not self.made.get(entity) or self.random.random() < 0.05:  # noqa: PLR2004
            return None
        return Answered(self.random.choice(self.made[entity]), target.key)


def _shifted(value: Any, by: int) -> Any:
    if isinstance(value, Answered):
        return replace(value, step=value.step + by)
    if isinstance(value, dict):
        return {name: _shifted(each, by) for name, each in value.items()}
    if isinstance(value, list):
        return [_shifted(each, by) for each in value]
    return value
