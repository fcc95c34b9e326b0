"""The reference interpreter: runs a specification on plain data.

It is the meaning of the language: what a compiled node does is right where it does the same. The
clock, the source of ids and the ports are given from outside. What a call does is kept only where
it succeeds; messages that a port took have left. Where the docstrings of the language leave a
question open, the answer is here:

- A request is read before everything but the role; what is wrong with it (a wrong type, an unknown
  or missing input) is said after rate limit and idempotency.
- Calls that were refused, and repeats of an idempotent request, do not count for a rate limit. A
  call leaves the window exactly ``per`` after it was made. A key that is missing makes nothing
  idempotent.
- Operations that speak of the caller are ``forbidden`` where there is none. What a schedule or an
  event starts needs no role.
- An event starts operations only by ``deliver``: it has to travel through a broker first.
- A unique set of fields does not bind records where one of them is missing.
"""

import decimal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from nodewright.spec.calls import Answer, Call, Caller, refusal
from nodewright.spec.effects import take_effects
from nodewright.spec.evaluation import Refused, World, evaluate
from nodewright.spec.model import Operation, Retry, Schedule, Specification, Workflow
from nodewright.spec.prepared import prepared
from nodewright.spec.records import check_inside, check_reference, check_rules
from nodewright.spec.values import Record, Value, fitting, shown
from nodewright.spec.work import guard, perform
from nodewright.spec.workflows import Run, ended

DEEPEST = 10  # workflows inside workflows
Records = dict[str, dict[Value, Record]]


class PortError(Exception):
    """A port did not take a message."""


