"""The files for Prometheus, Alertmanager and Grafana, judged by the ecosystem's own tools."""

import json
import os
import random
import re
import shutil
import subprocess
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from nodewright.monitoring import (
    AlertRule,
    MetricType,
    MonitoringSystem,
    MonitoringThresholds,
    rules_of,
)
from nodewright.monitoring.channels import alert_name
from nodewright.monitoring.dashboards import dashboard
from nodewright.monitoring.product import GUIDE, product_rules
from nodewright.monitoring.rule_files import prometheus_rules, serve_rules

DEPLOY = Path(__file__).parents[3] / "deploy"
RULES = rules_of(MonitoringThresholds())

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(
        not (shutil.which("promtool") and shutil.which("amtool")) and not os.environ.get("CI"),
        reason="promtool and amtool (Debian's prometheus and prometheus-alertmanager) are needed",
    ),
]


def promtool(*arguments: object) -> None:
    command = ["promtool", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rule_file_is_that_of_serve() -> None:
    text = (DEPLOY / "prometheus" / "rules.yml").read_text(encoding="utf-8")
    assert text == serve_rules(), "run python -m nodewright.monitoring.rule_files"
    for rule in product_rules():
        for limit in (rule.warning, rule.critical):
            assert re.search(rf"expr: {rule.metric} [<>] {limit!r}\n", text)


def test_a_file_of_other_thresholds_has_them_all() -> None:
    limits = re.findall(r"[<>] ([\d.]+)", prometheus_rules(RULES))
    expected = [getattr(MonitoringThresholds(), f.name) for f in fields(MonitoringThresholds)]
    assert sorted(map(float, limits)) == sorted(expected)


def test_every_alert_waits_and_leads_to_the_guide() -> None:
    guide = (DEPLOY.parent / GUIDE).read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", line.strip("# ").lower()).replace(" ", "-")
        for line in guide.splitlines()
        if line.startswith("#")
    }
    rules = [
        rule
        for group in yaml.safe_load(serve_rules())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert {"NodewrightDown", "NodewrightHealth"} <= {rule["alert"] for rule in rules}
    for rule in rules:
        assert rule["for"]
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert page == GUIDE
        assert anchor in anchors, f"{GUIDE} lacks a section {anchor!r}"


def test_serves_rules_fire_after_their_time_and_say_what_is_wrong(tmp_path: Path) -> None:
    """By Prometheus' own evaluation, texts included."""
    ill = {"metric": "nodewright_health", "component": "health", "part": "database"}
    unwell = [
        {
            "exp_labels": ill | {"severity": severity},
            "exp_annotations": {
                "summary": "the database is critical",
                "runbook_url": f"{GUIDE}#alert-health",
            },
        }
        for severity in ("critical", "warning")
    ]
    labels = {"severity": "critical", "component": "serve", "job": "nodewright", "instance": "a"}
    down = {
        "exp_labels": labels,
        "exp_annotations": {
            "summary": "nodewright serve is down: a",
            "runbook_url": f"{GUIDE}#alert-down",
        },
    }
    test = {
        "interval": "15s",
        "input_series": [
            {"series": 'nodewright_health{part="database"}', "values": "0 2x20"},
            {"series": 'up{job="nodewright",instance="a"}', "values": "1 0x20"},
        ],
        "alert_rule_test": [
            {"eval_time": at, "alertname": name, "exp_alerts": alerts}
            for at, name, alerts in (
                ("15s", "NodewrightHealth", []),
                ("1m", "NodewrightHealth", unwell),
                ("1m", "NodewrightDown", []),
                ("3m", "NodewrightDown", [down]),
            )
        ],
    }
    (tmp_path / "rules.yml").write_text(serve_rules())
    described = {"rule_files": ["rules.yml"], "evaluation_interval": "15s", "tests": [test]}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(described))
    promtool("test", "rules", tmp_path / "tests.yml")


