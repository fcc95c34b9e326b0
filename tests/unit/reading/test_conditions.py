"""Conditions on a record, as expressions."""

import pytest
from tests.unit.reading.marina import DATA

from nodewright.prd.document import parse_document
from nodewright.reading.conditions import condition_of
from nodewright.reading.data_passes import read_data
from nodewright.reading.draft import Draft
from nodewright.reading.keys import read_keys


@pytest.fixture(scope="module")
def draft() -> Draft:
    made = Draft(parse_document(DATA))
    read_data(made)
    read_keys(made)
    return made


@pytest.mark.parametrize(
    ("entity", "text", "expression"),
    [
        ("Stay", "it is confirmed", "status == 'confirmed'"),
        ("Stay", "the stay is not confirmed", "status != 'confirmed'"),
        ("Stay", "the status is left", "status == 'left'"),
        ("Stay", "they are unconfirmed", "status != 'confirmed'"),
        ("Stay", "the fee exceeds 100 euro", "fee > 100"),
        ("Stay", "nights is zero", "nights == 0"),
        ("Stay", "fee is ≤0", "fee <= 0"),
        ("Stay", "it is older than 30 days", "now() - placed_at > days(30)"),
        ("Stay", "it has no note", "note is None"),
        ("Stay", "note is NULL", "note is None"),
        ("Stay", "status = 'left' or 'cancelled'", "status in ['left', 'cancelled']"),
        ("Berth", "with free places", "places_left > 0"),
        ("Berth", "without free places", "places_left <= 0"),
        ("Berth", "no places are left", "places_left <= 0"),
        ("Berth", "it is full", "places_left <= 0"),
        ("Berth", "a covered berth", "is_covered"),
        ("Berth", "the berth opens in the future", "opens_at > now()"),
        ("Berth", "it is uncovered", "not is_covered"),
        ("Berth", "it has no stays", "not (exists(Stay, berth == this.berth_id))"),
        (
            "Stay",
            "the skipper is banned",
            "exists(Skipper, skipper_id == this.skipper and (status == 'banned'))",
        ),
    ],
)
def test_what_is_understood(draft: Draft, entity: str, text: str, expression: str) -> None:
    found = condition_of(draft, draft.entities[entity], text)
    assert found is not None
    assert found.text == expression


def test_parts_are_joined(draft: Draft) -> None:
    found = condition_of(draft, draft.entities["Stay"], "it is confirmed and the fee is below 10")
    assert found is not None
    assert found.text == "(status == 'confirmed') and (fee < 10)"


def test_what_time_runs_from_is_assumed(draft: Draft) -> None:
    found = condition_of(draft, draft.entities["Stay"], "it is older than 2 weeks")
    assert found is not None
    assert "placed_at" in found.assumed


@pytest.mark.parametrize(
    "text",
    ["", "a gull is loud", "it is purple", "a painted berth with free places", "x" * 400],
)
def test_what_is_not_understood_gives_none(draft: Draft, text: str) -> None:
    assert condition_of(draft, draft.entities["Berth"], text) is None


def test_the_opposite(draft: Draft) -> None:
    stay = draft.entities["Stay"]
    for text, denied in [("it is left", "status != 'left'"), ("the fee is above 5", "fee <= 5")]:
        found = condition_of(draft, stay, text)
        assert found is not None
        assert found.denied.text == denied
