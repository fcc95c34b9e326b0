"""Documented cases raise the documented exceptions; messages say what, which value, what to do."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from agents.lib import event_optimizer, monitoring, structured_logger
from agents.lib.batch_processor import BatchConfig, BatchProcessor
from agents.lib.event_optimizer import CircuitBreaker, CircuitBreakerConfig, EventOptimizer
from agents.lib.mixin_learner import MixinLearner
from agents.lib.monitoring import MetricType, MonitoringSystem
from agents.lib.parallel_generator import GenerationJob, ParallelGenerator
from agents.lib.pattern_feedback import PatternFeedback, PatternFeedbackCollector
from agents.lib.persistence import CodegenPersistence
from agents.lib.template_cache import TemplateCache
from omnibase_core.errors import OnexError

from nodewright.errors import NodewrightError


class Case(NamedTuple):
    """A call that has to raise ``error``, with these words in its message."""

    name: str
    call: Callable[["Parts"], Any]
    error: type[Exception]
    words: tuple[str, ...]


class Parts(NamedTuple):
    """What calls are made on."""

    folder: Path
    learner: MixinLearner
    collector: PatternFeedbackCollector
    monitoring: MonitoringSystem


def feedback(**changes: Any) -> PatternFeedback:
    return PatternFeedback(
        **(
            {
                "session_id": uuid4(),
                "detected_pattern": "crud",
                "detected_confidence": 0.9,
                "actual_pattern": "crud",
                "feedback_type": "correct",
            }
            | changes
        )
    )


async def fail(*_: Any) -> None:
    raise OSError("the broker is gone")


async def with_open_circuit() -> None:
    circuit = CircuitBreaker(CircuitBreakerConfig(failure_threshold=1))
    with pytest.raises(OSError, match="the broker is gone"):
        await circuit.call(fail)
    await circuit.call(fail)


async def after_cleanup() -> None:
    processor = BatchProcessor(fail, BatchConfig(enable_metrics=False))
    await processor.cleanup()
    await processor.add_event(1)


async def published_after_cleanup() -> None:
    optimizer = EventOptimizer(
        "mock", event_optimizer.OptimizerConfig(enable_metrics=False, publish_timeout_ms=1)
    )
    await optimizer.cleanup()
    await optimizer.publish_batch([batch_event()])


def batch_event() -> Any:
    from agents.lib.codegen_events import BaseEvent

    return BaseEvent(service="codegen")


async def generate_nothing_useful(folder: Path) -> None:
    jobs = [GenerationJob(uuid4(), "CLIENT", "User", "d", None, str(folder))]  # type: ignore[arg-type]
    await ParallelGenerator(enable_metrics=False).generate_nodes_parallel(jobs, uuid4())


async def generate_twice(folder: Path) -> None:
    jobs = [GenerationJob(uuid4(), "EFFECT", "User", "d", None, str(folder)) for _ in "ab"]  # type: ignore[arg-type]
    await ParallelGenerator(enable_metrics=False).generate_nodes_parallel(jobs, uuid4())


def get(folder: Path, loader: Callable[[Path], str]) -> None:
    TemplateCache(enable_persistence=False).get("t", "EFFECT", folder / "absent.j2", loader)


CASES = [
    # Stream 2
    Case("templates", lambda _: TemplateCache(-1), ValueError, ("max_templates", "-1", "give")),
    Case("size", lambda _: TemplateCache(max_size_mb=-1), ValueError, ("max_size_mb", "-1")),
    Case("ttl", lambda _: TemplateCache(ttl_seconds=-1), ValueError, ("ttl_seconds", "-1")),
    Case("gone", lambda p: get(p.folder, Path.read_text), FileNotFoundError, ("absent.j2",)),
    # Stream 3
    Case("workers", lambda _: ParallelGenerator(0), ValueError, ("max_workers", "0", "at least 1")),
    Case(
        "timeout",
        lambda _: ParallelGenerator(timeout_seconds=0),
        ValueError,
        ("timeout_seconds", "0", "at least 1"),
    ),
    Case(
        "all jobs fail",
        lambda p: generate_nothing_useful(p.folder),
        OnexError,
        ("all 1 jobs failed", "'CLIENT' is none of EFFECT", "run again"),
    ),
    Case(
        "the same job twice",
        lambda p: generate_twice(p.folder),
        ValueError,
        ("would write the same node", "EFFECT User"),
    ),
    Case(
        "part of a worker",
        lambda _: ParallelGenerator(1.5),  # type: ignore[arg-type]
        ValueError,
        ("max_workers", "1.5", "whole number"),
    ),
    Case(
        "no time",
        lambda _: ParallelGenerator(timeout_seconds=float("nan")),  # type: ignore[arg-type]
        ValueError,
        ("timeout_seconds", "nan", "at least 1"),
    ),
    # Stream 4
    Case(
        "threshold",
        lambda p: MixinLearner(p.folder / "m", min_confidence_threshold=2),
        ValueError,
        ("min_confidence_threshold", "2", "give 0 to 1"),
    ),
    Case(
        "not trained",
        lambda p: p.learner.predict_compatibility("A", "B", "EFFECT"),
        ValueError,
        ("not trained", "train_model()"),
    ),
    Case(
        "too few samples",
        lambda p: p.learner.train_model(min_samples=10**6),
        ValueError,
        ("insufficient", "1000000 are required", "record more outcomes"),
    ),
    Case(
        "test size",
        lambda p: p.learner.train_model(min_samples=0, test_size=1.5),
        ValueError,
        ("test_size", "1.5", "between 0 and 1"),
    ),
    Case(
        "folds",
        lambda p: p.learner.train_model(min_samples=0, cross_val_folds=1),
        ValueError,
        ("cross_val_folds", "1", "at least 2"),
    ),
    Case(
        "kind of recommendation",
        lambda p: p.learner.recommend_mixins("CLIENT", ["caching"]),
        ValueError,
        ("'CLIENT'", "use EFFECT"),
    ),
    Case(
        "kind of feedback",
        lambda p: p.learner.update_from_feedback("A", "B", "CLIENT", success=True),
        ValueError,
        ("'CLIENT'", "use EFFECT"),
    ),
    Case(
        "empty mixin",
        lambda p: p.learner.update_from_feedback("", "B", "EFFECT", success=True),
        ValueError,
        ("''",),
    ),
    Case(
        "retraining",
        lambda p: p.learner.update_from_feedback("A", "B", "EFFECT", True, 0),  # noqa: FBT003 - as documented
        ValueError,
        ("retrain_threshold", "0", "at least 1"),
    ),
    Case(
        "no mixin",
        lambda p: p.learner.update_from_feedback(None, "B", "EFFECT", success=True),  # type: ignore[arg-type]
        ValueError,
        ("None", "1 to 100 characters"),
    ),
    Case(
        "one text",
        lambda p: p.learner.recommend_mixins("EFFECT", "caching"),  # type: ignore[arg-type]
        ValueError,
        ("required_capabilities", "'caching'", "give a list of names"),
    ),
    # Stream 5
    Case(
        "feedback type",
        lambda p: p.collector.record_feedback(feedback(feedback_type="wrong")),
        ValueError,
        ("feedback_type", "'wrong'", "'correct', 'incorrect', 'partial' or 'adjusted'"),
    ),
    Case(
        "confidence",
        lambda p: p.collector.record_feedback(feedback(detected_confidence=1.5)),
        ValueError,
        ("detected_confidence", "1.5", "less than or equal to 1"),
    ),
    Case(
        "pattern name",
        lambda p: p.collector.record_feedback(feedback(detected_pattern="x" * 101)),
        ValueError,
        ("pattern_name", "xxx", "100 characters"),
    ),
    Case(
        "target",
        lambda p: p.collector.tune_pattern_threshold("crud", target_precision=1.5),
        ValueError,
        ("1.5",),
    ),
    Case(
        "NUL",
        lambda p: p.collector.record_feedback(feedback(detected_pattern="a\0")),
        ValueError,
        ("pattern_name", r"'a\x00'", "leave it out"),
    ),
    # Stream 6
    Case("open circuit", lambda _: with_open_circuit(), RuntimeError, ("OPEN", "try again in")),
    Case("batch", lambda _: BatchConfig(0), ValueError, ("max_batch_size", "0", "at least 1")),
    Case("wait", lambda _: BatchConfig(max_wait_ms=-1), ValueError, ("max_wait_ms", "-1")),
    Case(
        "circuit",
        lambda _: CircuitBreakerConfig(failure_threshold=0),
        ValueError,
        ("failure_threshold", "0", "at least 1"),
    ),
    Case(
        "pool",
        lambda _: event_optimizer.OptimizerConfig(max_producer_pool_size=0),
        ValueError,
        ("max_producer_pool_size", "0", "at least 1"),
    ),
    Case("batch after cleanup", lambda _: after_cleanup(), RuntimeError, ("make a new one",)),
    Case(
        "publish after cleanup",
        lambda _: published_after_cleanup(),
        RuntimeError,
        ("make a new one",),
    ),
    Case(
        "no handler",
        lambda _: BatchProcessor(None),  # type: ignore[arg-type]
        TypeError,
        ("processor_func", "None", "give a function"),
    ),
    # Stream 7
    Case(
        "metric name",
        lambda p: p.monitoring.record_metric("a b", 1, MetricType.GAUGE),
        ValueError,
        ("'a b'", "use letters"),
    ),
    Case(
        "metric value",
        lambda p: p.monitoring.record_metric("a", float("nan"), MetricType.GAUGE),
        ValueError,
        ("value of a", "NaN", "give a number"),
    ),
    Case(
        "counter",
        lambda p: p.monitoring.record_metric("a", -1, MetricType.COUNTER),
        ValueError,
        ("counter a", "1.0", "use a gauge"),
    ),
    Case(
        "metric type",
        lambda p: p.monitoring.record_metric("a", 1, "dial"),
        ValueError,
        ("'dial'", "use counter"),
    ),
    Case(
        "label",
        lambda p: p.monitoring.record_metric("a", 1, MetricType.GAUGE, {"1": "x"}),
        ValueError,
        ("'1'", "use letters"),
    ),
    Case(
        "window",
        lambda p: p.monitoring.collect_all_metrics(0),
        ValueError,
        ("time_window_minutes", "0", "positive"),
    ),
    Case(
        "status",
        lambda p: p.monitoring.update_health_status("cache", True, "fine"),  # noqa: FBT003 - as documented
        ValueError,
        ("cache", "'fine'", "use healthy, degraded, critical"),
    ),
    Case(
        "thresholds",
        lambda _: monitoring.MonitoringThresholds(cache_hit_rate_warning=float("nan")),
        ValueError,
        ("cache_hit_rate_warning", "nan", "give a finite number"),
    ),
    Case(
        "severity",
        lambda p: p.monitoring.get_active_alerts("bad"),  # type: ignore[arg-type]
        ValueError,
        ("'bad'", "use critical, warning, info"),
    ),
    # Stream 8
    Case(
        "level",
        lambda _: structured_logger.StructuredLogger("a", level="LOUD"),  # type: ignore[arg-type]
        ValueError,
        ("'LOUD'", "use one of DEBUG"),
    ),
]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, reference_url: str) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("parts")
    persistence = CodegenPersistence(reference_url)
    watched = MonitoringSystem(persistence=persistence, log_alerts=False)
    # It runs no trials and stays untrained, whatever other tests have learned.
    learner = MixinLearner(folder / "model", persistence=persistence, trials=False)
    yield Parts(folder, learner, PatternFeedbackCollector(persistence), watched)
    asyncio.run(watched.close())
    persistence.sync.close()


def finish(found: Any) -> None:
    async def wait() -> None:
        await found

    if inspect.isawaitable(found):
        asyncio.run(wait())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_documented_case_raises_the_documented_error(case: Case, parts: Parts) -> None:
    with pytest.raises(case.error) as caught:
        finish(case.call(parts))
    for word in case.words:
        assert word in str(caught.value)


def test_refused_feedback_names_field_and_value_and_writes_nothing(parts: Parts) -> None:
    with pytest.raises(NodewrightError) as caught:
        asyncio.run(parts.collector.record_feedback(feedback(feedback_type="wrong")))
    assert (caught.value.field, caught.value.value) == ("feedback_type", "wrong")  # type: ignore[attr-defined]
    assert parts.collector.persistence.sync.get_pattern_feedback() == []
