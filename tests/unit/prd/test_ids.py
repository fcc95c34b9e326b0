"""Requirements by the ids that their authors gave them."""

import pytest

from nodewright.prd.clauses import Document
from nodewright.prd.document import parse_document
from nodewright.prd.models import Requirement, Scope


def parsed(text: str) -> Document:
    return parse_document(text)


def ids(text: str) -> list[str]:
    return [item.id for item in parsed(text).requirements]


def asked(text: str) -> list[Requirement]:
    found = parsed(text).requirements
    return [item for item in found if item.functional and item.scope is Scope.RELEASE]


TWO = "# Apiary\n\n## Requirements\n\n- {0}: The app shall weigh hives.\n- {1}: It lists them.\n"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("FR-1", "FR-2"),
        ("S1-1", "S1-2"),
        ("P0-1", "P1-1"),
        ("E1-S1", "E1-S2"),
        ("T-1.1.a", "T-1.1.b"),
        ("INT-DB-001", "INT-WEB-001"),
        ("HIVEKEEPING-01", "REPORTING-01"),
        ("REQ-2024-001", "REQ-2024-002"),
        ("R1.1", "R1.2"),
        ("FR_1", "FR_2"),
        ("FR-1a", "FR-1b"),
        ("FR 1", "FR 2"),
        ("FR-10001", "FR-10002"),
    ],
)
def test_the_whole_token_is_the_id(first: str, second: str) -> None:
    assert ids(TWO.format(first, second)) == [first, second]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("FR\u20111", "FR-1"),
        ("FR\u20131", "FR-1"),
        ("✅ FR-1", "FR-1"),
        ("**FR-1**", "FR-1"),
        ("[FR-1]", "FR-1"),
        ("Requirement FR-1", "FR-1"),
        ("`FR-1`", "FR-1"),
    ],
)
def test_ids_are_read_through_their_dress(written: str, read: str) -> None:
    assert ids(TWO.format(written, "FR-9")) == [read, "FR-9"]


HEADED = """\
# PRD — Apiary

# 4. Functional Requirements

## 4.1 FR-01 — Hives

### Description

The app weighs a hive.

### Acceptance Criteria

- A hive has a place.

## 4.2 FR-02 — Honey

### Description

The app counts the jars.

# 5. Retention

| Table | Kept | How |
|---|---|---|
| hives | 30 days | Cron: delete hives older than 30 days |
"""


def test_ids_behind_ordinals_head_requirements() -> None:
    assert ids(HEADED) == ["FR-01", "FR-02"]
    document = parsed(HEADED)
    first, second = document.requirements
    assert first.acceptance_criteria == ((13, "A hive has a place."),)
    assert second.details == ((19, "The app counts the jars."),)
    owners = {clause.text: clause.requirement for clause in document.clauses}
    assert owners["The app weighs a hive."] == "FR-01"
    row = next(clause for clause in document.clauses if "Cron" in clause.text)
    assert (row.requirement, row.context) == ("", "about operations")


TWICE = """\
# Apiary

## Hives

- FR-1: The app shall weigh a hive.
- FR-2: The app shall move a hive.

## Honey

- FR-1: The app shall print a label.
- FR-2: The app shall count the jars.
"""


def test_an_id_that_comes_twice_gets_a_suffix_and_a_warning() -> None:
    document = parsed(TWICE)
    assert [item.id for item in document.requirements] == ["FR-1", "FR-2", "FR-1-2", "FR-2-2"]
    assert document.warnings == (
        "line 10: the id FR-1 is given twice; this one is read as FR-1-2",
        "line 11: the id FR-2 is given twice; this one is read as FR-2-2",
    )
    assert len({clause.id for clause in document.clauses}) == len(document.clauses)
    assert document.clauses[-1].requirement == "FR-2-2"
    assert document.clauses[-1].text == "The app shall count the jars."


def test_a_third_one_is_told_apart_too() -> None:
    text = TWICE + "\n## Bees\n\n- FR-1: The keeper marks a queen.\n"
    assert ids(text)[-1] == "FR-1-3"


SUMMED_UP = """\
# Apiary

## Requirements

| ID | Title |
|---|---|
| FR-1 | Weigh a hive |
| FR-2 | Count jars |

## Details

### FR-1 Weigh a hive

- The scale sends grams.

### FR-2 Count jars

- Empty jars are left out.
"""


