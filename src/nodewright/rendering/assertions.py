"""Assertions on what is otherwise without a clause, and on nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from nodewright.rendering.literals import Request, literal
from nodewright.rendering.names import safe, variable
from nodewright.spec.calls import Answer
from nodewright.spec.scenario import Answered, Call, Outcome, Scenario
from nodewright.templates.quoting import pystr

Records = Sequence[Mapping[str, Any]]


class Names:
    """What a test calls things: answers of its steps, requests that are made often."""

    def __init__(
        self, targets: Mapping[int, str], expected: Outcome, requests: Mapping[str, Request]
    ) -> None:
        self.targets = targets
        self.requests = requests
        self._items: list[tuple[str, dict[str, Any]]] = []
        self._ids: dict[UUID, str] = {}
        for number, target in targets.items():
            answer = expected.steps[number].answer
            if answer is not None and answer.item is not None and target != "answers":
                item = without_missing(answer.item)
                self._items.append((target, item))
                for name, value in item.items():
                    if isinstance(value, UUID):
                        self._ids.setdefault(value, f"{target}[{pystr(name)}]")

    def literal(self, value: Any) -> str:
        """A value of a request, or one that no step answered."""
        return literal(value, self._answered)

    def expected(self, value: Any) -> str:
        """A value that is expected; ids that a step answered by that step's name."""
        return literal(value, lambda each: self._answered(each) or self._id(each))

    def record(self, record: Mapping[str, Any]) -> str:
        """A record that is expected, by the answer that had it where there is one."""
        for target, item in reversed(self._items):
            if item == record:
                return f"{target}.item"
        return self.described(record)

    def described(self, record: Mapping[str, Any]) -> str:
        """A record, with what the usual request gives by its name."""
        for request in self.requests.values():
            usual = request.values
            same = [name for name in usual if alike(record.get(name), usual[name])]
            if set(usual) <= set(record) and 1 < 2 * len(same) > len(usual):
                rest = {name: value for name, value in record.items() if name not in same}
                return f"{{**{request.name}, {literal(rest)[1:-1]}}}" if rest else request.name
        return literal(record)

    def _answered(self, value: Any) -> str:
        if isinstance(value, Answered):
            return f"{self.targets[value.step]}[{pystr(value.name)}]"
        return ""

    def _id(self, value: Any) -> str:
        return self._ids.get(value, "") if isinstance(value, UUID) else ""


def alike(one: Any, other: Any) -> bool:
    """Whether two values are written the same."""
    return type(one) is type(other) and bool(one == other)


def checks(
    scenario: Scenario,
    expected: Outcome,
    without: Outcome,
    differing: Sequence[int],
    names: Names,
) -> Iterator[str]:
    """Assertions on all that is otherwise without the clause."""
    for number in differing:
        full, bare = expected.steps[number], without.steps[number]
        name = names.targets[number]
        if isinstance(scenario.steps[number], Call):
            if full.answer is not None and bare.answer is not None:
                yield from _answer(name, full.answer, bare.answer, names)
        else:
            shown = [_shown(answer) for _, answer in full.answers]
            yield f"assert [each.shown for each in {name}] == {names.expected(shown)}"
    for port in sorted({sent.port for each in (expected, without) for sent in _all(each, "sent")}):
        full_sent, bare_sent = (
            [without_missing(sent.message) for sent in _all(each, "sent") if sent.port == port]
            for each in (expected, without)
        )
        if full_sent != bare_sent:
            yield from _records(f"world.sent({pystr(safe(port))})", full_sent, bare_sent, names)
    full_events, bare_events = (
        [without_missing(each.payload) for each in _all(outcome, "published")]
        for outcome in (expected, without)
    )
    if full_events != bare_events:
        yield from _records("world.published", full_events, bare_events, names)
    waits = [[pause.total_seconds() for pause in _all(each, "waited")]
             for each in (expected, without)]  # fmt: skip
    if waits[0] != waits[1]:
        yield f"assert world.waited == {literal(waits[0])}"
    for entity in sorted({*expected.stored, *without.stored}):
        full_kept, bare_kept = (
            [without_missing(record) for record in each.stored.get(entity, ())]
            for each in (expected, without)
        )
        if full_kept != bare_kept:
            kept = f"world.records({pystr(variable(entity))})"
            yield from _records(kept, full_kept, bare_kept, names)


def _all(outcome: Outcome, name: str) -> list[Any]:
    return [each for seen in outcome.steps for each in getattr(seen, name)]


