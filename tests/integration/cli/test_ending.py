"""How the command ends: exit codes, closed and full streams, signals, JSON for errors."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nodewright.cli import app as command_line

COMMAND = [sys.executable, "-P", "-m", "nodewright"]
PRD = """# Till

- FR-1: The system shall store receipts.

## Receipt

- number: integer
"""

# Commands that print, with the exit code of each.
PRINTING = {
    "help": (["--help"], 0),
    "version": (["--version"], 0),
    "analyze": (["analyze", "prd.md"], 0),
    "analyze-json": (["analyze", "prd.md", "--json"], 0),
    "plan": (["generate", "prd.md", "-o", "out", "--dry-run"], 0),
    "spools": (["events", "spool", "--json"], 0),
    "letters": (["events", "dead-letters", "--json"], 0),
    "asyncapi": (["events", "asyncapi"], 0),
    "mixins": (["mixins", "list"], 0),
    "wrong": (["analyze", "absent.md", "--json"], 2),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prd.md").write_text(PRD, encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    given = {"capture_output": True, "text": True, "timeout": 240} | options
    return subprocess.run([*COMMAND, *arguments], cwd=folder, check=False, **given)


@pytest.mark.parametrize("name", PRINTING)
def test_a_full_disk_under_the_output_is_said_in_one_line(name: str, folder: Path) -> None:
    arguments, _ = PRINTING[name]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        options = {"stdout": full, "stderr": subprocess.PIPE, "capture_output": False}
        done = run(folder, *arguments, **options)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    if name != "wrong":
        assert line == "nodewright: standard output cannot be written: No space left on device"


@pytest.mark.parametrize("name", PRINTING)
@pytest.mark.parametrize("how", ["closed", "left"])
def test_nobody_who_reads_is_no_error(how: str, name: str, folder: Path) -> None:
    arguments, code = PRINTING[name]
    if how == "closed":
        command = ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, *arguments]
        options: dict[str, Any] = {}
    else:
        reader, writer = os.pipe()
        os.close(reader)
        command, options = [*COMMAND, *arguments], {"stdout": writer}
    done = subprocess.run(
        command, cwd=folder, check=False, text=True, stderr=subprocess.PIPE, **options
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == (1 if name == "wrong" else 0)
    if how == "left":
        os.close(writer)


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_a_run_does_not_fail_for_its_progress(stderr: str, folder: Path) -> None:
    arguments = ["generate", "prd.md", "-o", "out", "--json"]
    script = f'exec "$@" {stderr}'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *COMMAND, *arguments],
        cwd=folder,
        check=False,
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["succeeded"] is True


@pytest.mark.parametrize("command", [["analyze", "-"], ["patterns", "detect", "-"]])
def test_the_document_may_come_on_standard_input(command: list[str], folder: Path) -> None:
    done = run(folder, *command, "--json", input=PRD)
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    empty = run(folder, *command, "--json", input="")
    assert empty.returncode == 2
    assert "standard input is empty" in json.loads(empty.stdout)["error"]


def test_nodes_are_generated_from_standard_input(folder: Path) -> None:
    done = run(folder, "generate", "-", "-o", "out", "--verify", "static", input=PRD)
    assert done.returncode == 0, done.stderr
    assert list(folder.glob("out/src/*/nodes/*/node.py"))


WRONG = {
    "no-such-file": ["analyze", "absent.md"],
    "no-such-document": ["generate", "absent.md", "-o", "out"],
    "no-argument": ["generate"],
    "no-such-option": ["analyze", "prd.md", "--colour"],
    "no-such-command": ["analyse"],
    "no-such-choice": ["generate", "prd.md", "-o", "out", "--verify", "maybe"],
    "no-database": ["stats"],
    "no-database-for-the-cache": ["cache", "stats"],
    "no-database-for-patterns": ["patterns", "report"],
    "no-log": ["logs", "tail", "absent.jsonl"],
    "no-moment": ["logs", "tail", "absent.jsonl", "--since", "soon"],
    "no-mixin": ["mixins", "predict", "MixinCaching", "MixinLogging", "-n", "ROUND"],
    "no-judgement": ["patterns", "analyze", "nothing", "--min-samples", "0"],
}


@pytest.mark.parametrize("name", WRONG)
def test_errors_are_json_for_who_asked_for_json(name: str, folder: Path) -> None:
    environment = {**os.environ, "NODEWRIGHT_DATABASE_URL": "postgresql://127.0.0.1:1/none",
                   "NODEWRIGHT_DATABASE_PATIENCE_S": "0"}  # fmt: skip
    done = run(folder, *WRONG[name], "--json", env=environment)
    assert done.returncode == 2, done.stderr
    assert json.loads(done.stdout)["error"]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["doctor"], ["events", "spool"], ["events", "dead-letters"]])
def test_a_wrong_setting_is_json_too(command: list[str], folder: Path) -> None:
    done = run(folder, *command, "--json", env={**os.environ, "NODEWRIGHT_LOG_LEVEL": "LOUD"})
    assert done.returncode == 2
    assert "NODEWRIGHT_LOG_LEVEL" in json.loads(done.stdout)["error"]


def test_no_dead_letter_is_an_empty_list(folder: Path) -> None:
    done = run(folder, "events", "dead-letters", "--dir", "spool", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_a_fault_of_ours_has_a_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(command_line, "app", broken)
    with pytest.raises(SystemExit) as left:
        command_line.main(["stats", "--json"])
    assert left.value.code == 70
    said = capsys.readouterr()
    assert "Traceback" in said.err
    assert json.loads(said.out) == {"error": "ZeroDivisionError: a fault"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_leaves_nothing(number: int, code: int, folder: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "generate", "prd.md", "-o", "out"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "proving" in process.stderr.readline()
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in said
    assert not list(folder.glob("out/src/**/*.py"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_in_use_is_said_before_anything_else(host: str, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(folder, "serve", "--host", host, "--port", str(port))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"nodewright: cannot listen on {host}, port {port}: Address already")


def test_no_token_is_said_before_anything_else(folder: Path) -> None:
    done = run(folder, "serve", "--host", "0.0.0.0")  # noqa: S104 - what is refused
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("nodewright: listening on 0.0.0.0 would open")
