"""Main verbs, their objects and the kinds of nodes that do such work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.language.verbs import operation_of
from nodewright.prd.models import NODE_KINDS
from nodewright.reading import kind_of


@pytest.mark.parametrize(
    ("text", "verb", "thing"),
    [
        ("The system shall store orders in PostgreSQL.", "store", "orders"),
        ("FR-1: The system shall store orders in PostgreSQL.", "store", "orders"),
        ("Invalid events must be rejected with a clear error", "reject", "Invalid events"),
        ("As a patient, I want to book an appointment, so that I am seen", "book", "appointment"),
        (
            "WHEN a slot is free THEN the system SHALL create an appointment",
            "create",
            "appointment",
        ),
        ("Users can view and cancel an enrolment", "view", "enrolment"),
        ("Create, read, and update events", "create", "events"),
        ("Search courses by title, level and language", "search", "courses"),
        ("Order management", "manage", "Order"),
        ("Event Validation", "validate", "Event"),
        ("Validating tickets", "validate", "tickets"),
        ("Orchestrate the purchase: validate the ticket", "orchestrate", "purchase"),
        ("System MUST allow users to cancel their subscriptions", "cancel", "subscriptions"),
        ("Users can log in with Google", "login", "account"),
        ("El sistema debe permitir registrar usuarios", "register", "usuarios"),
        ("메뉴 목록 조회", "read", "메뉴 목록"),
        ("注册用户", "register", "用户"),
        ("Something without a known action", "", "Something"),
        ("The system shall handle PDF parsing errors gracefully", "handle", "PDF parsing errors"),
        ("The system shall output structured JSON data", "output", "structured JSON data"),
        ("System MUST automatically upgrade the plan when paid", "upgrade", "plan"),
        ("Users may upgrade or downgrade their plans", "upgrade", "plans"),
        (
            "WHEN implementing deletion endpoints THEN the system SHALL ensure idempotency",
            "ensure",
            "idempotency",
        ),
        ("Configuration must be cacheable", "ensure", "Configuration cacheable"),
        ("Payment processing – refunds and more", "process", "Payment"),
    ],
)
def test_the_main_verb_and_its_object(text: str, verb: str, thing: str) -> None:
    operation = operation_of(text)
    assert (operation.verb, operation.object.split(" without")[0]) == (verb, thing)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The system shall send an email to the customer", "EFFECT"),
        ("The system shall calculate the shipping cost from weight and distance", "COMPUTE"),
        ("Aggregate sales per day and keep running totals", "REDUCER"),
        ("Orchestrate the nightly import pipeline", "ORCHESTRATOR"),
    ],
)
def test_the_kind_of_a_requirement(text: str, kind: str) -> None:
    found, score = kind_of(text)
    assert found == kind
    assert score > 0.5


@given(st.text(max_size=300))
def test_any_sentence_has_an_operation_and_a_kind(text: str) -> None:
    operation = operation_of(text)
    assert operation.verb == "" or (operation.verb.isascii() and operation.verb.isalpha())
    kind, score = kind_of(text)
    assert kind in NODE_KINDS
    assert 0 <= score <= 1
