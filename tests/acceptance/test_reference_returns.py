"""What documented methods return has every documented field, of the documented kind."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from agents.lib.monitoring import MetricType, MonitoringSystem
from agents.lib.parallel_generator import GenerationJob, ParallelGenerator
from agents.lib.pattern_feedback import PatternAnalysis, PatternFeedback, PatternFeedbackCollector
from agents.lib.persistence import CodegenPersistence
from agents.lib.simple_prd_analyzer import SimplePRDAnalyzer
from agents.lib.template_cache import TemplateCache

Fields = dict[str, type | tuple[type, ...]]
NUMBER = (int, float)

STATS: Fields = {
    "hits": int,
    "misses": int,
    "hit_rate": float,
    "evictions": int,
    "invalidations": int,
    "cached_templates": int,
    "total_size_bytes": int,
    "total_size_mb": float,
    "avg_uncached_load_ms": float,
    "avg_cached_load_ms": float,
    "time_saved_ms": float,
    "improvement_percent": float,
    "capacity_usage_percent": NUMBER,
    "memory_usage_percent": NUMBER,
}
TEMPLATE: Fields = {
    "name": str,
    "type": str,
    "size_bytes": int,
    "access_count": int,
    "age_seconds": float,
    "file_hash": str,
}
PROGRESS: Fields = {
    "completed_jobs": int,
    "total_jobs": int,
    "progress_percent": NUMBER,
    "remaining_jobs": int,
}
PRECISION: Fields = {
    "overall_precision": float,
    "patterns_analyzed": int,
    "patterns_meeting_target": int,
    "target_precision": float,
    "needs_improvement": list,
    "best_patterns": list,
    "worst_patterns": list,
}
COLLECTED: Fields = {
    "timestamp": str,
    "time_window_minutes": int,
    "collection_time_ms": float,
    "template_cache": dict,
    "parallel_generation": dict,
    "mixin_learning": dict,
    "pattern_matching": dict,
    "event_processing": dict,
    "active_alerts_count": int,
    "health_status": str,
}
SUMMARY: Fields = {"timestamp": str, "health": dict, "alerts": dict, "metrics": dict}


def check(returned: dict[str, Any], fields: Fields) -> None:
    for name, kind in fields.items():
        assert isinstance(returned[name], kind), (name, returned[name])
        assert not isinstance(returned[name], bool), name


@pytest.fixture
async def collector(persistence: CodegenPersistence) -> AsyncIterator[PatternFeedbackCollector]:
    made = PatternFeedbackCollector(persistence)
    yield made
    await made.cleanup()


def test_template_statistics(tmp_path: Path) -> None:
    cache = TemplateCache(max_templates=2, max_size_mb=1, enable_persistence=False)
    check(cache.get_stats(), STATS)
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name * 1024)
        cache.get(name, "EFFECT", tmp_path / name, Path.read_text)
    assert cache.get("c", "EFFECT", tmp_path / "c", Path.read_text) == ("c" * 1024, True)
    cache.invalidate("b")
    stats = cache.get_stats()
    check(stats, STATS)
    counts = {name: stats[name] for name in ("hits", "misses", "evictions", "invalidations")}
    assert counts == {"hits": 1, "misses": 3, "evictions": 1, "invalidations": 1}
    assert stats["hit_rate"] == 0.25
    assert (stats["cached_templates"], stats["capacity_usage_percent"]) == (1, 50)
    assert stats["total_size_bytes"] == 1024
    assert stats["total_size_mb"] == 1 / 1024
    assert stats["memory_usage_percent"] == pytest.approx(100 / 1024)
    saved = (stats["avg_uncached_load_ms"] - stats["avg_cached_load_ms"]) * stats["hits"]
    assert stats["time_saved_ms"] == pytest.approx(saved)
    detailed = cache.get_detailed_stats()
    check(detailed, STATS | {"templates": list})
    (template,) = detailed["templates"]
    check(template, TEMPLATE)
    assert (template["name"], template["type"], template["access_count"]) == ("c", "EFFECT", 2)
    assert 0 < len(template["file_hash"]) < 64
    cache.invalidate_all()
    assert cache.get_stats()["cached_templates"] == 0


async def test_progress_and_results_of_generation(tmp_path: Path) -> None:
    analysis = SimplePRDAnalyzer().analyze_prd("# Shop\n\n- FR-1: The system shall store orders.\n")
    async with ParallelGenerator(enable_metrics=False) as generator:
        check(generator.get_progress(), PROGRESS)
        jobs = [
            GenerationJob(uuid4(), kind, "UserService", "authentication", analysis, str(tmp_path))
            for kind in ("EFFECT", "SIDE EFFECT")
        ]
        results = {
            result.node_type: result
            for result in await generator.generate_nodes_parallel(jobs=jobs, session_id=uuid4())
        }
        progress = generator.get_progress()
    check(progress, PROGRESS)
    assert progress["progress_percent"] == 100
    good, bad = results["EFFECT"], results["SIDE EFFECT"]
    assert (good.success, good.error, good.job_id) == (True, None, jobs[0].job_id)
    assert isinstance(good.node_result, dict)
    assert good.duration_ms > 0
    assert (bad.success, bad.node_result, bad.job_id) == (False, None, jobs[1].job_id)
    assert "SIDE EFFECT" in str(bad.error)
    assert bad.microservice_name == "UserService"


async def test_feedback_is_analysed(collector: PatternFeedbackCollector) -> None:
    empty = await collector.get_global_precision_metrics()
    check(empty, PRECISION)
    for number in range(20):
        right = number % 4 != 0
        given = PatternFeedback(
            session_id=uuid4(),
            detected_pattern="authentication_pattern",
            detected_confidence=0.85,
            actual_pattern="authentication_pattern" if right else "oauth2_pattern",
            feedback_type="correct" if right else "incorrect",
            capabilities_matched=["auth", "security"],
            false_positives=[] if right else ["basic_auth"],
            false_negatives=[] if right else ["oauth2"],
        )
        assert isinstance(await collector.record_feedback(given, user_provided=True), UUID)
    analysis = await collector.analyze_feedback("authentication_pattern")
    assert isinstance(analysis, PatternAnalysis)
    assert analysis.sufficient_data
    assert (analysis.sample_count, analysis.precision) == (20, 0.75)
    assert (analysis.correct_count, analysis.incorrect_count, analysis.partial_count) == (15, 5, 0)
    assert analysis.false_positive_counts == {"basic_auth": 5}
    assert analysis.false_negative_counts == {"oauth2": 5}
    assert analysis.recommendations
    few = await collector.analyze_feedback("authentication_pattern", min_samples=21)
    assert (few.sufficient_data, few.sample_count) == (False, 20)
    none = await collector.analyze_feedback("never seen", use_cache=False)
    assert (none.sufficient_data, none.sample_count, none.recommendations) == (False, 0, [])
    assert [each.pattern_name for each in await collector.get_all_pattern_analyses()] == [
        "authentication_pattern"
    ]
    assert await collector.get_all_pattern_analyses(min_samples=21) == []
    assert await collector.tune_pattern_threshold("never seen") is None
    metrics = await collector.get_global_precision_metrics()
    check(metrics, PRECISION)
    assert metrics["overall_precision"] == 0.75
    assert (metrics["patterns_analyzed"], metrics["patterns_meeting_target"]) == (1, 0)
    (below,) = metrics["needs_improvement"]
    assert (below["pattern"], below["precision"]) == ("authentication_pattern", 0.75)
    assert metrics["best_patterns"] == metrics["worst_patterns"]


async def test_monitoring_collects_and_sums_up(persistence: CodegenPersistence) -> None:
    monitoring = MonitoringSystem(persistence=persistence, log_alerts=False)
    metrics = await monitoring.collect_all_metrics(time_window_minutes=30)
    check(metrics, COLLECTED)
    assert metrics["time_window_minutes"] == 30
    assert datetime.fromisoformat(metrics["timestamp"]).tzinfo is not None
    assert isinstance(metrics["template_cache"]["overall_hit_rate"], float)
    assert isinstance(metrics["parallel_generation"]["avg_speedup"], float)
    await monitoring.record_metric("cache_hit_rate", 0.5, MetricType.GAUGE)
    await monitoring.update_health_status(
        "template_cache", healthy=True, status="healthy", metadata={"cache_size_mb": 25.5}
    )
    summary = monitoring.get_monitoring_summary()
    check(summary, SUMMARY)
    assert summary["health"]["overall_status"] == "healthy"
    assert summary["alerts"]["critical_count"] == 1
    assert summary["metrics"]["total_metric_types"] == 1
    (alert,) = monitoring.get_active_alerts()
    assert (alert.severity.value, alert.metric_name) == ("critical", "cache_hit_rate")
    assert (alert.threshold, alert.actual_value) == (0.60, 0.5)
    assert monitoring.get_active_alerts("critical") == [alert]  # type: ignore[arg-type]
    assert monitoring.get_active_alerts(component="nothing") == []
    text = await monitoring.export_prometheus_metrics()
    assert "cache_hit_rate 0.5" in text
    await monitoring.clear_metrics()
    assert monitoring.get_active_alerts() == []
    assert monitoring.get_monitoring_summary()["metrics"]["total_metric_types"] == 0
    await monitoring.close()
