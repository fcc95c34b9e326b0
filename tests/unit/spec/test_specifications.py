"""What holds for every right specification: it is accepted, survives its YAML form, and runs."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.spec.strategies import specifications

from nodewright.spec import model as m
from nodewright.spec.calls import Answer, Caller
from nodewright.spec.checks import check
from nodewright.spec.interpreter import Interpreter, PortError
from nodewright.spec.requests import inputs_of
from nodewright.spec.types import Base, Type
from nodewright.spec.yaml_form import dump, load

QUIET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
IDS = [UUID(int=number) for number in range(1, 4)]
VALUES: dict[Base, st.SearchStrategy[Any]] = {
    Base.TEXT: st.sampled_from(["", "red", "blue", "a" * 9]),
    Base.INTEGER: st.integers(-3, 9),
    Base.NUMBER: st.sampled_from([Decimal("0.5"), Decimal(3), Decimal("1e9"), Decimal(0)]),
    Base.BOOLEAN: st.booleans(),
    Base.DATE: st.sampled_from([date(2026, 3, 2), date(1, 1, 1), date.max]),
    Base.DATETIME: st.sampled_from(
        [NOW, NOW + timedelta(days=1), datetime.max.replace(tzinfo=UTC)]
    ),
    Base.DURATION: st.sampled_from([timedelta(), timedelta(days=900), timedelta.max]),
    Base.UUID: st.sampled_from(IDS),
    Base.OBJECT: st.just({"a": "b"}),
    Base.LIST: st.just(["red"]),
    Base.ENTITY: st.sampled_from([*IDS, "red", 1]),
}


@given(specifications())
@QUIET
def test_a_right_specification_is_accepted(specification: m.Specification) -> None:
    assert check(specification) is specification


@given(specifications())
@QUIET
def test_the_yaml_form_loses_nothing(specification: m.Specification) -> None:
    text = dump(specification)
    assert load(text) == specification
    assert dump(load(text)) == text


def value(data: st.DataObject, kind: Type) -> Any:
    if data.draw(st.integers(0, 9)) == 0:
        return data.draw(st.sampled_from([None, "x", 3, Decimal("NaN"), [], {}]))
    if kind.base is Base.ENUM:
        return data.draw(st.sampled_from(kind.values))
    return data.draw(VALUES[kind.base])


@given(specifications(), st.data())
@QUIET
def test_a_running_specification_always_answers(
    specification: m.Specification, data: st.DataObject
) -> None:
    now = NOW

    def broken(_: object) -> None:
        raise PortError

    ids = iter(UUID(int=number) for number in range(1, 10_000))
    running = Interpreter(
        specification, clock=lambda: now, new_id=lambda: next(ids), ports={"payments": broken}
    )
    for _ in range(12):
        now += data.draw(st.sampled_from([timedelta(), timedelta(minutes=1), timedelta(days=1)]))
        before = running.state
        operation = data.draw(st.sampled_from(specification.operations))
        inputs = inputs_of(specification, operation)
        request = {each.name: value(data, each.type) for each in inputs}
        caller = data.draw(st.sampled_from([None, Caller("anna", "admin"), Caller("bob")]))
        answer = running.call(operation.name, request, caller)
        assert isinstance(answer, Answer)
        assert answer.ok is not bool(answer.error_code)
        if not answer.ok and not isinstance(operation, m.Workflow):
            assert running.state is before
        running.tick()
        running.deliver("thing_happened", {"label": "red", "size": value(data, Type(Base.INTEGER))})
