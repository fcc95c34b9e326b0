"""The complete workflow: every part of nodewright in one program, from a PRD to a clean desk.

It needs no configuration. PostgreSQL and Kafka are the embedded ones, everything is kept in a
temporary folder, and nothing is left behind when it ends:

    python examples/complete_workflow.py
"""

import asyncio
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID, uuid4

from nodewright import (
    BaseEvent,
    CodegenGenerationResponse,
    EventOptimizer,
    GenerationJob,
    GenerationResult,
    MetricType,
    MixinLearner,
    ParallelGenerator,
    PatternFeedback,
    PatternFeedbackCollector,
    SimplePRDAnalyzer,
    TemplateCache,
    get_logger,
    get_monitoring_system,
)
from nodewright.templates.pack import BUILTIN

PRD = Path(__file__).parent / "ticketing.md"
KINDS = ["EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR"]


def event_of(result: GenerationResult, correlation_id: UUID) -> BaseEvent:
    """What other programs are told of one generated node."""
    name = f"{result.microservice_name} {result.node_type}"
    return CodegenGenerationResponse(
        correlation_id=correlation_id,
        payload={
            "nodes": [name] if result.success else [],
            "failed": [] if result.success else [name],
            "files": len(result.node_result["files"]) if result.node_result else 0,
            "seconds": result.duration_ms / 1000,
        },
    )


async def run(output: Path) -> None:
    """Generate the nodes of one service into ``output``, with all that belongs to it."""
    correlation_id = uuid4()
    logger = get_logger(__name__, component="codegen-workflow")
    logger.set_correlation_id(correlation_id)

    async with AsyncExitStack() as at_the_end:
        monitoring = get_monitoring_system()
        at_the_end.push_async_callback(monitoring.close)

        cache = await at_the_end.enter_async_context(TemplateCache(max_templates=100))
        cache.warmup(templates_dir=BUILTIN, template_types=KINDS)
        stats = cache.get_stats()
        logger.info("Template cache warmed up", metadata=stats)
        print(f"templates: {stats['cached_templates']} in memory")

        learner = MixinLearner()
        at_the_end.callback(learner.close)
        if not learner.is_trained():
            metrics = await learner.train_model()
            print(
                f"mixins: model of {metrics.training_samples} samples, {metrics.accuracy:.1%} right"
            )
        wanted = learner.recommend_mixins("EFFECT", ["caching", "health checks"])
        print(f"mixins: {', '.join(name for name, _, _ in wanted)} for an EFFECT")

        analysis = SimplePRDAnalyzer().analyze_prd(PRD.read_text(encoding="utf-8"))
        generator = await at_the_end.enter_async_context(ParallelGenerator(max_workers=3))
        jobs = [
            GenerationJob(
                job_id=uuid4(),
                node_type=kind,
                microservice_name="TicketService",
                domain="support",
                analysis_result=analysis,
                output_directory=str(output),
            )
            for kind in KINDS
        ]
        results = await generator.generate_nodes_parallel(jobs, session_id=correlation_id)
        for result in sorted(results, key=lambda each: KINDS.index(each.node_type)):
            await monitoring.record_metric(
                name="generation_duration_ms",
                value=result.duration_ms,
                metric_type=MetricType.HISTOGRAM,
                labels={"node_type": result.node_type, "success": str(result.success)},
            )
            verdict = "proven" if result.success else f"failed: {result.error}"
            print(f"nodes: {result.node_type} {verdict}")

        collector = PatternFeedbackCollector()
        at_the_end.push_async_callback(collector.cleanup)
        for pattern in analysis.patterns:
            feedback = PatternFeedback(
                session_id=correlation_id,
                detected_pattern=pattern.name,
                detected_confidence=pattern.score,
                actual_pattern=pattern.name,
                feedback_type="correct",
            )
            await collector.record_feedback(feedback)
        print(f"patterns: {', '.join(pattern.name for pattern in analysis.patterns)}")

        optimizer = await at_the_end.enter_async_context(EventOptimizer("mock"))
        await optimizer.publish_batch([event_of(result, correlation_id) for result in results])
        print(f"events: {optimizer.statistics().published} acknowledged")

        final = await monitoring.collect_all_metrics(time_window_minutes=60)
        logger.info("Workflow completed", metadata=final)
        generation, mixins = final["parallel_generation"], final["mixin_learning"]
        print(f"collected: {generation['avg_total_ms']:.0f} ms for the nodes")
        print(f"collected: {mixins['overall_success_rate']:.0%} of the mixin trials passed")
        print(f"collected: {final['pattern_matching']['precision']:.0%} of the patterns right")


def main() -> None:
    """Run in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="nodewright-") as folder:
        os.environ["NODEWRIGHT_DATA_DIR"] = folder
        output = Path(folder) / "output"
        asyncio.run(run(output))
        files = [path for path in output.rglob("*") if path.is_file()]
        print(f"files: {len(files)}, and all of them are gone now")


if __name__ == "__main__":
    main()
