"""The one list of modal verbs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.language.modals import demands, find_modal, is_modal


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("The desk shall sell tickets", "The desk ", "sell tickets"),
        ("Guests must not pay twice", "Guests ", "pay twice"),
        ("It has to also only print", "It ", "print"),
        ("Guests should be able to pay", "Guests ", "pay"),
        ("El sistema debe permitir vender", "El sistema ", "vender"),
        ("It MUST print", "It ", "print"),
        ("It must", "It ", ""),
    ],
)
def test_modals_are_found(text: str, before: str, after: str) -> None:
    found = find_modal(text)
    assert found is not None
    assert (text[: found.start], text[found.end :]) == (before, after)


@pytest.mark.parametrize("text", ["", "A ticket has a seat", "mustard", "needs tickets"])
def test_no_modals(text: str) -> None:
    assert find_modal(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "It shall print",
        "El sistema debe vender",
        "Das System muss drucken",
        "Le système doit imprimer",
        "Система должна печатать",
        "系统必须打印",
        "시스템은 인쇄해야 한다",
        "印刷できる",
    ],
)
def test_demands_in_any_language(text: str) -> None:
    assert demands(text)
    assert not demands("A ticket has a seat")


def test_single_words() -> None:
    assert is_modal("shall")
    assert not is_modal("seat")


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    found = find_modal(text)
    assert found is None or 0 <= found.start < found.end <= len(text)
