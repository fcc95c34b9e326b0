"""OpenTelemetry reads the store's metrics when it collects; without it nothing changes."""

import sys
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nodewright.monitoring import MetricStore, MetricType, MonitoringSystem, otel
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence


def test_instruments_show_the_store() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    store = MetricStore()
    store.record("jobs", 2, MetricType.COUNTER, {"of": "a"})
    store.record("depth", 7, MetricType.GAUGE)
    store.record("lag_ms", 100, MetricType.HISTOGRAM)
    bridge = otel.OpenTelemetryBridge(store, provider)
    bridge.refresh()
    bridge.refresh()
    store.record("jobs", 3, MetricType.COUNTER, {"of": "a"})
    found: dict[str, list[Any]] = {}
    for resource in reader.get_metrics_data().resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                found[metric.name] = list(metric.data.data_points)
    assert [(p.value, dict(p.attributes)) for p in found["jobs"]] == [(5, {"of": "a"})]
    assert found["depth"][0].value == 7
    assert found["lag_ms.count"][0].value == 1
    assert found["lag_ms.sum"][0].value == 100
    quantiles = {p.attributes["quantile"]: p.value for p in found["lag_ms.quantile"]}
    assert quantiles["0.99"] == pytest.approx(100, rel=0.01)
    provider.shutdown()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Where the spans of this test end up."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return exporter


def test_a_span_records_an_error_and_passes_it_on(spans: InMemorySpanExporter) -> None:
    with pytest.raises(KeyError), otel.span("outer"), otel.span("work", size=1):
        raise KeyError("inside")
    inner, outer = spans.get_finished_spans()
    assert (inner.name, dict(inner.attributes or {})) == ("work", {"size": 1})
    assert inner.parent == outer.context
    assert not inner.status.is_ok
    (event,) = inner.events
    assert (event.attributes or {})["exception.type"] == "KeyError"


async def test_collecting_and_checking_are_traced(spans: InMemorySpanExporter) -> None:
    address = "postgresql://nobody@127.0.0.1:1/none"
    dead = CodegenPersistence(address, settings=Settings(database_patience_s=0))
    system = MonitoringSystem(persistence=dead, log_alerts=False)
    await system.collect_all_metrics(30)
    await system.check_health()
    collected, checked = spans.get_finished_spans()
    assert collected.name == "nodewright.collect_all_metrics"
    assert dict(collected.attributes or {}) == {"window_s": 1800}
    assert checked.name == "nodewright.check_health"


async def test_without_opentelemetry_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otel, "find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with otel.span("work"):
        pass
    assert await MonitoringSystem(log_alerts=False).check_health() == []
