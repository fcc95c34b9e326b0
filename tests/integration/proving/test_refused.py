"""What a judge refused that only reads is never imported or run, by itself or by another node."""

from pathlib import Path

from tests.documents import SHOP

from nodewright.planning.plan import Plan
from nodewright.proving.model import Verify
from nodewright.proving.proof import judge_staged, render_files, stage
from nodewright.workflow import plan_text


def staged(root: Path) -> Plan:
    plan = plan_text(SHOP, "shop").plan
    stage(root, render_files(plan, [node.slug for node in plan.nodes]))
    return plan


def failing(root: Path, plan: Plan, *slugs: str) -> dict[str, list[str]]:
    """Slug -> the judges that refuse, and whether the node was imported."""
    found = judge_staged(root, plan, slugs, Verify.RUN)
    return {
        slug: [check.name for check in checks if not check.passed or check.name == "imports"]
        for slug, (checks, _) in found.items()
    }


def test_a_refused_handler_is_not_run(tmp_path: Path) -> None:
    plan = staged(tmp_path)
    workflow = next(node for node in plan.nodes if node.runs)
    step = workflow.runs[0]
    folder = tmp_path / "src" / "shop" / "nodes" / step / "handlers"
    handler = next(folder.glob("handler_*.py"))
    ran = tmp_path / "ran"
    edit = f'\n\nimport shutil\nfrom pathlib import Path\n\nPath("{ran}").touch()\n'
    handler.write_text(handler.read_text(encoding="utf-8") + edit, encoding="utf-8")

    assert failing(tmp_path, plan, workflow.slug, step) == {
        step: ["ruff"],
        workflow.slug: ["steps"],
    }
    assert not ran.exists()

    handler.write_text(handler.read_text(encoding="utf-8").replace(edit, ""), encoding="utf-8")
    assert failing(tmp_path, plan, workflow.slug, step) == {
        step: ["imports"],
        workflow.slug: ["imports"],
    }
