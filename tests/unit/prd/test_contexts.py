"""Parts of documents that demand nothing say why; all others may demand."""

import pytest

from nodewright.prd.contexts import reason_of_heading, reason_of_table, reason_of_text
from nodewright.prd.document import parse_document


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Alternatives considered", "a rejected option"),
        ("5.2 Rejected options", "a rejected option"),
        ("Decision matrix", "a decision matrix"),
        ("Personas", "a persona"),
        ("Zielgruppe", "a persona"),
        ("Progress log", "a log of progress"),
        ("Completed", "a log of progress"),
        ("已完成", "a log of progress"),
        ("Competitors", "about competitors"),
        ("Wettbewerb", "about competitors"),
        ("Glossary", "a glossary"),
        ("用語集", "a glossary"),
        ("Glossaire", "a glossary"),
        ("Example", "an example"),
        ("Assumptions", "an assumption"),
        ("How to use this template", "instructions for the author"),
        ("Order history", ""),
        ("Must have", ""),
        ("Competition entries of a runner", ""),
        ("Progress of an upload", ""),
        ("", ""),
    ],
)
def test_headings(title: str, reason: str) -> None:
    assert reason_of_heading(title) == reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (("Option", "Pros", "Cons"), "a decision matrix"),
        (("Term", "Definition"), "a glossary"),
        (("Risk", "Impact", "Mitigation"), "a risk"),
        (("Version", "Date", "Author"), "about the document"),
        (("Competitor", "Price"), "about competitors"),
        (("Field", "Type"), ""),
        (("ID", "Requirement"), ""),
        ((), ""),
    ],
)
def test_tables(header: tuple[str, ...], reason: str) -> None:
    assert reason_of_table(header) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("TBD", "to be decided"),
        ("Rate limit: TBD", "to be decided"),
        ("待定", "to be decided"),
        ("N/A", "says that there is nothing"),
        ("Keine", "says that there is nothing"),
        ("For example, two guests at once.", "an example"),
        ("Beispiel: zwei Gäste", "an example"),
        ("例如：两张票", "an example"),
        ("Pros: cheap", "a rejected option"),
        ("Tip: read on.", "a tip"),
        ("Acceptance criteria:", "a label"),
        ("The desk sells a ticket.", ""),
        ("Columns:", ""),
        ("none of the seats may be sold twice", ""),
    ],
)
def test_texts(text: str, reason: str) -> None:
    assert reason_of_text(text) == reason


TEMPLATE = """\
# Ferry Tickets

Status: draft
Author: Mira

[Describe the product in one paragraph]

_List the users of the product here._

## Table of contents

- [Features](#features)

## Features

- FR-1: Sell a ticket
- FR-2: Refund a ticket
  - <insert rule>

## Personas

- Mira is a sailor.
- Only sailors can refund a ticket.

## Options

| Option | Pros | Cons |
|---|---|---|
| Paper | cheap | wet |

## Progress

- [x] Hull painted

## Risks

- The harbour freezes.

## Market

- Other ferries sell at the pier.
"""


def reasons(text: str) -> dict[str, str]:
    return {clause.text: clause.context for clause in parse_document(text).clauses}


def test_boilerplate_of_a_template() -> None:
    found = reasons(TEMPLATE)
    assert found["Status: draft"] == "about the document"
    assert found["[Describe the product in one paragraph]"] == "a placeholder of a template"
    assert found["List the users of the product here."] == "an instruction of a template"
    assert found["Features"] == "table of contents"
    assert found["Sell a ticket"] == found["Refund a ticket"] == ""


def test_people_options_progress_risks_and_market() -> None:
    found = reasons(TEMPLATE)
    assert found["Mira is a sailor."] == "a persona"
    assert found["Only sailors can refund a ticket."] == ""
    assert found["Paper | cheap | wet"] == "a decision matrix"
    assert found["Hull painted"] == "finished work"
    assert found["The harbour freezes."] == "a risk"
    assert found["Other ferries sell at the pier."] == "about the market"


def test_requirements_in_a_plan_are_asked_for() -> None:
    text = (
        "# Vault\n\n## Task list\n\n- [x] Open the door\n- [ ] Close the door\n- [ ] Count coins\n"
    )
    assert set(reasons(text).values()) == {""}


def test_finished_work_beside_requirements_is_context() -> None:
    text = "# Vault\n\n## Features\n\n- FR-1: Open\n- FR-2: Close\n\n## Setup\n\n- [x] Made\n"
    assert reasons(text)["Made"] != ""


def test_a_functional_section_below_a_plan_demands() -> None:
    text = "# Vault\n\n## Plan\n\n- Week one\n\n### Functional requirements\n\n- Open the door\n"
    assert reasons(text)["Open the door"] == ""


def test_code_under_examples_is_kept_for_its_fields() -> None:
    text = '# V\n\n## Features\n\n- Open\n\n## Example\n\nTwo doors.\n\n```json\n{"door": 1}\n```\n'
    found = reasons(text)
    assert found["Two doors."] == "an example"
    assert found['{"door": 1}'] == ""
