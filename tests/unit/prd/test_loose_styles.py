"""Requirements where no id and no indented list marks them."""

import pytest

from nodewright import SimplePRDAnalyzer
from nodewright.prd.models import Scope

FEATURE_FILE = """\
Feature: Lost umbrellas
  In order to get umbrellas back to their owners

  Background:
    Given a guest has lost an umbrella

  Scenario: Report
    When the guest describes it
    Then a report is stored

  Scenario: Found
    When a matching umbrella is handed in
    Then the guest is notified in Slack
"""

JIRA = """\
h1. Moving the wine cellar

h2. Issues

| Issue key | Type | Summary | Story points |
|---|---|---|---|
| CELL-1 | Story | Import all bottles from the old cellar book | 8 |
| CELL-2 | Story | Print a label for each shelf | 3 |

h2. Out of scope
* Tasting notes
"""

UNINDENTED = """\
# Bell Tower

## Core Features
1. Ringing
- What it does: rings the bells by the clock
- Why it is important: people rely on it
2. Silence
- What it does: keeps the bells quiet at night
3. Funerals
- What it does: tolls for an hour
"""

CHAPTERS = """\
Bicycle Counter

1. Goal

Count bicycles on the bridge.

2. Core Features

A sensor sends one message for each bicycle.

Counts are shown per hour.

3. Nice-to-Haves (Stretch)

Payments with Stripe.

4. Out of Scope

Cars.
"""

DESIGN = """\
# RFC 7: Tide tables

- Status: draft
- Author: harbour team

## Detailed design

### Reading

The reader fetches levels from the gauges every ten minutes. Levels out of range are dropped.

### Serving

`GET /tides` returns the next four tides. Answers are kept for a minute.

## Alternatives

Buying tables from a publisher.
"""

BACKLOG = """\
# Product Backlog

## Backlog by priority

### US-1: Borrow a boat
As a member I want to borrow a boat.

### US-2: Return a boat
As a member I want to return a boat.
"""

OPENSPEC = """\
# Orchard

### Requirement: Trees are mapped
The system SHALL keep the place of every tree.

#### Scenario: A tree is planted
- **WHEN** a tree is planted **THEN** it is on the map

### Requirement: Harvests are weighed
The system SHALL record the weight of every harvest.
"""

FUNCTION_TABLE = """\
# 서점 요구사항

## 장바구니

| ID | 기능명 | 상세 내용 |
| --- | --- | --- |
| C-01 | 담기 | 책을 장바구니에 추가 |
| C-02 | 비우기 | 모든 책 삭제 |

## 주문

| ID | 기능명 | 상세 내용 |
| --- | --- | --- |
| O-01 | 주문 생성 | 선택한 책으로 주문 |
"""


def texts(document: str, scope: Scope = Scope.RELEASE) -> list[str]:
    parsed = SimplePRDAnalyzer().analyze_prd(document).parsed_prd
    return [item.text for item in parsed.requirements if item.functional and item.scope is scope]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (FEATURE_FILE, ["Report", "Found"]),
        (JIRA, ["Import all bottles from the old cellar book", "Print a label for each shelf"]),
        (UNINDENTED, ["Ringing", "Silence", "Funerals"]),
        (BACKLOG, ["Borrow a boat", "Return a boat"]),
        (OPENSPEC, ["Trees are mapped", "Harvests are weighed"]),
        (
            FUNCTION_TABLE,
            ["담기: 책을 장바구니에 추가", "비우기: 모든 책 삭제", "주문 생성: 선택한 책으로 주문"],
        ),
        (
            CHAPTERS,
            ["A sensor sends one message for each bicycle.", "Counts are shown per hour."],
        ),
    ],
)
def test_requirements_are_found(document: str, expected: list[str]) -> None:
    assert texts(document) == expected


def test_a_design_in_prose_is_read_by_its_sentences() -> None:
    found = texts(DESIGN)
    assert found[0] == "The reader fetches levels from the gauges every ten minutes."
    assert not any("Status" in text or "publisher" in text for text in found)


def test_scenarios_of_a_feature_file_have_their_own_lines() -> None:
    parsed = SimplePRDAnalyzer().analyze_prd(FEATURE_FILE).parsed_prd
    assert [item.line for item in parsed.requirements] == [7, 11]
    assert parsed.title == "Feature: Lost umbrellas"


def test_numbered_chapters_rule_what_stands_below_them() -> None:
    result = SimplePRDAnalyzer().analyze_prd(CHAPTERS)
    assert result.external_systems == []
    assert "payment" not in {item.name for item in result.patterns}


def test_the_first_phase_of_a_roadmap_is_this_release() -> None:
    document = "# Kites\n\n## Roadmap\n\n### MVP\n\n- Store kites\n\n### Phase 2\n\n- Sell kites\n"
    assert texts(document) == ["Store kites"]
    assert texts(document, Scope.FUTURE) == ["Sell kites"]


def test_a_case_that_is_not_so_denies_nothing() -> None:
    text = "# Mill\n\n## Requirements\n\n- Records that do not match the Avro schema are refused.\n"
    assert "serialization" in SimplePRDAnalyzer().analyze_prd(text).capabilities
    denied = "# Mill\n\n## Requirements\n\n- The mill does not use the Avro schema.\n"
    assert "serialization" not in SimplePRDAnalyzer().analyze_prd(denied).capabilities


def test_words_beside_one_another_tell_more_than_alone() -> None:
    text = "# Bees\n\n## Requirements\n\n- Swarm sightings are delivered to Slack and by e-mail.\n"
    found = {item.name for item in SimplePRDAnalyzer().analyze_prd(text).patterns}
    assert "notification" in found


def test_what_a_product_is_likened_to_is_no_dependency() -> None:
    text = "# Snow\n\nThink “Datadog for ski lifts”.\n\n## Requirements\n\n- Store data in Redis.\n"
    assert SimplePRDAnalyzer().analyze_prd(text).external_systems == ["Redis"]
