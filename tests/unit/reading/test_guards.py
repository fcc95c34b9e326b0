"""What must hold for an operation, and what is refused."""

import pytest
from tests.unit.reading.marina import DATA, entity, is_read, note, only, read, texts

from nodewright.spec.model import Create, Delete, Guard, State, Update

CANCEL = "Skippers can cancel a stay."


def guards(specification: object) -> tuple[Guard, ...]:
    return only(specification, Update).guards  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "require"),
    [
        ("Only requested stays can be cancelled.", "status == 'requested'"),
        ("A confirmed stay cannot be cancelled.", "status != 'confirmed'"),
        ("Stays can be cancelled only if they are requested.", "status == 'requested'"),
        ("Stays can be cancelled unless they are left.", "status != 'left'"),
        ("A stay cannot be cancelled if the fee exceeds 500.", "fee <= 500"),
        (
            "Stays can be cancelled only while the skipper is active.",
            "exists(Skipper, skipper_id == this.skipper and status == 'active')",
        ),
    ],
)
def test_guards_of_a_cancellation(text: str, require: str) -> None:
    found = read(CANCEL, text)
    assert require in texts(guards(found))
    assert note(found, 2).state is not State.OPEN


def test_who_may_not() -> None:
    found = read("A skipper can place a stay.", "Banned skippers cannot create stays.")
    (guard,) = only(found, Create).guards
    assert "status == 'banned'" in str(guard.require)
    assert guard.error == "skipper_banned"


def test_only_some_roles() -> None:
    found = read("Only administrators can delete berths.")
    roles = only(found, Delete).roles
    assert roles is not None
    assert roles.roles == ("administrator",)


def test_one_thing_needs_another() -> None:
    found = read("The desk can create a permit.", "No permit without a confirmed stay.",
                 data=DATA + "### Permit\n\n- permit_id: uuid\n- text: string\n\n")  # fmt: skip
    (guard,) = only(found, Create).guards
    assert "status == 'confirmed'" in str(guard.require)
    assert entity(found, "Permit").field("stay") is not None


def test_a_prohibition_without_an_operation_stays_open() -> None:
    found = read("A confirmed stay cannot be repainted.")
    assert note(found).state is State.OPEN


@pytest.mark.parametrize(
    ("text", "require", "error"),
    [
        ("If a stay is left, the cancellation is refused.", "status != 'left'", "status_left"),
        (
            "If a stay is left, the cancellation is refused with the error `already_left`.",
            "status != 'left'",
            "already_left",
        ),
    ],
)
def test_refusals(text: str, require: str, error: str) -> None:
    found = read(CANCEL, text)
    (guard,) = guards(found)
    assert (str(guard.require), guard.error) == (require, error)


def test_a_time_in_the_past_looks_at_the_new_one() -> None:
    found = read(
        "The desk can update a berth.", "If the opening time is in the past, reject the update."
    )
    assert texts(guards(found)) == ["request.opens_at is None or request.opens_at >= now()"]


def test_doubles_are_unique() -> None:
    found = read("Prevent double stays of the same skipper in the same berth.")
    assert [each.fields for each in entity(found, "Stay").unique] == [("skipper", "berth")]


def test_scenarios() -> None:
    story = """\
```gherkin
Feature: Stays
  Scenario: a free berth
    Given a berth with free places
    When a skipper places a stay
    Then a stay is created
  Scenario: a full berth
    Given a berth without free places
    When a skipper places a stay
    Then the stay is rejected
```

"""
    found = read("The fee of a stay is shown.", data=DATA + "## Scenarios\n\n" + story)
    create = only(found, Create)
    assert [guard.error for guard in create.guards] == ["no_places_left"]
    states = {each.text: each.state for each in found.clauses}
    assert states["When a skipper places a stay"] is State.CONTEXT
    assert states["Scenario: a full berth"] is State.CONTEXT


def test_is_read() -> None:
    assert is_read(read(CANCEL))
