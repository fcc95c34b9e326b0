"""Ids at the start of a text: their token, their prefix, their rank, and what follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.language.identifiers import Rank, author_id


@pytest.mark.parametrize(
    ("text", "code", "prefix", "number", "rank"),
    [
        ("FR-3: Sell", "FR-3", "FR", "3", Rank.REQUIREMENT),
        ("R1.1 Sell", "R1.1", "R", "1.1", Rank.REQUIREMENT),
        ("FR-1.2.3: Sell", "FR-1.2.3", "FR", "1.2.3", Rank.REQUIREMENT),
        ("FR-1A: Sell", "FR-1A", "FR", "1A", Rank.REQUIREMENT),
        ("S1-1: Sell", "S1-1", "S1", "1", Rank.STORY),
        ("E1-S2: Sell", "E1-S2", "E1-S", "2", Rank.STORY),
        ("P0-1: Sell", "P0-1", "P0", "1", Rank.REQUIREMENT),
        ("P0: Sell", "P0", "P", "0", Rank.OTHER),
        ("T-1.1.a: Sell", "T-1.1.a", "T", "1.1.a", Rank.OTHER),
        ("INT-DB-001: Sell", "INT-DB-001", "INT-DB", "001", Rank.REQUIREMENT),
        ("US-PAY-2: Sell", "US-PAY-2", "US-PAY", "2", Rank.STORY),
        ("EPIC-2: Sell", "EPIC-2", "EPIC", "2", Rank.EPIC),
        ("NFR-S3: Sell", "NFR-S3", "NFR-S", "3", Rank.NONFUNCTIONAL),
        ("RNF-3: Vender", "RNF-3", "RNF", "3", Rank.NONFUNCTIONAL),
        ("AC-1: Sell", "AC-1", "AC", "1", Rank.OTHER),
        ("UTF-8: text", "UTF-8", "UTF", "8", Rank.OTHER),
        ("FR 12: Sell", "FR 12", "FR", "12", Rank.REQUIREMENT),
        ("Requirement 1: Sell", "Requirement 1", "requirement", "1", Rank.REQUIREMENT),
        ("User Story 1.2 - Sell", "User story 1.2", "user story", "1.2", Rank.STORY),
        ("需求3：售票", "需求 3", "需求", "3", Rank.REQUIREMENT),
        ("Requirement ID: AB-1 - Sell", "AB-1", "AB", "1", Rank.REQUIREMENT),
        ("FEATURE-7: Sell", "FEATURE-7", "FEATURE", "7", Rank.REQUIREMENT),
    ],
)
def test_ids(text: str, code: str, prefix: str, number: str, rank: Rank) -> None:
    found = author_id(text)
    assert found is not None
    assert (found.code, found.prefix, found.number, found.rank) == (code, prefix, number, rank)


@pytest.mark.parametrize(
    ("text", "rest", "separated"),
    [
        ("FR-3: Sell", "Sell", True),
        ("FR-3 Sell", "Sell", False),
        ("FR-3 — Sell", "Sell", True),
        ("FR-3 | Sell", "Sell", True),
        ("(FR-3) Sell", "Sell", False),
        ("[FR-3]: Sell", "Sell", True),
        ("8.1 FR-3 — Sell", "Sell", True),
        ("☑ FR-3. Sell", "Sell", True),
        ("FR-3", "", False),
    ],
)
def test_what_follows(text: str, rest: str, separated: bool) -> None:
    found = author_id(text)
    assert found is not None
    assert (found.code, found.rest, found.separated) == ("FR-3", rest, separated)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sell 3 tickets",
        "A11Y: read aloud",
        "K8S: run",
        "2.1 The desk",
        "fr-1: x",
        "1. Sell",
        "FR-: x",
    ],
)
def test_no_ids(text: str) -> None:
    assert author_id(text) is None


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    found = author_id(text)
    if found is not None:
        assert found.code
        assert any(char.isdigit() for char in found.code)
        assert text.rstrip().endswith(found.rest)


@given(
    st.lists(st.from_regex(r"[A-Z]{2,9}", fullmatch=True), min_size=1, max_size=3),
    st.integers(1, 99999),
    st.sampled_from([": ", " - ", " — ", ") "]),
)
def test_ids_of_parts_are_whole(parts: list[str], number: int, gap: str) -> None:
    code = "-".join([*parts, str(number)])
    found = author_id(f"{code}{gap}sell")
    assert found is not None
    assert (found.code, found.rest) == (code, "sell")
