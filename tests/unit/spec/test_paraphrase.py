"""Elements in plain English, and the schema for editors."""

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from tests.unit.spec.strategies import specifications
from tests.unit.spec.test_search import SPECIFICATION, TICKETING

from nodewright.spec import model as m
from nodewright.spec.english import in_english
from nodewright.spec.expressions import Expression
from nodewright.spec.json_schema import json_schema
from nodewright.spec.paraphrase import sentences
from nodewright.spec.yaml_form import dump

QUIET = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("price > 0 and price <= 5000", "price is greater than 0 and at most 5000"),
        ("holder_email == request.mail", "holder email is the given mail"),
        ("status in ['paid', 'used']", 'status is one of "paid", "used"'),
        ("paid_at is None or not (a == b)", "paid at is missing or not (a is b)"),
        ("base + fees - discount", "base plus fees minus discount"),
        ("(base + fees) * 2", "(base plus fees) times 2"),
        ("now() - minutes(15)", "now minus 15 minutes"),
        ("find(Ticket, request.ticket).seat", "the seat of the Ticket with key the given ticket"),
        ("exists(Bin, code == this.bin)", "there is a Bin for which code is its own bin"),
        ("sum(Payment, amount, True)", "the sum of amount over Payment records for which true"),
        ("round(total, 2) if total > 1 else 0", ("total rounded to 2 places if total is greater "
         "than 1, else 0")),
        ("f'Seat {seat}.'", '"Seat [seat]."'),
        ("reserve.ticket_id", "the reserve step's ticket id"),
        ("caller.id", "the caller's id"),
        ("{'id': code}", "id code"),
    ],
)  # fmt: skip
def test_expression(text: str, said: str) -> None:
    assert in_english(Expression(text)) == said


SAID = [
    "Refuses with price_invalid unless price is greater than 0.",
    "Refuses with price_invalid unless price is at most 5000.",
    "Refuses with holder_email_invalid unless holder email is a valid email.",
    ("Refuses with seat_taken a second Ticket with the same event name and seat where status is "
    'not "cancelled".'),
    ("A new Ticket is reserved, and its status moves only from reserved to paid, paid to used, "
    "reserved to cancelled."),
    "Orders by reserved at, largest or latest first.",
    "Delete unpaid tickets runs by itself every minute.",
    "Pay ticket makes the Ticket with the given key paid.",
    "Total price is base price plus fees minus discount, rounded to 2 places.",
    "All records are kept in PostgreSQL.",
    ("Purchase ticket runs validate ticket, then create ticket, then record payment, then confirm "
    "purchase."),
]  # fmt: skip


@pytest.mark.parametrize("sentence", SAID)
def test_sentences_of_the_example(sentence: str) -> None:
    assert sentence in [text for _, text in sentences(TICKETING)]


@given(specifications())
@QUIET
def test_every_element_has_one_sentence(specification: m.Specification) -> None:
    for _, text in [*sentences(specification), *sentences(SPECIFICATION)]:
        assert text.endswith(".")
        assert "\n" not in text
        assert "There is a " not in text or "for which" in text


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@given(specifications())
@QUIET
def test_editors_accept_what_is_right(specification: m.Specification) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    for each in (specification, SPECIFICATION, TICKETING):
        validator.validate(yaml.safe_load(dump(each)))


@pytest.mark.parametrize(
    "wrong",
    ["operations: {x: {crate: Book}}", "entitys: {}", "entities: {Book: {field: {}}}"],
)
def test_editors_underline_what_is_wrong(wrong: str) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    data = yaml.safe_load(f"title: a\npackage: b\n{wrong}")
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(data)
