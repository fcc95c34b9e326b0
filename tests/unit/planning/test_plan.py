"""From a specification to nodes."""

from dataclasses import replace

import pytest
from tests.unit.rendering.box_office import SPECIFICATION

from nodewright.planning.plan import NodePlan, clauses_of, kind_of, plan_specification, subject_of
from nodewright.spec.model import (
    Compute,
    Entity,
    Field,
    Input,
    Listing,
    Notify,
    Publish,
    Specification,
    Workflow,
)
from nodewright.spec.types import TEXT, SpecificationError

PLAN = plan_specification(SPECIFICATION)


def node(slug: str) -> NodePlan:
    return next(each for each in PLAN.nodes if each.slug == slug)


def test_operations_of_one_entity_and_kind_are_one_node() -> None:
    reducer = node("node_ticket_reducer")
    assert reducer.class_name == "NodeTicketReducer"
    assert (reducer.kind, reducer.entity, reducer.name) == ("REDUCER", "Ticket", "ticket")
    names = [each.name for each in reducer.operations]
    assert names == [
        "pay_ticket",
        "use_ticket",
        "cancel_ticket",
        "cancel_unpaid",
        "sales_per_event",
        "total_sales",
    ]


def test_every_operation_has_one_node() -> None:
    planned = sorted(op.name for each in PLAN.nodes for op in each.operations)
    assert planned == sorted(each.name for each in SPECIFICATION.operations)


def test_no_node_is_made_for_a_kind_that_nothing_asks_for() -> None:
    listing = Listing(name="list_tickets", entity="Ticket")
    only = replace(SPECIFICATION, operations=(listing,))
    assert [each.slug for each in plan_specification(only).nodes] == ["node_ticket_effect"]
    assert plan_specification(replace(only, operations=())).nodes == ()


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("calculate_total_price", "total_price"),
        ("validate_ticket", "Ticket"),
        ("import", "import"),
        ("check_order_line", "order_line"),
    ],
)
def test_what_has_no_entity_is_about_what_its_name_says(name: str, subject: str) -> None:
    assert subject_of(SPECIFICATION, Compute(name=name))[0] == subject


def test_a_computation_with_effects_is_an_effect() -> None:
    told = Compute(name="check_seat", effects=(Publish(event="ticket_paid", payload=()),))
    assert kind_of(told) == "EFFECT"
    assert kind_of(replace(told, effects=())) == "COMPUTE"
    assert kind_of(Workflow(name="purchase_ticket", steps=())) == "ORCHESTRATOR"
    assert kind_of(Notify(name="remind", entity="Ticket")) == "EFFECT"


def test_clauses_of_an_operation_are_those_of_all_its_parts() -> None:
    operation = Listing(
        name="list_tickets",
        entity="Ticket",
        clauses=("A.1",),
        parts=(("limit", "A.3"),),
        inputs=(Input(name="who", type=TEXT, clauses=("A.2", "A.1")),),
    )
    assert clauses_of(operation) == ("A.1", "A.3", "A.2")


def test_a_move_comes_from_its_transitions_too() -> None:
    pay = next(op for op in node("node_ticket_reducer").operations if op.name == "pay_ticket")
    assert pay.clauses == ("FR-7.1",)
    assert [trace.requirement for trace in pay.traces] == ["FR-7"]


def test_a_clause_without_an_operation_traces_to_no_node() -> None:
    assert "FR-9" in {note.requirement for note in PLAN.specification.clauses}
    assert "FR-9" not in {trace.requirement for node in PLAN.nodes for trace in node.traces}


def test_tables_name_the_node_of_each_operation() -> None:
    assert [(each.operation, each.node) for each in PLAN.routes] == [
        ("reserve_ticket", "node_ticket_effect")
    ]
    assert {each.operation for each in PLAN.schedules} == {"cancel_unpaid", "remove_cancelled"}
    assert [each.command for each in PLAN.commands] == ["admin remove"]


def test_systems_of_a_node_are_those_that_it_uses() -> None:
    assert node("node_ticket_effect").systems == ("SendGrid", "Stripe", "PostgreSQL")
    assert node("node_seat_compute").systems == ()


def test_an_empty_specification_has_no_nodes() -> None:
    assert plan_specification(Specification(title="", package="nothing")).nodes == ()


def test_entities_that_would_be_called_the_same_are_refused() -> None:
    key = (Field(name="code", type=TEXT),)
    twins = tuple(Entity(name=name, fields=key, key="code") for name in ("Work", "Worker"))
    with pytest.raises(SpecificationError, match="'Work' and 'Worker' would both be called 'work'"):
        plan_specification(Specification(title="", package="twins", entities=twins))
