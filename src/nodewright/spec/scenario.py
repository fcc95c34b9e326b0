"""Scenarios: what is done with a running specification, step by step, and what comes of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from nodewright.spec.calls import Answer, Caller
from nodewright.spec.interpreter import Interpreter, PortError, Published, Sent
from nodewright.spec.model import Operation, Specification
from nodewright.spec.values import Record, Value

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""When every scenario begins: a Monday."""


@dataclass(frozen=True, slots=True)
class Answered:
    """In a request: what an earlier step (by its number) answered under ``name``."""

    step: int
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody asks for an operation, ``times`` in a row."""

    operation: str
    request: Mapping[str, Value] = field(default_factory=dict)
    caller: Caller | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Advance:
    """Time passes."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class PortFails:
    """A port fails ``times`` times, once it has taken ``after`` more messages."""

    port: str
    times: int = 1
    after: int = 0


@dataclass(frozen=True, slots=True)
class Deliver:
    """An event arrives."""

    event: str
    payload: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Tick:
    """What is due by its schedule runs."""


Step = Call | Advance | PortFails | Deliver | Tick


@dataclass(frozen=True, slots=True)
class Scenario:
    """Steps in their order."""

    steps: tuple[Step, ...] = ()

    def then(self, *steps: Step) -> "Scenario":
        """This scenario with more steps after it."""
        return Scenario((*self.steps, *steps))


@dataclass(frozen=True, slots=True)
class Seen:
    """What one step brought: (operation, its answer), messages, events, pauses before retries."""

    answers: tuple[tuple[str, Answer], ...] = ()
    sent: tuple[Sent, ...] = ()
    published: tuple[Published, ...] = ()
    waited: tuple[timedelta, ...] = ()

    @property
    def answer(self) -> Answer | None:
        """The last answer."""
        return self.answers[-1][1] if self.answers else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a scenario: each step, the records at its end, what else can be looked up."""

    steps: tuple[Seen, ...]
    stored: Mapping[str, tuple[Record, ...]]
    facts: frozenset[tuple[str, ...]]


def run(specification: Specification, scenario: Scenario) -> Outcome:
    """What comes of ``scenario``."""
    return Running(specification).run(scenario)


class Running:
    """A specification under a scenario's clock, ids and failing ports."""

    def __init__(self, specification: Specification) -> None:
        self.now: datetime = START
        self.failing: dict[str, tuple[int, int]] = {}
        self.count: int = 0
        self.interpreter: Interpreter = Interpreter(
            specification,
            clock=lambda: self.now,
            new_id=self._new_id,
            ports={port.name: partial(self._take, port.name) for port in specification.ports},
        )
        self.seen: list[Seen] = []

    def _new_id(self) -> UUID:
        self.count += 1
        return UUID(int=self.count)

    def _take(self, port: str, _: Mapping[str, Value]) -> None:
        after, times = self.failing.get(port, (0, 0))
        if after > 0:
            self.failing[port] = (after - 1, times)
        elif times > 0:
            self.failing[port] = (0, times - 1)
            raise PortError(port)

    def run(self, scenario: Scenario) -> Outcome:
        """Take all steps."""
        for step in scenario.steps:
            self.take(step)
        return self.outcome()

    def outcome(self) -> Outcome:
        """What came of the steps so far."""
        running = self.interpreter
        stored = {name: tuple(store.values()) for name, store in running.state.items() if store}
        return Outcome(tuple(self.seen), stored, facts(running.specification))

    def take(self, step: Step) -> Seen:
        """Take one step."""
        running = self.interpreter
        sent, published, waited = len(running.sent), len(running.published), len(running.waited)
        answers = self._answers(step)
        seen = Seen(
            answers,
            tuple(running.sent[sent:]),
            tuple(running.published[published:]),
            tuple(running.waited[waited:]),
        )
        self.seen.append(seen)
        return seen

    def _answers(self, step: Step) -> tuple[tuple[str, Answer], ...]:
        match step:
            case Call():
                request = {name: self.value(value) for name, value in step.request.items()}
                ask: Callable[[], Answer] = partial(
                    self.interpreter.call, step.operation, request, step.caller
                )
                return tuple((step.operation, ask()) for _ in range(step.times))
            case Advance():
                self.now += step.by
            case PortFails():
                self.failing[step.port] = (step.after, step.times)
            case Deliver():
                payload = {name: self.value(value) for name, value in step.payload.items()}
                return self.interpreter.deliver(step.event, payload)
            case Tick():
                return self.interpreter.tick()
        return ()

    def value(self, value: Any) -> Value:
        """The value that a request gives; what an earlier step answered is looked up."""
        if isinstance(value, Answered):
            answer = self.seen[value.step].answer if value.step < len(self.seen) else None
            return answer.named().get(value.name) if answer else None
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        if isinstance(value, dict):
            return {name: self.value(each) for name, each in value.items()}
        return value


def dangles(scenario: Scenario, outcome: Outcome) -> bool:
    """Whether a step asks for what an earlier step did not answer, such as a refused one."""
    return any(
        answer is None or answer.named().get(asked.name) is None
        for step in scenario.steps
        for asked in _asked(step)
        for answer in [outcome.steps[asked.step].answer]
    )


def _asked(value: Any) -> Iterator[Answered]:
    match value:
        case Answered():
            yield value
        case Call():
            yield from _asked(value.request)
        case Deliver():
            yield from _asked(value.payload)
        case dict():
            yield from _asked(list(value.values()))
        case list() | tuple():
            for each in value:
                yield from _asked(each)
        case _:
            pass


def facts(specification: Specification) -> frozenset[tuple[str, ...]]:
    """What can be looked up without running anything: routes, commands, schedules, systems."""
    return frozenset(_facts(specification))


def _facts(specification: Specification) -> Iterator[tuple[str, ...]]:
    for each in specification.operations:
        yield from _surface(each)
    for port in specification.ports:
        yield ("system", port.name, port.capability, port.system)
    for event in specification.events:
        yield ("topic", event.name, event.topic)
    for store in specification.stores:
        yield ("store", store.system, *store.entities)


def _surface(each: Operation) -> Iterator[tuple[str, ...]]:
    if each.route is not None:
        yield ("route", each.name, each.route.method, each.route.path, str(each.route.status))
        for code, status in each.route.statuses:
            yield ("status", each.name, code, str(status))
    if each.command:
        yield ("command", each.name, each.command)
    if each.schedule is not None:
        yield ("schedule", each.name, str(each.schedule.every), str(each.schedule.at))
