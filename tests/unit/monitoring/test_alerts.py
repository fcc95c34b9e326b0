"""Alerts follow their thresholds; each severity behaves as a Prometheus rule does."""

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.monitoring import (
    AlertRule,
    AlertSeverity,
    MetricType,
    MonitoringSystem,
    MonitoringThresholds,
    rules_of,
)

GAUGE = MetricType.GAUGE
WARNING, CRITICAL = AlertSeverity.WARNING, AlertSeverity.CRITICAL


class Script:
    """A system on a clock that only the test moves."""

    def __init__(self, *rules: AlertRule, **options: object) -> None:
        self.now = 0.0
        self.system = MonitoringSystem(
            rules=rules or None,
            log_alerts=False,
            clock=lambda: self.now,
            wall=lambda: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now),
            **options,
        )

    def record(self, name: str, value: float, labels: dict[str, str] | None = None) -> None:
        self.system.record(name, value, GAUGE, labels)

    @property
    def severities(self) -> list[AlertSeverity]:
        return [alert.severity for alert in self.system.get_active_alerts()]


def rule(**changes: object) -> AlertRule:
    made = AlertRule("lag_ms", "events", above=True, unit="ms", warning=50, critical=100)
    return replace(made, **changes)


def test_every_threshold_has_a_rule() -> None:
    thresholds = MonitoringThresholds()
    rules = {each.metric: each for each in rules_of(thresholds)}
    for item in fields(thresholds):
        metric, _, level = item.name.rpartition("_")
        assert getattr(rules[metric], level) == getattr(thresholds, item.name)
    assert len(rules) * 2 == len(fields(thresholds))


@pytest.mark.parametrize("watched", rules_of(MonitoringThresholds()), ids=lambda r: r.metric)
def test_severity_moves_with_the_value_and_the_alert_resolves(watched: AlertRule) -> None:
    for name in watched.names:
        script = Script()
        span = watched.critical - watched.warning
        good, warning, critical = (watched.warning + span * part for part in (-0.5, 0.5, 1.5))
        script.record(name, watched.warning)
        script.record(name, good)
        assert script.severities == []
        script.record(name, warning)
        (first,) = script.system.get_active_alerts()
        assert first.severity is WARNING
        script.record(name, critical)
        (second,) = script.system.get_active_alerts()
        assert (second.severity, second.threshold) == (CRITICAL, watched.critical)
        assert second.alert_id == first.alert_id
        assert second.component == watched.component
        script.record(name, warning)
        assert script.severities == [WARNING]
        script.record(name, good)
        assert script.severities == []
        (resolved,) = script.system.get_resolved_alerts()
        assert resolved.alert_id == first.alert_id
        assert resolved.resolved_at
        assert resolved.resolution_message


def test_messages_say_value_threshold_unit_and_direction() -> None:
    script = Script()
    script.record("cache_hit_rate", 0.52)
    script.record("template_load_duration_ms", 75.5)
    script.record("parallel_speedup", 1.4)
    script.record("false_positive_rate", 0.2000001)
    script.record("generation_time_ms", 12_345.0)
    assert {alert.message for alert in script.system.get_active_alerts()} == {
        "cache_hit_rate 52 % is below the critical threshold of 60 %",
        "template_load_duration_ms 75.5 ms is above the warning threshold of 50 ms",
        "parallel_speedup 1.4x is below the critical threshold of 2x",
        "false_positive_rate 20.00001 % is above the critical threshold of 20 %",
        "generation_time_ms 12,345 ms is above the critical threshold of 5,000 ms",
    }
    script.record("cache_hit_rate", 0.81)
    (resolved,) = script.system.get_resolved_alerts()
    assert resolved.resolution_message == (
        "cache_hit_rate 81 % is no longer below the critical threshold of 60 %"
    )


def test_one_alert_a_label_set() -> None:
    script = Script()
    for _ in range(3):
        script.record("cache_hit_rate", 0.5, {"pack": "a"})
        script.record("cache_hit_rate", 0.65, {"pack": "b"})
    alerts = script.system.get_active_alerts()
    assert sorted((a.labels["pack"], a.severity) for a in alerts) == [
        ("a", CRITICAL),
        ("b", WARNING),
    ]
    assert script.system.get_active_alerts(severity=CRITICAL)[0].labels == {"pack": "a"}
    assert script.system.get_active_alerts(component="event_processing") == []
    assert len(script.system.get_active_alerts(component="template_cache")) == 2


def test_for_duration_waits_and_starts_over() -> None:
    script = Script(rule(for_s=60))
    script.record("lag_ms", 70)
    script.now = 59
    assert script.severities == []
    script.now = 60
    assert script.severities == [WARNING]
    script.record("lag_ms", 10)
    assert script.severities == []
    script.record("lag_ms", 70)
    script.now = 100
    assert script.severities == []


def test_keep_firing_outlasts_a_dip() -> None:
    script = Script(rule(keep_firing_s=30))
    script.record("lag_ms", 70)
    script.now = 10
    script.record("lag_ms", 10)
    script.now = 39
    assert script.severities == [WARNING]
    script.record("lag_ms", 70)
    script.now = 60
    script.record("lag_ms", 10)
    script.now = 89
    assert script.severities == [WARNING]
    script.now = 90
    assert script.severities == []


