"""Acceptance tests: what shows each clause, as given, when, then."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from nodewright.language.naming import snake
from nodewright.spec.calls import Answer, Caller
from nodewright.spec.model import ClauseNote
from nodewright.spec.scenario import (
    Advance,
    Answered,
    Call,
    Deliver,
    Outcome,
    PortFails,
    Scenario,
    Step,
    Tick,
)
from nodewright.templates.quoting import pystr


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A scenario that shows a clause: what comes of it, and what would come without the clause."""

    note: ClauseNote
    scenario: Scenario
    expected: Outcome
    without: Outcome


def acceptance_tests(shows: Iterable[Acceptance]) -> list[dict[str, Any]]:
    """One test a scenario, as the template wants it."""
    tests = []
    counts: dict[str, int] = {}
    for each in shows:
        base = name_of_test(each.note.id)
        counts[base] = counts.get(base, 0) + 1
        name = base if counts[base] == 1 else f"{base}_{counts[base]}"
        tests.append(
            {
                "name": name,
                "clause": each.note.id,
                "text": f"{each.note.id}: {each.note.text}",
                "lines": list(_lines(each)),
            }
        )
    return tests


def name_of_test(clause: str) -> str:
    """The name of the first test that shows a clause.

    >>> name_of_test("FR-1.2")
    'test_fr_1_2'
    """
    return f"test_{_NOT_IN_NAMES.sub('_', clause.lower()).strip('_')}"


def imports_of(tests: Iterable[Mapping[str, Any]]) -> str:
    """The imports that the literals of tests need."""
    text = "\n".join(line for test in tests for line in test["lines"])
    lines = ["import datetime as dt"] if "dt." in text else []
    lines += ["from decimal import Decimal"] if "Decimal(" in text else []
    lines += ["from uuid import UUID"] if "UUID(" in text else []
    return "\n".join([*lines, ""]) if lines else ""


def _lines(each: Acceptance) -> Iterator[str]:
    steps = each.scenario.steps
    referred = set(_referred(steps))
    differing = [
        number
        for number, (full, bare) in enumerate(
            zip(each.expected.steps, each.without.steps, strict=True)
        )
        if full.answers != bare.answers
    ]
    for number, step in enumerate(steps):
        if number == 0 and len(steps) > 1:
            yield "# given"
        if number == len(steps) - 1 and len(steps) > 1:
            yield "# when"
        target = f"answer_{number + 1}" if number in referred | set(differing) else ""
        yield from _step(step, target)
    yield "# then"
    checks = list(_checks(each, differing))
    yield from checks or ["assert True"]


def _referred(steps: Iterable[Step]) -> Iterator[int]:
    for step in steps:
        for value in getattr(step, "request", {}).values():
            if isinstance(value, Answered):
                yield value.step


def _step(step: Step, target: str) -> Iterator[str]:
    assigned = f"{target} = " if target else ""
    match step:
        case Call():
            given = [pystr(step.operation), *_caller(step.caller), *_request(step.request)]
            call = f"await world.call({', '.join(given)})"
            if step.times > 1:
                yield f"for _ in range({step.times}):"
                yield f"    {assigned}{call}"
            else:
                yield f"{assigned}{call}"
        case Advance():
            yield f"world.advance({step.by.total_seconds():g})"
        case PortFails():
            yield f"world.fail({pystr(step.port)}, {step.times})"
        case Deliver():
            given = [pystr(step.event), *_request(step.payload)]
            yield f"{assigned}await world.deliver({', '.join(given)})"
        case Tick():
            yield f"{assigned}await world.tick()"


def _caller(caller: Caller | None) -> list[str]:
    if caller is None:
        return []
    return [literal({"id": caller.id, "role": caller.role})]


def _request(request: Mapping[str, Any]) -> list[str]:
    plain = all(name.isidentifier() for name in request)
    if plain:
        return [f"{name}={literal(value)}" for name, value in request.items()]
    return [f"**{literal(dict(request))}"]


