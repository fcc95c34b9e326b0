"""A staged package under a scenario: the same steps as the reference interpreter takes.

The package's handlers run on its own in-memory stores and fakes, with the scenario's clock and ids.
What comes of each step has the interpreter's form, so that the two can be compared.
"""

import asyncio
import importlib
import importlib.util
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from nodewright.rendering.effects import event_class
from nodewright.rendering.names import asked, safe, variable
from nodewright.spec.calls import Answer, Caller
from nodewright.spec.interpreter import Published, Sent
from nodewright.spec.model import Specification
from nodewright.spec.scenario import (
    START,
    Advance,
    Answered,
    Call,
    Deliver,
    Outcome,
    PortFails,
    Scenario,
    Seen,
    Step,
    Tick,
)
from nodewright.spec.values import Record, Value

_ANSWERED = ("item", "items", "count", "rows", "results", "content", "completed")


class PackageRun:
    """A package, imported under its name, in the hands of scenarios."""

    def __init__(self, specification: Specification) -> None:
        self.package: str = specification.package
        self.specification = specification
        self.now: datetime = START
        self.count: int = 0
        self.waited: list[timedelta] = []
        self.seen: list[Seen] = []
        self._last: dict[str, datetime] = {}
        self.handlers: dict[str, tuple[str, str, str, str]] = self._module("operations").HANDLERS
        self.surroundings: Any = self._module("surroundings").Surroundings(
            clock=lambda: self.now, ids=self._new_id, sleep=self._sleep
        )

    def _module(self, name: str) -> Any:
        return importlib.import_module(f"{self.package}.{name}")

    def _new_id(self) -> UUID:
        self.count += 1
        return UUID(int=self.count)

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(timedelta(seconds=seconds))

    def run(self, scenario: Scenario) -> Outcome:
        """Take all steps; what comes of them."""
        return asyncio.run(self._run(scenario))

    async def _run(self, scenario: Scenario) -> Outcome:
        for step in scenario.steps:
            await self._take(step)
        return Outcome(tuple(self.seen), self._stored(), frozenset())

    async def _take(self, step: Step) -> None:
        sent, published = self._counts(), len(self.surroundings.publisher.published)
        self.waited = []
        answers: list[tuple[str, Answer]] = []
        match step:
            case Call():
                request = {name: self._given(value) for name, value in step.request.items()}
                answers += [
                    (step.operation, await self._call(step.operation, request, step.caller))
                    for _ in range(step.times)
                ]
            case Advance():
                self.now += step.by
            case PortFails():
                port = getattr(self.surroundings.ports, safe(step.port))
                port.before_failing, port.failures = step.after, step.times
            case Deliver():
                payload = {name: self._given(value) for name, value in step.payload.items()}
                answers += await self._deliver(step.event, payload)
            case Tick():
                answers += await self._tick()
        self.seen.append(
            Seen(
                tuple(answers),
                self._sent_since(sent),
                self._published_since(published),
                tuple(self.waited),
            )
        )

    async def _call(
        self,
        operation: str,
        request: Mapping[str, Value],
        caller: Caller | None,
        *,
        system: bool = False,
    ) -> Answer:
        if operation not in self.handlers:
            return Answer(status="failed", error_code="unknown_operation")
        handler_module, handler_name, input_module, input_name = self.handlers[operation]
        model = getattr(importlib.import_module(input_module), input_name)
        inputs = {asked(name): value for name, value in request.items()}
        values: dict[str, Any] = {"operation": operation, **inputs}
        if system:
            values["caller"] = self._module("model_caller").system_caller()
        elif caller is not None:
            values["caller"] = {"id": caller.id, "role": caller.role}
        try:
            question = model.model_validate(values)
        except ValidationError:
            return Answer(status="failed", error_code="invalid_request")
        handler = getattr(importlib.import_module(handler_module), handler_name)
        answer = handler(self.surroundings).handle(question)
        if hasattr(answer, "__await__"):
            answer = await answer
        return _answer(answer)

    async def _deliver(self, event: str, payload: Mapping[str, Value]) -> list[tuple[str, Answer]]:
        answers = []
        _, operations = self._table("events", "CONSUMERS", {}).get(event, (None, ()))
        for name in operations:
            inputs = self._table("consumers", "INPUTS", {})[name]
            given = {each: payload[each] for each in inputs if each in payload}
            answers.append((name, await self._call(name, given, None, system=True)))
        return answers

    async def _tick(self) -> list[tuple[str, Answer]]:
        answers = []
        for each in self._table("schedules", "SCHEDULES", ()):
            last = self._last.get(each.operation, START)
            if self._module("schedules").is_due(each, last, self.now):
                self._last[each.operation] = self.now
                answer = await self._call(each.operation, {}, None, system=True)
                answers.append((each.operation, answer))
        return answers

    def _table(self, module: str, name: str, default: Any) -> Any:
        """A table of the package; ``default`` where it has none."""
        if importlib.util.find_spec(f"{self.package}.{module}") is None:
            return default
        return getattr(self._module(module), name, default)

    def _given(self, value: Any) -> Any:
        if isinstance(value, Answered):
            answer = self.seen[value.step].answer if value.step < len(self.seen) else None
            return answer.named().get(value.name) if answer else None
        if isinstance(value, list | tuple):
            return [self._given(each) for each in value]
        if isinstance(value, dict):
            return {name: self._given(each) for name, each in value.items()}
        return value

    def _sent(self, port: str) -> list[BaseModel]:
        messages: list[BaseModel] = getattr(self.surroundings.ports, safe(port)).sent
        return messages

    def _counts(self) -> dict[str, int]:
        return {each.name: len(self._sent(each.name)) for each in self.specification.ports}

    def _sent_since(self, counts: Mapping[str, int]) -> tuple[Sent, ...]:
        return tuple(
            Sent(name, _plain(message))
            for name, count in counts.items()
            for message in self._sent(name)[count:]
        )

    def _published_since(self, count: int) -> tuple[Published, ...]:
        published = self.surroundings.publisher.published[count:]
        names = {event_class(event.name): event.name for event in self.specification.events}
        return tuple(
            Published(names[type(event).__name__], _plain(event)) for _, event in published
        )

    def _stored(self) -> dict[str, tuple[Record, ...]]:
        stores = self.surroundings.stores
        found = {
            entity.name: tuple(
                _plain(record) for record in getattr(stores, variable(entity.name)).all()
            )
            for entity in self.specification.entities
            if entity.stored
        }
        return {name: records for name, records in found.items() if records}


def _answer(answer: BaseModel) -> Answer:
    """A package's answer in the interpreter's form."""
    known = {name: getattr(answer, name, None) for name in _ANSWERED}
    values = {name: _deep(value) for name, value in known.items() if value is not None}
    return Answer(
        status=getattr(answer, "status", "ok"),
        error_code=getattr(answer, "error_code", ""),
        failed_step=getattr(answer, "failed_step", ""),
        warnings=tuple(getattr(answer, "warnings", ())),
        **values,
    )


def _deep(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _plain(value)
    if isinstance(value, tuple | list):
        return tuple(_deep(each) for each in value)
    return value


def _plain(model: BaseModel) -> Record:
    """The fields of a model as the interpreter holds them: mappings and lists inside."""
    return {name: _inside(value) for name, value in model.model_dump(by_alias=True).items()}


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _inside(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_inside(each) for each in value]
    return value
