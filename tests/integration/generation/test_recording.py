"""What a run leaves in the database."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nodewright.generation.model import Check, NodeReport, Verify
from nodewright.generation.recording import Recorder
from nodewright.generation.workers import ExecutorWorkers
from nodewright.storage import CodegenPersistence
from nodewright.workflow import Options, generate, prepare

PRD = Path(__file__).parents[3] / "examples/ticketing.md"


def test_a_run_records_its_phases_and_how_its_mixins_did(
    persistence: CodegenPersistence, tmp_path: Path
) -> None:
    prepared = prepare(PRD)
    assert any(len(node.mixins) > 1 for node in prepared.plan.nodes)
    with ThreadPoolExecutor(1) as executor:
        run = generate(
            prepared,
            Options(tmp_path / "out", verify=Verify.STATIC, jobs=1),
            workers=ExecutorWorkers(executor),
            recorder=Recorder(persistence),
        )
    rows = persistence.sync.get_performance_metrics(run.session_id)
    whole = {row.phase for row in rows if row.node_type == "ALL"}
    assert whole == {"prd_analysis", "template_load", "persistence", "total"}
    by_node = [row for row in rows if row.node_type != "ALL"]
    assert {row.phase for row in by_node} == {"code_gen", "validation"}
    assert len(by_node) == 2 * len(prepared.plan.nodes)
    told = persistence.sync.list_mixin_compatibility()
    kinds = {node.kind for node in prepared.plan.nodes if len(node.mixins) > 1}
    assert {row.node_type for row in told} == kinds
    assert all(row.success_count == 1 and row.failure_count == 0 for row in told)
    judged = persistence.sync.get_pattern_feedback()
    detected = {item.name: item.score for item in prepared.analysis.patterns}
    assert "orchestration" in {row.pattern_name for row in judged}
    for row in judged:
        assert row.session_id == run.session_id
        assert row.feedback_type == "correct"
        assert not row.user_provided
        assert row.detected_confidence == round(detected[row.pattern_name], 4)


def test_only_a_composition_that_failed_as_such_is_blamed(persistence: CodegenPersistence) -> None:
    node = next(node for node in prepare(PRD).plan.nodes if len(node.mixins) == 2)
    recorder = Recorder(persistence)
    recorder.compositions([(node, report_of(node.slug, "ruff"))])
    assert persistence.sync.list_mixin_compatibility() == []
    recorder.compositions([(node, report_of(node.slug, "constructs"))])
    (row,) = persistence.sync.list_mixin_compatibility()
    assert row.failure_count == 1
    assert row.conflict_reason == "why constructs"


def report_of(slug: str, failed: str) -> NodeReport:
    checks = (Check("parses", passed=True), Check(failed, passed=False, detail=f"why {failed}"))
    return NodeReport(slug, "EFFECT", checks)
