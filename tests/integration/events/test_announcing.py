"""What a run publishes, on the mock cluster, on a real Kafka, and where there is neither."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from tests.kafka.reading import read_topic
from tests.kafka.server import free_port
from typer.testing import CliRunner

from nodewright.cli.app import app
from nodewright.events.codegen import CODEGEN_EVENTS, SERVICE
from nodewright.proving.model import Verify
from nodewright.runs.announcing import Announcer
from nodewright.runs.recording import Recorder
from nodewright.runs.workers import ExecutorWorkers
from nodewright.storage import CodegenPersistence
from nodewright.workflow import Options, Prepared, Run, generate, plan_text

STATUS = f"{SERVICE}.codegen_status_event.v1"


@pytest.fixture(params=["mock", pytest.param("kafka", marks=pytest.mark.kafka)])
def bootstrap(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(f"{request.param}_bootstrap")
    return address


@pytest.fixture(scope="module")
def planned() -> Prepared:
    return plan_text("# Shop\n\n- FR-1: The system must store orders in PostgreSQL.\n")


@pytest.fixture
def prepared(planned: Prepared) -> Prepared:
    """A plan of its own: its events are known by their correlation id."""
    return replace(planned, analysis=replace(planned.analysis, correlation_id=uuid4()))


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("NODEWRIGHT_EVENTS_SPOOL_DIR", str(tmp_path / "spool"))
    yield tmp_path / "spool"
    assert "announcer" not in {thread.name for thread in threading.enumerate()}


RunAgainst = Callable[[str], Run]


@pytest.fixture
def run_against(
    prepared: Prepared,
    spool: Path,
    persistence: CodegenPersistence,
    monkeypatch: pytest.MonkeyPatch,
) -> RunAgainst:
    """A run that tells a broker's address what it does."""

    def run(bootstrap: str) -> Run:
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", bootstrap)
        options = Options(spool.with_name("out"), verify=Verify.STATIC, jobs=1)
        with ThreadPoolExecutor(1) as executor:
            workers = ExecutorWorkers(executor)
            return generate(prepared, options, workers=workers, recorder=Recorder(persistence))

    return run


def payloads(bootstrap: str, prepared: Prepared) -> dict[str, list[dict[str, Any]]]:
    """Event type -> payloads of the run's events, in order."""
    found: dict[str, list[dict[str, Any]]] = {}
    key = str(prepared.analysis.correlation_id).encode()
    for kind in CODEGEN_EVENTS:
        received = read_topic(bootstrap, kind(payload=EXAMPLES[kind.event_type]).to_kafka_topic())
        mine = [item.document["payload"] for item in received if item.key == key]
        found[kind.event_type.removeprefix("codegen_")] = mine
    return found


EXAMPLES: dict[str, dict[str, Any]] = {
    "codegen_analysis_request": {"source": ""},
    "codegen_analysis_response": {"requirements": 0, "confidence": 0},
    "codegen_generation_request": {"nodes": []},
    "codegen_generation_response": {"nodes": []},
    "codegen_validation_request": {"nodes": []},
    "codegen_validation_response": {"passed": []},
    "codegen_status_event": {"status": "running"},
}


