"""The analysis of whole documents in different styles."""

from hypothesis import given, settings
from hypothesis import strategies as st

from nodewright import SimplePRDAnalyzer
from nodewright.prd.models import NODE_KINDS, FieldType, Scope

LIBRARY = """\
# Library Desk - Product Requirements Document

## Overview
A service with which a public library lends its books.

## Functional Requirements
- **FR-1**: The system shall create, update and delete book records.
- **FR-2**: The system shall send an email notification when a loan is overdue.
  - The email names the book and the due date.
- **FR-3**: The system shall calculate overdue fees from the number of days.

## Data Model
- **Loan**
  - `id`: UUID
  - `due_date`: date
  - `fee_amount`: decimal
  - `status` (requested, active, returned)

## Integrations
- Postgres stores all records.
- SendGrid delivers the messages.

## Out of Scope
- Payments with Stripe
- Redis caching
"""


def test_a_plain_document_is_understood() -> None:
    result = SimplePRDAnalyzer().analyze_prd(LIBRARY)
    parsed = result.parsed_prd
    assert parsed.title == "Library Desk - Product Requirements Document"
    assert parsed.product == "Library Desk"
    functional = [
        item for item in parsed.requirements if item.functional and item.scope is Scope.RELEASE
    ]
    assert [item.id for item in functional] == ["FR-1", "FR-2", "FR-3"]
    assert functional[1].line == 8
    assert functional[1].details == ((9, "The email names the book and the due date."),)
    assert result.external_systems == ["PostgreSQL", "SendGrid"]
    loan = next(entity for entity in parsed.entities if entity.name == "Loan")
    assert {field.name: field.type for field in loan.fields} == {
        "id": FieldType.UUID,
        "due_date": FieldType.DATE,
        "fee_amount": FieldType.DECIMAL,
        "status": FieldType.STRING,
    }
    machine = next(item for item in parsed.state_machines if item.subject == "Loan")
    assert machine.states == ("requested", "active", "returned")
    patterns = {item.name for item in result.patterns}
    assert {"crud", "notification"} <= patterns
    assert not {"payment", "caching"} & patterns


@settings(deadline=None)
@given(st.text())
def test_any_text_is_analysed(text: str) -> None:
    result = SimplePRDAnalyzer().analyze_prd(text)
    assert set(result.node_type_hints) == set(NODE_KINDS)
    assert all(0 <= value <= 1 for value in result.node_type_hints.values())
    lines = text.count("\n") + text.count("\r") + 1
    assert all(1 <= item.line <= lines for item in result.parsed_prd.requirements)
