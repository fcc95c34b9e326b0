"""What a clause demands."""

import pytest

from nodewright.prd.document import parse_document
from nodewright.reading.demands import Demand, demands_of


def demands(text: str) -> tuple[Demand, ...]:
    document = parse_document(f"# Marina\n\n## Functional requirements\n\n- FR-1: {text}\n")
    return tuple(
        demand for clause in document.clauses if clause.requirement for demand in demands_of(clause)
    )


@pytest.mark.parametrize(
    ("text", "verb", "thing"),
    [
        ("The system shall list the berths.", "list", "berths"),
        ("The desk registers a skipper", "register", "skipper"),
        ("Stays can be cancelled", "cancel", "Stays"),
        ("Stays are cancelled", "cancel", "Stays"),
        ("Supports the import of berths", "import", "berths"),
        ("Provides berth search", "search", "berth"),
        ("Automatic deletion of old stays", "delete", "old stays"),
        ("Skippers can see which stays are open", "see", "open stays"),
        ("The system must not allow deleting a confirmed stay", "delete", "confirmed stay"),
        ("Update a skipper's phone number", "update", "phone number"),
        ("Reports are listed", "list", "Reports"),
    ],
)
def test_verb_and_object(text: str, verb: str, thing: str) -> None:
    found = demands(text)
    assert [(each.verb, each.object) for each in found] == [(verb, thing)]


def test_crud_is_five_demands() -> None:
    found = demands("Support CRUD operations for berths (pier, length)")
    assert [each.verb for each in found] == ["create", "read", "update", "delete", "list"]
    assert {each.object for each in found} == {"berths"}


def test_verbs_of_a_list_share_the_object() -> None:
    found = demands("Skippers can create, view and cancel a stay")
    assert [(each.verb, each.object) for each in found] == [
        ("create", "stay"),
        ("view", "stay"),
        ("cancel", "stay"),
    ]


def test_possessives_are_owners() -> None:
    (found,) = demands("A skipper's stays can be listed")
    assert (found.object, found.complement("of")) == ("stays", "skipper")


@pytest.mark.parametrize("text", ["The fee must be at least 0", "Nights must be positive", "Piers"])
def test_what_is_so_is_no_demand(text: str) -> None:
    assert demands(text) == ()


def test_words_of_order_are_no_object() -> None:
    (found,) = demands("Skippers can view stays, newest first, 20 per page")
    assert found.object == "stays"
    assert "newest first" in found.text


def test_empty_text() -> None:
    assert demands("...") == ()
