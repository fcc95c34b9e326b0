"""Every metric that a dashboard or a rule names is on ``/metrics``, with values."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.integration.web.conftest import Serve, Served, summary_of_a_run

from nodewright.monitoring.rule_files import recorded_names
from nodewright.runs.recording import Recorder
from nodewright.storage import CodegenPersistence

DEPLOY = Path(__file__).parents[3] / "deploy"
# Of Prometheus itself.
ITS_OWN = {"up", "ALERTS"}


def expressions() -> Iterator[str]:
    """Every expression of the files in ``deploy``."""
    rules = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    for file in (DEPLOY / "grafana").glob("*.json"):
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]:
            yield from (target["expr"] for target in panel.get("targets", ()))


def names_in(expression: str) -> set[str]:
    """The metrics that an expression reads."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring)\s*\([^)]*\)", " ", expression)
    return set(re.findall(r"[a-zA-Z_][a-zA-Z0-9_:]*(?![a-zA-Z0-9_:]*\s*\()", bare)) - {"and", "or"}


def test_names_are_found_in_expressions() -> None:
    text = 'histogram_quantile(0.9, sum by (le) (rate(a_bucket{x="y"}[5m]))) > 2 and b:c == 1'
    assert names_in(text) == {"a_bucket", "b:c"}


def test_what_dashboards_and_rules_read_is_there(
    serve: Serve, persistence: CodegenPersistence, tmp_path: Path
) -> None:
    wanted = set().union(*map(names_in, expressions()))
    read = wanted - ITS_OWN - set(recorded_names())
    assert {"nodewright_health", "nodewright_nodes_total", "nodewright_clauses"} < read
    spool = tmp_path / "events" / "spools" / "1"
    spool.mkdir(parents=True)
    (spool / "0.segment").write_bytes(b"x")
    with serve() as served:
        samples_once(served, {"nodewright_collected_timestamp_seconds"})
        fill(persistence)
        found = samples_once(served, read)
    assert read <= found.keys(), f"/metrics lacks {sorted(read - found.keys())}"
    assert found["nodewright_events_total"] >= 30
    assert found["nodewright_judge_failures_total"] >= 1


def samples_once(served: Served, names: set[str]) -> dict[str, float]:
    """Sums of the samples by name, as soon as ``names`` are among them."""
    deadline = time.monotonic() + 60
    while True:
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(served.client.get("/metrics").text):
            for sample in family.samples:
                assert sample.value == sample.value, f"{sample.name} is not a number"
                found[sample.name] = found.get(sample.name, 0) + sample.value
        if names <= found.keys() or time.monotonic() > deadline:
            return found


def fill(persistence: CodegenPersistence) -> None:
    """A little of everything that is recorded."""
    sync, recorder = persistence.sync, Recorder(persistence)
    for number in range(30):
        sync.insert_event_processing_metric("node.generated", "test", 5, number > 0)
        sync.record_pattern_feedback(uuid4(), "crud", feedback_type="correct")
    sync.update_mixin_compatibility("MixinA", "MixinB", "EFFECT", success=True)
    sync.flush()
    small = summary_of_a_run()
    nodes: list[dict[str, Any]] = [small["nodes"][0]] * 8
    mixins = [{"kind": "EFFECT", "mixins": ["pack.MixinA", "pack.MixinB"]}]
    clauses = {"proven": 5, "open": 1, "context": 2}
    plan = {"title": "Desk", "package": "desk", "nodes": mixins}
    large = small | {"nodes": nodes, "plan": plan, "cores": 2, "clauses": clauses}
    recorder.report(uuid4(), small)
    recorder.report(uuid4(), large)
