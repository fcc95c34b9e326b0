"""Acceptance tests: what shows each clause, as given, when, then."""

import keyword
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nodewright.language.naming import accepted_name
from nodewright.rendering.assertions import Names, alike, checks
from nodewright.rendering.literals import Request, literal, span
from nodewright.rendering.names import safe
from nodewright.spec.calls import Caller
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


def acceptance_tests(shows: Sequence[Acceptance]) -> tuple[list[Request], list[dict[str, Any]]]:
    """The requests that several tests make, and one test a scenario, as the template wants them."""
    requests = _repeated(each.scenario for each in shows)
    counts: Counter[str] = Counter()
    tests = []
    for each in shows:
        lines = list(_lines(each, requests))
        if not lines:
            continue
        base = _name(each, first=not counts[each.note.id])
        counts[each.note.id] += 1
        counts[base] += 1
        tests.append(
            {
                "name": base if counts[base] == 1 else f"{base}_{counts[base]}",
                "clause": each.note.id,
                "text": f"{each.note.id}: {each.note.text}",
                "lines": lines,
            }
        )
    return list(requests.values()), tests


def imports_of(requests: Iterable[Request], tests: Iterable[Mapping[str, Any]]) -> str:
    """The imports that the literals of tests need."""
    lines = [each.line for each in requests]
    lines += [line for test in tests for line in test["lines"]]
    text = "\n".join(lines)
    found = ["import datetime as dt"] if "dt." in text else []
    found += ["from decimal import Decimal"] if "Decimal(" in text else []
    found += ["from uuid import UUID"] if "UUID(" in text else []
    world = "START, World" if re.search(r"\bSTART\b", text) else "World"
    return "\n".join([*found, "", "import pytest", f"from world import {world}"])


def name_of_tests(clause: str) -> str:
    """What the names of all tests of a clause begin with.

    >>> name_of_tests("FR-1.2")
    'test_fr_1_2'
    """
    return f"test_{_as_name(clause)}"


def _name(each: Acceptance, *, first: bool) -> str:
    """A name that says how it ends: ``test_fr_1_2_price_invalid``."""
    name = name_of_tests(each.note.id)
    answer = each.expected.steps[-1].answer
    if answer is not None and answer.error_code:
        return f"{name}_{_as_name(answer.error_code)}"
    failing = [step.port for step in each.scenario.steps if isinstance(step, PortFails)]
    if failing and not first:
        return f"{name}_although_{_as_name(failing[0])}_fails"
    return name


def _as_name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _repeated(scenarios: Iterable[Scenario]) -> dict[str, Request]:
    """Operation -> the request that is made most of it, where it is long and made twice."""
    made: dict[str, Counter[str]] = {}
    values: dict[str, Mapping[str, Any]] = {}
    for scenario in scenarios:
        for step in scenario.steps:
            if isinstance(step, Call):
                plain = {k: v for k, v in step.request.items() if not _refers(v)}
                text = literal(plain)
                values[text] = plain
                made.setdefault(step.operation, Counter())[text] += 1
    found = {}
    for operation, counts in made.items():
        text, count = counts.most_common(1)[0]
        if count > 1 and len(values[text]) > 1:
            name = _as_name(operation).upper()
            found[operation] = Request(f"{name}_" if name == "START" else name, values[text])
    return found


def _refers(value: Any) -> bool:
    if isinstance(value, Answered):
        return True
    inside = value.values() if isinstance(value, Mapping) else value
    return (
        isinstance(inside, Iterable) and not isinstance(inside, str) and any(map(_refers, inside))
    )


