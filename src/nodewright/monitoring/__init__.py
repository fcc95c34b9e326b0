"""Metrics, thresholds, alerts, health, Prometheus text."""

from nodewright.monitoring.errors import ChannelError, MetricError, MonitoringError
from nodewright.monitoring.model import (
    AlertSeverity,
    HealthStatus,
    Metric,
    MetricType,
    MonitoringAlert,
    MonitoringThresholds,
)
from nodewright.monitoring.registry import Limits
from nodewright.monitoring.rules import AlertRule, rules_of
from nodewright.monitoring.store import MetricStore
from nodewright.monitoring.system import (
    MonitoringSystem,
    collect_all_metrics,
    export_prometheus_metrics,
    get_active_alerts,
    get_monitoring_summary,
    get_monitoring_system,
    record_metric,
    update_health_status,
)

__all__ = [
    "AlertRule",
    "AlertSeverity",
    "ChannelError",
    "HealthStatus",
    "Limits",
    "Metric",
    "MetricError",
    "MetricStore",
    "MetricType",
    "MonitoringAlert",
    "MonitoringError",
    "MonitoringSystem",
    "MonitoringThresholds",
    "collect_all_metrics",
    "export_prometheus_metrics",
    "get_active_alerts",
    "get_monitoring_summary",
    "get_monitoring_system",
    "record_metric",
    "rules_of",
    "update_health_status",
]
