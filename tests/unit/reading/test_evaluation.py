"""The script that scores the analysis on labelled documents."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.eval_prd import Tally, evaluate

LABEL = {
    "file": "desk.md",
    "title": "Desk",
    "title_alternatives": [],
    "functional_requirements_range": [2, 2],
    "node_types": {"EFFECT": True, "COMPUTE": False, "REDUCER": False, "ORCHESTRATOR": False},
    "node_types_uncertain": ["COMPUTE", "REDUCER"],
    "primary_node_type": "EFFECT",
    "primary_alternatives": [],
    "patterns": ["notification"],
    "patterns_uncertain": ["crud"],
    "capabilities": [],
    "capabilities_uncertain": ["retry"],
    "external_systems": ["Postgres", "AWS S3"],
    "external_systems_optional": ["AWS S3"],
    "not_dependencies": ["Redis"],
}
TEXT = """\
# Desk

## Requirements

- FR-1: The system shall send push notifications to members, with retries.
- FR-2: The system shall create, edit and delete notes in PostgreSQL.

## Out of scope

- Redis
"""


def test_a_document_is_scored(tmp_path: Path) -> None:
    (tmp_path / "desk.md").write_text(TEXT)
    (tmp_path / "labels.jsonl").write_text(
        json.dumps(LABEL | {"external_systems": ["PostgreSQL", "AWS S3"]}) + "\n"
    )
    rows, total, _ = evaluate(tmp_path)
    assert [name for name, _ in rows] == ["desk.md"]
    assert (total.titles, total.counts, total.primaries) == (1, 1, 1)
    assert total.kinds.f1 == total.patterns.f1 == total.capabilities.f1 == 1.0
    assert total.systems.f1 == 2 / 3
    assert total.systems_firm.f1 == 1.0
    assert total.violations == []


def test_uncertain_labels_count_neither_way() -> None:
    tally = Tally()
    tally.count(found=["a", "b"], wanted=["a", "c"], ignored=["b", "c"])
    assert (tally.right, tally.wrong, tally.missed) == (1, 0, 0)


def test_the_command_line_tells_how_it_is_used(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.eval_prd", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert run.returncode == 2
    assert "labels.jsonl is missing" in run.stderr
