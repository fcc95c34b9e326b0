"""What nodewright records and alerts on of itself."""

from typing import Any

import pytest

from nodewright.monitoring import AlertSeverity, MetricError, MetricStore, MonitoringSystem
from nodewright.monitoring.instruments import (
    FAILED_NODES,
    HEALTH,
    INSTRUMENTS,
    NODE_P95,
    record_breaker,
    record_clauses,
    record_run,
)
from nodewright.monitoring.observing import digest
from nodewright.monitoring.product import product_rules
from nodewright.settings import Settings, SettingsError


def node(*, delivered: bool = True, kind: str = "EFFECT") -> dict[str, Any]:
    return {
        "kind": kind,
        "delivered": delivered,
        "seconds": 0.7,
        "checks": [{"name": "ruff", "passed": True}, {"name": "processes", "passed": delivered}],
    }


def summary(*nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "plan": {"package": "shop", "nodes": []},
        "nodes": list(nodes),
        "seconds": {"total": 2.0},
        "speedup": 1.5,
        "workers": 4,
    } | more


def test_a_run_is_counted_by_result_kind_and_judge() -> None:
    store = MetricStore()
    record_run(store, summary(node(), node(delivered=False, kind="COMPUTE")))
    record_run(store, summary(node()))
    record_run(store, summary(node(delivered=False)))
    text = store.export()
    for line in (
        'nodewright_runs_total{result="delivered"} 1',
        'nodewright_runs_total{result="partial"} 1',
        'nodewright_runs_total{result="failed"} 1',
        'nodewright_nodes_total{kind="COMPUTE",result="failed"} 1',
        'nodewright_nodes_total{kind="REDUCER",result="failed"} 0',
        'nodewright_judge_failures_total{judge="processes"} 2',
        'nodewright_run_seconds_count{phase="total"} 3',
        'nodewright_node_seconds_bucket{kind="EFFECT",le="30"} 3',
    ):
        assert f"{line}\n" in text, line


@pytest.mark.parametrize("wrong", [{}, {"nodes": [{}]}, {"nodes": 1}, {"nodes": [], "plan": None}])
def test_a_summary_that_is_none_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(MetricError, match="summary of a run"):
        record_run(MetricStore(), wrong)


def test_clauses_are_recorded_by_state() -> None:
    store = MetricStore()
    record_clauses(store, "shop", {})
    assert store.export() == ""
    record_run(store, summary(node(), clauses={"proven": 7, "open": 2}))
    record_clauses(store, "desk", {"open": 1, "context": 3})
    for package, state, count in (
        ("shop", "proven", 7), ("shop", "open", 2), ("shop", "context", 0), ("desk", "proven", 0)
    ):  # fmt: skip
        assert store.value("nodewright_clauses", {"package": package, "state": state}) == count
    with pytest.raises(MetricError, match="'shown'; use proven, open, context"):
        record_clauses(store, "shop", {"shown": 1})


def test_the_state_of_a_breaker_is_a_number() -> None:
    store = MetricStore()
    for state, level in (("closed", 0), ("half_open", 1), ("open", 2)):
        record_breaker(store, "kafka", state)
        assert store.value("nodewright_breaker_state", {"breaker": "kafka"}) == level
    with pytest.raises(MetricError, match="'ajar'"):
        record_breaker(store, "kafka", "ajar")


def test_names_have_the_prefix_and_the_unit() -> None:
    for instrument in INSTRUMENTS:
        assert instrument.name.startswith(("nodewright_", "process_"))
        assert instrument.help_text
        assert not instrument.name.endswith(("_ms", "_mb", "_total"))


def test_alerts_say_what_is_wrong_with_which_part() -> None:
    now = 0.0
    system = MonitoringSystem(rules=product_rules(), log_alerts=False, clock=lambda: now)
    HEALTH.record(system.store, 2, {"part": "database"})
    HEALTH.record(system.store, 0, {"part": "broker"})
    FAILED_NODES.record(system.store, 0.25, {"package": "shop"})
    (alert,) = system.get_active_alerts()
    assert alert.severity is AlertSeverity.WARNING
    assert alert.message == "25 % of the nodes of shop were not delivered by its latest run"
    now = 21.0
    system.alerts.tick()
    said = {alert.message: alert for alert in system.get_active_alerts()}
    assert said["the database is critical"].severity is AlertSeverity.CRITICAL
    HEALTH.record(system.store, 0, {"part": "database"})
    resolved = {alert.resolution_message for alert in system.get_resolved_alerts()}
    assert resolved == {"the database is healthy"}


def test_every_limit_is_a_setting() -> None:
    for rule in product_rules():
        name = rule.advice.partition("#alert-")[2].replace("-", "_")
        (changed,) = set(product_rules({name: (7.0, 7.0)})) - set(product_rules())
        assert (changed.metric, changed.warning, changed.critical) == (rule.metric, 7.0, 7.0)
    system = MonitoringSystem(rules=product_rules({"node_seconds": (1, 2)}), log_alerts=False)
    NODE_P95.record(system.store, 3)
    (alert,) = system.get_active_alerts()
    assert alert.message == "one node in twenty takes 3 s or longer; the limit is 2 s"
    with pytest.raises(MetricError, match="did you mean node_seconds"):
        product_rules({"node_second": (1, 2)})


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODEWRIGHT_ALERT_THRESHOLDS", '{"failed_nodes": [0.1, 0.2]}')
    rules = {rule.metric: rule for rule in product_rules(Settings().alert_thresholds)}
    assert rules[FAILED_NODES.name].critical == 0.2
    monkeypatch.setenv("NODEWRIGHT_ALERT_THRESHOLDS", '{"failed_nodes": 0.1}')
    with pytest.raises(SettingsError, match="ALERT_THRESHOLDS"):
        Settings()


@pytest.mark.parametrize(
    ("workers", "cores", "nodes", "efficiency"),
    [
        (4, 2, 8, 0.75),  # the cores are the limit
        (2, 64, 8, 0.75),  # the workers are
        (4, 2, 7, None),  # too small to say
        (4, None, 64, None),  # kept before cores were
    ],
)
def test_a_speed_up_is_compared_with_what_is_possible(
    workers: int, cores: int | None, nodes: int, efficiency: float | None
) -> None:
    kept = summary(*[node()] * nodes, workers=workers, cores=cores)
    row = {"ended_at": None, "planned": nodes, "delivered": nodes, "summary": kept}
    assert digest(row).efficiency == efficiency


def test_a_series_that_is_forgotten_resolves_its_alert() -> None:
    system = MonitoringSystem(rules=product_rules(), log_alerts=False)
    FAILED_NODES.record(system.store, 1.0, {"package": "shop"})
    assert len(system.get_active_alerts()) == 1
    assert system.store.forget(FAILED_NODES.name, {"package": "shop"})
    assert not system.store.forget(FAILED_NODES.name, {"package": "shop"})
    assert system.get_active_alerts() == []
    assert FAILED_NODES.name not in system.store.export()
    FAILED_NODES.record(system.store, 0.0, {"package": "shop"})
    assert FAILED_NODES.name in system.store.export()
