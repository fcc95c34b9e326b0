"""What the API reference shows its users, as one program; run with ``agents/`` on the path.

The embedded parts stand in for the folders and the broker that the reference names.
"""
# ruff: noqa: T201, TRY400 - the documented calls as users write them

import asyncio
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from lib.batch_processor import BatchConfig, BatchProcessor
from lib.codegen_events import BaseEvent
from lib.event_optimizer import CircuitBreaker, CircuitBreakerConfig, EventOptimizer
from lib.mixin_learner import MixinLearner
from lib.monitoring import (
    AlertSeverity,
    MetricType,
    MonitoringSystem,
    collect_all_metrics,
    export_prometheus_metrics,
    get_active_alerts,
    get_monitoring_summary,
    get_monitoring_system,
    record_metric,
    update_health_status,
)
from lib.parallel_generator import GenerationJob, GenerationResult, ParallelGenerator
from lib.pattern_feedback import PatternFeedback, PatternFeedbackCollector
from lib.simple_prd_analyzer import SimplePRDAnalyzer
from lib.structured_logger import (
    StructuredLogger,
    get_correlation_id,
    get_logger,
    get_session_id,
    set_global_correlation_id,
    set_global_session_id,
)
from lib.template_cache import TemplateCache

HERE = Path.cwd()
OUTPUT = HERE / "output"
PRD = "# Users\n\n- FR-1: The system shall store users.\n- FR-2: The system shall validate users.\n"


class MyEvent(BaseEvent): ...


def caching() -> None:
    folder = HERE / "templates"
    folder.mkdir()
    path = folder / "effect_node_template.py"
    path.write_text("class Node: ...")
    cache = TemplateCache()
    for expected in (False, True):
        content, hit = cache.get(
            template_name="NodeDatabaseEffect",
            template_type="EFFECT",
            file_path=path,
            loader_func=lambda p: p.read_text(),
        )
        assert (content, hit) == ("class Node: ...", expected)
    cache.invalidate("NodeDatabaseEffect")
    cache.invalidate_all()
    cache.warmup(
        templates_dir=folder, template_types=["EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR"]
    )
    stats = cache.get_stats()
    print(f"Hit rate: {stats['hit_rate']:.1%}")
    print(f"Time saved: {stats['time_saved_ms']:.0f}ms, {stats['improvement_percent']:.1f}%")
    for template in cache.get_detailed_stats()["templates"]:
        print(f"{template['name']}: {template['access_count']} accesses")
    cache.close()


async def generating() -> list[GenerationResult]:
    prd_analysis = SimplePRDAnalyzer().analyze_prd(PRD)
    generator = ParallelGenerator(max_workers=3)
    jobs = [
        GenerationJob(
            job_id=uuid4(),
            node_type=kind,
            microservice_name="UserService",
            domain=domain,
            analysis_result=prd_analysis,
            output_directory=str(OUTPUT),
        )
        for kind, domain in (("EFFECT", "authentication"), ("COMPUTE", "validation"))
    ]
    results = await generator.generate_nodes_parallel(jobs=jobs, session_id=uuid4())
    for result in results:
        assert result.success, result.error
        print(f"{result.node_type} generated in {result.duration_ms:.0f}ms")
    progress = generator.get_progress()
    print(f"Progress: {progress['progress_percent']:.1f}%")
    await generator.cleanup()
    return results


async def learning() -> None:
    learner = MixinLearner()
    if not learner.is_trained():
        await learner.train_model(min_samples=100)
    metrics = learner.get_metrics()
    assert metrics is not None
    assert metrics.accuracy >= 0.95
    assert len(metrics.cross_val_scores) == 5
    print(f"Accuracy: {metrics.accuracy:.1%}, F1: {metrics.f1_score:.1%}")
    prediction = learner.predict_compatibility(
        mixin_a="MixinCaching", mixin_b="MixinLogging", node_type="EFFECT"
    )
    print(f"Compatible: {prediction.compatible}, confidence: {prediction.confidence:.1%}")
    assert prediction.explanation
    recommendations = learner.recommend_mixins(
        node_type="EFFECT",
        required_capabilities=["caching", "logging"],
        existing_mixins=["MixinHealthCheck"],
        max_recommendations=3,
    )
    for mixin, score, explanation in recommendations:
        print(f"{mixin}: {score:.1%} - {explanation}")
    await learner.update_from_feedback(
        mixin_a="MixinCaching", mixin_b="MixinRetry", node_type="EFFECT", success=True
    )
    learner.close()