def _answer(name: str, full: Answer, bare: Answer, names: Names) -> Iterator[str]:
    if not full.ok:
        yield from _failure(name, full, bare)
        return
    if not bare.ok:
        yield f"assert {name}.ok"
        if bare.error_code not in _NOT_THERE:
            return
    for part in ("count", "content", "completed", "warnings"):
        if getattr(full, part) != getattr(bare, part):
            yield f"assert {name}[{pystr(part)}] == {literal(getattr(full, part))}"
    for part in ("items", "rows"):
        one, other = getattr(full, part), getattr(bare, part)
        if one != other:
            place = f"{name}[{pystr(part)}]"
            yield from _records(place, _all_present(one), _all_present(other), names)
    for part in ("item", "results"):
        one, other = getattr(full, part), getattr(bare, part)
        if one != other and one:
            yield from _record(
                name, part, without_missing(one), without_missing(other or {}), names
            )


def _failure(name: str, full: Answer, bare: Answer) -> Iterator[str]:
    if full.error_code != bare.error_code:
        yield f"assert {name}.error == {pystr(full.error_code)}"
    for part in ("failed_step", "completed"):
        if getattr(full, part) and getattr(full, part) != getattr(bare, part):
            yield f"assert {name}[{pystr(part)}] == {literal(getattr(full, part))}"


def _record(
    name: str, part: str, full: Mapping[str, Any], bare: Mapping[str, Any], names: Names
) -> Iterator[str]:
    if not bare:
        yield f"assert {name}.{part} == {names.described(full)}"
        return
    for field in {**full, **bare}:
        if field not in full:
            yield f"assert {pystr(field)} not in {name}.{part}"
        elif field not in bare or full[field] != bare[field]:
            sign = "is" if isinstance(full[field], bool) else "=="
            yield f"assert {name}[{pystr(field)}] {sign} {names.expected(full[field])}"


def _records(place: str, full: Records, bare: Records, names: Names) -> Iterator[str]:
    """One assertion on records: on the fields that differ, or on which records there are."""
    # Rows of figures are short, and one scenario often shows several of them.
    shown = [] if place.endswith('["rows"]') else _telling(full, bare)
    if not full or not shown:
        inside = ", ".join(names.record(each) for each in full)
        yield f"assert {place} == [{inside}]"
    elif len(shown) == 1:
        values = names.expected([each[shown[0]] for each in full])
        yield f"assert [each[{pystr(shown[0])}] for each in {place}] == {values}"
    else:
        fields = ", ".join(f"each[{pystr(each)}]" for each in shown)
        values_ = ", ".join(
            f"({', '.join(names.expected(each[name]) for name in shown)})" for each in full
        )
        yield f"assert [({fields}) for each in {place}] == [{values_}]"


def _telling(full: Records, bare: Records) -> list[str]:
    """The few fields that show how ``full`` differs; none where all of it has to be shown."""
    if not full or not bare:
        return []
    shared = [name for name in full[0] if all(name in each for each in full)]
    if _same_ones(full, bare):
        every = [*full, *(each for each in bare if each not in full)]
        apart = (name for name in shared if _all_different(name, every))
        return list(next(zip(apart, strict=False), ()))
    if len(full) != len(bare):
        return []
    different = [
        name
        for name in {**full[0], **bare[0]}
        if any(one.get(name) != other.get(name) for one, other in zip(full, bare, strict=True))
    ]
    return different if len(different) <= _FEW and set(different) <= set(shared) else []


def _all_different(name: str, records: Records) -> bool:
    return len({repr(each.get(name)) for each in records}) == len(records)


def _same_ones(full: Records, bare: Records) -> bool:
    """Whether the records are the same ones, in another order or fewer of them."""
    return all(each in bare for each in full) or all(each in full for each in bare)


def _shown(answer: Answer) -> dict[str, Any]:
    """All of an answer but what is missing or empty."""
    found: dict[str, Any] = {"status": answer.status}
    for name in _PARTS:
        value = getattr(answer, name)
        if value is not None and value not in ("", (), {}):
            found[name] = _kept(value)
    return found


def _all_present(records: Records | None) -> list[dict[str, Any]]:
    return [without_missing(record) for record in records or ()]


def without_missing(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` without what is missing, as the tests' world shows records."""
    return {name: _kept(value) for name, value in values.items() if value is not None}


def _kept(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _kept(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_kept(each) for each in value]
    return value


_FEW = 2
# What a request is refused with where the operation or an input of it is not there at all.
_NOT_THERE = {"unknown_operation", "invalid_request"}
_PARTS = (
    "error_code", "item", "items", "count", "rows", "results", "content", "completed",
    "failed_step", "warnings",
)  # fmt: skip
