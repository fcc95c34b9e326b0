"""A forked child never writes to its parent's spool."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.events.behaviour import Happened, numbers
from tests.kafka.reading import read_topic

from nodewright.events import Spool, SpoolOwnedError
from nodewright.events.encoding import encode
from nodewright.events.forks import forks

SCRIPT = Path(__file__).with_name("forking.py")


def fork_and_publish(bootstrap: str, service: str, data: Path, spool: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), bootstrap, service, spool],
        env=os.environ | {"NODEWRIGHT_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_child_has_a_spool_of_its_own(mock_bootstrap: str, tmp_path: Path) -> None:
    service = f"s-{uuid4().hex[:12]}"
    said = fork_and_publish(mock_bootstrap, service, tmp_path, "-")
    assert said["drained"] is said["child"]["drained"] is said["later"]["drained"] is True
    accepted = said["accepted"] + said["child"]["accepted"] + said["later"]["accepted"]
    received = numbers(read_topic(mock_bootstrap, Happened(service=service).to_kafka_topic()))
    assert sorted(received) == sorted(accepted)
    assert len(accepted) == 400


def test_spool_that_both_are_to_use_stays_the_parents(mock_bootstrap: str, tmp_path: Path) -> None:
    service = f"s-{uuid4().hex[:12]}"
    said = fork_and_publish(mock_bootstrap, service, tmp_path, str(tmp_path / "spool"))
    assert "owned by another process" in said["child"]["error"]
    assert said["drained"] is True
    assert said["later"]["drained"] is True, "the parent gave it up"
    received = numbers(read_topic(mock_bootstrap, Happened(service=service).to_kafka_topic()))
    assert sorted(received) == sorted(said["accepted"] + said["later"]["accepted"])


def test_child_has_a_mock_cluster_of_its_own(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, sys, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "from tests.integration.events.behaviour import config, happenings\n"
        "from nodewright.events import EventOptimizer\n"
        "async def publish():\n"
        "    async with EventOptimizer('mock', config()) as optimizer:\n"
        "        await optimizer.publish_event(happenings('s', 1)[0])\n"
        "asyncio.run(publish())\n"
        "if (child := os.fork()) == 0:\n"
        "    asyncio.run(publish())\n"
        "    sys.exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
        "asyncio.run(publish())\n"
    )
    root = {"PYTHONPATH": str(Path(__file__).parents[3]), "NODEWRIGHT_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env=os.environ | root, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_spool_refuses_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(forks, "count", forks.count + 1)
        with pytest.raises(SpoolOwnedError, match="forked"):
            spool.append([encode(Happened(service="s"))])
    assert spool.events == 0
    spool.close()