Port = Callable[[Mapping[str, Value]], object]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a port took."""

    port: str
    message: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Published:
    """An event that was published."""

    event: str
    payload: Mapping[str, Value]


class Interpreter:
    """A running specification.

    ``ports`` maps port -> what takes its messages, raising ``PortError`` where it fails; a port
    that is not named takes everything. ``state`` maps entity -> key -> record. ``waited`` lists
    the pauses before a port or step was tried again; nobody waits here.
    """

    def __init__(
        self,
        specification: Specification,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], UUID] = uuid4,
        ports: Mapping[str, Port] | None = None,
    ) -> None:
        self.specification = specification
        self.state: Records = {each.name: {} for each in specification.entities if each.stored}
        self.sent: list[Sent] = []
        self.published: list[Published] = []
        self.waited: list[timedelta] = []
        self._clock = clock
        self._new_id = new_id
        self._ports = dict(ports or {})
        self._prepared = prepared(specification)
        self._first_answers: dict[tuple[str, Value], Answer] = {}
        self._admitted: dict[str, list[tuple[Value, datetime]]] = {}
        start = clock()
        self._last_run = {each.name: start for each in specification.operations if each.schedule}
        self._depth = 0

    # --- asking ---------------------------------------------------------------------------------

    def call(
        self, operation_name: str, request: Mapping[str, Value], caller: Caller | None = None
    ) -> Answer:
        """Ask for an operation; a refusal is an answer too."""
        return self._call(operation_name, request, caller, system=False)

    def deliver(self, event: str, payload: Mapping[str, Value]) -> tuple[tuple[str, Answer], ...]:
        """Hand an event to the operations that it starts; (operation, its answer) for each."""
        answers = []
        for operation in self.specification.operations:
            if operation.on == event:
                names = {each.name for each in self._prepared.inputs(operation)}
                request = {name: payload[name] for name in payload if name in names}
                answer = self._call(operation.name, request, None, system=True)
                answers.append((operation.name, answer))
        return tuple(answers)

    def tick(self) -> tuple[tuple[str, Answer], ...]:
        """Run what is due by its schedule; (operation, its answer) for each that ran."""
        answers = []
        for operation in self.specification.operations:
            now = self._clock()
            if operation.schedule and due(operation.schedule, self._last_run[operation.name], now):
                self._last_run[operation.name] = now
                answers.append((operation.name, self._call(operation.name, {}, None, system=True)))
        return tuple(answers)

    def send(self, port: str, message: dict[str, Value], retry: Retry | None) -> bool:
        """Whether a port took a message, after all tries."""
        pause = retry.wait if retry else timedelta()
        for attempt in range(1 + (retry.times if retry else 0)):
            if attempt and retry:
                self.waited.append(pause)
                pause *= retry.factor
            try:
                self._ports.get(port, _taken)(message)
            except PortError:
                continue
            self.sent.append(Sent(port, message))
            return True
        return False

    # --- one call -------------------------------------------------------------------------------

    def _call(
        self, name: str, request: Mapping[str, Value], caller: Caller | None, *, system: bool
    ) -> Answer:
        operation = self._prepared.operations.get(name)
        if operation is None:
            return refusal(Refused("unknown_operation", f"there is no operation {shown(name)}"))
        if self._depth >= DEEPEST:
            return refusal(Refused("not_computable", f"more than {DEEPEST} workflows deep"))
        self._depth += 1
        try:
            with decimal.localcontext(decimal.Context(prec=28)):
                return self._run(self._begin(operation, caller, system=system), request)
        except Refused as refused:
            return refusal(refused)
        finally:
            self._depth -= 1

    def _begin(self, operation: Operation, caller: Caller | None, *, system: bool) -> Call:
        records = {name: dict(store) for name, store in self.state.items()}
        return Call(
            specification=self.specification,
            operation=operation,
            world=World(records=records, now=self._clock().astimezone(UTC), new_id=self._new_id),
            request={},
            caller=caller,
            outside=self,
            types=self._prepared.types,
            system=system,
        )

    def _run(self, call: Call, request: Mapping[str, Value]) -> Answer:
        operation = call.operation
        self._admit_caller(call)
        problem = self._read(call, request)
        key = self._value(operation.rate.by if operation.rate else None, call, problem)
        self._limit(call, key)
        token = self._value(
            operation.idempotency.key if operation.idempotency else None, call, problem
        )
        if token is not None and (operation.name, token) in self._first_answers:
            return self._first_answers[operation.name, token]
        if problem is not None:
            raise problem
        self._check_inputs(call)
        if isinstance(operation, Workflow):
            answer = self._workflow(operation, call)
            if not answer.ok:
                return answer
        else:
            done = perform(operation, call)
            take_effects(call, done.touched)
            answer = replace(done.answer, warnings=tuple(call.warnings))
        self._keep(call)
        if operation.rate:
            self._admitted.setdefault(operation.name, []).append((key, call.world.now))
        if token is not None:
            self._first_answers[operation.name, token] = answer
        return answer

    def _keep(self, call: Call) -> None:
        self.state = call.world.records
        self.published += [Published(event, payload) for event, payload in call.published]

    def _admit_caller(self, call: Call) -> None:
        operation, caller = call.operation, call.caller
        if operation.roles is not None and not call.system:
            allowed = operation.roles.roles
            if caller is None or caller.role not in allowed:
                raise Refused("forbidden", f"only for {', '.join(allowed)}")
        if caller is None and self._prepared.speaks_of_caller(operation):
            raise Refused("forbidden", "nobody is named as the caller")

    def _read(self, call: Call, request: Mapping[str, Value]) -> Refused | None:
        """Take the request's values into the call; what is wrong with it, where something is."""
        inputs = self._prepared.inputs(call.operation)
        strange = request.keys() - {each.name for each in inputs}
        problems = [f"{shown(name)} is not an input of {call.operation.name}" for name in strange]
        for each in inputs:
            value = request.get(each.name)
            if value is None and each.default is not None:
                value = evaluate(each.default, call.scope())
            call.request[each.name] = None
            try:
                call.request[each.name] = fitting(value, each.type, self._prepared.types)
            except ValueError as error:
                problems.append(f"{each.name} {error}")
        return Refused("invalid_request", "; ".join(sorted(problems))) if problems else None

    def _value(self, expression: Any, call: Call, problem: Refused | None) -> Value:
        if expression is None:
            return None
        try:
            value = evaluate(expression, call.scope())
        except Refused as refused:
            raise problem or refused from None
        if isinstance(value, list | dict):
            raise Refused("not_computable", f"{expression} is no single value")
        return value

    def _limit(self, call: Call, key: Value) -> None:
        rate = call.operation.rate
        if rate is None:
            return
        since = call.world.now - rate.per
        recent = [
            (by, moment)
            for by, moment in self._admitted.get(call.operation.name, ())
            if moment > since
        ]
        self._admitted[call.operation.name] = recent
        if sum(by == key for by, _ in recent) >= rate.calls:
            raise Refused("rate_limited", f"at most {rate.calls} calls within {rate.per}")

    def _check_inputs(self, call: Call) -> None:
        for each in call.operation.inputs:
            value = call.request[each.name]
            check_rules(each.rules, each.name, value, call.scope())
            check_inside(call, each.type, value)
            check_reference(call, each.type, value)

    def _workflow(self, workflow: Workflow, call: Call) -> Answer:
        guard(call, ())

        def ask(name: str, request: dict[str, Value]) -> Answer:
            return self._call(name, request, call.caller, system=call.system)

        def refresh() -> None:
            call.world.records = {name: dict(store) for name, store in self.state.items()}

        run = Run(workflow, call, ask, refresh, self.waited.append)
        call.steps = run.progress.answers
        answer = run.steps()
        if not answer.ok:
            return answer
        refresh()
        try:
            take_effects(call, [({}, None)])
        except Refused as refused:
            run.undo()
            return run.progress.stopped("", refused.code, refused.message)
        return ended(answer, call.warnings)


def _taken(_: Mapping[str, Value]) -> None:
    """A port that takes everything."""


def due(schedule: Schedule, last: datetime, now: datetime) -> bool:
    """Whether something that ran ``last`` has to run at ``now``."""
    if schedule.at is None:
        return now - last >= schedule.every
    at = datetime.combine(now.astimezone(UTC).date(), schedule.at, tzinfo=UTC)
    latest = at if at <= now else at - timedelta(days=1)
    apart = max(schedule.every - timedelta(days=1), timedelta())
    return latest > last and latest - last >= apart
