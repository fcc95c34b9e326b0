"""The specification in the output folder: merged, in conflict, hostile."""

from dataclasses import replace
from pathlib import Path

import pytest

from nodewright.delivery.delivery import Delivery
from nodewright.delivery.manifest import DeliveryError
from nodewright.delivery.specification import (
    NAME,
    held_specification,
    spec_file,
    specified,
    written,
)
from nodewright.proving.model import Check, NodeReport
from nodewright.rendering.model import RenderedFile
from nodewright.spec.model import State
from nodewright.spec.types import SpecificationError
from nodewright.spec.yaml_form import dump, load

TEXT = """title: Bakery
package: bakery
clauses:
  A-1.1:
    requirement: A-1
    line: 3
    text: The system shall keep orders.
    state: read
  A-1.2:
    requirement: A-1
    line: 4
    text: Orders are counted by customer.
    state: open
    reason: not understood
entities:
  Order:
    key: order_id
    fields:
      order_id: {type: uuid, from: [A-1.1]}
      customer: {type: text, from: [A-1.1]}
      loaves: {type: integer, from: [A-1.1]}
    from: [A-1.1]
operations:
  create_order:
    create: Order
    from: [A-1.1]
"""
COUNT = """  count_orders:
    aggregate: Order
    measures: {count: {is: count, from: [A-1.2]}}
    group: {customer: {is: customer, from: [A-1.2]}}
    from: [A-1.2]
"""
READ = load(TEXT)
NODE = RenderedFile(
    "src/bakery/nodes/node_order_effect/node.py", "x = 1\n", "t", "1", "", "node_order_effect"
)


def delivered(out: Path) -> Path:
    """An output folder with the specification as it was read."""
    with Delivery(out, "bakery") as delivery:
        delivery.stage([NODE, spec_file(dump(READ))])
        delivery.commit(
            [NodeReport("node_order_effect", "EFFECT", (Check("parses", passed=True),))]
        )
    return out


def test_without_a_folder_it_is_what_was_read(tmp_path: Path) -> None:
    found = specified(READ, tmp_path / "none")
    assert found.specification == READ
    assert (found.conflict, found.written) == (False, frozenset())


def test_edits_and_what_is_read_anew_are_both_there(tmp_path: Path) -> None:
    out = delivered(tmp_path / "out")
    path = out / NAME
    path.write_text(path.read_text() + COUNT)
    again = replace(READ, clauses=(replace(READ.clauses[0], line=33), *READ.clauses[1:]))
    found = specified(again, out)
    assert not found.conflict
    assert found.specification.clauses[0].line == 33
    assert [each.name for each in found.specification.operations] == [
        "create_order",
        "count_orders",
    ]
    assert found.written == {"A-1.2"}
    # An element now says what the clause demands.
    assert found.specification.clauses[1].state is State.READ


def test_where_both_change_a_line_the_users_holds_and_it_is_said(tmp_path: Path) -> None:
    out = delivered(tmp_path / "out")
    path = out / NAME
    path.write_text(path.read_text().replace("title: Bakery", "title: My bakery"))
    found = specified(replace(READ, title="Their bakery"), out)
    assert found.conflict
    assert found.specification.title == "My bakery"


HOSTILE = {
    "alias": ("title: &a [x]\npackage: *a\n", "line 2"),
    "not-yaml": ("title: [\n", "line"),
    "tag": ("title: !!python/object/apply:os.system [id]\n", "line 1"),
    "unknown": (TEXT + "entity: {}\n", "line"),
    "no-entity": (TEXT.replace("create: Order", "create: Bread"), "line"),
    "call": (TEXT + "  f:\n    compute: {x: 'number = exec(1)'}\n", "line"),
    "two": (TEXT + "  create_order:\n    create: Order\n", "line"),
    "binary": ("a\x00b", "line"),
    "list": ("- 1\n", "line"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_wrong_is_said_in_one_line_with_its_place(name: str, tmp_path: Path) -> None:
    text, place = HOSTILE[name]
    out = delivered(tmp_path / "out")
    (out / NAME).write_text(text)
    for reading in (lambda: specified(READ, out), lambda: held_specification(out)):
        with pytest.raises(SpecificationError, match=place) as caught:
            reading()
        assert str(caught.value).startswith(NAME)
        assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_named_by_their_line(tmp_path: Path) -> None:
    out = delivered(tmp_path / "out")
    (out / NAME).write_bytes(b"title: x\npackage: \xff\n")
    with pytest.raises(SpecificationError, match="line 2: is not UTF-8"):
        specified(READ, out)


def test_a_folder_without_one_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="generate"):
        held_specification(tmp_path)


def test_written_names_the_clauses_of_what_the_reading_did_not_make() -> None:
    assert set(written(READ, READ)) == set()
    rule = TEXT.replace(
        "{type: integer, from: [A-1.1]}",
        "{type: integer, rules: [{is: '> 0', from: [A-1.2]}], from: [A-1.1]}",
    )
    assert set(written(READ, load(rule))) == {"A-1.2"}
    other = TEXT.replace("type: integer", "type: number")
    assert set(written(READ, load(other))) == {"A-1.1"}