def test_a_run_tells_what_it_does(
    bootstrap: str,
    prepared: Prepared,
    spool: Path,
    persistence: CodegenPersistence,
    run_against: RunAgainst,
) -> None:
    assert run_against(bootstrap).succeeded
    listed = CliRunner().invoke(app, ["events", "drain", "--dir", str(spool)])
    assert listed.exit_code == 0, listed.output
    said = payloads(bootstrap, prepared)
    names = [node.class_name for node in prepared.plan.nodes]
    assert [one["source"] for one in said["analysis_request"]] == ["Shop"]
    (analysis,) = said["analysis_response"]
    assert analysis["confidence"] == prepared.analysis.confidence_score
    (request,), (response,) = said["generation_request"], said["generation_response"]
    assert (request["nodes"], response["nodes"], response["failed"]) == (names, names, [])
    assert response["files"] >= len(names)
    (asked,), (judged,) = said["validation_request"], said["validation_response"]
    assert (asked["level"], judged["passed"], judged["failed"]) == ("static", names, {})
    status = said["status_event"]
    assert [one["status"] for one in (status[0], status[-1])] == ["started", "succeeded"]
    assert {one["status"] for one in status[1:-1]} == {"running"}
    progress = [one["progress"] for one in status]
    assert progress == sorted(progress)
    assert persistence.sync.flush()
    recorded = {row.event_type for row in persistence.sync.get_event_processing_health()}
    assert recorded == {kind.event_type for kind in CODEGEN_EVENTS}


@pytest.mark.usefixtures("spool")
def test_tail_shows_a_run(
    bootstrap: str, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", bootstrap)
    with Announcer(prepared.analysis.correlation_id) as announcer:
        announcer.progressed("halfway", 1, 2)
    arguments = ["events", "tail", "--topic", STATUS, "--from-beginning", "--json", "--count"]
    # Of all that other tests said, until the last of this run comes.
    count = len(read_topic(bootstrap, STATUS))
    shown = CliRunner().invoke(app, [*arguments, str(count)]).output.splitlines()
    events = [orjson.loads(orjson.loads(line)["value"]) for line in shown]
    mine = [e for e in events if e["correlation_id"] == str(prepared.analysis.correlation_id)]
    assert {event["payload"]["message"] for event in mine} >= {"halfway"}


def test_a_dead_broker_changes_nothing_and_gets_it_later(
    mock_bootstrap: str, prepared: Prepared, spool: Path, run_against: RunAgainst
) -> None:
    assert run_against(f"127.0.0.1:{free_port()}").succeeded
    drain = ["events", "drain", "--dir", str(spool), "--broker", mock_bootstrap, "--adopt"]
    assert CliRunner().invoke(app, drain).exit_code == 0
    said = payloads(mock_bootstrap, prepared)
    assert {kind for kind, found in said.items() if not found} == set()
    assert said["status_event"][-1]["status"] == "succeeded"


def test_a_spool_that_cannot_be_made_changes_nothing(
    mock_bootstrap: str, spool: Path, run_against: RunAgainst
) -> None:
    spool.write_text("in the way")
    assert run_against(mock_bootstrap).succeeded


@pytest.mark.usefixtures("spool")
@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt, "cancelled"), (ValueError, "failed")]
)
def test_a_run_that_ends_early_says_so(
    mock_bootstrap: str,
    prepared: Prepared,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    status: str,
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", mock_bootstrap)

    def run() -> None:
        with Announcer(prepared.analysis.correlation_id) as announcer:
            announcer.started(prepared.plan, Verify.RUN, Path("out"))
            raise error

    with pytest.raises(error):
        run()
    received = read_topic(mock_bootstrap, STATUS)
    key = str(prepared.analysis.correlation_id).encode()
    mine = [item.document["payload"]["status"] for item in received if item.key == key]
    assert mine == ["started", status]


def test_without_a_broker_nothing_is_started(tmp_path: Path) -> None:
    code = (
        "import sys, threading\n"
        "from uuid import uuid4\n"
        "from nodewright.runs.announcing import Announcer\n"
        "with Announcer(uuid4()) as announcer:\n"
        "    announcer.progressed('halfway', 1, 2)\n"
        "    print(threading.active_count())\n"
        "print([name for name in ('confluent_kafka', 'nodewright.events') if name in sys.modules])"
    )
    clean = {name: value for name, value in os.environ.items() if "KAFKA" not in name}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(
        command, check=True, capture_output=True, text=True, env=clean, cwd=tmp_path
    )
    assert ended.stdout.split("\n")[:2] == ["1", "[]"]
