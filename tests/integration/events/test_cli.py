import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from tests.integration.events.behaviour import Happened, config, happenings, numbers
from tests.kafka.reading import read_topic
from tests.kafka.server import free_port
from typer.testing import CliRunner, Result

from nodewright.cli.app import app
from nodewright.events import EventOptimizer, EventRefusedError


@pytest.fixture
def service() -> str:
    return f"s-{uuid4().hex[:12]}"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["events", *map(str, arguments)])


async def publish(bootstrap: str, events: list[Happened], **settings: object) -> None:
    async with EventOptimizer(bootstrap, config(**settings)) as optimizer:
        await optimizer.publish_batch(events)


def test_spool_is_shown_and_drained(mock_bootstrap: str, service: str, tmp_path: Path) -> None:
    events = happenings(service, 30)
    asyncio.run(publish(f"127.0.0.1:{free_port()}", events, durable=True, spool_dir=tmp_path))
    assert "30 events" in run("spool", "--dir", tmp_path).output
    (report,) = orjson.loads(run("spool", "--dir", tmp_path, "--json").output)
    assert report["statistics"]["events"] == 30
    nowhere = f"127.0.0.1:{free_port()}"
    left = run("drain", "--dir", tmp_path, "--broker", nowhere, "--timeout", "0.1")
    assert (left.exit_code, "30 events left" in left.output) == (1, True)
    drained = run("drain", "--dir", tmp_path, "--broker", mock_bootstrap)
    assert (drained.exit_code, "drained" in drained.output) == (0, True), drained.output
    assert sorted(numbers(read_topic(mock_bootstrap, events[0].to_kafka_topic()))) == [*range(30)]
    assert "0 events" in run("spool", "--dir", tmp_path).output


def test_spools_of_other_processes_are_found(
    mock_bootstrap: str, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each process has its own spool in the data directory; what a killed one left is drained."""
    monkeypatch.setenv("NODEWRIGHT_DATA_DIR", str(tmp_path))
    assert run("spool").output == "no spools\n"
    nowhere = f"127.0.0.1:{free_port()}"
    code = (
        "import asyncio, os, signal, sys\n"
        "from nodewright.events import EventOptimizer, OptimizerConfig\n"
        "from tests.integration.events.behaviour import happenings\n"
        "optimizer = EventOptimizer(sys.argv[1], OptimizerConfig(durable=True))\n"
        "asyncio.run(optimizer.publish_batch(happenings(sys.argv[2], 7)))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    for _ in range(2):
        command = [sys.executable, "-c", code, nowhere, service]
        root = Path(__file__).parents[3]
        ended = subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": str(root)})
        assert ended.returncode == -signal.SIGKILL
    assert "events, " in run("spool").output
    assert run("drain", "--broker", mock_bootstrap).exit_code == 0
    topic = Happened(service=service).to_kafka_topic()
    assert len(read_topic(mock_bootstrap, topic)) == 14


def test_dead_letters_are_shown_and_replayed(
    mock_bootstrap: str, service: str, tmp_path: Path
) -> None:
    events = happenings(service, 3)
    events[1].payload["text"] = "x" * 600_000
    settings = {"durable": True, "spool_dir": tmp_path, "stall_ms": 10_000}
    small = {"message.max.bytes": 100_000}
    with pytest.raises(EventRefusedError):
        asyncio.run(publish(mock_bootstrap, events, kafka=small, **settings))
    listed = run("dead-letters", "--dir", tmp_path)
    assert str(events[1].id) in listed.output
    assert "1 dead letters" in listed.output
    (row,) = orjson.loads(run("dead-letters", "--dir", tmp_path, "--json").output)
    assert (row["topic"], "SIZE" in row["reason"]) == (events[1].to_kafka_topic(), True)
    replayed = run("replay", "--dir", tmp_path, "--broker", mock_bootstrap)
    assert (replayed.exit_code, "1 accepted" in replayed.output) == (0, True), replayed.output
    assert "0 dead letters" in run("dead-letters", "--dir", tmp_path).output
    assert sorted(numbers(read_topic(mock_bootstrap, events[0].to_kafka_topic()))) == [0, 1, 2]


def test_tail_shows_what_happens(mock_bootstrap: str, service: str) -> None:
    event = Happened(service=service, payload={"text": "\x1b[31mred"})
    asyncio.run(publish(mock_bootstrap, [event, event]))
    topic = event.to_kafka_topic()
    arguments = ["tail", "--topic", topic, "--broker", mock_bootstrap, "--from-beginning"]
    result = run(*arguments, "--count", 2)
    assert result.exit_code == 0, result.output
    assert len(result.output.splitlines()) == 2
    assert "\x1b" not in result.output
    (line,) = run(*arguments, "--count", 1, "--json").output.splitlines()
    row = orjson.loads(line)
    assert orjson.loads(row["value"])["id"] == row["headers"]["event_id"] == str(event.id)


def test_tail_of_a_topic_that_comes_later(mock_bootstrap: str, service: str) -> None:
    event = Happened(service=service)
    code = "from nodewright.cli.app import main; main()"
    command = [sys.executable, "-c", code, "events", "tail", "--topic", event.to_kafka_topic()]
    command += ["--broker", mock_bootstrap, "--count", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        asyncio.run(publish(mock_bootstrap, [event]))
        while process.poll() is None:
            # It may have looked before or after: publish until it has seen one.
            asyncio.run(publish(mock_bootstrap, [event]))
        assert str(event.id) in process.stdout.read()


def test_asyncapi_document_of_all_events() -> None:
    document = orjson.loads(run("asyncapi", "--json").output)
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == {
        f"Codegen{what}"
        for what in (
            "AnalysisRequest",
            "AnalysisResponse",
            "GenerationRequest",
            "GenerationResponse",
            "ValidationRequest",
            "ValidationResponse",
            "StatusEvent",
        )
    }
    text = orjson.dumps(document).decode()
    for reference in {part.split('"')[0] for part in text.split('"$ref":"#/')[1:]}:
        here = document
        for name in reference.split("/"):
            here = here[name]