async def judging() -> None:
    collector = PatternFeedbackCollector()
    feedback = PatternFeedback(
        session_id=uuid4(),
        detected_pattern="authentication_pattern",
        detected_confidence=0.85,
        actual_pattern="oauth2_pattern",
        feedback_type="incorrect",
        capabilities_matched=["auth", "security"],
        false_positives=["basic_auth"],
        false_negatives=["oauth2"],
        user_provided=True,
    )
    feedback_id = await collector.record_feedback(feedback, user_provided=True)
    print(f"Recorded feedback: {feedback_id}")
    analysis = await collector.analyze_feedback("authentication_pattern")
    assert not analysis.sufficient_data
    print(f"{analysis.pattern_name}: {analysis.sample_count} samples")
    assert await collector.get_all_pattern_analyses(min_samples=30) == []
    threshold = await collector.tune_pattern_threshold(
        pattern_name="authentication_pattern", target_precision=0.92
    )
    assert threshold is None
    metrics = await collector.get_global_precision_metrics()
    print(f"Meeting target: {metrics['patterns_meeting_target']}/{metrics['patterns_analyzed']}")
    await collector.cleanup()


async def publishing() -> None:
    optimizer = EventOptimizer(bootstrap_servers="mock")
    event = MyEvent(service="codegen", payload={"node_type": "EFFECT", "status": "generated"})
    await optimizer.publish_event(event)
    events: list[BaseEvent] = [
        MyEvent(service="codegen", payload={"task": number}) for number in (1, 2, 3)
    ]
    await optimizer.publish_batch(events)
    batch_processor = optimizer.create_batch_processor()
    assert await batch_processor.add_event(events[0]) is None
    await batch_processor.add_event(events[1])
    await optimizer.cleanup()
    assert optimizer.statistics().published == 6

    async def my_batch_handler(batch: list[int]) -> int:
        return sum(batch)

    processor = BatchProcessor(
        processor_func=my_batch_handler, config=BatchConfig(max_batch_size=2, max_wait_ms=100)
    )
    assert await processor.add_event(1) is None
    assert await processor.add_event(2) == 3
    assert await processor.add_event(3) is None
    assert await processor.flush() == 3
    await processor.cleanup()

    async def risky_operation(one: int, two: int) -> int:
        return one + two

    circuit = CircuitBreaker(CircuitBreakerConfig(failure_threshold=5, recovery_timeout_ms=10000))
    assert await circuit.call(risky_operation, 1, 2) == 3


async def watching() -> None:
    monitoring = MonitoringSystem()
    await monitoring.record_metric(
        name="template_load_duration_ms",
        value=45.2,
        metric_type=MetricType.HISTOGRAM,
        labels={"template_type": "EFFECT"},
        help_text="Template load duration in milliseconds",
    )
    metrics = await monitoring.collect_all_metrics(time_window_minutes=30)
    print(f"Collection time: {metrics['collection_time_ms']:.0f}ms")
    print(f"Cache hit rate: {metrics['template_cache']['overall_hit_rate']:.1%}")
    print(f"Parallel speedup: {metrics['parallel_generation']['avg_speedup']:.2f}x")
    await monitoring.update_health_status(
        component="template_cache",
        healthy=True,
        status="healthy",
        metadata={"cache_size_mb": 25.5},
    )
    for alert in monitoring.get_active_alerts(severity=AlertSeverity.CRITICAL):
        print(f"[{alert.severity.value}] {alert.message}")
    summary = monitoring.get_monitoring_summary()
    print(f"Overall health: {summary['health']['overall_status']}")
    print(f"Critical alerts: {summary['alerts']['critical_count']}")
    print(f"Total metrics tracked: {summary['metrics']['total_metric_types']}")
    (HERE / "phase7.prom").write_text(await monitoring.export_prometheus_metrics())
    await monitoring.clear_metrics()
    await monitoring.close()

    await record_metric("operation_failures", 1, MetricType.COUNTER, {"operation": "load"})
    await update_health_status("worker", healthy=False, status="critical", error_message="gone")
    assert get_active_alerts() == []
    assert get_monitoring_summary()["health"]["overall_status"] == "critical"
    assert "operation_failures_total" in await export_prometheus_metrics()
    assert (await collect_all_metrics(time_window_minutes=5))["health_status"] == "critical"
    assert get_monitoring_system() is get_monitoring_system()
    await get_monitoring_system().clear_metrics()


