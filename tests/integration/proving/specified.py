"""The specifications that were written by hand, and the packages that are generated of them."""

from functools import cache
from pathlib import Path

from nodewright.planning.plan import Plan, plan_specification
from nodewright.proving.model import NodeReport, Verify
from nodewright.proving.proof import prove_nodes, stage
from nodewright.rendering.files import render_package
from nodewright.spec.model import Specification
from nodewright.spec.yaml_form import load
from nodewright.templates import TemplatePack

_EXAMPLES = Path(__file__).parents[3] / "examples"
_STRANGERS = Path(__file__).parent / "documents"
PATHS = (*sorted(_EXAMPLES.glob("*.spec.yaml")), *sorted(_STRANGERS.glob("*.spec.yaml")))
SPECIFICATIONS: dict[str, Specification] = {
    each.package: each for each in (load(path.read_text(encoding="utf-8")) for path in PATHS)
}


@cache
def plan_of(package: str) -> Plan:
    """The plan of a package."""
    return plan_specification(SPECIFICATIONS[package])


@cache
def reports_of(package: str) -> tuple[NodeReport, ...]:
    """What the proof says of each node of a package."""
    plan = plan_of(package)
    return prove_nodes(plan, tuple(node.slug for node in plan.nodes), Verify.RUN)


def write_with_tests(specification: Specification, folder: Path) -> None:
    """Write a whole package, acceptance tests and all, into ``folder``."""
    plan = plan_of(specification.package)
    stage(folder, render_package(plan, TemplatePack()))
    for report in reports_of(specification.package):
        stage(folder, report.files)
