"""Gherkin in files, fences and lists, in any supported language."""

import pytest

from nodewright.prd.document import parse_document
from nodewright.prd.gherkin import is_gherkin, line_of


@pytest.mark.parametrize(
    ("text", "kind", "rest"),
    [
        ("Feature: Gate", "feature", "Gate"),
        ("  Scenario Outline: Open", "scenario", "Open"),
        ("Background:", "background", ""),
        ("Examples:", "examples", ""),
        ("Given a badge", "given", "a badge"),
        ("WHEN it is shown", "when", "it is shown"),
        ("Then the gate opens", "then", "the gate opens"),
        ("But not twice", "and", "not twice"),
        ("* a badge", "and", "a badge"),
        ("Dado que hay un pase", "given", "que hay un pase"),
        ("Wenn er gezeigt wird", "when", "er gezeigt wird"),
        ("Étant donné un badge", "given", "un badge"),
        ("Então o portão abre", "then", "o portão abre"),
        ("Когда дверь закрыта", "when", "дверь закрыта"),
        ("假如有一张卡", "given", "有一张卡"),
        ("シナリオ: 開く", "scenario", "開く"),
        ("시나리오: 열기", "scenario", "열기"),
    ],
)
def test_lines(text: str, kind: str, rest: str) -> None:
    line = line_of(text)
    assert line is not None
    assert (line.kind, line.rest) == (kind, rest)


@pytest.mark.parametrize("text", ["", "Givens", "Scenario", "Thence it opens", "Whenever", "| a |"])
def test_other_lines(text: str) -> None:
    assert line_of(text) is None


FILE = """\
Feature: Gate
  Guests come and go.

  Background:
    Given a gate

  # the usual way
  Scenario: Open
    Given a badge
    And the badge is valid
    When it is shown
    Then the gate opens
    And the visit is stored

  Scenario Outline: Refuse
    When <badge> is shown
    Then the gate stays shut

    Examples:
      | badge |
      | red   |
"""


def test_a_file() -> None:
    document = parse_document(FILE)
    assert [item.text for item in document.requirements] == ["Open", "Refuse"]
    assert [item.line for item in document.requirements] == [8, 15]
    steps = {clause.text: clause for clause in document.clauses}
    opened = steps["Scenario: Open"]
    assert opened.group == opened.id
    for text in ("Given a badge", "And the badge is valid", "Then the gate opens"):
        assert steps[text].group == opened.id
        assert steps[text].requirement == "R-1"
    assert steps["And the badge is valid"].step == "given"
    assert steps["And the visit is stored"].step == "then"
    assert steps["Then the gate stays shut"].group != opened.id
    assert steps["red"].requirement == "R-2"
    assert steps["# the usual way"].context == "a comment"


def test_steps_in_a_list_are_joined() -> None:
    text = (
        "# Gate\n\n## Features\n\n- FR-1: Open the gate\n- FR-2: Shut it\n\n"
        "### Acceptance criteria\n\n- Given a badge\n- When it is shown\n- Then the gate opens\n"
        "- Given no badge\n- Then the gate stays shut\n- Visits are stored\n"
    )
    found = {clause.text: clause for clause in parse_document(text).clauses}
    first, second = found["Given a badge"], found["Given no badge"]
    assert found["Then the gate opens"].group == first.group == first.id
    assert found["Then the gate stays shut"].group == second.group == second.id
    assert found["Visits are stored"].group == found["Visits are stored"].step == ""


def test_what_is_gherkin() -> None:
    assert is_gherkin("Scenario: a\n  Given b")
    assert not is_gherkin("Scenario: a\nno steps")
    assert not is_gherkin("Given b\nThen c")


def test_a_fence_without_a_language_is_read_by_its_lines() -> None:
    text = "# Gate\n\n```\nScenario: Open\n  Given a badge\n  Then it opens\n```\n"
    forms = {clause.form.value for clause in parse_document(text).clauses}
    assert forms == {"step"}
