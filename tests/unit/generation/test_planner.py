import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.generation.plans import HOSTILE

from nodewright.planning.model import Plan
from nodewright.planning.planner import NothingToGenerateError, package_name, plan_nodes
from nodewright.prd.models import NODE_KINDS, Scope
from nodewright.reading import SimplePRDAnalyzer

SHOP = """# Order Desk

## Functional requirements

- FR-1: The system shall store orders in PostgreSQL.
- FR-2: The system shall validate each order before it is stored.
- FR-3: The system shall calculate the total price of an order.
- FR-4: The system shall aggregate orders per customer: count them and keep running totals.
- FR-5: The system shall orchestrate the checkout workflow: validate, store, and confirm the order.
- FR-6: The system shall send a confirmation by e-mail.

## Order

- customer: string
- total: decimal
- quantity: integer

quantity must be between 1 and 99.
"""


def planned(text: str) -> Plan:
    return plan_nodes(SimplePRDAnalyzer().analyze_prd(text))


def test_all_four_kinds_where_the_text_needs_them() -> None:
    plan = planned(SHOP)
    assert {node.kind for node in plan.nodes} == set(NODE_KINDS)
    assert plan.package == "order_desk"
    assert {"NodeOrderCompute", "NodeOrderReducer"} <= {node.class_name for node in plan.nodes}


def test_every_requirement_is_traced_with_its_line_or_listed() -> None:
    plan = planned(SHOP)
    lines = SHOP.splitlines()
    traced = {trace.requirement: trace for node in plan.nodes for trace in node.traces}
    assert {f"FR-{number}" for number in range(1, 7)} <= set(traced)
    for trace in traced.values():
        assert trace.text.split(".")[0][-20:] in lines[trace.line - 1]


@pytest.mark.parametrize(
    ("title", "package"),
    [
        ("Order Desk - Product Requirements Document", "order_desk"),
        ("PRD", "fallback"),
        ("import", "import_"),
        ("智能账户", "zhi_neng_zhang_hu"),
    ],
)
def test_package_name(title: str, package: str) -> None:
    assert package_name(title, "fallback") == package


def test_a_text_that_asks_for_nothing() -> None:
    with pytest.raises(NothingToGenerateError, match="states no requirement"):
        planned("")


LINES = st.one_of(
    HOSTILE.map(lambda text: f"- The system shall store {text}"),
    HOSTILE.map(lambda text: f"## {text}"),
    HOSTILE.map(lambda text: f"| {text} | string | required |"),
    HOSTILE.map(lambda text: f"- `{text}`: uuid"),
    HOSTILE.map(lambda text: f"{text} -> paid -> {text} -> done"),
    st.sampled_from(SHOP.splitlines()),
    HOSTILE,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(LINES, max_size=25))
def test_any_text_gives_a_sound_plan(lines: list[str]) -> None:
    analysis = SimplePRDAnalyzer().analyze_prd("\n".join(lines))
    try:
        plan = plan_nodes(analysis)
    except NothingToGenerateError:
        return
    slugs = [node.slug for node in plan.nodes]
    assert len(slugs) == len(set(slugs)) > 0
    assert plan.package.isidentifier()
    for node in plan.nodes:
        assert node.slug.isidentifier()
        assert node.class_name.isidentifier()
        names = [operation.name for operation in node.operations]
        assert names
        assert all(name.isidentifier() for name in names)
        assert len(names) == len(set(names))
        assert all(operation.traces for operation in node.operations)
        assert all(operation.description for operation in node.operations)
        assert {step.node for step in node.steps} <= set(slugs)
        assert len({step.name for step in node.steps}) == len(node.steps)
    wanted = {
        requirement.id
        for requirement in analysis.parsed_prd.requirements
        if requirement.scope is Scope.RELEASE
    }
    covered = {trace.requirement for node in plan.nodes for trace in node.traces}
    listed = {trace.requirement for trace in plan.uncovered}
    assert wanted == (covered | listed) & wanted
    assert not covered & listed
