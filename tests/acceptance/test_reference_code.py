"""Code in the manner of the reference's users runs: its habits, beside its documented names."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from agents.lib import schema_phase7
from agents.lib.schema_phase7 import (
    GenerationPhase,
    MixinCompatibilityMatrix,
    NodeType,
    TemplateCacheMetadata,
    TemplateType,
)

from nodewright import (
    CodegenPersistence,
    GenerationJob,
    MetricType,
    MixinLearner,
    MonitoringSystem,
    ParallelGenerator,
    PatternFeedback,
    PatternFeedbackCollector,
    SimplePRDAnalyzer,
)
from nodewright.mixins.evidence import Outcomes, given_outcomes


def pair(**more: Any) -> MixinCompatibilityMatrix:
    return MixinCompatibilityMatrix(
        id=uuid4(), mixin_a="A", mixin_b="B", node_type=NodeType.EFFECT, **more
    )


async def test_records_that_persistence_returns_are_mappings(
    persistence: CodegenPersistence,
) -> None:
    await persistence.update_mixin_compatibility("MixinB", "MixinA", "EFFECT", success=True)
    row = await persistence.get_mixin_compatibility("MixinA", "MixinB", "EFFECT")
    assert row is not None
    assert row["mixin_a"] == row.mixin_a == "MixinA"
    assert row.get("success_count") == 1
    assert row.get("no such", "else") == "else"
    assert "mixin_b" in row
    assert "no such" not in row
    assert dict(row) == {**row} == dict(row.items()) == row.model_dump()
    assert list(row.keys()) == list(MixinCompatibilityMatrix.model_fields)
    assert list(row.values())[1:3] == ["MixinA", "MixinB"]
    with pytest.raises(KeyError, match="no such"):
        row["no such"]
    (summary,) = await persistence.get_mixin_compatibility_summary()
    assert summary["total_combinations"] == 1


def test_the_schema_has_enumerations() -> None:
    assert [kind.value for kind in NodeType] == ["EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR"]
    assert GenerationPhase("total") is GenerationPhase.TOTAL
    assert TemplateType.NODE == "node"
    assert schema_phase7.FeedbackType("partial").name == "PARTIAL"


def test_the_schema_derives_totals_and_percentages() -> None:
    assert (pair().total_tests, pair().success_rate) == (0, 0.0)
    tried = pair(success_count=3, failure_count=1)
    assert (tried.total_tests, tried.success_rate) == (4, 75.0)
    cached = TemplateCacheMetadata(
        id=uuid4(),
        template_name="t",
        template_type="node",
        cache_key="k",
        file_path="/t",
        file_hash="0",
        cache_hits=9,
        cache_misses=1,
    )
    assert (cached.total_accesses, cached.hit_rate) == (10, 90.0)


async def test_a_result_describes_its_node(tmp_path: Path) -> None:
    analysis = SimplePRDAnalyzer().analyze_prd("# Shop\n\n- FR-1: The system shall store orders.\n")
    job = GenerationJob(uuid4(), "EFFECT", "OrderService", "sales", analysis, str(tmp_path))
    async with ParallelGenerator(enable_metrics=False) as generator:
        (result,) = await generator.generate_nodes_parallel(jobs=[job], session_id=uuid4())
    found = result.node_result
    assert found is not None
    assert Path(found["main_file"]).name == "node.py"
    assert found["main_file"] in found["generated_files"]
    assert all(Path(file).is_file() for file in found["generated_files"])
    assert found["metadata"]["node_type"] == "EFFECT"
    assert UUID(found["metadata"]["job_id"]) == job.job_id
    assert found["metadata"]["domain"] == "sales"


async def test_labels_may_be_numbers_and_booleans() -> None:
    monitoring = MonitoringSystem(log_alerts=False)
    for labels in (
        {"workers": 4, "cached": True},
        {"workers": "4", "cached": "true"},
        {"cached": True, "workers": 4},
    ):
        await monitoring.record_metric("node_count", 1, MetricType.COUNTER, labels)
    await monitoring.record_metric("node_count", 1, MetricType.COUNTER, {"workers": 1})
    await monitoring.record_metric("node_count", 1, MetricType.COUNTER, {"workers": True})
    await monitoring.record_metric("node_count", 1, MetricType.COUNTER, {"workers": 1.0})
    text = await monitoring.export_prometheus_metrics()
    assert 'node_count_total{cached="true",workers="4"} 3' in text
    for said in ("1", "true", "1.0"):
        assert f'node_count_total{{workers="{said}"}} 1\n' in text
    assert monitoring.store.value("node_count", {"workers": 4, "cached": True}) == 3
    with pytest.raises(ValueError, match="string, a number or a boolean"):
        await monitoring.record_metric("node_count", 1, MetricType.COUNTER, {"workers": None})


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ({"success_rate": 0.75, "total_tests": 8}, Outcomes(6, 2)),
        ({"success_rate": 75.0, "total_tests": 8}, Outcomes(6, 2)),
        ({"success_rate": 1, "total_tests": 3, "conflict_reason": "x"}, Outcomes(3, 0, "x")),
        ({"success_rate": 0.9}, Outcomes()),
        ({"success_count": 1, "success_rate": 0.0, "total_tests": 9}, Outcomes(1, 0)),
    ],
)
def test_history_may_be_a_rate(history: dict[str, Any], expected: Outcomes) -> None:
    assert given_outcomes(history) == expected


@pytest.mark.parametrize("rate", [-0.1, 100.5, "0.5", True, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: object) -> None:
    with pytest.raises(ValueError, match="success_rate"):
        given_outcomes({"success_rate": rate, "total_tests": 2})


class Kept:
    """A persistence that a user wrote: only what the classes call, rows as dicts."""

    def __init__(self) -> None:
        self.judgements: list[dict[str, Any]] = []
        self.outcomes: list[tuple[str, str, str, bool]] = []

    async def record_pattern_feedback(self, **values: Any) -> UUID:
        self.judgements.insert(0, values)
        return uuid4()

    async def get_pattern_feedback(
        self, pattern_name: str | None = None, limit: int = 1000
    ) -> list[dict[str, Any]]:
        found = (row for row in self.judgements if pattern_name in {None, row["pattern_name"]})
        return list(found)[:limit]

    async def update_mixin_compatibility(
        self, mixin_a: str, mixin_b: str, node_type: str, success: bool, **_: Any
    ) -> None:
        self.outcomes.append((mixin_a, mixin_b, node_type, success))


async def test_patterns_are_judged_in_a_users_own_persistence() -> None:
    kept = Kept()
    collector = PatternFeedbackCollector(kept)
    for number in range(20):
        kind = "correct" if number < 15 else "incorrect"
        given = PatternFeedback(
            session_id=uuid4(),
            detected_pattern="crud",
            detected_confidence=0.8,
            actual_pattern="crud" if kind == "correct" else "search",
            feedback_type=kind,
            false_positives=[] if kind == "correct" else ["caching"],
        )
        assert isinstance(await collector.record_feedback(given, user_provided=True), UUID)
    analysis = await collector.analyze_feedback("crud")
    assert (analysis.sample_count, analysis.precision, analysis.recall) == (20, 0.75, 1.0)
    assert analysis.false_positive_counts == {"caching": 5}
    assert await collector.tune_pattern_threshold("crud") is None
    assert [each.pattern_name for each in await collector.get_all_pattern_analyses()] == ["crud"]
    assert (await collector.get_global_precision_metrics())["overall_precision"] == 0.75
    assert (await collector.analyze_feedback("never seen")).sample_count == 0
    await collector.cleanup()


async def test_mixins_are_judged_in_a_users_own_persistence(tmp_path: Path) -> None:
    kept = Kept()
    learner = MixinLearner(model_path=tmp_path / "none.skops", persistence=kept, trials=False)
    await learner.update_from_feedback("MixinCaching", "MixinMetrics", "EFFECT", success=True)
    assert kept.outcomes == [("MixinCaching", "MixinMetrics", "EFFECT", True)]
