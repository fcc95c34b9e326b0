"""The documented entrance: summary, health, convenience functions."""

import inspect
import json
from dataclasses import fields

import pytest

from nodewright import monitoring
from nodewright.monitoring import (
    AlertSeverity,
    HealthStatus,
    Metric,
    MetricType,
    MonitoringAlert,
    MonitoringSystem,
)
from nodewright.monitoring import system as system_module


@pytest.fixture
def system() -> MonitoringSystem:
    return MonitoringSystem(log_alerts=False)


def test_data_classes_have_the_documented_fields() -> None:
    assert [item.name for item in fields(Metric)] == [
        "name",
        "value",
        "metric_type",
        "labels",
        "timestamp",
        "help_text",
    ]
    assert [item.name for item in fields(HealthStatus)] == [
        "component",
        "healthy",
        "status",
        "last_check",
        "error_message",
        "metadata",
    ]
    alert = MonitoringAlert("1", AlertSeverity.INFO, "m", 1.0, 2.0, "says", "part")
    assert (alert.labels, alert.resolved_at, alert.resolution_message) == ({}, None, None)
    assert alert.created_at.tzinfo is not None
    assert Metric("m", 1.0, MetricType.GAUGE).timestamp.tzinfo is not None


async def test_summary_counts_and_is_json(system: MonitoringSystem) -> None:
    await system.record_metric("cache_hit_rate", 0.5, MetricType.GAUGE)
    await system.record_metric("parallel_speedup", 2.2, MetricType.GAUGE)
    await system.update_health_status(
        "template_cache", healthy=True, status="healthy", metadata={"mb": 25.5}
    )
    await system.update_health_status(
        "broker", healthy=False, status="degraded", error_message="slow"
    )
    summary = json.loads(json.dumps(system.get_monitoring_summary()))
    assert summary["health"]["overall_status"] == "degraded"
    assert summary["health"]["components"]["broker"]["error"] == "slow"
    assert summary["alerts"]["active_count"] == 2
    assert summary["alerts"]["critical_count"] == 1
    assert summary["alerts"]["warning_count"] == 1
    assert summary["metrics"]["total_metric_types"] == 2
    assert summary["metrics"]["total_data_points"] == 2
    await system.update_health_status(
        "database", healthy=False, status="critical", error_message="away"
    )
    assert system.get_monitoring_summary()["health"]["overall_status"] == "critical"
    await system.clear_metrics()
    summary = system.get_monitoring_summary()
    assert summary["health"]["overall_status"] == "unknown"
    assert summary["alerts"]["active_count"] == 0
    assert summary["metrics"]["total_metric_types"] == 0
    assert await system.export_prometheus_metrics() == ""


async def test_unknown_statuses_are_refused(system: MonitoringSystem) -> None:
    with pytest.raises(ValueError, match="healthy, degraded, critical"):
        await system.update_health_status("broker", healthy=True, status="fine")
    with pytest.raises(ValueError, match="component"):
        await system.update_health_status("", healthy=True, status="healthy")


@pytest.mark.parametrize("window", [0, -1, float("nan"), float("inf")])
async def test_windows_that_are_none_are_refused(system: MonitoringSystem, window: float) -> None:
    with pytest.raises(ValueError, match="time_window_minutes"):
        await system.collect_all_metrics(window)


async def test_convenience_functions_use_one_system(monkeypatch: pytest.MonkeyPatch) -> None:
    made = MonitoringSystem(log_alerts=False)
    monkeypatch.setattr(system_module, "_system", made)
    assert monitoring.get_monitoring_system() is made
    await monitoring.record_metric("cache_hit_rate", 0.1, MetricType.GAUGE, {"a": "b"}, "help")
    await monitoring.update_health_status("broker", healthy=True, status="healthy")
    assert monitoring.get_active_alerts(AlertSeverity.CRITICAL, "template_cache")
    assert 'cache_hit_rate{a="b"} 0.1' in await monitoring.export_prometheus_metrics()
    assert monitoring.get_monitoring_summary()["health"]["overall_status"] == "healthy"


@pytest.mark.parametrize(
    "name",
    [
        "record_metric",
        "collect_all_metrics",
        "update_health_status",
        "get_active_alerts",
        "get_monitoring_summary",
        "export_prometheus_metrics",
    ],
)
def test_convenience_functions_have_the_methods_signatures(name: str) -> None:
    method = inspect.signature(getattr(MonitoringSystem, name)).parameters
    function = inspect.signature(getattr(monitoring, name)).parameters
    assert list(function.values()) == list(method.values())[1:]


def test_the_first_call_makes_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_module, "_system", None)
    thresholds = monitoring.MonitoringThresholds(cache_hit_rate_warning=0.9)
    made = monitoring.get_monitoring_system(thresholds)
    assert made.thresholds is thresholds
    assert monitoring.get_monitoring_system() is made
