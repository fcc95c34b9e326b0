"""What each notation has of its own: notes, blocks of code, nested lists, odd tables."""

import pytest

from nodewright.prd.clauses import Clause
from nodewright.prd.document import parse_document


def found(text: str, part: str) -> Clause:
    return next(clause for clause in parse_document(text).clauses if part in clause.text)


def test_asciidoc_in_full() -> None:
    text = (
        "= Boats\n\n== Requirements\n\n. FR-1: Rent.\n.. by phone\n* FR-2: List.\n** by name\n\n"
        'Skipper:: who rents\n\n[source,json]\n----\n{"boat": 1}\n----\n\nTIP: FR-9: sink.\n'
    )
    document = parse_document(text)
    assert [item.id for item in document.requirements] == ["FR-1", "FR-2"]
    assert found(text, "by phone").level == 2
    assert found(text, "Skipper").text == "Skipper: who rents"
    code = found(text, '"boat"')
    assert code.block is not None
    assert code.block.language == "json"
    assert found(text, "sink").context == "a tip"


@pytest.mark.parametrize(
    ("attribute", "body", "rows"),
    [
        ('[cols="2*"]', "|a|b\n|c|d", 2),
        ('[options="header",cols="1,1"]', "|a|b\n|c|d", 1),
        ("[%header]", "|a|b\n|c|d", 1),
        ("", "|a|b\n\n|c|d", 1),
        ("", "|a|b\n|c|d", 2),
        ('[cols="1,1"]', "|a\nmore of a\n|b", 1),
    ],
)
def test_tables_of_asciidoc(attribute: str, body: str, rows: int) -> None:
    text = f"= Boats\n\n== Data\n\n{attribute}\n|===\n{body}\n|===\n"
    document = parse_document(text)
    read = [c for c in document.clauses if c.form == "row" and c.context == ""]
    assert len(read) == rows


def test_an_open_table_or_block_ends_with_the_text() -> None:
    assert found("= Boats\n\n|===\n|a |b\n", "a | b").form == "row"
    assert found("= Boats\n\n----\nlet a = 1;\n", "let a").form == "code"


def test_restructured_in_full() -> None:
    text = (
        "Boats\n=====\n\nRequirements\n------------\n\n#. FR-1: Rent.\n#. FR-2: List.\n\n"
        '.. note:: Rent by day.\n\n.. code-block:: json\n\n   {"boat": 1}\n\n'
        "It reads::\n\n.. _anchor:\n\n.. image:: boat.png\n"
    )
    document = parse_document(text)
    assert [item.id for item in document.requirements] == ["FR-1", "FR-2"]
    assert found(text, "Rent by day").text == "Note: Rent by day."
    code = found(text, '"boat"')
    assert code.block is not None
    assert code.block.language == "json"
    assert found(text, "image").context == "a directive of the document"
    assert found(text, "It reads").text == "It reads:"


def test_cells_of_a_grid_go_on_below() -> None:
    text = "Boats\n~~~~~\n\n+----+-----+\n| a  | one |\n|    | two |\n+----+-----+\n"
    assert found(text, "one").text == "a | one two"


def test_jira_in_full() -> None:
    text = (
        "h1. Boats\n\nh2. Requirements\n\n# FR-1: Rent.\n## by phone\n* FR-2: List.\n\n"
        "{code:sql}\nCREATE TABLE boat (id int);\n{code}\n\n{color:red}Red{color} boats sink.\n"
    )
    document = parse_document(text)
    assert [item.id for item in document.requirements] == ["FR-1", "FR-2"]
    assert found(text, "by phone").level == 2
    code = found(text, "CREATE")
    assert code.block is not None
    assert code.block.language == "sql"
    assert found(text, "boats sink").text == "Red boats sink."


def test_tables_of_markdown_stay_in_jira() -> None:
    text = "h1. Boats\n\n| Key | Feature |\n|---|---|\n| B-1 | Rent |\n| B-2 | List |\n"
    assert dict(found(text, "Rent").cells) == {"Key": "B-1", "Feature": "Rent"}


