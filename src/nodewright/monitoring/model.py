"""Metrics, alerts, health and thresholds as plain values."""

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from nodewright.monitoring.errors import MetricError


class AlertSeverity(Enum):
    """How bad an alert is."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class MetricType(Enum):
    """What a metric's values mean.

    COUNTER: increments that add up. GAUGE: the last value holds. HISTOGRAM: counted in buckets.
    SUMMARY: quantiles over a sliding window.
    """

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"


type Labels = Mapping[str, str | float | bool]
"""Label names and values; numbers and booleans become text."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Metric:
    """One recorded value."""

    name: str
    value: float
    metric_type: MetricType
    labels: dict[str, str] = field(default_factory=dict)
    timestamp: datetime = field(default_factory=_now)
    help_text: str = ""


@dataclass
class MonitoringAlert:
    """One alert of a metric and label set, from when it fires until it resolves.

    Attributes:
        alert_id: stays the same while the severity moves.
        threshold: the one that the present severity belongs to.
        actual_value: the latest value, in the metric's own unit.
        created_at: when it began to fire.
    """

    alert_id: str
    severity: AlertSeverity
    metric_name: str
    threshold: float
    actual_value: float
    message: str
    component: str
    labels: dict[str, str] = field(default_factory=dict)
    created_at: datetime = field(default_factory=_now)
    resolved_at: datetime | None = None
    resolution_message: str | None = None

    def copied(self) -> "MonitoringAlert":
        """A copy that shares nothing that can be changed."""
        return replace(self, labels=dict(self.labels))


@dataclass
class HealthStatus:
    """What the last look at a component found."""

    component: str
    healthy: bool
    status: str
    last_check: datetime
    error_message: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    def copied(self) -> "HealthStatus":
        """A copy that shares nothing that can be changed."""
        return replace(self, metadata=deepcopy(self.metadata))


@dataclass
class MonitoringThresholds:
    """When a metric raises a warning or a critical alert.

    Names that end in ``_ms`` and ``event_latency_p95`` are milliseconds, ``parallel_speedup`` is
    a factor, all others are ratios from 0 to 1.

    `MonitoringSystem.observe_parts` records what they watch, with two exceptions: a `MixinLearner`
    records ``mixin_accuracy`` when it has trained or loaded a model, and nothing of nodewright
    records ``quality_score``; it is there for what you record. ``nodewright serve`` alerts by
    rules of its own (`nodewright.monitoring.product`).

    Raises:
        MetricError: a threshold is not a finite number.
    """

    template_load_ms_warning: float = 50.0
    template_load_ms_critical: float = 100.0
    cache_hit_rate_warning: float = 0.70
    cache_hit_rate_critical: float = 0.60

    parallel_speedup_warning: float = 2.5
    parallel_speedup_critical: float = 2.0
    generation_time_ms_warning: float = 3000.0
    generation_time_ms_critical: float = 5000.0

    mixin_accuracy_warning: float = 0.90
    mixin_accuracy_critical: float = 0.85
    compatibility_score_warning: float = 0.80
    compatibility_score_critical: float = 0.70

    pattern_precision_warning: float = 0.85
    pattern_precision_critical: float = 0.80
    false_positive_rate_warning: float = 0.15
    false_positive_rate_critical: float = 0.20

    event_latency_p95_warning: float = 200.0
    event_latency_p95_critical: float = 300.0
    event_success_rate_warning: float = 0.95
    event_success_rate_critical: float = 0.90

    quality_score_warning: float = 0.80
    quality_score_critical: float = 0.75
    validation_pass_rate_warning: float = 0.90
    validation_pass_rate_critical: float = 0.85

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise MetricError(f"threshold {item.name} is {value!r}; give a finite number")
