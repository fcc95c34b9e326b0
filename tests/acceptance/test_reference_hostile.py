"""Documented methods, called as their documentation says, with odd values of the right kind.

A call does what is documented, or raises a documented exception; nothing else comes out.
"""

import asyncio
import json
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from agents.lib.batch_processor import BatchConfig, BatchProcessor
from agents.lib.event_optimizer import CircuitBreaker, CircuitBreakerConfig, CircuitState
from agents.lib.mixin_learner import MixinLearner, MixinPrediction
from agents.lib.monitoring import AlertSeverity, MetricType, MonitoringSystem
from agents.lib.pattern_feedback import PatternFeedback, PatternFeedbackCollector
from agents.lib.persistence import CodegenPersistence
from agents.lib.simple_prd_analyzer import SimplePRDAnalysisResult, SimplePRDAnalyzer
from agents.lib.structured_logger import (
    get_correlation_id,
    get_logger,
    get_session_id,
    set_global_correlation_id,
    set_global_session_id,
)
from agents.lib.template_cache import TemplateCache
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

odd = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Whatever Python can hold: empty, NUL, lone surrogates, other scripts, long.
text = st.text(st.characters(), max_size=30) | st.sampled_from(["", "\0", "\ud800", "a" * 3000])
number = st.integers() | st.floats() | st.sampled_from([2**31, 2**63, -(2**63) - 1, 1e308])
names = st.sampled_from(["MixinCaching", "MixinLogging", "MixinHealthCheck", "MixinEventBus"])
kinds = st.sampled_from(["EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR"])


@pytest.fixture(scope="module")
def persistence(reference_url: str) -> Iterator[CodegenPersistence]:
    made = CodegenPersistence(reference_url)
    yield made
    made.sync.close()


@pytest.fixture(scope="module")
def learner() -> Iterator[MixinLearner]:
    made = MixinLearner(auto_train=True)
    yield made
    made.close()


@odd
@given(number, number, number)
@example(0, 0, 0)
@example(1, 1, math.inf)
@example(math.inf, math.inf, 1)
def test_a_cache_of_any_limits(most: float, size: float, ttl: float) -> None:
    try:
        cache = TemplateCache(most, size, ttl, enable_persistence=False)  # type: ignore[arg-type]
    except ValueError as error:
        assert min(most, size, ttl) < 0 or math.isnan(most + size + ttl)
        assert "give 0 or more" in str(error)  # noqa: PT017
        return
    here = Path(__file__)
    first, again = (cache.get("t", "EFFECT", here, Path.read_text) for _ in range(2))
    assert first == (here.read_text(), False)
    assert again[0] == first[0]
    json.dumps(cache.get_detailed_stats(), allow_nan=False)


@odd
@given(st.lists(st.tuples(text, text, text), min_size=1, max_size=8))
def test_a_cache_of_any_templates(tmp_path: Path, asked: list[tuple[str, str, str]]) -> None:
    cache = TemplateCache(max_templates=3, enable_persistence=False)
    file = tmp_path / "template"
    file.write_text("x")
    for name, kind, content in asked:
        found, hit = cache.get(name, kind, file, lambda _, content=content: content)
        assert hit or found == content
        assert cache.get(name, kind, file, lambda _: "another") == (found, True)
    stats = cache.get_detailed_stats()
    assert stats["hits"] + stats["misses"] == 2 * len(asked)
    assert stats["cached_templates"] == len(stats["templates"]) <= 3
    for name, _, _ in asked:
        cache.invalidate(name)
    assert cache.get_stats()["cached_templates"] == 0
    cache.warmup(tmp_path, [kind for _, kind, _ in asked])


feedbacks = st.builds(
    PatternFeedback,
    session_id=st.uuids(),
    detected_pattern=text,
    detected_confidence=st.floats(0, 1) | number,
    actual_pattern=text,
    feedback_type=st.sampled_from(["correct", "incorrect", "partial", "adjusted"]) | text,
    capabilities_matched=st.lists(text, max_size=3),
    false_positives=st.lists(text, max_size=3),
    false_negatives=st.lists(text, max_size=3),
    user_provided=st.booleans(),
    contract_json=st.none() | st.dictionaries(text, text | number, max_size=3),
)


