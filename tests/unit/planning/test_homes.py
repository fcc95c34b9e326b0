"""A part of a plan is as right as the whole, whatever its entities name."""

import pytest
from tests.documents import SHOP

from nodewright.planning.homes import homes_of, part_of
from nodewright.planning.plan import Plan, plan_specification
from nodewright.prd.document import parse_document
from nodewright.reading.reader import read_document
from nodewright.spec.checks import problems
from nodewright.spec.model import State


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_specification(read_document(parse_document(SHOP), "shop"))


def test_each_part_is_a_right_specification(plan: Plan) -> None:
    for node in plan.nodes:
        assert list(problems(part_of(plan, [node.slug]).specification)) == []


def test_a_part_demands_only_what_its_nodes_answer_for(plan: Plan) -> None:
    homes = homes_of(plan)
    for node in plan.nodes:
        part = part_of(plan, [node.slug])
        read = {note.id for note in part.specification.clauses if note.state is State.READ}
        assert read == {
            note.id
            for note in plan.specification.clauses
            if note.state is State.READ and homes.get(note.id) == node.slug
        }
        assert homes_of(part) == homes
