"""OpenTelemetry reads the store's metrics when it collects; without it nothing changes."""

import sys
from typing import Any

import pytest

from nodewright.monitoring import MetricStore, MetricType, MonitoringSystem, otel


def test_instruments_show_the_store() -> None:
    sdk = pytest.importorskip("opentelemetry.sdk.metrics", reason="the SDK is not installed")
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: PLC0415, RUF100

    reader = InMemoryMetricReader()
    provider = sdk.MeterProvider(metric_readers=[reader])
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


def test_a_span_passes_errors_on() -> None:
    with pytest.raises(KeyError), otel.span("work", size=1):
        raise KeyError("inside")


async def test_without_opentelemetry_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otel, "find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with otel.span("work"):
        pass
    assert await MonitoringSystem(log_alerts=False).check_health() == []