def test_html_in_full() -> None:
    text = (
        "# Boats\n\n## Use\n\nThey have: <ul><li>Oars<ul><li>two</li></ul></li></ul>\n\n"
        "<table><tr><td>Rent &amp; return</td><td>a<br>b</td></tr></table>\n\n<table><tr><td>open\n"
    )
    assert found(text, "They have").form == "sentence"
    assert (found(text, "Oars").level, found(text, "two").level) == (1, 2)
    assert found(text, "Rent").text == "Rent & return | a b"
    assert found(text, "open").text == "open"


def test_html_in_code_stays_code() -> None:
    text = "# Boats\n\n```html\n<ul><li>Oars</li></ul>\n```\n"
    clause = found(text, "Oars")
    assert (clause.form, clause.context) == ("code", "markup")


TASKS = """\
# Task ID: 1
# Title: Rent a boat
# Status: done
# Dependencies: None
# Priority: high
# Description: Store a rent with its boat.
# Details:
1. The rent has a day.

# Test Strategy:
Rent twice.

# Task ID: 2
# Title: List the boats
# Status: pending
# Priority: low
# Description: Show the boats by name.
# Test Strategy: List none.
"""


def test_task_files() -> None:
    document = parse_document(TASKS)
    headings = [section.title for section in document.sections]
    assert "Task 1: Rent a boat" in headings
    assert "Task 2: List the boats" in headings
    assert found(TASKS, "Store a rent").line == 6
    assert found(TASKS, "Rent twice").role == "testing"
    assert found(TASKS, "List none").role == "testing"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The desk sells tickets.\n---\n\n- FR-1: Sell\n", None),
        ("Desk of tickets\n---\n\n- FR-1: Sell\n", "Desk of tickets"),
        ("one line\nand a second\n---\n", None),
    ],
)
def test_a_rule_below_a_sentence_makes_no_heading(text: str, title: str | None) -> None:
    titles = [section.title for section in parse_document(text).sections[1:]]
    assert titles == ([title] if title else [])


def test_tags_are_no_headings() -> None:
    text = "# Boats\n\n#rent and #sail are tags\n"
    assert [section.title for section in parse_document(text).sections] == ["", "Boats"]


def test_footnotes_are_clauses() -> None:
    text = "# Boats\n\n## Features\n\n- Rent a boat[^1]\n\n[^1]: For a day at most.\n"
    assert "For a day at most." in found(text, "at most").text


def test_the_head_of_an_empty_table_does_not_vanish() -> None:
    clause = found("# Boats\n\n| Field | Type |\n|---|---|\n\nText.\n", "Field")
    assert (clause.text, clause.context) == ("Field | Type", "the head of a table")


def test_private_characters_of_a_text_stand_for_nothing() -> None:
    text = "# Boats\n\n\ue0000\ue001\n\n<table><tr><td>a</td></tr></table>\n"
    assert [clause.text for clause in parse_document(text).clauses][-1] == "a"


@pytest.mark.parametrize("lines", [399, 400, 401, 900, 2500])
def test_portions_do_not_change_what_is_read(lines: int) -> None:
    unit = [
        "- a{0}",
        "  - b{0}",
        "",
        "text {0}",
        "",
        "```",
        "# no{0}",
        "",
        "x",
        "```",
        "",
        "> q{0}",
    ]
    body = [unit[n % len(unit)].format(n) for n in range(lines)]
    if lines // len(unit) * len(unit) != lines:
        body += ["```"] * (sum(line == "```" for line in body) % 2)
    read = parse_document("\n".join(["# T", "", *body])).clauses
    for clause in read:
        assert clause.tokens[0] in body[clause.line - 3]
    words = {line.strip(" ->") for line in body} - {"", "```"}
    assert words <= {word for clause in read for word in clause.text.split("\n")}
