"""Clauses in the manifest: kept, noted later, hostile."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from nodewright.delivery.clauses import keep_clauses
from nodewright.delivery.delivery import Delivery
from nodewright.delivery.folder_check import check_folder
from nodewright.delivery.folder_lock import lock_folder, unlock_folder
from nodewright.delivery.manifest import DeliveryError, load_manifest
from nodewright.proving.model import Check, NodeReport
from nodewright.rendering.model import RenderedFile
from nodewright.spec.verdicts import ClauseState, ClauseVerdict, summed_up

OPEN = ClauseVerdict("A-1.1", "A-1", 4, "Bake bread.", ClauseState.OPEN, "not understood")
CONTEXT = ClauseVerdict("A-1.2", "A-1", 5, "Bread is good.", ClauseState.CONTEXT, "a hope")
CLOSED = replace(
    OPEN, state=ClauseState.PROVEN, reason="", by="person", test="tests/test_a.py::test_b"
)
NODE = RenderedFile("src/bakery/nodes/node_a/node.py", "x = 1\n", "t", "1", "", "node_a")
REPORT = NodeReport("node_a", "EFFECT", (Check("parses", passed=True),))


def delivered(out: Path) -> Path:
    with Delivery(out, "bakery") as delivery:
        delivery.stage([NODE])
        delivery.commit([REPORT], (OPEN, CONTEXT))
    return out


def test_the_manifest_keeps_what_became_of_each_clause(tmp_path: Path) -> None:
    out = delivered(tmp_path / "out")
    assert load_manifest(out).clauses == (OPEN, CONTEXT)
    with Delivery(out, "bakery", additive=True) as delivery:
        delivery.stage([NODE])
        delivery.commit([REPORT])
    assert load_manifest(out).clauses == (OPEN, CONTEXT)


def test_a_clause_that_was_closed_later_is_noted(tmp_path: Path) -> None:
    out = delivered(tmp_path / "out")
    assert keep_clauses(out, {"A-1.1": CLOSED, "other": OPEN})
    assert load_manifest(out).clauses == (CLOSED, CONTEXT)
    assert summed_up(load_manifest(out).clauses) == "1 clause proven (1 by you), 0 open, 1 context"


def test_nothing_is_noted_while_a_run_is_at_work(tmp_path: Path) -> None:
    out = delivered(tmp_path / "out")
    lock = lock_folder(out)
    assert not keep_clauses(out, {"A-1.1": CLOSED})
    unlock_folder(out, lock, keep=True)
    assert load_manifest(out).clauses == (OPEN, CONTEXT)


@pytest.mark.parametrize(
    "change",
    [{"state": "done"}, {"line": "4"}, {"line": True}, {"text": 3}, {"more": "x"}, {"by": None}],
    ids=str,
)
def test_a_manifest_of_other_types_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    out = delivered(tmp_path / "out")
    path = out / ".nodewright/manifest.json"
    document = json.loads(path.read_bytes())
    document["clauses"][0] |= change
    path.write_text(json.dumps(document))
    with pytest.raises(DeliveryError, match="cannot be read"):
        load_manifest(out)


def test_a_manifest_of_before_has_no_clauses(tmp_path: Path) -> None:
    out = delivered(tmp_path / "out")
    path = out / ".nodewright/manifest.json"
    document = json.loads(path.read_bytes())
    del document["clauses"]
    path.write_text(json.dumps(document))
    assert load_manifest(out).clauses == ()


def test_a_folder_is_checked_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_folder(tmp_path / "a/b/c")
    file = tmp_path / "file"
    file.write_text("mine")
    for place in (file, file / "below"):
        with pytest.raises(DeliveryError, match="not a folder"):
            check_folder(place)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(DeliveryError, match="not writable"):
        check_folder(tmp_path / "out")
    monkeypatch.undo()
    monkeypatch.setattr("nodewright.delivery.folder_check.LEAST_FREE", 1 << 62)
    with pytest.raises(DeliveryError, match="full disk"):
        check_folder(tmp_path / "out")
