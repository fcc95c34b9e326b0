"""Alert rules and recording rules for Prometheus.

``python -m nodewright.monitoring.rule_files > rules.yml`` writes those of ``nodewright serve``.
For other thresholds, write what `serve_rules` or `prometheus_rules` returns.
"""

import sys
from collections.abc import Iterable, Sequence

import yaml

from nodewright.monitoring.channels import alert_name
from nodewright.monitoring.instruments import (
    COLLECTED,
    EVENTS,
    JUDGE_FAILURES,
    NODE_SECONDS,
    NODES,
    RUN_SECONDS,
)
from nodewright.monitoring.model import AlertSeverity
from nodewright.monitoring.product import GUIDE, product_rules
from nodewright.monitoring.rules import RATIO, STATUS, AlertRule

type Json = dict[str, object]

_SEVERITIES = (AlertSeverity.CRITICAL, AlertSeverity.WARNING)

# A value is looked at for so long, where its rule names no time: one bad scrape is no alert.
_LEAST_FOR = "1m"
_STALE_S = 180

# What is worth to be computed once for dashboards: the name says level, metric and operation.
_RECORDED: Sequence[tuple[str, str]] = (
    (
        "kind:nodewright_node_seconds:p95_1h",
        f"histogram_quantile(0.95, sum by (kind, le) (rate({NODE_SECONDS.name}_bucket[1h])))",
    ),
    (
        "phase:nodewright_run_seconds:p95_1h",
        f"histogram_quantile(0.95, sum by (phase, le) (rate({RUN_SECONDS.name}_bucket[1h])))",
    ),
    ("result:nodewright_nodes:increase1h", f"sum by (result) (increase({NODES.exported}[1h]))"),
    (
        "judge:nodewright_judge_failures:increase1h",
        f"sum by (judge) (increase({JUDGE_FAILURES.exported}[1h]))",
    ),
    ("result:nodewright_events:rate5m", f"sum by (result) (rate({EVENTS.exported}[5m]))"),
)


def prometheus_rules(rules: Iterable[AlertRule]) -> str:
    """A rule file with one alert for each metric and severity.

    Args:
        rules: for example ``rules_of(MonitoringThresholds())``.

    Returns:
        YAML for Prometheus' ``rule_files``.
    """
    return _file([{"name": "nodewright", "rules": _alerts(rules)}])


def serve_rules(rules: Iterable[AlertRule] | None = None, *, guide: str = GUIDE) -> str:
    """The rule file of ``nodewright serve``: its alerts, whether it is up, recording rules.

    Args:
        rules: those of `product_rules` by default.
        guide: the address of the operations guide.
    """
    alerts = _alerts(product_rules(guide=guide) if rules is None else rules, _LEAST_FOR)
    return _file(
        [
            {"name": "nodewright-up", "rules": _about_itself(guide)},
            {"name": "nodewright", "rules": alerts},
            {
                "name": "nodewright-recorded",
                "rules": [{"record": name, "expr": expression} for name, expression in _RECORDED],
            },
        ]
    )


def recorded_names() -> tuple[str, ...]:
    """The names of the recording rules."""
    return tuple(name for name, _ in _RECORDED)


def _file(groups: list[Json]) -> str:
    text: str = yaml.safe_dump({"groups": groups}, sort_keys=False, width=100)
    return text


def _about_itself(guide: str) -> list[Json]:
    """What nobody can say who is down."""
    old = f"time() - {COLLECTED.name} > {_STALE_S}"
    return [
        _about("NodewrightDown", 'up{job="nodewright"} == 0', "nodewright serve is down", guide),
        _about("NodewrightStale", old, "nodewright serve has not read its database lately", guide),
    ]


def _about(name: str, expression: str, summary: str, guide: str) -> Json:
    anchor = f"alert-{name.removeprefix('Nodewright').lower()}"
    return {
        "alert": name,
        "expr": expression,
        "for": "2m",
        "labels": {"severity": "critical", "component": "serve"},
        "annotations": {
            "summary": f"{summary}: {{{{ $labels.instance }}}}",
            "runbook_url": f"{guide}#{anchor}",
        },
    }


def _alerts(rules: Iterable[AlertRule], least_for: str = "") -> list[Json]:
    return [_alert(rule, severity, least_for) for rule in rules for severity in _SEVERITIES]


def _alert(rule: AlertRule, severity: AlertSeverity, least_for: str) -> Json:
    limit = rule.threshold(severity)
    sign = ">" if rule.above else "<"
    names = rule.names or (rule.metric,)
    selector = names[0] if len(names) == 1 else f'{{__name__=~"{"|".join(names)}"}}'
    alert: Json = {
        "alert": alert_name(rule.metric),
        "expr": f"{selector} {sign} {limit!r}",
    }
    if rule.for_s or least_for:
        alert["for"] = f"{rule.for_s:g}s" if rule.for_s else least_for
    if rule.keep_firing_s:
        alert["keep_firing_for"] = f"{rule.keep_firing_s:g}s"
    annotations = {"summary": _summary(rule, severity)}
    if rule.advice:
        annotations["runbook_url"] = rule.advice
    return alert | {
        "labels": {
            "severity": severity.value,
            "component": rule.component,
            "metric": rule.metric,
        },
        "annotations": annotations,
    }


def _summary(rule: AlertRule, severity: AlertSeverity) -> str:
    limit = rule.threshold(severity)
    if rule.says:
        return rule.says.format_map(_Templates(rule, limit))
    side = "above" if rule.above else "below"
    return (
        f"{rule.metric} {_value(rule)} is {side} the {severity.value} threshold "
        f"of {rule.shown(limit)}"
    )


def _value(rule: AlertRule) -> str:
    if rule.unit == RATIO:
        return "{{ $value | humanizePercentage }}"
    if rule.unit == STATUS:
        return "{{ if gt $value 1.0 }}critical{{ else }}degraded{{ end }}"
    return f"{{{{ $value }}}} {rule.unit}"


class _Templates(dict[str, str]):
    """The fields of what an alert says, as templates of Prometheus."""

    def __init__(self, rule: AlertRule, limit: float) -> None:
        super().__init__(value=_value(rule), limit=rule.shown(limit))

    def __missing__(self, label: str) -> str:
        return f"{{{{ $labels.{label} }}}}"


if __name__ == "__main__":
    sys.stdout.write(serve_rules())