def _lines(each: Acceptance, requests: Mapping[str, Request]) -> Iterator[str]:
    steps = each.scenario.steps
    differing = [
        number
        for number, (full, bare) in enumerate(
            zip(each.expected.steps, each.without.steps, strict=True)
        )
        if full.answers != bare.answers
    ]
    wanted = set(_referred(steps)) | set(differing)
    targets = _targets(steps, wanted)
    names = Names(targets, each.expected, requests)
    told = list(checks(each.scenario, each.expected, each.without, differing, names))
    if not told:
        return
    used = {name for name in targets.values() if any(_speaks_of(name, line) for line in told)}
    used |= {targets[number] for number in _referred(steps)}
    for number, step in enumerate(steps):
        if number == 0 and len(steps) > 1:
            yield "# given"
        if number == len(steps) - 1:
            yield "# when"
        target = targets[number] if targets.get(number) in used else ""
        yield from _step(step, target, names)
    yield "# then"
    yield from told


def _referred(steps: Iterable[Step]) -> Iterator[int]:
    for step in steps:
        given = getattr(step, "request", None) or getattr(step, "payload", None) or {}
        yield from _inside(given)


def _inside(value: Any) -> Iterator[int]:
    if isinstance(value, Answered):
        yield value.step
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _inside(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _inside(each)


def _speaks_of(name: str, line: str) -> bool:
    return re.search(rf"\b{name}(?=[.\[])|(?<= in ){name}\b", line) is not None


_TAKEN = {"world", "dt", "pytest", "each", "answer", "answers"}


def _targets(steps: Sequence[Step], wanted: set[int]) -> dict[int, str]:
    """What each step's answer is called: a created ticket ``ticket``, the last one ``answer``."""
    names: dict[int, str] = {}
    taken = set(_TAKEN)
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        if isinstance(step, Advance | PortFails):
            continue
        if last:
            names[number] = "answer" if isinstance(step, Call) else "answers"
        elif number in wanted or isinstance(step, Call):
            word = step.operation.partition("_")[2] if isinstance(step, Call) else ""
            base = accepted_name(word) if word else f"answer_{number + 1}"
            name, count = base, 1
            while name in taken or keyword.iskeyword(name):
                count += 1
                name = f"{base}_{count}"
            taken.add(name)
            names[number] = name
    return names


def _step(step: Step, target: str, names: Names) -> Iterator[str]:
    assigned = f"{target} = " if target else ""
    match step:
        case Call():
            given = [pystr(step.operation), *_caller(step.caller), *_request(step, names)]
            call = f"await world.call({', '.join(given)})"
            if step.times > 1:
                yield f"for _ in range({step.times}):"
                yield f"    {assigned}{call}"
            else:
                yield f"{assigned}{call}"
        case Advance():
            yield f"world.advance({span(step.by)})"
        case PortFails():
            after = f", after={step.after}" if step.after else ""
            yield f"world.fail({pystr(safe(step.port))}, {step.times}{after})"
        case Deliver():
            given = [pystr(step.event), *_keywords(step.payload, names)]
            yield f"{assigned}await world.deliver({', '.join(given)})"
        case Tick():
            yield f"{assigned}await world.tick()"


def _caller(caller: Caller | None) -> list[str]:
    if caller is None:
        return []
    return [literal({"id": caller.id, "role": caller.role})]


def _request(step: Call, names: Names) -> list[str]:
    """The request as keywords, those of the usual request by its name."""
    usual = names.requests.get(step.operation)
    if usual is None or not set(usual.values) <= set(step.request):
        return _keywords(step.request, names)
    other = {name: value for name, value in step.request.items() if name in usual.values
             and not alike(value, usual.values[name])}  # fmt: skip
    more = {name: value for name, value in step.request.items() if name not in usual.values}
    known = f"**{usual.name}" + (f" | {names.literal(other)}" if other else "")
    return [known, *_keywords(more, names)]


def _keywords(request: Mapping[str, Any], names: Names) -> list[str]:
    if all(name.isidentifier() and not keyword.iskeyword(name) for name in request):
        return [f"{name}={names.literal(value)}" for name, value in request.items()]
    return [f"**{names.literal(dict(request))}"]
