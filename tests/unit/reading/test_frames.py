"""Who, when and what of a sentence."""

import doctest

import pytest

from nodewright.reading import frames, ordering, phrases
from nodewright.reading.frames import frame_of
from nodewright.reading.phrases import complements_of, phrases_of


@pytest.mark.parametrize(
    ("text", "main", "actor"),
    [
        ("The harbour office shall list the berths.", "list the berths", "The harbour office"),
        ("As a skipper, I want to book a berth so that I can stay.", "book a berth", "skipper"),
        ("Skippers must be able to cancel a stay", "cancel a stay", "Skippers"),
        ("It must be possible to cancel a stay", "cancel a stay", "It"),
        ("Let skippers to extend their stay", "extend their stay", "skippers"),
        ("Ability to search berths by pier", "search berths by pier", ""),
        ("Berth search: The desk can search berths", "search berths", "The desk"),
        ("Create: If a berth is missing, it must be created.", "it be created", ""),
    ],
)
def test_the_main_part_and_who_asks(text: str, main: str, actor: str) -> None:
    frame = frame_of(text)
    assert (frame.main, frame.actor) == (main, actor)


@pytest.mark.parametrize(
    ("text", "kind", "condition"),
    [
        ("When a stay is confirmed, the desk shall mail it", "trigger", "a stay is confirmed"),
        ("If a berth is full, refuse the stay", "guard", "a berth is full"),
        ("A stay can be cancelled only if it is requested", "guard", "it is requested"),
        ("A stay can be cancelled unless it is left", "barrier", "it is left"),
    ],
)
def test_conditions(text: str, kind: str, condition: str) -> None:
    found = frame_of(text).conditions
    assert [(each.kind, each.text) for each in found] == [(kind, condition)]


def test_given_and_when_of_one_sentence_are_two_conditions() -> None:
    frame = frame_of("Given a full berth, when a skipper books it, then the stay is refused")
    assert [each.kind for each in frame.conditions] == ["guard", "trigger"]
    assert frame.main == "the stay is refused"


@pytest.mark.parametrize("text", ["A paid stay cannot be moved", "A stay must not be moved"])
def test_negation(text: str) -> None:
    assert frame_of(text).negated


def test_only_before_the_subject_is_kept() -> None:
    frame = frame_of("Only requested stays can be cancelled")
    assert frame.only
    assert frame.main == "requested stays be cancelled"


def test_able_is_a_passive() -> None:
    assert frame_of("Berths should be searchable by pier").main == "Berths be searched by pier"


def test_asides_are_taken_out() -> None:
    frame = frame_of("Store skippers (name, email) in the register")
    assert frame.asides == ("name, email",)
    assert frame.main == "Store skippers in the register"


def test_details_follow_a_colon() -> None:
    frame = frame_of("Validate stays: nights must be positive")
    assert (frame.main, frame.details) == ("Validate stays", "nights must be positive")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("create, edit and delete berths", ["create", "edit", "delete berths"]),
        ("Create/update/delete berths", ["Create", "update", "delete berths"]),
        ("register a stay for every arrival, pick and return", None),
        ("list berths and stays", None),
        (
            "count stays per pier and sum the fee per day",
            ["count stays per pier", "sum the fee per day"],
        ),
    ],
)
def test_lists_of_verbs(text: str, pieces: list[str] | None) -> None:
    assert list(phrases_of(text)) == (pieces or [text])


def test_complements_in_their_order() -> None:
    assert complements_of("stays of a skipper by pier") == (
        "stays",
        (("of", "a skipper"), ("by", "pier")),
    )


@pytest.mark.parametrize("module", [frames, phrases, ordering])
def test_examples_of_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
