"""``nodewright doctor`` on this installation."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from nodewright.cli.app import main
from nodewright.monitoring.health import HealthStatus

COMMAND = [sys.executable, "-c", "from nodewright.cli.app import main; main()", "doctor"]


def test_doctor_finds_every_part_well(server: str) -> None:
    assert server
    done = subprocess.run([*COMMAND, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    components = {status["component"] for status in json.loads(done.stdout)}
    assert components == {
        "database",
        "broker",
        "template_pack",
        "mixin_model",
        "disk_space",
        "event_spool",
        "worker_pool",
        "isolation",
    }


def test_doctor_says_what_to_do(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server
    monkeypatch.setenv("NODEWRIGHT_DISK_MIN_FREE_MB", "1e12")
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "to do: make room" in done.stdout
    assert "7 of 8 parts are well" in done.stdout


def test_control_characters_do_not_reach_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = HealthStatus(
        "database",
        healthy=False,
        status="critical",
        last_check=datetime.now(UTC),
        metadata={"message": "\x1b[2Jgone\nnext", "advice": "x"},
    )

    async def found() -> list[HealthStatus]:
        return [status]

    monkeypatch.setattr("nodewright.diagnosis.diagnose", found)
    with pytest.raises(SystemExit) as left:
        main(["doctor"])
    assert left.value.code == 1
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "gone next" in said
