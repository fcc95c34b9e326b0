"""When a metric raises an alert, and what the alert says."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nodewright.monitoring.errors import MetricError
from nodewright.monitoring.model import AlertSeverity, MonitoringThresholds

MILLISECONDS = "ms"
RATIO = "ratio"
FACTOR = "x"
SECONDS = "s"
STATUS = "status"

_STATUSES = ("healthy", "degraded", "critical")


_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AlertRule:
    """Thresholds of one metric and how patient its alert is.

    The defaults after ``names`` raise an alert at the first value past a threshold and resolve it
    at the first value that is not.

    Attributes:
        metric: the name that alerts and rule files use; the one in MonitoringThresholds.
        component: the part that the metric belongs to.
        above: whether values above the thresholds are bad; else those below.
        unit: "ms", "s", "ratio", "x" or "status" (0 healthy, 1 degraded, 2 critical).
        names: recorded metrics that the rule watches.
        for_s: seconds that a value has to stay past a threshold before the alert fires.
        keep_firing_s: seconds that the alert stays after the value has come back.
        resolve_warning: while a warning fires, it takes a value on the good side of this, instead
            of the warning threshold, to end it.
        resolve_critical: the same for critical.
        min_samples: values that a series needs before it can raise an alert.
        no_data_s: a series silent for so many seconds raises a warning; None: never.
        says: what an alert says, with ``{value}``, ``{limit}`` and labels by their names; by
            default that the metric is past the limit.
        advice: where the operations guide says what to do; empty: nowhere.
    """

    metric: str
    component: str
    above: bool
    unit: str
    warning: float
    critical: float
    names: tuple[str, ...] = ()
    for_s: float = 0.0
    keep_firing_s: float = 0.0
    resolve_warning: float | None = None
    resolve_critical: float | None = None
    min_samples: int = 1
    no_data_s: float | None = None
    says: str = ""
    advice: str = ""

    def __post_init__(self) -> None:
        for name in ("for_s", "keep_firing_s", "no_data_s"):
            seconds = getattr(self, name)
            if seconds is not None and not 0 <= seconds < math.inf:
                raise MetricError(f"{name} of rule {self.metric} is {seconds!r}; give seconds >= 0")
        if self.min_samples < 1:
            raise MetricError(
                f"min_samples of rule {self.metric} is {self.min_samples!r}; use >= 1"
            )
        for end, start in (
            (self.resolve_warning, self.warning),
            (self.resolve_critical, self.critical),
        ):
            if end is not None and (end > start if self.above else end < start):
                raise MetricError(
                    f"rule {self.metric} resolves at {end!r}, which is past its threshold "
                    f"{start!r}; choose a value on the good side"
                )

    @property
    def band(self) -> tuple[float, float]:
        """Values that need no attention while no alert is on its way; empty: all need it."""
        if self.min_samples > 1 or self.no_data_s is not None:
            return math.inf, -math.inf
        if self.above:
            return -math.inf, min(self.warning, self.critical)
        return max(self.warning, self.critical), math.inf

    def threshold(self, severity: AlertSeverity) -> float:
        """The threshold of a severity."""
        return self.critical if severity is AlertSeverity.CRITICAL else self.warning

    def is_past(self, severity: AlertSeverity, value: float, *, firing: bool) -> bool:
        """Whether ``value`` calls for an alert of ``severity``, given whether it fires already."""
        limit = self.threshold(severity)
        if firing:
            critical = severity is AlertSeverity.CRITICAL
            end = self.resolve_critical if critical else self.resolve_warning
            limit = limit if end is None else end
        return value > limit if self.above else value < limit

    def message(
        self, name: str, severity: AlertSeverity, value: float, labels: Mapping[str, str] = _NONE
    ) -> str:
        """For example: cache_hit_rate 52 % is below the critical threshold of 60 %."""
        if self.says:
            return self._said(value, self.threshold(severity), labels)
        side = "above" if self.above else "below"
        limit = self.threshold(severity)
        return (
            f"{name} {self.shown(value)} is {side} the {severity.value} threshold "
            f"of {self.shown(limit)}"
        )

    def back(
        self, name: str, severity: AlertSeverity, value: float, labels: Mapping[str, str] = _NONE
    ) -> str:
        """For example: cache_hit_rate 81 % is no longer below the warning threshold of 70 %."""
        if self.says:
            return self._said(value, self.threshold(severity), labels)
        side = "above" if self.above else "below"
        limit = self.threshold(severity)
        return (
            f"{name} {self.shown(value)} is no longer {side} the {severity.value} threshold "
            f"of {self.shown(limit)}"
        )

    def _said(self, value: float, limit: float, labels: Mapping[str, str]) -> str:
        fields = defaultdict(str, labels) | {"value": self.shown(value), "limit": self.shown(limit)}
        return self.says.format_map(fields)

    def shown(self, value: float) -> str:
        """``value`` with its unit, with as many digits as tell it from the thresholds."""
        if self.unit == STATUS:
            return _STATUSES[min(max(math.ceil(value), 0), len(_STATUSES) - 1)]
        if self.unit == RATIO:
            return f"{_digits(value * 100, self.warning * 100, self.critical * 100)} %"
        number = _digits(value, self.warning, self.critical)
        return f"{number}x" if self.unit == FACTOR else f"{number} {self.unit}"


def _digits(value: float, *limits: float) -> str:
    """Four digits where they suffice; never a value that looks like a threshold it is not."""
    whole = len(str(int(abs(value))))
    for digits in (max(4, whole), max(6, whole), 9, 17):
        text = f"{value:.{digits}g}"
        if float(text) == value or float(text) not in limits:
            break
    return f"{float(text):,.15g}"


# Metric -> component, whether above is bad, unit, further names that it is recorded under.
_WATCHED: dict[str, tuple[str, bool, str, tuple[str, ...]]] = {
    "template_load_ms": (
        "template_cache",
        True,
        MILLISECONDS,
        ("template_load_duration_ms", "template_load_time_ms"),
    ),
    "cache_hit_rate": ("template_cache", False, RATIO, ("template_cache_hit_rate",)),
    "parallel_speedup": (
        "parallel_generation",
        False,
        FACTOR,
        ("parallel_generation_speedup",),
    ),
    "generation_time_ms": (
        "parallel_generation",
        True,
        MILLISECONDS,
        ("generation_duration_ms",),
    ),
    "mixin_accuracy": (
        "mixin_learning",
        False,
        RATIO,
        ("mixin_prediction_accuracy", "mixin_learning_accuracy"),
    ),
    "compatibility_score": ("mixin_learning", False, RATIO, ("mixin_compatibility_score",)),
    "pattern_precision": ("pattern_matching", False, RATIO, ("pattern_matching_precision",)),
    "false_positive_rate": ("pattern_matching", True, RATIO, ("pattern_false_positive_rate",)),
    "event_latency_p95": (
        "event_processing",
        True,
        MILLISECONDS,
        ("event_latency_p95_ms", "event_processing_latency_p95_ms"),
    ),
    "event_success_rate": (
        "event_processing",
        False,
        RATIO,
        ("event_processing_success_rate",),
    ),
    "quality_score": ("quality_validation", False, RATIO, ()),
    "validation_pass_rate": ("quality_validation", False, RATIO, ()),
}


def rules_of(thresholds: MonitoringThresholds) -> tuple[AlertRule, ...]:
    """One rule for each metric of ``thresholds``."""
    return tuple(
        AlertRule(
            metric=metric,
            component=component,
            above=above,
            unit=unit,
            warning=float(getattr(thresholds, f"{metric}_warning")),
            critical=float(getattr(thresholds, f"{metric}_critical")),
            names=(metric, *others),
        )
        for metric, (component, above, unit, others) in _WATCHED.items()
    )


def by_name(rules: Iterable[AlertRule]) -> dict[str, AlertRule]:
    """Recorded name -> rule.

    Raises:
        MetricError: two rules watch the same name.
    """
    found: dict[str, AlertRule] = {}
    for rule in rules:
        for name in rule.names or (rule.metric,):
            if name in found:
                raise MetricError(f"two rules watch {name}; give each metric one rule")
            found[name] = rule
    return found