def _checks(each: Acceptance, differing: list[int]) -> Iterator[str]:
    """Assertions on all that is otherwise without the clause."""
    for number in differing:
        step = each.scenario.steps[number]
        answers = [_answer(answer) for _, answer in each.expected.steps[number].answers]
        name = f"answer_{number + 1}"
        if isinstance(step, Call):
            yield f"assert {name}.shown == {literal(answers[-1])}"
        else:
            yield f"assert [answer.shown for answer in {name}] == {literal(answers)}"
    for port in sorted(
        {sent.port for seen in each.expected.steps + each.without.steps for sent in seen.sent}
    ):
        full, bare = (_sent(outcome, port) for outcome in (each.expected, each.without))
        if full != bare:
            yield f"assert world.sent({pystr(port)}) == {literal(full)}"
    full, bare = (_published(outcome) for outcome in (each.expected, each.without))
    if full != bare:
        yield f"assert world.published == {literal(full)}"
    waits = [
        [pause for seen in outcome.steps for pause in seen.waited]
        for outcome in (each.expected, each.without)
    ]
    if waits[0] != waits[1]:
        yield f"assert world.waited == {literal([pause.total_seconds() for pause in waits[0]])}"
    for entity in sorted({*each.expected.stored, *each.without.stored}):
        full_records, bare_records = (
            outcome.stored.get(entity, ()) for outcome in (each.expected, each.without)
        )
        if full_records != bare_records:
            records = [_without_missing(record) for record in full_records]
            yield f"assert world.records({pystr(snake(entity))}) == {literal(records)}"


def _sent(outcome: Outcome, port: str) -> list[dict[str, Any]]:
    return [
        _without_missing(sent.message)
        for seen in outcome.steps
        for sent in seen.sent
        if sent.port == port
    ]


def _published(outcome: Outcome) -> list[dict[str, Any]]:
    return [_without_missing(event.payload) for seen in outcome.steps for event in seen.published]


def _answer(answer: Answer) -> dict[str, Any]:
    """What a test compares of an answer: all but what is missing or empty."""
    shown: dict[str, Any] = {"status": answer.status}
    names = ("error_code", "item", "items", "count", "rows", "results", "content", "completed",
             "failed_step", "warnings")  # fmt: skip
    for name in names:
        value = getattr(answer, name)
        if value is not None and value not in ("", (), {}):
            shown[name] = _kept(value)
    return shown


def _without_missing(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _kept(value) for name, value in values.items() if value not in (None, "", {}, ())}


def _kept(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _kept(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_kept(each) for each in value]
    return value


def literal(value: Any) -> str:
    """A value as Python source.

    >>> literal({"price": Decimal("5"), "at": dt.date(2026, 1, 5)})
    "{'price': Decimal('5'), 'at': dt.date(2026, 1, 5)}"
    """
    match value:
        case Answered():
            return f"answer_{value.step + 1}[{pystr(value.name)}]"
        case str():
            return pystr(value)
        case Decimal():
            return f"Decimal({pystr(str(value))})"
        case UUID():
            return f"UUID(int={value.int})" if value.int < _SMALL else f"UUID({pystr(str(value))})"
        case dt.datetime():
            parts = [value.year, value.month, value.day, value.hour, value.minute, value.second]
            parts += [value.microsecond] if value.microsecond else []
            return f"dt.datetime({', '.join(map(str, parts))}, tzinfo=dt.UTC)"
        case dt.date():
            return f"dt.date({value.year}, {value.month}, {value.day})"
        case dt.timedelta():
            return f"dt.timedelta(seconds={value.total_seconds():g})"
        case Mapping():
            inside = ", ".join(f"{literal(name)}: {literal(each)}" for name, each in value.items())
            return f"{{{inside}}}"
        case list() | tuple():
            return f"[{', '.join(map(literal, value))}]"
        case _:
            return repr(value)


_SMALL = 1_000_000
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
