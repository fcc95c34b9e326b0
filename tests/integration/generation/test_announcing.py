"""What a run publishes where a broker is configured."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.kafka.reading import read_topic
from tests.kafka.server import free_port
from tests.unit.generation.test_planner import SHOP

from nodewright.events.broker import mock_cluster
from nodewright.generation.model import Verify
from nodewright.generation.recording import Recorder
from nodewright.generation.workers import ExecutorWorkers
from nodewright.storage import CodegenPersistence
from nodewright.workflow import Options, Prepared, Run, generate, plan_text


@pytest.fixture
def prepared() -> Prepared:
    """A plan whose events can be told from those of other tests."""
    made = plan_text(SHOP)
    return replace(made, analysis=replace(made.analysis, session_id=uuid4()))


def run_it(prepared: Prepared, output: Path, persistence: CodegenPersistence) -> Run:
    with ThreadPoolExecutor(1) as executor:
        return generate(
            prepared,
            Options(output, verify=Verify.STATIC, jobs=1),
            workers=ExecutorWorkers(executor),
            recorder=Recorder(persistence),
        )


def events(session_id: UUID, name: str) -> list[dict[str, Any]]:
    """The payloads of the session's events, in order."""
    found = [each.document for each in read_topic(mock_cluster(), f"nodewright.{name}.v1")]
    return [each["payload"] for each in found if each["correlation_id"] == str(session_id)]


def test_a_run_tells_the_broker_what_it_did(
    prepared: Prepared,
    persistence: CodegenPersistence,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", mock_cluster())
    run = run_it(prepared, tmp_path / "out", persistence)
    names = [node.class_name for node in prepared.plan.nodes]
    (understood,) = events(run.session_id, "codegen_analysis_response")
    assert understood["requirements"] == len(prepared.analysis.parsed_prd.requirements)
    (judged,) = events(run.session_id, "codegen_validation_response")
    assert (judged["passed"], judged["failed"]) == (names, {})
    (generated,) = events(run.session_id, "codegen_generation_response")
    assert (generated["nodes"], generated["failed"]) == (names, [])
    assert generated["files"] > len(names)
    statuses = [payload["status"] for payload in events(run.session_id, "codegen_status_event")]
    assert statuses == ["started", "succeeded"]


def test_a_broker_that_is_away_does_not_break_a_run(
    prepared: Prepared,
    persistence: CodegenPersistence,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("NODEWRIGHT_EVENTS_SPOOL_DIR", str(tmp_path / "spool"))
    assert run_it(prepared, tmp_path / "out", persistence).succeeded
    kept = b"".join(path.read_bytes() for path in (tmp_path / "spool").rglob("*") if path.is_file())
    assert kept.count(b'"status":"succeeded"') == 1


def test_a_run_that_breaks_says_so(
    prepared: Prepared,
    persistence: CodegenPersistence,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", mock_cluster())
    (tmp_path / "out").write_text("a file is in the way")
    with pytest.raises(Exception, match="out"):
        run_it(prepared, tmp_path / "out", persistence)
    first, last = events(prepared.analysis.session_id, "codegen_status_event")
    assert (first["status"], last["status"]) == ("started", "failed")
    assert "out" in last["message"]
