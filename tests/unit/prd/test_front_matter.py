"""Front matter is what parses as a YAML mapping; all else is text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.prd.document import parse_document
from nodewright.prd.front_matter import split_front_matter


@pytest.mark.parametrize(
    ("head", "values"),
    [
        ("title: Tide Watch", {"title": "Tide Watch"}),
        ("title: |\n  Tide Watch\nby: Mira", {"title": "Tide Watch", "by": "Mira"}),
        ("title: 'Tide Watch'  # a name", {"title": "Tide Watch"}),
        ("Title: Tide Watch\ntags: [a, b]", {"title": "Tide Watch"}),
        ("date: 2024-05-01\nversion: 1.2", {"date": "2024-05-01", "version": "1.2"}),
        ("title: Tide\n...", None),
    ],
)
def test_mappings_are_read(head: str, values: dict[str, str] | None) -> None:
    text = f"---\n{head}\n---\n# Text\n" if values is not None else f"---\n{head}\n# Text\n"
    found, rest, shown = split_front_matter(text)
    assert found == (values if values is not None else {"title": "Tide"})
    assert rest.count("\n") == text.count("\n")
    assert rest.strip() == "# Text"
    assert shown[0][0] == 2


@pytest.mark.parametrize(
    "head",
    [
        "",
        "# Tide Watch",
        "Some words.",
        "- a\n- b",
        "FR-1: Read the gauge\nFR-2: Print",
        "a: [",
        "a: &x 1\nb: *x",
        "a: " + "[" * 100 + "]" * 100,
        "a: " + "x" * 30_000,
        "? [a]\n: b\n? {c: d}\n: [[e",
    ],
)
def test_all_else_stays_text(head: str) -> None:
    text = f"---\n{head}\n---\n\n- FR-3: Store\n"
    assert split_front_matter(text) == ({}, text, [])


def test_front_matter_without_an_end_is_text() -> None:
    assert split_front_matter("---\ntitle: Tide\n") == ({}, "---\ntitle: Tide\n", [])
    far = "---\n" + "a: b\n" * 300 + "---\n"
    assert split_front_matter(far)[0] == {}


def test_lines_after_it_keep_their_numbers() -> None:
    document = parse_document("---\ntitle: Tide\n---\n\n# Requirements\n\n- FR-1: Read the gauge\n")
    assert document.requirements[0].line == 7
    assert [c.context for c in document.clauses if "title" in c.text] == ["front matter"]


@given(st.text(alphabet=st.sampled_from("ab:-#'\"[]{}&*!|> \n\t%@`,?"), max_size=60))
def test_any_head_is_taken_or_left(head: str) -> None:
    text = f"---\n{head}\n---\nrest\n"
    values, rest, _ = split_front_matter(text)
    assert rest == text or (values is not None and rest.endswith("rest\n"))
    assert rest.count("\n") == text.count("\n")
