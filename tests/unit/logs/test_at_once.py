"""Entries of several threads, from the very first one, and while the output changes."""

import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.interleaving import interleave

from nodewright.logs import get_logger
from nodewright.logs.files import FileOutput
from nodewright.logs.output import StderrOutput
from nodewright.logs.pipeline import PIPELINE

FIRST_ENTRIES = """
import threading
from nodewright.logs import get_logger
barrier = threading.Barrier(8)
def talk(number):
    log = get_logger(f"thread.{number}")
    barrier.wait()
    for turn in range(5): log.info("first", metadata={"n": number, "turn": turn})
threads = [threading.Thread(target=talk, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_no_first_entry_of_a_process_is_lost() -> None:
    for _ in range(12):
        found = subprocess.run(
            [sys.executable, "-c", FIRST_ENTRIES], capture_output=True, check=True, timeout=60
        )
        entries = [json.loads(line)["metadata"] for line in found.stderr.splitlines()]
        expected = [(number, turn) for number in range(8) for turn in range(5)]
        assert sorted((entry["n"], entry["turn"]) for entry in entries) == expected


@pytest.mark.parametrize("descriptor", [True, False], ids=["file", "object"])
def test_standard_error_is_attached_by_two_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, descriptor: bool
) -> None:
    made: list[tuple[StderrOutput, Path | io.StringIO]] = []

    def scene() -> tuple[Callable[[], object], Callable[[], object]]:
        output = StderrOutput("json")
        path = tmp_path / f"{len(made)}.txt"
        stream = path.open("w") if descriptor else io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        made.append((output, path if descriptor else stream))  # type: ignore[arg-type]
        return lambda: output.write(b"one\n"), lambda: output.write(b"two\n")

    for _ in interleave(scene):
        output, target = made[-1]
        text = target.read_text() if isinstance(target, Path) else target.getvalue()
        assert (sorted(text.splitlines()), output.lost) == (["one", "two"], 0)


@pytest.mark.usefixtures("kept")
def test_no_entry_goes_astray_while_the_output_changes(tmp_path: Path) -> None:
    """A descriptor closed too early loses an entry, or writes it into the file opened next."""
    log = get_logger("switch")
    log.info("warm", metadata={"n": 0})
    turn = 0

    def scene() -> tuple[Callable[[], object], Callable[[], object]]:
        nonlocal turn
        turn += 1
        PIPELINE.send_to(FileOutput(tmp_path / f"{turn}-before.jsonl"))

        def change() -> None:
            PIPELINE.send_to(FileOutput(tmp_path / f"{turn}-after.jsonl")).close()
            (tmp_path / f"{turn}-stranger").open("w")

        return lambda: log.info("entry", metadata={"n": turn}), change

    for _ in interleave(scene):
        texts = [(tmp_path / f"{turn}-{when}.jsonl").read_text() for when in ("before", "after")]
        assert "".join(texts).count('"message":"entry"') == 1, turn
        assert (tmp_path / f"{turn}-stranger").read_text() == ""


WHILE_LOADING = """
import signal, sys
from nodewright.logs import get_logger
log = get_logger("handler")
signal.signal(signal.SIGUSR1, lambda *_: log.warning("inside", metadata={"n": 1}))
class Interrupting:
    def find_spec(self, name, *_):
        if name in ("orjson", "nodewright.logs.redaction"): signal.raise_signal(signal.SIGUSR1)
sys.meta_path.insert(0, Interrupting())
log.info("outside")
"""


def test_a_signal_handler_may_log_while_the_first_entry_is_on_its_way() -> None:
    found = subprocess.run(
        [sys.executable, "-c", WHILE_LOADING], capture_output=True, check=True, timeout=60
    )
    messages = [json.loads(line)["message"] for line in found.stderr.splitlines()]
    assert sorted(messages) == ["inside", "inside", "outside"]


DERIVED = """
from nodewright.logs import StructuredLogger
class Marked(StructuredLogger):
    def info(self, message, metadata=None, exc_info=None):
        super().info("marked." + message, metadata, exc_info)
Marked("a").info("first")
"""


def test_the_first_entry_of_a_derived_logger_runs_its_method_once() -> None:
    found = subprocess.run(
        [sys.executable, "-c", DERIVED], capture_output=True, check=True, timeout=60
    )
    assert json.loads(found.stderr)["message"] == "marked.first"


def test_a_logger_is_made_while_another_thread_imports_asyncio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "asyncio.tasks", type(sys)("asyncio.tasks"))
    get_logger("early").set_correlation_id("c")


def test_a_level_set_while_a_logger_is_made_counts_for_it() -> None:
    from nodewright.logs import levels

    made = []

    def scene() -> tuple[Callable[[], object], Callable[[], object]]:
        levels.reset_level("made.at_once")
        made.clear()
        return (
            lambda: made.append(get_logger("made.at_once")),
            lambda: levels.set_level("made.at_once", "ERROR"),
        )

    for _ in interleave(scene, stride=3):
        assert made[0].threshold == logging.ERROR
    levels.reset_level("made.at_once")


def test_threads_that_log_while_rules_change_write_every_entry(kept: object) -> None:
    from nodewright.logs.redaction import Redaction

    log = get_logger("rules")
    done = threading.Event()

    def change() -> None:
        while not done.is_set():
            PIPELINE.clean_by(Redaction(patterns=("x+",)))
            PIPELINE.clean_by(Redaction())

    thread = threading.Thread(target=change)
    thread.start()
    for number in range(2000):
        log.info("entry", metadata={"n": number})
    done.set()
    thread.join()
    assert [entry["metadata"]["n"] for entry in kept.entries] == list(range(2000))  # type: ignore[attr-defined]
