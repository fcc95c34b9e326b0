"""Nothing is lost, doubled, mixed or hung: killed processes, forks, signals, full disks."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from nodewright.logs import get_logger, output
from nodewright.logs.console import render
from nodewright.logs.files import FileOutput, LogFileError
from nodewright.logs.output import DescriptorOutput, StderrOutput
from nodewright.logs.pipeline import PIPELINE

PRELUDE = """
import os, signal, sys, threading
from nodewright.logs import get_logger, configure_file_rotation, LogRotationConfig
log = get_logger("child")
path = sys.argv[1]
configure_file_rotation(path=path)
"""


def run(code: str, path: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PRELUDE + code, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def numbers(path: Path) -> list[int]:
    return [entry["metadata"]["n"] for entry in entries(path)]


def test_sigkill_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    code = """
for n in range(1000): log.info("x", metadata={"n": n})
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run(code, path).returncode == -signal.SIGKILL
    assert numbers(path) == list(range(1000))


def test_fork_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    code = """
def talk(base):
    for n in range(300): log.info("x" * 2000, metadata={"n": base + n})
thread = threading.Thread(target=talk, args=(0,)); thread.start()
children = []
for number in range(1, 4):
    pid = os.fork()
    if pid == 0:
        talk(number * 1000); os._exit(0)
    children.append(pid)
thread.join()
for pid in children: assert os.waitpid(pid, 0)[1] == 0
"""
    assert run(code, path).returncode == 0
    expected = [base + n for base in (0, 1000, 2000, 3000) for n in range(300)]
    assert sorted(numbers(path)) == expected


def test_signal_handlers_and_finalisers_log(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    code = """
signal.signal(signal.SIGALRM, lambda *_: log.warning("signal", metadata={"n": -1}))
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
class Last:
    def __del__(self): log.info("gone", metadata={"n": -2})
for n in range(3000):
    log.info("x", metadata={"n": n, "o": {1, 2}})
    Last()
signal.setitimer(signal.ITIMER_REAL, 0)
keep = Last()
"""
    result = run(code, path)
    assert (result.returncode, result.stderr) == (0, "")
    found = numbers(path)
    assert [n for n in found if n >= 0] == list(range(3000))
    assert found.count(-2) == 3001
    assert found.count(-1) > 0


def test_threads_do_not_mix_lines(tmp_path: Path, kept: Any) -> None:
    target = FileOutput(tmp_path / "a.jsonl")
    PIPELINE.send_to(target)
    logger = get_logger("a")

    def talk(base: int) -> None:
        for n in range(200):
            logger.info("x" * (n * 20), metadata={"n": base + n})

    threads = [threading.Thread(target=talk, args=(base,)) for base in range(0, 1600, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    PIPELINE.send_to(kept)
    target.close()
    assert sorted(numbers(tmp_path / "a.jsonl")) == list(range(1600))


def test_a_full_disk_is_counted_reported_once_and_recovers(capfd: Any, tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    target = DescriptorOutput(full, "the disk")
    for _ in range(3):
        target.write(b"{}\n")
    assert target.lost == 3
    path = tmp_path / "a"
    fixed = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.dup2(fixed, full)
    target.write(b'{"n":1}\n')
    target.write(b'{"n":2}\n')
    os.close(full)
    os.close(fixed)
    found = entries(path)
    assert [entry.get("n") for entry in found] == [1, None, 2]
    assert found[1]["message"] == "logs.output.recovered"
    assert found[1]["metadata"] == {"lost": 3}
    reported = capfd.readouterr().err
    assert reported.count("\n") == 1
    assert "cannot write to the disk (No space left on device)" in reported


def test_a_torn_line_does_not_spoil_the_next(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    read, write = os.pipe()
    target = DescriptorOutput(write, "a pipe")
    room = [4, OSError(28, "No space left on device")]

    def scarce(descriptor: int, data: bytes) -> int:
        step = room.pop(0) if room else len(data)
        if isinstance(step, OSError):
            raise step
        return os.write(descriptor, data[:step])

    monkeypatch.setattr(output, "_os_write", scarce)
    target.write(b'{"n":1}\n')
    target.write(b'{"n":2}\n')
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        torn, good, recovered = pipe.read().splitlines()
    assert (torn, good) == (b'{"n"', b'{"n":2}')
    assert json.loads(recovered)["metadata"] == {"lost": 1}
    assert "cannot write" in capfd.readouterr().err


def test_short_writes_are_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    monkeypatch.setattr(output, "_os_write", lambda fd, data: os.write(fd, data[:3]))
    target = DescriptorOutput(write, "a pipe")
    target.write(b'{"number":1}\n')
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b'{"number":1}\n'
    assert target.lost == 0


def test_a_pipe_that_is_full_for_a_moment_loses_nothing() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    target = DescriptorOutput(write, "a pipe")
    received = bytearray()

    def drain() -> None:
        while data := os.read(read, 65536):
            received.extend(data)

    line = b"x" * 3999 + b"\n"
    filled = 0
    while filled < 15:  # fills most of the pipe before anyone reads
        target.write(line)
        filled += 1
    reader = threading.Thread(target=drain)
    reader.start()
    for _ in range(200):
        target.write(line)
    os.close(write)
    reader.join()
    os.close(read)
    assert target.lost == 0
    assert bytes(received) == line * 215


def test_a_closed_descriptor_of_a_file_is_opened_again(tmp_path: Path) -> None:
    target = FileOutput(tmp_path / "a.jsonl")
    target.write(b'{"n":1}\n')
    os.close(target._fd)
    target.write(b'{"n":2}\n')
    target.close()
    assert [entry["n"] for entry in entries(tmp_path / "a.jsonl")] == [1, 2]
    assert target.lost == 0


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LogFileError, match=r"cannot open the log file .*file/a\.jsonl"):
        FileOutput(tmp_path / "file" / "a.jsonl")


def test_standard_error_may_be_replaced_or_gone(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    target = StderrOutput("json")
    target.write(b'{"n":1}\n')
    assert capsys.readouterr().err == '{"n":1}\n'
    monkeypatch.setattr(sys, "stderr", None)
    target.write(b'{"n":2}\n')
    assert target.lost == 1


def test_a_terminal_gets_colours_and_no_control_characters() -> None:
    entry = {
        "timestamp": "2025-01-15T10:30:45.123456+00:00",
        "level": "ERROR",
        "logger_name": "a",
        "message": "bad \x1b[2J\nline",
        "metadata": {"n": 1, "text": "\x07"},
    }
    assert render(entry) == "10:30:45.123 ERROR    a bad \\x1b[2J\\nline n=1 text=\\x07\n"
    assert "\x1b[31mERROR" in render(entry, colours=True)
    code = "from nodewright.logs import get_logger; get_logger('a').info('hello')"
    script = f'{sys.executable} -c "{code}"'
    shown = subprocess.run(
        ["script", "-qec", script, "/dev/null"], capture_output=True, text=True, check=False
    )
    if shown.returncode == 0:  # `script` gives it a terminal
        assert "hello" in shown.stdout
        assert '"message"' not in shown.stdout