def test_promtool_and_amtool_accept_the_files(tmp_path: Path) -> None:
    promtool("check", "rules", DEPLOY / "prometheus" / "rules.yml")
    shutil.copytree(DEPLOY / "prometheus", tmp_path / "prometheus")
    (tmp_path / "prometheus" / "token").write_text("x")
    promtool("check", "config", tmp_path / "prometheus" / "prometheus.yml")
    command = ["amtool", "check-config", str(DEPLOY / "alertmanager" / "alertmanager.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_fire_at_the_thresholds(tmp_path: Path) -> None:
    tests = []
    for rule in RULES:
        span = rule.critical - rule.warning
        for value, severities in (
            (rule.warning, set()),
            (rule.warning + span / 2, {"warning"}),
            (rule.critical + span / 2, {"warning", "critical"}),
        ):
            name = rule.names[-1]
            expected = [
                {
                    "exp_labels": {
                        "severity": severity,
                        "component": rule.component,
                        "metric": rule.metric,
                        "pack": "a",
                    },
                }
                for severity in sorted(severities)
            ]
            tests.append(unit_test(f'{name}{{pack="a"}}', [value], {0: expected}, rule.metric))
    run_unit_tests(tmp_path, prometheus_rules(RULES), tests)


@pytest.mark.parametrize(("for_s", "keep_s"), [(0, 0), (30, 0), (0, 45), (30, 45)])
def test_alerts_behave_as_those_of_prometheus(tmp_path: Path, for_s: int, keep_s: int) -> None:
    """The same values by the same script: promtool runs Prometheus' own evaluation."""
    rule = AlertRule(
        "lag_ms",
        "events",
        above=True,
        unit="ms",
        warning=50,
        critical=100,
        for_s=for_s,
        keep_firing_s=keep_s,
    )
    chance = random.Random(for_s * 100 + keep_s)  # noqa: S311 - not a secret
    tests = []
    for _ in range(12):
        values = [chance.choice([10.0, 70.0, 150.0]) for _ in range(16)]
        expected = {
            step: [
                {"exp_labels": {"severity": s, "component": "events", "metric": "lag_ms"}}
                for s in found
            ]
            for step, found in enumerate(fired(rule, values))
        }
        tests.append(unit_test("lag_ms", values, expected, "lag_ms"))
    run_unit_tests(tmp_path, prometheus_rules([rule]), tests)


def fired(rule: AlertRule, values: list[float]) -> list[list[str]]:
    """Which severities fire after each value; a value every 15 seconds."""
    now = 0.0
    system = MonitoringSystem(
        rules=[rule],
        log_alerts=False,
        clock=lambda: now,
        wall=lambda: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=now),
    )
    found = []
    for value in values:
        system.record("lag_ms", value, MetricType.GAUGE)
        system.alerts.tick()
        state = next(iter(system.alerts._states.values()), None)
        levels = state.levels.items() if state else ()
        found.append(sorted(severity.value for severity, level in levels if level.firing))
        now += 15
    return found


def unit_test(
    series: str, values: list[float], expected: dict[int, list[dict[str, Any]]], metric: str
) -> dict[str, Any]:
    return {
        "interval": "15s",
        "input_series": [{"series": series, "values": " ".join(map(repr, values))}],
        "alert_rule_test": [
            {"eval_time": f"{15 * step}s", "alertname": alert_name(metric), "exp_alerts": alerts}
            for step, alerts in expected.items()
        ],
    }


def run_unit_tests(folder: Path, rules: str, tests: list[dict[str, Any]]) -> None:
    document = yaml.safe_load(rules)
    for group in document["groups"]:
        group["rules"] = [one for one in group["rules"] if "alert" in one]
        for one in group["rules"]:
            # Their text holds the value; what is compared here is which alerts fire.
            one.pop("annotations")
    document["groups"] = [group for group in document["groups"] if group["rules"]]
    (folder / "rules.yml").write_text(yaml.safe_dump(document))
    described = {"rule_files": ["rules.yml"], "evaluation_interval": "15s", "tests": tests}
    (folder / "tests.yml").write_text(yaml.safe_dump(described))
    promtool("test", "rules", folder / "tests.yml")


def test_the_dashboard_is_that_of_the_module() -> None:
    text = (DEPLOY / "grafana" / "nodewright.json").read_text(encoding="utf-8")
    assert json.loads(text) == dashboard(), "run python -m nodewright.monitoring.dashboards"


def test_the_dashboard_shows_every_watched_metric_with_its_limits() -> None:
    panels = {p["targets"][0]["expr"]: p for p in dashboard()["panels"] if p["type"] != "row"}
    for rule in product_rules():
        if rule.unit != "status":
            steps = panels[rule.metric]["fieldConfig"]["defaults"]["thresholds"]["steps"]
            shown = sorted(step["value"] for step in steps if step["value"] is not None)
            assert shown == sorted((rule.warning, rule.critical))


def test_the_dashboard_has_a_row_a_question_and_no_panel_over_another() -> None:
    panels = dashboard()["panels"]
    questions = [panel["title"] for panel in panels if panel["type"] == "row"]
    assert questions == ["Is it up?", "Is it right?", "Is it fast?", "Is something stuck?"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_compose_names_what_is_there() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert services.keys() == {
        "postgres", "kafka", "nodewright", "prometheus", "alertmanager", "grafana"
    }  # fmt: skip
    # Prometheus' rules are those of serve: what both sent would arrive twice.
    assert "NODEWRIGHT_ALERTMANAGER_URL" not in services["nodewright"]["environment"]
    assert all("healthcheck" in services[name] for name in ("postgres", "kafka", "nodewright"))
    assert all(service["restart"] == "unless-stopped" for service in services.values())
    for service in services.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists(), source
