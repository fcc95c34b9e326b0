"""The Grafana dashboard, by the questions of whoever is on call.

``python -m nodewright.monitoring.dashboards > nodewright.json`` writes it.
"""

import json
import sys
from typing import NamedTuple

from nodewright.monitoring import instruments as of
from nodewright.monitoring.product import product_rules

type Json = dict[str, object]

_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 24
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_STATES = ((0, "healthy", "green"), (1, "degraded", "orange"), (2, "critical", "red"))


class Panel(NamedTuple):
    """One panel: what it shows, by which queries (expression, legend), in which unit."""

    title: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    kind: str = "timeseries"
    watched: str = ""


def _one(title: str, expression: str, legend: str, unit: str = "short", **more: str) -> Panel:
    return Panel(title, ((expression, legend),), unit, **more)


QUESTIONS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "Is it up?",
        (
            _one("Up", 'up{job="nodewright"}', "{{instance}}", kind="stat"),
            _one("Health of the parts", of.HEALTH.name, "{{part}}", kind="state-timeline"),
            _one("Version", of.BUILD.name, "{{version}} on Python {{python}}", kind="stat"),
            _one("Memory", of.PROCESS_MEMORY.name, "{{instance}}", "bytes"),
            _one("Processor", f"rate({of.PROCESS_CPU.exported}[5m])", "{{instance}}"),
            _one("Alerts that fire", 'ALERTS{alertstate="firing"}', "", kind="table"),
        ),
    ),
    (
        "Is it right?",
        (
            _one("Clauses of the latest run", of.CLAUSES.name, "{{package}} {{state}}"),
            _one("Nodes that were not delivered", of.FAILED_NODES.name, "{{package}}",
                 "percentunit", watched=of.FAILED_NODES.name),
            _one("Nodes by result, an hour", "result:nodewright_nodes:increase1h", "{{result}}"),
            _one("Objections by judge, an hour", "judge:nodewright_judge_failures:increase1h",
                 "{{judge}}"),
            _one("Precision of patterns", of.PRECISION.name, "precision", "percentunit",
                 watched=of.PRECISION.name),
            _one("Compatibility of chosen mixins", of.CHOSEN_MIXINS.name, "compatibility",
                 "percentunit", watched=of.CHOSEN_MIXINS.name),
        ),
    ),
    (
        "Is it fast?",
        (
            _one("A node, p95 of the window", of.NODE_P95.name, "p95", "s",
                 watched=of.NODE_P95.name),
            _one("A node by kind, p95 of an hour", "kind:nodewright_node_seconds:p95_1h",
                 "{{kind}}", "s"),
            _one("A run by phase, p95 of an hour", "phase:nodewright_run_seconds:p95_1h",
                 "{{phase}}", "s"),
            _one("Speed-up, of what cores can give", of.EFFICIENCY.name, "efficiency",
                 "percentunit", watched=of.EFFICIENCY.name),
            _one("An event, p95 of the window", of.EVENT_P95.name, "p95", "s",
                 watched=of.EVENT_P95.name),
            _one("Runs, an hour", f"sum by (result) (increase({of.RUNS.exported}[1h]))",
                 "{{result}}"),
        ),
    ),
    (
        "Is something stuck?",
        (
            _one("Age of the oldest event that waits", of.SPOOL_SECONDS.name, "age", "s"),
            Panel("Events that wait",
                  ((of.SPOOL_BYTES.name, "bytes"),), "bytes"),
            _one("Segments that wait", of.SPOOL_SEGMENTS.name, "segments"),
            _one("Events a second", "result:nodewright_events:rate5m", "{{result}}"),
            _one("Events that succeeded", of.EVENT_SUCCESS.name, "succeeded", "percentunit",
                 watched=of.EVENT_SUCCESS.name),
            _one("Since the database was read", f"time() - {of.COLLECTED.name}", "age", "s"),
        ),
    ),
)  # fmt: skip


def dashboard() -> Json:
    """The dashboard as Grafana imports it."""
    panels: list[Json] = []
    top = 0
    for question, row in QUESTIONS:
        panels.append(_row(question, top))
        panels += [_panel(panel, place, top + 1) for place, panel in enumerate(row)]
        top += 1 + _HEIGHT * -(-len(row) * _WIDTH // _COLUMNS)
    for identity, panel in enumerate(panels, start=1):
        panel["id"] = identity
    return {
        "uid": "nodewright",
        "title": "nodewright",
        "tags": ["nodewright"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "label": "Prometheus", "type": "datasource",
                 "query": "prometheus", "current": {}}
            ]
        },
        "panels": panels,
    }  # fmt: skip


def _row(title: str, top: int) -> Json:
    place = {"x": 0, "y": top, "w": _COLUMNS, "h": 1}
    return {"type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


def _panel(panel: Panel, place: int, top: int) -> Json:
    in_row = _COLUMNS // _WIDTH
    across, down = place % in_row, place // in_row
    return {
        "type": panel.kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {
            "x": across * _WIDTH, "y": top + down * _HEIGHT, "w": _WIDTH, "h": _HEIGHT
        },
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": _SOURCE,
                "expr": expression,
                "legendFormat": legend,
                **({"format": "table", "instant": True} if panel.kind == "table" else {}),
            }
            for number, (expression, legend) in enumerate(panel.queries)
        ],
        "options": {"textMode": "name"} if panel.title == "Version" else {},
    }  # fmt: skip


def _defaults(panel: Panel) -> Json:
    defaults: Json = {"unit": panel.unit}
    if panel.kind == "state-timeline":
        options = {
            str(value): {"text": text, "color": color, "index": value}
            for value, text, color in _STATES
        }
        return defaults | {"mappings": [{"type": "value", "options": options}]}
    rule = next((rule for rule in product_rules() if rule.metric == panel.watched), None)
    if rule is None:
        return defaults
    good, fair, bad = "green", "orange", "red"
    steps = (
        [(None, good), (rule.warning, fair), (rule.critical, bad)]
        if rule.above
        else [(None, bad), (rule.critical, fair), (rule.warning, good)]
    )
    shown = [{"value": value, "color": color} for value, color in steps]
    return defaults | {
        "thresholds": {"mode": "absolute", "steps": shown},
        "custom": {"thresholdsStyle": {"mode": "line"}},
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(dashboard(), indent=2) + "\n")