def logging() -> None:
    written = io.StringIO()
    with contextlib.redirect_stderr(written):
        correlation, session = uuid4(), uuid4()
        logger = StructuredLogger(__name__, component="agent-researcher")
        logger.set_correlation_id(correlation)
        logger.set_session_id(session)
        logger.set_component("agent-code-generator")
        logger.debug("Template loaded", metadata={"template": "EFFECT", "size_kb": 12.5})
        logger.info("Task started", metadata={"task_id": "123", "phase": "research"})
        logger.warning("Cache near capacity", metadata={"usage_percent": 85})
        try:
            int("no number")
        except ValueError as e:
            logger.error("Operation failed", metadata={"operation": "validation"}, exc_info=e)
            logger.critical("System failure", metadata={"component": "database"}, exc_info=e)
        set_global_correlation_id(correlation)
        set_global_session_id(str(session))
        get_logger("other", component="agent-researcher").info("Global")
    assert get_correlation_id() == str(correlation)
    assert get_session_id() == str(session)
    entries: list[dict[str, Any]] = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [each["level"] for each in entries] == ["INFO", "WARNING", "ERROR", "CRITICAL", "INFO"]
    assert list(entries[0]) == [
        "timestamp",
        "level",
        "logger_name",
        "message",
        "correlation_id",
        "session_id",
        "component",
        "metadata",
    ]
    assert entries[0]["timestamp"].endswith("+00:00")
    assert {each["correlation_id"] for each in entries} == {str(correlation)}
    assert {each["session_id"] for each in entries} == {str(session)}
    assert entries[0]["component"] == "agent-code-generator"
    assert entries[2]["exception"]["type"] == "ValueError"


def create_event(result: GenerationResult) -> BaseEvent:
    return MyEvent(service="codegen", payload={"node": result.node_type, "ok": result.success})


async def everything() -> None:
    correlation_id = uuid4()
    logger = get_logger(__name__, component="codegen-workflow")
    logger.set_correlation_id(correlation_id)
    monitoring = get_monitoring_system()
    cache = TemplateCache(max_templates=100, ttl_seconds=3600)
    cache.warmup(templates_dir=HERE / "templates", template_types=["EFFECT", "COMPUTE"])
    logger.info("Template cache warmed up", metadata=cache.get_stats())
    learner = MixinLearner(auto_train=True)
    if not learner.is_trained():
        metrics = await learner.train_model()
        logger.info("Mixin model trained", metadata={"accuracy": metrics.accuracy})
    generator = ParallelGenerator(max_workers=3)
    jobs = [
        GenerationJob(
            job_id=uuid4(),
            node_type="EFFECT",
            microservice_name="UserService",
            domain="authentication",
            analysis_result=SimplePRDAnalyzer().analyze_prd(PRD),
            output_directory=str(OUTPUT),
        )
    ]
    results = await generator.generate_nodes_parallel(jobs, session_id=correlation_id)
    for result in results:
        await monitoring.record_metric(
            name="generation_duration_ms",
            value=result.duration_ms,
            metric_type=MetricType.HISTOGRAM,
            labels={"node_type": result.node_type, "success": str(result.success)},
        )
    feedback_collector = PatternFeedbackCollector()
    feedback = PatternFeedback(
        session_id=correlation_id,
        detected_pattern="auth_effect",
        detected_confidence=0.92,
        actual_pattern="auth_effect",
        feedback_type="correct",
    )
    assert isinstance(await feedback_collector.record_feedback(feedback), UUID)
    optimizer = EventOptimizer(bootstrap_servers="mock")
    await optimizer.publish_batch([create_event(r) for r in results])
    final_metrics = await monitoring.collect_all_metrics(time_window_minutes=60)
    logger.info("Workflow completed", metadata=final_metrics)
    assert final_metrics["parallel_generation"]["total_executions"] >= 1
    assert final_metrics["event_processing"]["total_events"] >= 1
    assert final_metrics["pattern_matching"]["total_feedback_count"] >= 1
    await generator.cleanup()
    await feedback_collector.cleanup()
    await optimizer.cleanup()


async def main() -> None:
    caching()
    await learning()
    await generating()
    await judging()
    await publishing()
    await watching()
    await everything()


if __name__ == "__main__":
    logging()
    asyncio.run(main())
    assert not [name for name in sys.modules if name.startswith("agents")]
    print("all examples ran")
