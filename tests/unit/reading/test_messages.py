"""Messages, events, stores, schedules, routes and workflows."""

import pytest
from tests.unit.reading.marina import entity, is_read, note, only, read

from nodewright.spec.model import (
    Create,
    Delete,
    Listing,
    Notify,
    Publish,
    Send,
    State,
    Update,
    Workflow,
)

PLACE = "A skipper can create a stay."


def message(send: Send) -> dict[str, str]:
    return {each.name: str(each.value) for each in send.message}


def test_a_mail_goes_to_whom_the_record_refers_to() -> None:
    found = read(PLACE, "When a stay is created, the skipper must be notified by e-mail.")
    (send,) = only(found, Create).effects
    assert isinstance(send, Send)
    assert message(send)["recipient"] == "find(Skipper, skipper).email"


def test_the_text_names_the_system_and_what_the_message_holds() -> None:
    found = read(PLACE, "When a stay is created, send a receipt through SendGrid with the fee.")
    (send,) = only(found, Create).effects
    assert isinstance(send, Send)
    assert "{fee}" in message(send)["body"]
    assert "{nights}" not in message(send)["body"]
    assert [port.system for port in found.ports] == ["SendGrid"]


def test_the_staff_has_no_field_of_the_record() -> None:
    found = read(PLACE, "When a stay is created, alert the manager by e-mail.")
    (send,) = only(found, Create).effects
    assert isinstance(send, Send)
    assert message(send)["recipient"] == "'manager'"


def test_without_a_channel_mail_is_assumed() -> None:
    found = read(PLACE, "When a stay is created, notify the owner.")
    (send,) = only(found, Create).effects
    assert send.assumed == "the text names no channel"


def test_a_message_when_the_record_is_so() -> None:
    found = read("The desk can update a berth.", "If a berth is full, send an alert on Slack.")
    (send,) = only(found, Update).effects
    assert str(send.when) == "places_left <= 0"


def test_a_reminder_before_a_time() -> None:
    found = read("When a berth is 24 hours ahead, send a reminder by SMS to the skipper.")
    update = only(found, Update)
    assert "opens_at - now() <= hours(24)" in str(update.where)
    assert entity(found, "Berth").field("reminder_sent_at") is not None


def test_silence() -> None:
    found = read("Alert the manager by e-mail when a berth is silent for more than 2 days.")
    notify = only(found, Notify)
    assert "now() - placed_at > days(2)" in str(notify.where)
    assert "not exists(Stay" in str(notify.where)


def test_a_message_with_no_occasion_stays_open() -> None:
    found = read("Send a postcard by e-mail when the gulls return.")
    assert note(found).state is State.OPEN
    assert found.ports == ()


def test_events() -> None:
    found = read(PLACE, "When a stay is created, publish a `stay.created` event.")
    (effect,) = only(found, Create).effects
    assert isinstance(effect, Publish)
    assert found.events[0].topic == "stay.created"


def test_stores() -> None:
    found = read("Store skippers (name, email) to CSV files.")
    assert is_read(found)
    assert [(store.system, store.entities) for store in found.stores] == [
        ("CSV files", ("Skipper",))
    ]


def test_a_schedule() -> None:
    found = read("The system shall delete cancelled stays older than 9 days every night.")
    schedule = only(found, Delete).schedule
    assert schedule is not None
    assert schedule.every.days == 1


@pytest.mark.parametrize(("text", "status"), [("returns 202", 202), ("adds one", 201)])
def test_routes(text: str, status: int) -> None:
    route = only(read(f"POST /berths {text}"), Create).route
    assert route is not None
    assert (route.method, route.path, route.status) == ("POST", "/berths", status)


def test_a_workflow_of_known_steps() -> None:
    found = read(
        "Validate each stay.",
        PLACE,
        "The system shall orchestrate the arrival: validate the stay, create it.",
    )
    assert [step.operation for step in only(found, Workflow).steps] == [
        "validate_stay",
        "create_stay",
    ]


def test_a_step_that_nothing_does_leaves_the_workflow_out() -> None:
    found = read(PLACE, "The system shall orchestrate the arrival: create the stay, ring the bell.")
    assert not [each for each in found.operations if isinstance(each, Workflow)]
    assert "ring the bell" in note(found, 2).reason


def test_qualities_are_listed_and_open() -> None:
    data = (
        "# Marina\n\n## Non-functional requirements\n\n- NFR-1: Search latency p95 below 200 ms\n\n"
    )
    found = read("Nothing.", data=data)
    assert [(each.measure, each.value, each.unit) for each in found.qualities] == [
        ("latency_p95", 200, "ms")
    ]
    assert next(each for each in found.clauses if "latency" in each.text).state is State.OPEN


def test_kept_and_removed() -> None:
    found = read(
        "Retain only stays with status = 'confirmed' or 'left'.",
        "Remove stays where note is NULL.",
    )
    assert str(only(found, Listing).where) == "status in ['confirmed', 'left']"
    assert str(only(found, Delete).where) == "note is None"
