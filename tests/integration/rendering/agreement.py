"""A package and the reference interpreter side by side: the same calls, compared after each."""

import inspect
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from nodewright.rendering.names import asked, variable
from nodewright.spec.calls import Answer, Caller
from nodewright.spec.interpreter import Interpreter, PortError
from nodewright.spec.model import Create, Import, Operation, Selected, Specification
from nodewright.spec.requests import inputs_of
from nodewright.spec.types import Base, Type

ANSWERED = (
    "item", "items", "count", "rows", "results", "content", "completed", "failed_step", "warnings",
)  # fmt: skip
# What the interpreter says before it looks at a request, and a typed request cannot be told.
EARLIER = {"forbidden", "rate_limited"}
NOTHING: tuple[Any, ...] = (None, [], {}, "")


def plain(value: Any) -> Any:
    """Models as dicts, sequences as lists."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump(by_alias=True))
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


@dataclass
class Pair:
    """Both sides, with one clock, the same ids and the same failures of ports."""

    specification: Specification
    now: datetime = datetime(2026, 1, 5, 10, tzinfo=UTC)
    failures: dict[str, int] = field(default_factory=dict)
    history: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        package = self.specification.package
        self.module = import_module(f"{package}.operations")
        self.callers = import_module(f"{package}.model_caller")
        surroundings = import_module(f"{package}.surroundings")
        ids, same = random.Random(1), random.Random(1)  # noqa: S311 - no secret
        names = [port.name for port in self.specification.ports]
        self.interpreter = Interpreter(
            self.specification,
            clock=lambda: self.now,
            new_id=lambda: UUID(int=ids.getrandbits(128)),
            ports={name: self._port(name) for name in names},
        )
        self.compiled = surroundings.Surroundings(
            clock=lambda: self.now,
            ids=lambda: UUID(int=same.getrandbits(128)),
            sleep=self._sleep,
        )

    @staticmethod
    async def _sleep(_: float) -> None:
        """Nobody waits."""

    def _port(self, name: str) -> Any:
        def take(_: Mapping[str, Any]) -> None:
            if self.failures.get(name, 0) > 0:
                self.failures[name] -= 1
                raise PortError

        return take

    def fail(self, port: str, times: int) -> None:
        """Let the next ``times`` messages to ``port`` fail."""
        self.failures[port] = times
        getattr(self.compiled.ports, port).failures = times

    async def call(
        self, operation: str, request: Mapping[str, Any], caller: Caller | None = None
    ) -> Answer:
        """Ask both sides; raises AssertionError where they differ."""
        expected = self.interpreter.call(operation, dict(request), caller)
        self.history.append((operation, dict(request), caller, expected.status))
        answered = await self._ask(operation, request, caller, expected)
        self._compare(expected, answered)
        return expected

    async def _ask(
        self, operation: str, request: Mapping[str, Any], caller: Caller | None, expected: Answer
    ) -> dict[str, Any]:
        handler_module, handler, input_module, model = self.module.HANDLERS[operation]
        asks = self.callers.ModelCaller(**caller.names) if caller else None
        inputs = {asked(name): value for name, value in request.items()}
        values = {"operation": operation, "caller": asks, **inputs}
        try:
            typed = getattr(import_module(input_module), model).model_validate(values)
        except ValidationError:
            early = expected.error_code in EARLIER or expected.ok
            code = expected.error_code if early else "invalid_request"
            return {"status": expected.status if early else "failed", "error_code": code}
        answer = getattr(import_module(handler_module), handler)(self.compiled).handle(typed)
        if inspect.isawaitable(answer):
            answer = await answer
        return dict(answer.model_dump(by_alias=True))

    def _compare(self, expected: Answer, answered: dict[str, Any]) -> None:
        told = {"history": self.history, "answered": answered, "expected": expected}
        assert (answered["status"], answered["error_code"]) == (
            expected.status,
            expected.error_code,
        ), told
        for name in ANSWERED if expected.ok or expected.completed is not None else ():
            left, right = plain(getattr(expected, name)), plain(answered.get(name))
            assert left == right or (left in NOTHING and right in NOTHING), (name, told)
        for entity, records in self.interpreter.state.items():
            kept = getattr(self.compiled.stores, variable(entity)).all()
            assert plain(kept) == plain(list(records.values())), (entity, told)
        for port in self.specification.ports:
            sent = [each.message for each in self.interpreter.sent if each.port == port.name]
            taken = getattr(self.compiled.ports, port.name).sent
            assert _given(taken) == plain(sent), (port.name, told)
        published = [each.payload for each in self.interpreter.published]
        events = [event for _, event in self.compiled.publisher.published]
        assert _given(events) == _given(published), told


def _given(values: Sequence[Any]) -> list[Any]:
    return [{n: v for n, v in plain(each).items() if v is not None} for each in values]


# --- random calls -------------------------------------------------------------------------------


class Calls:
    """Random requests that have a chance to be answered."""

    def __init__(self, pair: Pair, seed: int) -> None:
        self.pair = pair
        self.draw = random.Random(seed)  # noqa: S311 - no secret

    async def make(self, number: int) -> int:
        """Make ``number`` calls; how many were done."""
        done = 0
        for _ in range(number):
            self.pair.now += timedelta(seconds=self.draw.choice([0, 1, 40, 4000]))
            for port in self.pair.specification.ports:
                self.pair.fail(port.name, self.draw.choice([0, 0, 0, 1, 4]))
            operation = self._operation()
            callers = [None, Caller("u1", "admin"), Caller("u1", "admin"), Caller("u2", "guest")]
            request = self._request(operation)
            answer = await self.pair.call(operation.name, request, self.draw.choice(callers))
            done += answer.ok
        return done

    def _operation(self) -> Operation:
        operations = self.pair.specification.operations
        creating = [each for each in operations if isinstance(each, Create)]
        return self.draw.choice(creating if creating and self.draw.random() < 0.4 else operations)

    def _request(self, operation: Operation) -> dict[str, Any]:
        request = {}
        entity = self.pair.specification.entity(getattr(operation, "entity", ""))
        for each in inputs_of(self.pair.specification, operation):
            kind = each.type if each.default is None else each.type.maybe
            value = self._value(kind)
            known = list(self.pair.interpreter.state.get(entity.name, {})) if entity else []
            if entity and known and isinstance(operation, Selected) and each.name == entity.key:
                value = self.draw.choice(known)
            if isinstance(operation, Import) and each.name == "content":
                value = self.draw.choice(["[]", "{}", "x", '[{"label":"a"}]', '{"label":"a"}'])
            if each.name in {"limit", "offset"} and value is not None:
                value = self.draw.choice([0, 1, 5])
            if value is not None:
                request[each.name] = value
        return request

    def _value(self, kind: Type) -> Any:  # noqa: C901, PLR0911, PLR0912 - one case a type
        if kind.optional and self.draw.random() < 0.4:
            return None
        draw = self.draw
        match kind.base:
            case Base.TEXT:
                return draw.choice(["red", "Blue", "a", "", "12", "x" * 7, "a@b.de", "A-1", "DE"])
            case Base.ENUM:
                return draw.choice(kind.values)
            case Base.INTEGER:
                return draw.choice([0, 1, 2, 7, -2, 3])
            case Base.NUMBER:
                return Decimal(draw.choice(["0", "0.5", "2.255", "10", "-1.005", "4"]))
            case Base.BOOLEAN:
                return draw.random() < 0.5
            case Base.DATE:
                return date(2026, 1, draw.randint(1, 28))
            case Base.DATETIME:
                return datetime(2026, 1, 5, draw.randint(0, 23), tzinfo=UTC)
            case Base.DURATION:
                return timedelta(minutes=draw.choice([0, 15, 90, 1500]))
            case Base.UUID:
                return UUID(int=draw.randint(1, 4))
            case Base.OBJECT:
                return draw.choice([{}, {"a": "1"}])
            case Base.LIST:
                assert kind.item is not None
                return [self._value(kind.item) for _ in range(draw.randint(0, 2))]
            case Base.ENTITY:
                return self._record(kind.entity)

    def _record(self, name: str) -> Any:
        entity = self.pair.specification.entity(name)
        assert entity is not None
        if not entity.stored:
            return {each.name: self._value(each.type) for each in entity.fields}
        known = list(self.pair.interpreter.state[name])
        key = entity.field(entity.key)
        assert key is not None
        return self.draw.choice(known) if known else self._value(key.type)