def test_a_table_and_its_details_are_the_same_requirements() -> None:
    document = parsed(SUMMED_UP)
    assert [item.id for item in document.requirements] == ["FR-1", "FR-2"]
    assert document.warnings == ()
    assert document.requirements[0].details == ((14, "The scale sends grams."),)
    owners = {clause.text: clause.requirement for clause in document.clauses}
    assert owners["Empty jars are left out."] == "FR-2"


def test_a_single_requirement_is_one() -> None:
    assert ids("# Apiary\n\n### FR-1: Weigh a hive\n\nThe scale sends grams.\n") == ["FR-1"]
    assert ids("# Apiary\n\n## Functional requirements\n\n- FR-7: Weigh a hive\n") == ["FR-7"]


def test_a_name_with_a_digit_is_no_requirement() -> None:
    text = "# Apiary\n\n## Features\n\n- S3: the bucket\n- Weigh\n- Count jars\n- Print labels\n"
    assert len(ids(text)) == 4


INTEGRATED = """\
# Apiary

## 3. Phase 1: Hives

#### Core requirements

- **HIVE-001**: Weigh a hive
- **HIVE-002**: Move a hive

## 4. Phase 2: Integration

#### Integration requirements

- **INT-DB-001**: Store the hives in the county's register
- **INT-WEB-001**: Send the list of hives to the website
"""


def test_requirements_of_integrations_and_later_phases_are_asked_for() -> None:
    assert [item.id for item in asked(INTEGRATED)] == [
        "HIVE-001",
        "HIVE-002",
        "INT-DB-001",
        "INT-WEB-001",
    ]


GROUPED = """\
# Apiary

## Features

| Sprint | Feature |
|---|---|
| S1 | Weigh a hive |
| S1 | Move a hive |
| S2 | Count the jars |
"""


def test_a_column_that_groups_gives_no_ids() -> None:
    found = asked(GROUPED)
    assert [item.text for item in found] == ["Weigh a hive", "Move a hive", "Count the jars"]
    assert [item.id for item in found] == ["R-1", "R-2", "R-3"]


def test_the_id_column_may_be_any_column() -> None:
    text = (
        "# Apiary\n\n## Features\n\n| No. | Feature | Key |\n|---|---|---|\n"
        "| 1 | Weigh a hive | HIV-1 |\n| 2 | Count jars | HIV-2 |\n"
    )
    assert [(item.id, item.text) for item in asked(text)] == [
        ("HIV-1", "Weigh a hive"),
        ("HIV-2", "Count jars"),
    ]


def test_ids_of_any_letter_name_requirements_without_better_ones() -> None:
    text = "# Apiary\n\n## Features\n\n- T-1: Weigh\n- T-2: Count\n- T-3: Print\n- T-4: Bill\n"
    assert ids(text) == ["T-1", "T-2", "T-3", "T-4"]


def test_ids_in_code_and_comments_are_not_read() -> None:
    text = TWO.format("FR-1", "FR-2") + "\n<!-- FR-3: fly -->\n\n```\nFR-4: sting\n```\n"
    assert ids(text) == ["FR-1", "FR-2"]
    reasons = {clause.text: clause.context for clause in parsed(text).clauses}
    assert reasons["FR-3: fly"] == "a comment, not read"
    assert "FR-4: sting" in reasons


NAMED = "# Apiary\n\n### {0}: Hives are weighed\n\nText.\n\n### {0}: Jars are counted\n\nText.\n"


@pytest.mark.parametrize("word", ["Requirement", "Feature", "User Story", "需求", "기능"])
def test_headings_that_say_so_are_requirements(word: str) -> None:
    assert [item.text for item in asked(NAMED.format(word))] == [
        "Hives are weighed",
        "Jars are counted",
    ]


def test_priorities_come_from_marks_tiers_and_columns() -> None:
    text = (
        "# Apiary\n\n## Must have\n\n- FR-1: Weigh a hive\n\n## Requirements\n\n"
        "- FR-2: Count jars [P1]\n- FR-3: Print (priority: low)\n"
    )
    assert [item.priority for item in asked(text)] == ["Must", "P1", "low"]