@pytest.fixture(scope="module")
def loop() -> Iterator[Callable[[Any], Any]]:
    """Runs coroutines in one loop, as programs do."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="module")
def collector(persistence: CodegenPersistence) -> PatternFeedbackCollector:
    return PatternFeedbackCollector(persistence)


@odd
@given(feedbacks)
def test_feedback_of_any_values(
    collector: PatternFeedbackCollector, loop: Callable[[Any], Any], given_: PatternFeedback
) -> None:
    before = len(collector.persistence.sync.get_pattern_feedback(limit=10_000))
    try:
        identity = loop(collector.record_feedback(given_))
    except ValueError as error:
        assert "cannot be" in str(error)  # noqa: PT017
        rows = collector.persistence.sync.get_pattern_feedback(limit=10_000)
        assert len(rows) == before
        return
    rows = collector.persistence.sync.get_pattern_feedback(limit=10_000)
    row = next(row for row in rows if row.id == identity)
    assert row.pattern_name == given_.detected_pattern
    assert row.false_positives == given_.false_positives
    assert row.contract_json == given_.contract_json
    analysis = loop(collector.analyze_feedback(given_.detected_pattern, min_samples=1))
    assert analysis.sufficient_data
    assert 0 <= analysis.precision <= 1


@odd
@given(text, st.integers(), st.booleans(), number)
@example("a\0b", 20, True, 0.9)  # noqa: FBT003 - as documented
@example("a", 2**63, False, 1 - 1e-17)  # noqa: FBT003 - as documented
def test_analyses_of_anything(  # noqa: PLR0917 - fixtures, and what is given
    collector: PatternFeedbackCollector,
    loop: Callable[[Any], Any],
    name: str,
    least: int,
    cached: bool,
    target: float,
) -> None:
    analysis = loop(collector.analyze_feedback(name, least, cached))
    assert analysis.pattern_name == name
    assert analysis.sufficient_data is (analysis.sample_count >= max(least, 1))
    for each in loop(collector.get_all_pattern_analyses(least)):
        assert each.sample_count >= least
    try:
        threshold = loop(collector.tune_pattern_threshold(name, target))
    except ValueError as error:
        assert not 0 < target < 1
        assert "target" in str(error)  # noqa: PT017
    else:
        assert threshold is None or 0 <= threshold <= 1


@odd
@given(names | text, names | text, kinds | text, st.none() | st.dictionaries(text, number))
@example("MixinCaching", "MixinLogging", "EFFECT", {"success_count": 10**400})
@example("MixinCaching", "MixinLogging", "EFFECT", {"success_count": math.nan})
def test_predictions_of_anything(
    learner: MixinLearner, a: str, b: str, kind: str, history: dict[str, Any] | None
) -> None:
    try:
        found = learner.predict_compatibility(a, b, kind, history)
    except ValueError:
        assert kind not in {"EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR"} or history
        return
    assert isinstance(found, MixinPrediction)
    assert (found.mixin_a, found.mixin_b, found.node_type) == (a, b, kind)
    assert 0.5 <= found.confidence <= 1
    assert found.explanation
    other = learner.predict_compatibility(b, a, kind, history)
    assert (other.compatible, other.confidence) == (found.compatible, found.confidence)


@settings(odd, max_examples=20)
@given(
    kinds,
    st.lists(st.sampled_from(["caching", "logging", "health checks"]) | text, max_size=3),
    st.none() | st.lists(names | text, max_size=2),
    st.integers(-3, 10) | st.integers(),
)
def test_recommendations_of_anything(
    learner: MixinLearner, kind: str, wanted: list[str], existing: list[str] | None, most: int
) -> None:
    try:
        found = learner.recommend_mixins(kind, wanted, existing, most)
    except ValueError as error:
        assert most < 0 or existing, str(error)  # noqa: PT017
        return
    assert len(found) <= max(most, 0)
    for name, confidence, explanation in found:
        assert name
        assert 0 <= confidence <= 1
        assert explanation
        assert name not in (existing or [])


@odd
@given(st.lists(st.none() | st.integers() | text, max_size=30), st.integers(1, 7))
def test_batches_of_anything(given_: list[Any], size: int) -> None:
    batches: list[list[Any]] = []

    async def run() -> None:
        async def handle(batch: list[Any]) -> int:
            batches.append(batch)
            return len(batch)

        config = BatchConfig(max_batch_size=size, max_wait_ms=10_000, enable_metrics=False)
        processor = BatchProcessor(handle, config)
        for position, event in enumerate(given_, start=1):
            result = await processor.add_event(event)
            assert result == (None if position % size else size)
        await processor.cleanup()

    asyncio.run(run())
    assert [event for batch in batches for event in batch] == given_
    assert all(len(batch) == size for batch in batches[:-1])


@odd
@given(st.lists(st.booleans(), max_size=30), st.integers(1, 4), st.integers(1, 3))
def test_a_circuit_of_any_fortune(works: list[bool], failures: int, successes: int) -> None:
    circuit = CircuitBreaker(CircuitBreakerConfig(failures, 0, successes))

    async def operation(answer: bool) -> str:
        if not answer:
            raise KeyError("no")
        return "yes"

    async def run() -> None:
        for answer in works:
            before = circuit.state
            if answer:
                assert await circuit.call(operation, answer) == "yes"
                assert circuit.state is not CircuitState.OPEN
            else:
                with pytest.raises(KeyError):
                    await circuit.call(operation, answer=answer)
                assert (circuit.state is CircuitState.OPEN) or before is CircuitState.CLOSED

    asyncio.run(run())


@pytest.fixture
async def monitoring(persistence: CodegenPersistence) -> AsyncIterator[MonitoringSystem]:
    made = MonitoringSystem(persistence=persistence, log_alerts=False)
    yield made
    await made.close()


metric_names = st.sampled_from(["cache_hit_rate", "template_load_ms", "event_latency_p95"]) | text
labels = st.none() | st.dictionaries(st.sampled_from(["a", "b", "le"]) | text, text, max_size=3)


@odd
@given(
    st.lists(
        st.tuples(metric_names, number, st.sampled_from(MetricType), labels, text), max_size=8
    ),
    st.none() | st.sampled_from(AlertSeverity),
    st.none() | text,
)
async def test_monitoring_of_anything(
    monitoring: MonitoringSystem,
    recorded: list[tuple[str, float, MetricType, dict[str, str] | None, str]],
    severity: AlertSeverity | None,
    component: str | None,
) -> None:
    await monitoring.clear_metrics()
    accepted: Counter[str] = Counter()
    for metric in recorded:
        try:
            await monitoring.record_metric(*metric)
        except ValueError as error:
            assert str(error).isprintable()  # noqa: PT017
        else:
            accepted[metric[2].value] += 1
    summary = monitoring.get_monitoring_summary()
    json.dumps(summary, allow_nan=False)
    # Of a gauge only the last value is kept.
    points, gauges = summary["metrics"]["total_data_points"], accepted["gauge"]
    assert accepted.total() - gauges <= points <= accepted.total()
    for alert in monitoring.get_active_alerts(severity, component):
        assert severity in {None, alert.severity}
        assert component in {None, alert.component}
    families = list(text_string_to_metric_families(await monitoring.export_prometheus_metrics()))
    assert len(families) == summary["metrics"]["total_metric_types"]


@odd
@given(text, st.booleans(), st.sampled_from(["healthy", "degraded", "critical"]) | text, text)
async def test_health_of_anything(
    monitoring: MonitoringSystem, component: str, healthy: bool, status: str, error: str
) -> None:
    await monitoring.clear_metrics()
    try:
        await monitoring.update_health_status(component, healthy, status, error, {"x": error})
    except ValueError:
        assert status not in {"healthy", "degraded", "critical"} or not component
        assert monitoring.get_monitoring_summary()["health"]["components"] == {}
        return
    health = monitoring.get_monitoring_summary()["health"]
    assert list(health["components"]) == [component]
    assert health["overall_status"] in {"healthy", "degraded", "critical"}


@settings(odd, max_examples=25)
@given(number)
@example(math.inf)
@example(1e-300)
async def test_any_window_is_collected(monitoring: MonitoringSystem, minutes: float) -> None:
    try:
        found = await monitoring.collect_all_metrics(minutes)  # type: ignore[arg-type]
    except ValueError as error:
        assert not 0 < minutes < math.inf
        assert "give a positive number" in str(error)  # noqa: PT017
        return
    assert found["unavailable"] == {}
    json.dumps(found, allow_nan=False)


@odd
@given(text, text, text, st.dictionaries(text, text | number | st.none(), max_size=4))
def test_logs_of_anything(
    capfd: pytest.CaptureFixture[str],
    correlation: str,
    session: str,
    message: str,
    metadata: dict[str, Any],
) -> None:
    set_global_correlation_id(correlation)
    set_global_session_id(session)
    for given_, kept in ((correlation, get_correlation_id()), (session, get_session_id())):
        assert kept is not None
        assert kept == given_[:1024].encode("utf-8", "replace").decode() or max(given_) >= "\ud800"
    capfd.readouterr()
    get_logger(message, component=session).info(message, metadata=metadata)
    line = capfd.readouterr().err
    assert line.count("\n") == 1
    entry = json.loads(line, parse_constant=pytest.fail)
    assert entry["level"] == "INFO"
    assert entry["correlation_id"] == get_correlation_id()
    set_global_correlation_id(None)
    set_global_session_id(None)


@odd
@given(text | st.lists(text, max_size=10).map("\n- ".join))
def test_documents_of_anything(document: str) -> None:
    try:
        found = SimplePRDAnalyzer().analyze_prd(document)
    except ValueError as error:
        assert str(error)  # noqa: PT017
        return
    assert isinstance(found, SimplePRDAnalysisResult)
    assert 0 <= found.confidence_score <= 1
    assert set(found.node_type_hints) == {"EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR"}
    assert found.session_id != uuid4()
