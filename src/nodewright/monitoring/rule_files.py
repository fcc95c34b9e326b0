"""MonitoringThresholds as rules of Prometheus.

``python -m nodewright.monitoring.rule_files > rules.yml`` writes the rules of the default
thresholds; with other thresholds, write what `prometheus_rules` returns.
"""

import sys
from collections.abc import Iterable
from typing import Any

import yaml

from nodewright.monitoring.channels import alert_name
from nodewright.monitoring.model import AlertSeverity, MonitoringThresholds
from nodewright.monitoring.rules import RATIO, AlertRule, rules_of

_SEVERITIES = (AlertSeverity.CRITICAL, AlertSeverity.WARNING)
_RATE = "5m"


def prometheus_rules(rules: Iterable[AlertRule]) -> str:
    """A rule file: one alert for each metric and severity, and percentiles of histograms.

    Args:
        rules: for example ``rules_of(MonitoringThresholds())``.

    Returns:
        YAML for Prometheus' ``rule_files``.
    """
    rules = tuple(rules)
    groups = [
        {"name": "nodewright", "rules": [_alert(r, s) for r in rules for s in _SEVERITIES]},
        {
            "name": "nodewright-percentiles",
            "rules": [
                _percentile(name, q)
                for rule in rules
                if rule.unit == "ms"
                for name in rule.names or (rule.metric,)
                for q in (0.5, 0.95, 0.99)
            ],
        },
    ]
    text: str = yaml.safe_dump({"groups": groups}, sort_keys=False, width=100)
    return text


def _alert(rule: AlertRule, severity: AlertSeverity) -> dict[str, Any]:
    limit = rule.threshold(severity)
    side, sign = ("above", ">") if rule.above else ("below", "<")
    value = "$value | humanizePercentage" if rule.unit == RATIO else "$value"
    unit = "" if rule.unit == RATIO else rule.unit
    alert: dict[str, Any] = {
        "alert": alert_name(rule.metric),
        "expr": f'{{__name__=~"{"|".join(rule.names or (rule.metric,))}"}} {sign} {limit!r}',
    }
    if rule.for_s:
        alert["for"] = f"{rule.for_s:g}s"
    if rule.keep_firing_s:
        alert["keep_firing_for"] = f"{rule.keep_firing_s:g}s"
    summary = (
        f"{rule.metric} {{{{ {value} }}}}{unit} is {side} the {severity.value} threshold "
        f"of {rule.shown(limit)}"
    )
    return alert | {
        "labels": {
            "severity": severity.value,
            "component": rule.component,
            "metric": rule.metric,
        },
        "annotations": {"summary": summary},
    }


def _percentile(name: str, q: float) -> dict[str, Any]:
    buckets = f"sum without (instance, job) (rate({name}_bucket[{_RATE}]))"
    return {
        "record": f"nodewright:{name}:p{round(q * 100)}",
        "expr": f"histogram_quantile({q}, {buckets})",
    }


if __name__ == "__main__":
    sys.stdout.write(prometheus_rules(rules_of(MonitoringThresholds())))
