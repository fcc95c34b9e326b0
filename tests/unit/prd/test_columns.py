"""What columns hold and what rows say."""

import pytest

from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.columns import holds, is_head, read_row, row_id, row_text
from nodewright.prd.models import Scope


def row(header: str, cells: str) -> Block:
    names = tuple(name.strip() for name in header.split("|")) if header else ()
    values = tuple(cell.strip() for cell in cells.split("|"))
    return Block(BlockKind.ROW, " | ".join(values), 3, cells=values, header=names)


@pytest.mark.parametrize(
    ("name", "kind", "is_it"),
    [
        ("ID", "id", True),
        ("Identity", "id", False),
        ("编号", "id", True),
        ("Requirement", "text", True),
        ("Anforderung", "text", True),
        ("要件", "text", True),
        ("Story points", "text", False),
        ("Priorität", "priority", True),
        ("MoSCoW", "priority", True),
        ("Statut", "status", True),
        ("Sprint", "group", True),
        ("Woche", "group", True),
        ("Requirement", "group", False),
        ("**Notes**", "note", True),
    ],
)
def test_names_of_columns(name: str, kind: str, is_it: bool) -> None:
    assert holds(name, kind) is is_it


@pytest.mark.parametrize(
    ("header", "cells", "code"),
    [
        ("ID | Requirement", "FR-1 | Sell", "FR-1"),
        ("Requirement | ID", "Sell | FR-1", "FR-1"),
        ("# | Key | Feature", "1 | AB-2 | Sell", "AB-2"),
        ("Sprint | Feature", "S1 | Sell", None),
        ("Priority | Feature", "P1 | Sell", None),
        ("", "FR-1 | Sell", "FR-1"),
        ("Feature | Note", "Sell | see FR-1", None),
    ],
)
def test_ids_of_rows(header: str, cells: str, code: str | None) -> None:
    found = row_id(row(header, cells))
    assert (found.code if found else None) == code


def test_a_row_says_text_priority_and_status() -> None:
    read = read_row(row("ID | Name | Priority | Status", "FR-1 | Sell | Must | open"), "FR-1")
    assert (read.text, read.priority, read.status) == ("Sell", "Must", "open")
    assert read.scope is Scope.RELEASE


def test_text_columns_are_joined_and_notes_left_out() -> None:
    block = row("ID | Name | Description | Notes", "FR-1 | Sell | of a ticket | ask Mira")
    assert read_row(block, "FR-1").text == "Sell: of a ticket"
    assert row_text(block) == "FR-1 | Sell | of a ticket"


@pytest.mark.parametrize(
    ("header", "cells", "scope"),
    [
        ("ID | Name | MoSCoW", "FR-1 | Sell | Won't", Scope.EXCLUDED),
        ("ID | Name | Status", "FR-1 | Sell | deferred", Scope.FUTURE),
        ("ID | Name | Status", "FR-1 | ~~Sell~~ | open", Scope.EXCLUDED),
        ("Status | Meaning", "cancelled | given back", Scope.RELEASE),
    ],
)
def test_scopes_of_rows(header: str, cells: str, scope: Scope) -> None:
    assert read_row(row(header, cells), None).scope is scope


def test_pasted_heads() -> None:
    assert is_head(row("", "Name | Priority"))
    assert not is_head(row("", "Sell | Priority"))
    assert not is_head(row("Name | Priority", "Name | Priority"))
