import asyncio
import os
import re
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

from nodewright.cli.app import app, main
from nodewright.events import (
    DeadLetters,
    EventOptimizer,
    EventRefusedError,
    SpoolBrokerError,
)
from nodewright.events.encoding import encode
from nodewright.events.undelivered import Failure


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
    nowhere = f"127.0.0.1:{free_port()}"
    asyncio.run(publish(nowhere, events, durable=True, spool_dir=tmp_path))
    assert "30 events" in run("spool", "--dir", tmp_path).output
    (report,) = orjson.loads(run("spool", "--dir", tmp_path, "--json").output)
    assert report["statistics"]["events"] == 30
    left = run("drain", "--dir", tmp_path, "--broker", nowhere, "--timeout", "0.1")
    assert (left.exit_code, "30 events left" in left.output) == (1, True)
    elsewhere = run("drain", "--dir", tmp_path, "--broker", mock_bootstrap)
    assert (elsewhere.exit_code, "--adopt" in elsewhere.output) == (1, True), elsewhere.output
    assert "30 events" in run("spool", "--dir", tmp_path).output, "they are for another broker"
    drained = run("drain", "--dir", tmp_path, "--broker", mock_bootstrap, "--adopt")
    assert (drained.exit_code, "drained" in drained.output) == (0, True), drained.output
    assert sorted(numbers(read_topic(mock_bootstrap, events[0].to_kafka_topic()))) == [*range(30)]
    assert "0 events" in run("spool", "--dir", tmp_path).output


def folder(path: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.mark.parametrize("broker", [[], ["--broker", "mock"]])
@pytest.mark.parametrize("command", ["drain", "replay"])
def test_without_a_real_broker_nothing_is_touched(
    service: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    broker: list[str],
) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    events = happenings(service, 14)
    asyncio.run(publish(nowhere, events, durable=True, spool_dir=tmp_path))
    letters = DeadLetters(tmp_path / "dead-letters", nowhere)
    letters.add([Failure(encode(events[0]), "INVALID_RECORD", "no")])
    letters.close()
    before = folder(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["events", command, "--dir", str(tmp_path), *broker])
    assert ended.value.code == 2
    assert "KAFKA_BOOTSTRAP_SERVERS" in capsys.readouterr().err
    assert folder(tmp_path) == before


def test_mock_cluster_takes_nothing_that_is_meant_for_a_real_broker(
    service: str, tmp_path: Path
) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    events = happenings(service, 95)
    here = {"durable": True, "spool_dir": tmp_path}
    asyncio.run(publish(nowhere, events, **here))
    letters = DeadLetters(tmp_path / "dead-letters", nowhere)
    letters.add([Failure(encode(events[0]), "INVALID_RECORD", "no")])
    letters.close()
    with pytest.raises(SpoolBrokerError, match=re.escape(nowhere)):
        asyncio.run(publish("mock", events, **here))

    async def replay() -> tuple[int, int]:
        settings = config(dead_letter_dir=tmp_path / "dead-letters")
        async with EventOptimizer("mock", settings) as optimizer:
            return await optimizer.replay()

    assert asyncio.run(replay()) == (0, 0)
    assert len(list(DeadLetters(tmp_path / "dead-letters"))) == 1
    assert "95 events" in run("spool", "--dir", tmp_path).output


def test_default_spools_of_other_brokers_are_passed_over(
    mock_bootstrap: str, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODEWRIGHT_DATA_DIR", str(tmp_path))
    nowhere = f"127.0.0.1:{free_port()}"
    asyncio.run(publish(nowhere, happenings(service, 5), durable=True))
    asyncio.run(publish(mock_bootstrap, happenings(service, 6), durable=True))
    asyncio.run(publish("mock", happenings(service, 7), durable=True))
    topic = Happened(service=service).to_kafka_topic()
    assert len(read_topic(mock_bootstrap, topic)) == 13, "the fixture is this process's mock"
    first, second = run("spool").output.splitlines()
    assert f"5 events, for {nowhere}" in re.sub(r", [0-9,]+ bytes unsent", "", first)
    assert "0 events" in second


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
    assert run("drain", "--broker", mock_bootstrap, "--adopt").exit_code == 0
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
