"""The same document in many notations: the same requirements, rows and headings."""

import pytest

from nodewright.prd.document import parse_document
from nodewright.prd.models import Scope

MARKDOWN = """\
# Boat House

## Functional requirements

- FR-1: Rent a boat.
- FR-2: List the boats.

## Data

| Field | Type |
|---|---|
| seats | integer |
| name | string |

## Out of scope

- Repairs
"""

ASCIIDOC = """\
= Boat House
:toc: left

// a remark

== Functional requirements

* FR-1: Rent a boat.
* FR-2: List the boats.

== Data

[cols="1,1"]
|===
|Field |Type

|seats
|integer

|name |string
|===

== Out of scope

* Repairs
"""

RESTRUCTURED = """\
==========
Boat House
==========

.. a remark

Functional requirements
~~~~~~~~~~~~~~~~~~~~~~~

- FR-1: Rent a boat.
- FR-2: List the boats.

Data
~~~~

.. list-table::
   :header-rows: 1

   * - Field
     - Type
   * - seats
     - integer
   * - name
     - string

Out of scope
~~~~~~~~~~~~

- Repairs
"""

GRID = RESTRUCTURED.partition(".. list-table")[0] + (
    """\
+-------+---------+
| Field | Type    |
+=======+=========+
| seats | integer |
+-------+---------+
| name  | string  |
+-------+---------+

Out of scope
~~~~~~~~~~~~

- Repairs
"""
)

SIMPLE = RESTRUCTURED.partition(".. list-table")[0] + (
    """\
=====  =======
Field  Type
=====  =======
seats  integer
name   string
=====  =======

Out of scope
~~~~~~~~~~~~

- Repairs
"""
)

CSV = RESTRUCTURED.partition(".. list-table")[0] + (
    """\
.. csv-table:: Fields
   :header: Field, Type

   seats, integer
   name, string

Out of scope
~~~~~~~~~~~~

- Repairs
"""
)

JIRA = """\
h1. Boat House

h2. Functional requirements

* FR-1: Rent a boat.
* FR-2: List the boats.

h2. Data

||Field||Type||
|seats|integer|
|name|string|

h2. Out of scope

* Repairs
"""

HTML = """\
<h1>Boat House</h1>

<h2>Functional requirements</h2>

<ul>
  <li>FR-1: Rent a boat.</li>
  <li>FR-2: List the <b>boats</b>.</li>
</ul>

## Data

<table>
  <tr><th>Field</th><th>Type</th></tr>
  <tr><td>seats</td><td>integer</td></tr>
  <tr><td>name</td><td>string</td></tr>
</table>

## Out of scope

<ul><li>Repairs</li></ul>
"""

NO_SPACE = MARKDOWN.replace("# ", "#")
SETEXT = MARKDOWN.replace("# Boat House", "Boat House\n===").replace("## Data", "Data\n---")
EXPORTED = MARKDOWN.replace("# Boat House", "# **Boat House** {#boat-house}").replace(
    "## Out", "## **Out"
)
FOUR_SPACES = MARKDOWN.replace("- FR", "    - FR")
CRLF = MARKDOWN.replace("\n", "\r\n")

ALL = {
    "markdown": MARKDOWN,
    "asciidoc": ASCIIDOC,
    "restructured": RESTRUCTURED,
    "grid": GRID,
    "simple": SIMPLE,
    "csv": CSV,
    "jira": JIRA,
    "html": HTML,
    "no space": NO_SPACE,
    "setext": SETEXT,
    "exported": EXPORTED,
    "four spaces": FOUR_SPACES,
    "crlf": CRLF,
}


@pytest.mark.parametrize("text", ALL.values(), ids=ALL.keys())
def test_one_document_in_many_notations(text: str) -> None:
    document = parse_document(text)
    assert (document.title, document.package) == ("Boat House", "boat_house")
    asked = [(item.id, item.text) for item in document.requirements if item.scope is Scope.RELEASE]
    assert asked == [("FR-1", "Rent a boat."), ("FR-2", "List the boats.")]
    rows = [dict(clause.cells) for clause in document.clauses if clause.cells]
    assert rows == [
        {"Field": "seats", "Type": "integer"},
        {"Field": "name", "Type": "string"},
    ]
    repairs = next(clause for clause in document.clauses if "Repairs" in clause.text)
    assert repairs.scope is Scope.EXCLUDED


@pytest.mark.parametrize("text", ALL.values(), ids=ALL.keys())
def test_lines_stay_those_of_the_text(text: str) -> None:
    lines = text.replace("\r\n", "\n").split("\n")
    for clause in parse_document(text).clauses:
        if clause.context == "the head of a table":
            continue
        line = lines[clause.line - 1]
        assert clause.tokens[0] in line, (clause.text, line)


def context(text: str, part: str) -> str:
    return next(c.context for c in parse_document(text).clauses if part in c.text)


def test_remarks_are_kept_as_context() -> None:
    assert context(ASCIIDOC, "a remark") == "a comment, not read"
    assert context(ASCIIDOC, ":toc:") == "about the document"
    assert context(RESTRUCTURED, "a remark") == "a comment, not read"
