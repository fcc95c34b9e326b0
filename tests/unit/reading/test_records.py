"""Operations on records."""

import pytest
from tests.unit.reading.marina import DATA, entity, is_read, note, only, read, texts

from nodewright.spec.model import (
    Create,
    Delete,
    Export,
    Import,
    Listing,
    Move,
    Read,
    State,
    Update,
)


def test_crud_makes_five_operations() -> None:
    found = read("Provide CRUD for berths.")
    assert is_read(found)
    kinds = {type(each) for each in found.operations if getattr(each, "entity", "") == "Berth"}
    assert {Create, Read, Update, Delete, Listing} <= kinds


def test_a_verb_makes_the_record_that_refers_to_its_object() -> None:
    found = read("A skipper can book a berth.", data=DATA.replace("Stay", "Booking"))
    assert only(found, Create).entity == "Booking"


def test_a_list_has_filters_order_and_pages() -> None:
    found = read("Skippers can view the covered berths, sorted by length descending, 20 per page.")
    listing = only(found, Listing)
    assert is_read(found)
    assert str(listing.where) == "is_covered"
    assert [(str(each.by), each.descending) for each in listing.order] == [("length", True)]
    assert listing.paged


@pytest.mark.parametrize(
    ("text", "where", "inputs"),
    [
        (
            "Berths can be filtered by pier.",
            "request.pier is None or pier == request.pier",
            ["pier"],
        ),
        (
            "The desk shall search berths by pier.",
            "request.pier is None or contains(lower(pier), lower(request.pier))",
            ["pier"],
        ),
        ("The system shall list the stays of a berth.", "berth == request.berth", ["berth"]),
        (
            "Berths can be filtered by length range.",
            (
                "(request.length_from is None or length >= request.length_from) and "
                "(request.length_to is None or length <= request.length_to)"
            ),
            ["length_from", "length_to"],
        ),
        (
            "List the stays of this month.",
            "start_of_month(placed_at) == start_of_month(today())",
            [],
        ),
    ],
)
def test_filters(text: str, where: str, inputs: list[str]) -> None:
    listing = only(read(text), Listing)
    assert str(listing.where) == where
    assert [each.name for each in listing.inputs] == inputs


def test_the_newest_and_a_limit() -> None:
    listing = only(read("Show the last 5 stays."), Listing)
    assert listing.limit == 5
    assert texts(listing.order, "by") == ["placed_at"]


def test_own_records_are_those_of_who_asks() -> None:
    listing = only(read("Skippers can view their own stays."), Listing)
    assert str(listing.where) == "skipper == request.skipper"
    assert "who asks" in listing.assumed


def test_own_records_without_an_owner_stay_open() -> None:
    found = read("Skippers can view their own berths.")
    assert note(found).state is State.OPEN
    assert "whose" in note(found).reason


def test_the_system_deletes_what_is_said_a_person_deletes_one() -> None:
    many = only(read("The system shall delete cancelled stays older than 90 days."), Delete)
    assert str(many.where) == "status == 'cancelled' and now() - placed_at > days(90)"
    one = only(read("A skipper can delete a stay."), Delete)
    assert one.where is None


def test_a_verb_of_a_status_changes_it() -> None:
    update = only(read("Skippers can cancel a stay."), Update)
    assert [(each.name, str(each.value)) for each in update.set] == [("status", "'cancelled'")]


def test_a_verb_of_a_status_moves_where_the_text_tells_transitions() -> None:
    found = read(
        "A stay moves through these states: requested → confirmed → left.",
        "The desk can confirm a stay.",
    )
    assert "confirmed" in {each.to for each in found.operations if isinstance(each, Move)}


def test_marking() -> None:
    update = only(read("The desk can mark a stay as left."), Update)
    assert str(update.set[0].value) == "'left'"


def test_turning_a_truth_field() -> None:
    data = DATA.replace("is_covered", "is_locked")
    lock, unlock = (
        only(read(f"The desk can {verb} a berth.", data=data), Update)
        for verb in ("lock", "unlock")
    )
    assert (str(lock.set[0].value), str(unlock.set[0].value)) == ("True", "False")


def test_one_field_by_its_owner() -> None:
    update = only(read("The desk can update a berth's pier."), Update)
    assert update.fields == ("pier",)


def test_a_search_founds_an_entity_with_its_fields() -> None:
    found = read("Search sailors by city and boat type", data="# Crew Board\n\n")
    assert [each.name for each in entity(found, "Sailor").fields] == [
        "sailor_id",
        "city",
        "boat_type",
    ]


@pytest.mark.parametrize("thing", ["a report", "a log", "an error message", "the dashboard"])
def test_no_entity_is_invented(thing: str) -> None:
    found = read(f"The system shall show {thing}.", data="# Crew Board\n\n")
    assert found.entities == ()


def test_what_is_said_twice_is_one_operation() -> None:
    found = read("The desk can register a skipper.", "Skippers can be registered.")
    assert len([each for each in found.operations if isinstance(each, Create)]) == 1
    states = {note(found, number).state for number in (1, 2)}
    assert states == {State.READ, State.CONTEXT}


def test_files() -> None:
    found = read("Export the skippers as CSV.", "Import berths from JSON files.")
    assert only(found, Export).entity == "Skipper"
    assert only(found, Import).entity == "Berth"


def test_words_that_are_left_over_are_named() -> None:
    found = read("The system shall list the berths in the colour of the sunset.")
    assert note(found).state is State.OPEN
    assert "sunset" in note(found).reason


def test_an_operation_that_no_clause_is_read_for_goes() -> None:
    found = read("The system shall list the berths in the colour of the sunset.")
    assert not [each for each in found.operations if isinstance(each, Listing)]


def test_a_verb_of_a_later_state_makes_no_record() -> None:
    data = DATA.replace("requested, confirmed, left, cancelled", "requested, collected, left")
    update = only(read("The skipper can collect the stay.", data=data), Update)
    assert str(update.set[0].value) == "'collected'"


def test_what_time_has_come_for() -> None:
    update = only(read("Stays that were not confirmed within 7 days are cancelled."), Update)
    assert str(update.where) == "status != 'confirmed' and now() - placed_at > days(7)"


def test_an_adjective_of_what_is_referred_to_is_a_guard() -> None:
    create = only(read("A skipper can create a stay in a covered berth."), Create)
    assert texts(create.guards) == ["exists(Berth, berth_id == this.berth and is_covered)"]


def test_ids_without_a_colon_are_no_words() -> None:
    assert is_read(read("REQ-7 The system shall list the berths."))
