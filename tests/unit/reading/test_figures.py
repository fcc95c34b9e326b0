"""Counts, sums, formulas, conversions and classes."""

import doctest

import pytest
from tests.unit.reading.marina import entity, is_read, note, only, read, texts

from nodewright.reading import changes, classes, operations
from nodewright.reading.classes import threshold_in
from nodewright.spec.model import Aggregate, Compute, Reduction, State


@pytest.mark.parametrize(
    ("text", "group", "reduce", "of"),
    [
        ("Count stays per berth.", ["berth"], Reduction.COUNT, "None"),
        (
            "Show the number of stays per month.",
            ["start_of_month(placed_at)"],
            Reduction.COUNT,
            "None",
        ),
        ("The average fee per berth must be shown.", ["berth"], Reduction.AVERAGE, "fee"),
        ("Sum the revenue of stays per day.", ["date(placed_at)"], Reduction.SUM, "fee"),
        ("Count stays per pier.", ["find(Berth, berth).pier"], Reduction.COUNT, "None"),
        ("Show the highest fee per week.", ["start_of_week(placed_at)"], Reduction.HIGHEST, "fee"),
    ],
)
def test_figures(text: str, group: list[str], reduce: Reduction, of: str) -> None:
    found = read(text)
    if note(found).state is State.OPEN:
        pytest.fail(note(found).reason)
    aggregate = only(found, Aggregate)
    assert texts(aggregate.group, "value") == group
    assert [(each.reduce, str(each.of)) for each in aggregate.measures] == [(reduce, of)]


def test_adjectives_choose_what_is_counted() -> None:
    assert (
        str(only(read("Count confirmed stays per berth."), Aggregate).where)
        == "status == 'confirmed'"
    )


def test_what_is_said_of_the_counted_may_imply_a_field() -> None:
    found = read("Count stays that were prolonged.")
    assert str(only(found, Aggregate).where) == "prolonged"
    field = entity(found, "Stay").field("prolonged")
    assert field is not None
    assert field.assumed


def test_what_is_measured_may_imply_a_field() -> None:
    found = read("Show the average waiting time per berth.")
    assert is_read(found)
    assert entity(found, "Stay").field("waiting_time") is not None


def test_an_unknown_group_leaves_it_open() -> None:
    assert note(read("Count stays per tide.")).state is State.OPEN


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Calculate the total as nights times fee plus tax.", "nights * fee + tax"),
        ("Calculate the price from base price, tax and discount.", None),
        ("Calculate the total from base price, tax and discount.", "base_price + tax - discount"),
        ("Calculate the refund as 80% of the fee.", "80 / 100 * fee"),
    ],
)
def test_formulas(text: str, value: str | None) -> None:
    found = read(text)
    if value is None:
        assert note(found).state is State.OPEN
        return
    (result,) = only(found, Compute).results
    assert str(result.value) == value


def test_conversions_refuse_what_has_no_factor() -> None:
    fields = "- delivery_id: uuid\n- amount: decimal\n- unit: enum (ml, l, barrel)\n\n"
    data = f"# Fuel\n\n## Data\n\n### Delivery\n\n{fields}"
    found = read("Convert deliveries into l.", data=data)
    compute = only(found, Compute)
    assert texts(compute.results, "value") == ["amount * 0.001 if unit == 'ml' else amount"]
    assert texts(compute.guards) == ["unit in ['ml', 'l']"]
    assert "barrel" in compute.assumed


def test_classes_by_thresholds() -> None:
    text = (
        "Classify boats into 3 kinds:\n"
        "  - **Dinghy:** Small boats (<5 m length)\n"
        "  - **Cruiser:** Family boats (8+ m length)\n"
        "  - **Wreck:** Boats that nobody loves\n"
    )
    found = read(text, data="# Boat Kinds\n\n")
    kinds = [each for each in found.operations if isinstance(each, Compute) and each.results]
    if not kinds:
        pytest.skip("the kinds were not read as values")
    assert "length < 5" in [str(each.value) for each in kinds[0].results]


@pytest.mark.parametrize(
    ("text", "name", "sign", "number"),
    [
        ("heavy users (50+ euro avg orders)", "average_orders", ">=", "50"),
        ("quick replies (<10s answers)", "answers_seconds", "<", "10"),
        ("new boats (<90 days old)", "age_days", "<", "90"),
        ("average trip of 50 or more", "average_trip", ">=", "50"),
        ("busy (100+ trips/month)", "trips_per_month", ">=", "100"),
    ],
)
def test_thresholds(text: str, name: str, sign: str, number: str) -> None:
    found = threshold_in(text)
    assert found is not None
    assert (found.name, found.sign, found.number) == (name, sign, number)


@pytest.mark.parametrize("text", ["loved by all", "between <5 m length and 8+ m width", ""])
def test_no_or_several_thresholds(text: str) -> None:
    assert threshold_in(text) is None


@pytest.mark.parametrize("module", [changes, classes, operations])
def test_examples_of_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_what_is_counted_is_no_owner() -> None:
    aggregate = only(read("Skippers can see how many stays are confirmed per berth."), Aggregate)
    assert str(aggregate.where) == "status == 'confirmed'"
    assert aggregate.inputs == ()
