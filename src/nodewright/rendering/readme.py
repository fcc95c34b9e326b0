"""What the package's README says: what it does, and what became of each clause."""

from collections.abc import Sequence
from typing import Any

from nodewright.planning.plan import NodePlan, Plan
from nodewright.spec.assumptions import assumptions
from nodewright.spec.paraphrase import paraphrase
from nodewright.spec.verdicts import ClauseState, ClauseVerdict, summed_up


def readme(plan: Plan, verdicts: Sequence[ClauseVerdict]) -> dict[str, Any]:
    """The context of the template; without ``verdicts`` nothing is said of clauses."""
    return {
        "package": plan.package,
        "title": plan.title,
        "description": plan.description,
        "nodes": [_node(node) for node in plan.nodes],
        "sum": summed_up(verdicts) if verdicts else "",
        "proven": [each for each in verdicts if each.state is ClauseState.PROVEN],
        "open": [each for each in verdicts if each.state is ClauseState.OPEN],
        "assumptions": list(assumptions(plan.specification)),
    }


def _node(node: NodePlan) -> dict[str, Any]:
    return {
        "class_name": node.class_name,
        "kind": node.kind,
        "slug": node.slug,
        "operations": [
            {
                "name": each.name,
                "text": paraphrase(each.element),
                "clauses": ", ".join(each.clauses),
            }
            for each in node.operations
        ],
    }
