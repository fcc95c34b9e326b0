"""Elements that are put into a specification, and what they change."""

import pytest

from nodewright.runs.proposals import changed_clauses, new_sentences, put_in
from nodewright.spec.types import SpecificationError
from nodewright.spec.yaml_form import load

SHOP = """
title: Shop
package: shop
clauses:
  FR-1.1: {requirement: FR-1, line: 1, text: Sell things., state: read}
  FR-1.2: {requirement: FR-1, line: 2, text: Cheap ones first., state: open, reason: not understood}
entities:
  Thing:
    key: thing_id
    fields:
      thing_id: {type: uuid, from: [FR-1.1]}
      price: {type: number, rules: [{is: '> 0', from: [FR-1.1]}], from: [FR-1.1]}
    from: [FR-1.1]
operations:
  list_things: {list: Thing, from: [FR-1.1]}
"""


def changed(elements: str) -> dict[str, str]:
    return changed_clauses(load(SHOP), load(put_in(SHOP, elements)))


def test_new_elements_change_nothing_that_is_said() -> None:
    new = "operations: {cheap_things: {list: Thing, order: [{by: price}], from: [FR-1.2]}}"
    assert changed(new) == {}
    told = new_sentences(load(SHOP), load(put_in(SHOP, new)))
    assert told[0] == "Cheap things lists all Thing records, by price."


def test_a_further_clause_of_an_element_changes_nothing() -> None:
    assert changed("operations: {list_things: {from: [FR-1.1, FR-1.2]}}") == {}


@pytest.mark.parametrize(
    "elements",
    [
        "operations: {list_things: {limit: 3}}",
        "operations: {list_things: null, all_things: {list: Thing, from: [FR-1.2]}}",
        "entities: {Thing: {fields: {price: {rules: [{is: '> -5', from: [FR-1.1]}]}}}}",
        "entities: {Thing: {fields: {price: {rules: []}}}}",
    ],
)
def test_what_another_clause_said_is_named(elements: str) -> None:
    assert set(changed(elements)) == {"FR-1.1"}


@pytest.mark.parametrize("elements", ["clauses: {}", "package: other", "title: x", "[a]", "x", ""])
def test_only_elements_can_be_proposed(elements: str) -> None:
    with pytest.raises(SpecificationError):
        put_in(SHOP, elements)
