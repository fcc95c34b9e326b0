"""What a run leaves in the database."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nodewright.planning.plan import Plan
from nodewright.proving.model import Check, NodeReport, Verify
from nodewright.runs.recording import Recorder
from nodewright.runs.run import Run, plan_summary
from nodewright.runs.workers import ExecutorWorkers
from nodewright.spec.model import Specification
from nodewright.storage import CodegenPersistence
from nodewright.workflow import Options, generate, prepare

PRD = Path(__file__).parents[3] / "examples/ticketing.md"


def test_a_run_records_its_phases_and_how_its_mixins_did(
    persistence: CodegenPersistence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    prepared = prepare(PRD)
    assert any(len(node.mixins) > 1 for node in prepared.plan.nodes)
    with ThreadPoolExecutor(1) as executor:
        run = generate(
            prepared,
            Options(tmp_path / "out", verify=Verify.STATIC, jobs=1),
            workers=ExecutorWorkers(executor),
            recorder=Recorder(persistence),
        )
    steps = {span.name: span for span in exporter.get_finished_spans()}
    whole_run = steps.pop("nodewright.generate")
    assert (whole_run.attributes or {})["nodes"] == len(prepared.plan.nodes)
    assert steps.keys() == {f"nodewright.{n}" for n in ("load_templates", "prove")}
    assert all(span.parent == whole_run.context for span in steps.values())
    rows = persistence.sync.get_performance_metrics(run.session_id)
    whole = {row.phase for row in rows if row.node_type == "ALL"}
    assert whole == {"prd_analysis", "template_load", "persistence", "total"}
    by_node = [row for row in rows if row.node_type != "ALL"]
    assert {row.phase for row in by_node} == {"code_gen", "validation"}
    assert len(by_node) == 2 * len(prepared.plan.nodes)
    (kept,) = persistence.sync.database.fetch("SELECT * FROM nodewright.generation_runs")
    assert kept["session_id"] == run.session_id
    assert kept["title"] == prepared.plan.title
    assert kept["planned"] == kept["delivered"] == len(prepared.plan.nodes)
    summary = kept["summary"]
    assert [node["slug"] for node in summary["plan"]["nodes"]] == [
        node["slug"] for node in summary["nodes"]
    ]
    assert all(check["passed"] for node in summary["nodes"] for check in node["checks"])
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


def test_a_users_bug_teaches_nothing(persistence: CodegenPersistence, tmp_path: Path) -> None:
    """Neither of the pattern that was detected nor of the mixins that the node has."""
    prepared = prepare(PRD)

    def run(**more: Any) -> Run:
        with ThreadPoolExecutor(1) as executor:
            return generate(
                prepared,
                Options(tmp_path / "out", jobs=1, timeout_seconds=300, **more),
                workers=ExecutorWorkers(executor),
                recorder=Recorder(persistence),
            )

    assert run().succeeded
    before = {row.pattern_name for row in persistence.sync.get_pattern_feedback()}
    taught = len(persistence.sync.get_pattern_feedback())
    assert "orchestration" in before
    for handler in (tmp_path / "out").rglob("handlers/handler_*.py"):
        handler.write_text(handler.read_text() + '\nraise RuntimeError("my bug")\n')
    broken = run()
    assert not any(outcome.delivered for outcome in broken.outcomes)
    rows = persistence.sync.get_pattern_feedback()
    assert {row.feedback_type for row in rows} == {"correct"}
    assert len(rows) == taught
    assert all(not row.failure_count for row in persistence.sync.list_mixin_compatibility())


def test_a_node_that_was_there_already_is_no_new_evidence(
    persistence: CodegenPersistence, tmp_path: Path
) -> None:
    prepared = prepare(PRD)
    for _ in range(2):
        with ThreadPoolExecutor(1) as executor:
            generate(
                prepared,
                Options(tmp_path / "out", verify=Verify.STATIC, jobs=1, resume=True),
                workers=ExecutorWorkers(executor),
                recorder=Recorder(persistence),
            )
    judged = [row.pattern_name for row in persistence.sync.get_pattern_feedback()]
    assert len(judged) == len(set(judged))


def test_only_a_composition_that_failed_as_such_is_blamed(persistence: CodegenPersistence) -> None:
    node = next(node for node in prepare(PRD).plan.nodes if len(node.mixins) == 2)
    recorder = Recorder(persistence)
    recorder.compositions([(node, report_of(node.slug, "ruff"))])
    assert persistence.sync.list_mixin_compatibility() == []
    recorder.compositions([(node, report_of(node.slug, "constructs"))])
    (row,) = persistence.sync.list_mixin_compatibility()
    assert row.failure_count == 1
    assert row.conflict_reason == "why constructs"


def test_a_report_of_hostile_texts_is_kept_and_of_the_same_session_replaced(
    persistence: CodegenPersistence,
) -> None:
    recorder, session = Recorder(persistence), uuid4()
    plan = Plan("pack", "a \0 title", "", (), Specification(title="", package="pack"))
    node = {"delivered": True, "reason": "\0 <script>", "seconds": float("nan")}
    recorder.report(session, {"plan": plan_summary(plan), "nodes": [node], "output": Path("/out")})
    recorder.report(
        session, {"plan": plan_summary(plan), "nodes": [node, node], "output": Path("/out")}
    )
    (kept,) = persistence.sync.database.fetch("SELECT * FROM nodewright.generation_runs")
    assert (kept["title"], kept["planned"]) == ("a  title", 2)
    assert kept["summary"]["nodes"][0] == node | {"seconds": None}
    recorder.report(
        session, {"plan": plan_summary(plan), "nodes": [{"delivered": 0, "reason": "\ud800"}]}
    )
    (after,) = persistence.sync.database.fetch("SELECT * FROM nodewright.generation_runs")
    assert after == kept


def report_of(slug: str, failed: str) -> NodeReport:
    checks = (Check("parses", passed=True), Check(failed, passed=False, detail=f"why {failed}"))
    return NodeReport(slug, "EFFECT", checks)