def test_a_separate_threshold_resolves() -> None:
    script = Script(rule(resolve_warning=40, resolve_critical=80))
    script.record("lag_ms", 120)
    script.record("lag_ms", 90)
    assert script.severities == [CRITICAL]
    script.record("lag_ms", 79)
    assert script.severities == [WARNING]
    script.record("lag_ms", 45)
    assert script.severities == [WARNING]
    script.record("lag_ms", 40)
    assert script.severities == []
    script.record("lag_ms", 45)
    assert script.severities == []


def test_minimum_samples() -> None:
    script = Script(rule(min_samples=3))
    script.record("lag_ms", 10)
    script.record("lag_ms", 200)
    assert script.severities == []
    script.record("lag_ms", 200)
    assert script.severities == [CRITICAL]


def test_no_data() -> None:
    script = Script(rule(no_data_s=60))
    script.record("lag_ms", 10)
    script.now = 59
    assert script.severities == []
    script.now = 61
    (alert,) = script.system.get_active_alerts()
    assert alert.message == "lag_ms has had no data for 60 s"
    script.record("lag_ms", 10)
    assert script.severities == []


def test_expired_series_resolve_their_alerts() -> None:
    from nodewright.monitoring import Limits

    script = Script(limits=Limits(expiry_s=10))
    script.record("cache_hit_rate", 0.1, {"pack": "a"})
    script.now = 20
    script.system.store.export()
    assert script.severities == []
    assert "expired" in script.system.get_resolved_alerts()[0].resolution_message


def test_history_is_bounded_under_a_flapping_threshold() -> None:
    script = Script()
    for _ in range(1500):
        script.record("cache_hit_rate", 0.1)
        script.record("cache_hit_rate", 0.9)
    assert len(script.system.get_resolved_alerts()) == 1000
    assert script.system.alerts._states == {}


async def test_clear_forgets_alerts_and_watches_again() -> None:
    script = Script()
    script.record("cache_hit_rate", 0.1)
    await script.system.clear_metrics()
    assert script.severities == []
    assert script.system.get_resolved_alerts() == []
    script.record("cache_hit_rate", 0.1)
    assert script.severities == [CRITICAL]


@pytest.mark.parametrize(
    "wrong",
    [{"for_s": -1}, {"keep_firing_s": float("nan")}, {"min_samples": 0}, {"resolve_warning": 60}],
)
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="rule lag_ms"):
        rule(**wrong)


def test_thresholds_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="cache_hit_rate_warning"):
        MonitoringThresholds(cache_hit_rate_warning=float("nan"))


@dataclass
class PrometheusRule:
    """One alerting rule as Prometheus evaluates it, once an interval."""

    threshold: float
    for_s: float
    keep_s: float
    active_at: float | None = None
    state: str = "inactive"
    keep_since: float | None = None

    def evaluate(self, now: float, value: float) -> str:
        in_result = value > self.threshold
        if in_result:
            self.keep_since = None
            if self.state == "inactive":
                self.state, self.active_at = "pending", now
        else:
            keep = False
            if self.state == "firing" and self.keep_s > 0:
                if self.keep_since is None:
                    self.keep_since = now
                keep = now - self.keep_since < self.keep_s
            if not keep:
                self.state, self.active_at, self.keep_since = "inactive", None, None
        if self.state == "pending" and now - self.active_at >= self.for_s:
            self.state = "firing"
        return self.state


@given(
    st.lists(st.sampled_from([10, 70, 150]), max_size=40),
    st.sampled_from([0, 15, 30, 60]),
    st.sampled_from([0, 15, 45]),
)
def test_state_machine_is_that_of_prometheus(
    values: list[float], for_s: float, keep_s: float
) -> None:
    script = Script(rule(for_s=for_s, keep_firing_s=keep_s))
    warning, critical = PrometheusRule(50, for_s, keep_s), PrometheusRule(100, for_s, keep_s)
    for step, value in enumerate(values):
        script.now = 15.0 * step
        script.record("lag_ms", value)
        states = [one.evaluate(script.now, value) for one in (critical, warning)]
        expected = [
            s for s, state in zip((CRITICAL, WARNING), states, strict=True) if state == "firing"
        ][:1]
        assert script.severities == expected


def test_who_changes_an_alert_that_was_given_changes_no_other() -> None:
    script = Script()
    script.record("cache_hit_rate", 0.5, {"pack": "a"})
    for alert in script.system.get_active_alerts():
        alert.labels["pack"] = "changed"
    (alert,) = script.system.get_active_alerts()
    assert alert.labels == {"pack": "a"}
    script.record("cache_hit_rate", 0.9, {"pack": "a"})
    for alert in script.system.get_resolved_alerts():
        alert.labels.clear()
    assert script.system.get_resolved_alerts()[0].labels == {"pack": "a"}
    assert 'cache_hit_rate{pack="a"} 0.9' in script.system.store.export()
