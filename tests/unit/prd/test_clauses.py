"""Every word of a document is in a clause or a heading, with its place and its reason."""

import re

from hypothesis import given
from hypothesis import strategies as st

from nodewright.language.markup import plain
from nodewright.prd.clauses import Clause, ClauseForm, Document
from nodewright.prd.document import parse_document
from nodewright.prd.models import Scope

BAKERY = """\
---
title: Bakery Counter
owner: Mills
---

# Bakery Counter

<!-- to be reviewed -->

## Functional requirements

### FR-1: Sell a loaf

The counter sells a loaf. It prints a receipt, e.g. Paper
or mail.

1. WHEN a loaf is sold THEN the stock SHALL fall by one
2. IF no loaf is left THEN the sale SHALL be refused

- **FR-2**: List the loaves
  - newest first
  - ~~by colour~~
- FR-3: TBD

| Field | Type | Notes |
|---|---|---|
| price | decimal | required. Never below 0 |

```json
{"loaf": {"price": 2.5}}
```

```gherkin
Scenario: Refuse
  Given no loaf is left
  And the oven is off
  When a guest asks
  Then the sale is refused
```

## Alternatives considered

- Sell by telephone

## Out of scope

- Cakes
"""


def clauses(text: str) -> list[Clause]:
    return list(parse_document(text).clauses)


def one(text: str, part: str) -> Clause:
    found = [clause for clause in clauses(text) if part in clause.text]
    assert len(found) == 1, found
    return found[0]


def test_clauses_belong_to_requirements_and_stand_on_their_lines() -> None:
    heading = one(BAKERY, "Sell a loaf")
    assert (heading.id, heading.form, heading.line) == ("FR-1.1", ClauseForm.HEADING, 12)
    sentence = one(BAKERY, "prints a receipt")
    assert sentence.text == "It prints a receipt, e.g. Paper or mail."
    assert (sentence.requirement, sentence.line) == ("FR-1", 14)
    assert one(BAKERY, "newest first").requirement == "FR-2"
    assert one(BAKERY, "newest first").level == 2


def test_spans_are_places_in_the_text() -> None:
    for clause in clauses(BAKERY):
        start, end = clause.span
        first, last = clause.tokens[0], clause.tokens[-1]
        assert BAKERY[start : start + len(first)] == first
        assert BAKERY[:end].endswith(last), clause
        assert BAKERY.count("\n", 0, start) + 1 >= clause.line


def test_a_row_is_one_clause_with_cells() -> None:
    row = one(BAKERY, "Never below 0")
    assert row.form is ClauseForm.ROW
    assert dict(row.cells) == {
        "Field": "price",
        "Type": "decimal",
        "Notes": "required. Never below 0",
    }


def test_code_is_one_clause_and_its_block_stays_in_reach() -> None:
    code = one(BAKERY, '"loaf"')
    assert code.form is ClauseForm.CODE
    assert code.block is not None
    assert (code.block.language, code.block.text) == ("json", '{"loaf": {"price": 2.5}}\n')


def test_steps_are_joined_to_their_scenario() -> None:
    steps = [clause for clause in clauses(BAKERY) if clause.form is ClauseForm.STEP]
    assert [clause.step for clause in steps] == ["", "given", "given", "when", "then"]
    assert {clause.group for clause in steps} == {steps[0].id}
    first, second = one(BAKERY, "a loaf is sold"), one(BAKERY, "a loaf is sold")
    assert first.group == second.group == first.id


def test_what_demands_nothing_says_why() -> None:
    reasons = {clause.text: clause.context for clause in clauses(BAKERY)}
    assert reasons["by colour"] == "struck through"
    assert reasons["TBD"] == "to be decided"
    assert reasons["to be reviewed"] == "a comment, not read"
    assert reasons["owner: Mills"] == "front matter"
    assert reasons["Sell by telephone"] == "a rejected option"
    assert reasons["Cakes"] == "excluded from this release"
    assert reasons["Field | Type | Notes"] == "the head of a table"
    assert reasons["List the loaves"] == ""
    assert one(BAKERY, "Cakes").scope is Scope.EXCLUDED


def test_ids_are_unique() -> None:
    ids = [clause.id for clause in clauses(BAKERY)]
    assert len(set(ids)) == len(ids)


def test_two_requirements_on_one_line_are_told_apart() -> None:
    text = "# Choir\n\nThe planner must store the rehearsals. It should remind singers of it.\n"
    assert [clause.requirement for clause in clauses(text)] == ["R-1", "R-2"]


WORD = re.compile(r"[^\W_]+")


def said(document: Document) -> set[str]:
    texts = [clause.text for clause in document.clauses]
    texts += [clause.requirement for clause in document.clauses]
    texts += [section.title for section in document.sections]
    texts += [block.language for section in document.sections for block in section.blocks]
    return set(WORD.findall(" ".join(texts)))


LINES = st.sampled_from(
    [
        "# {0} {1}",
        "## FR-{2}: {0}",
        "### {0}",
        "- {0} {1}. {0}",
        "  - {1}",
        "- [x] {0}",
        "* FR-{2}: {0} (deprecated)",
        "1. {0}: {1}",
        "    - {0}",
        "{0} {1}",
        "{0}, {1}. {0}",
        "**{0}**: {1}",
        "> {0}",
        "| {0} | {1} |",
        "|---|---|",
        "```",
        "```json",
        "    {0}",
        "<!-- {0} -->",
        "~~{0}~~ {1}",
        "",
        "---",
        "===",
        "Given {0}",
        "Out of scope: {0}",
        "{0}\t{1}",
        "• {0}",
        "h2. {0}",
        "== {0}",
    ]
)
WORDS = st.sampled_from(
    ["alpha", "beta", "delta", "Echo", "Foxtrot", "golf", "HOTEL", "東京", "größe"]
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    lines = draw(st.lists(LINES, min_size=1, max_size=14))
    return "\n".join(
        line.format(f"{draw(WORDS)}{n}", f"{draw(WORDS)}x{n}", draw(st.integers(1, 4)))
        for n, line in enumerate(lines)
    )


@given(documents())
def test_no_word_vanishes(text: str) -> None:
    missing = set(WORD.findall(plain(text))) - said(parse_document(text))
    assert missing <= {"json", "FR", "1", "2", "3", "4", "x", "h2"}, missing


@given(st.text(max_size=300))
def test_any_text_has_clauses(text: str) -> None:
    document = parse_document(text)
    assert all(clause.text for clause in document.clauses)
