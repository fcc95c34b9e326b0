"""The whole command, killed and interrupted while it works."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from nodewright.delivery.delivery import recover, undo
from nodewright.delivery.manifest import digest, load_manifest

ENTITIES = (
    "Order", "Customer", "Invoice", "Parcel", "Voucher", "Supplier", "Warehouse", "Carrier",
    "Refund", "Product", "Shelf", "Contract",
)  # fmt: skip
PRD = "# Trading Desk\n\n" + "\n".join(
    f"- FR-{2 * number + 1}: The system shall store {name.lower()}s.\n"
    f"- FR-{2 * number + 2}: The system shall calculate the score of each {name.lower()} by a "
    "formula of its quantity."
    for number, name in enumerate(ENTITIES)
)
PRD += "\n\n" + "\n".join(
    f"## {name}\n\n- label: string\n- quantity: integer\n" for name in ENTITIES
)


@pytest.fixture
def prd(tmp_path: Path) -> Path:
    path = tmp_path / "prd.md"
    path.write_text(PRD, encoding="utf-8")
    return path


def command(prd: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "nodewright", "generate", str(prd), "-o", str(out), *more]


@contextlib.contextmanager
def started(prd: Path, out: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command(prd, out, "--json"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def finished(prd: Path, out: Path, *more: str) -> dict[str, object]:
    done = subprocess.run(
        command(prd, out, "--json", *more), capture_output=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr.decode()
    summary: dict[str, object] = orjson.loads(done.stdout)
    return summary


def already_there(summary: dict[str, object]) -> int:
    nodes = summary["nodes"]
    assert isinstance(nodes, list)
    return sum(node["checks"][0]["name"] == "already there" for node in nodes)


def delivered_whole(out: Path) -> int:
    """Nodes in ``out``, after what a killed run began was finished; each must be whole."""
    recover(out)
    files = load_manifest(out).files
    for path, entry in files.items():
        assert digest((out / path).read_bytes()) == entry.sha256, path
    nodes = {entry.node for entry in files.values()} - {""}
    assert {path.name for path in out.glob("src/*/nodes/node_*")} == nodes
    for slug in nodes:
        kept = {path for path, entry in files.items() if entry.node == slug}
        assert any(path.endswith(f"{slug}/node.py") for path in kept)
        assert f"tests/test_{slug}.py" in kept
    return len(nodes)


def tree(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and ".nodewright" not in path.parts
    }


def wait_for_a_node(out: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not any(out.glob("src/*/nodes/node_*")):
        assert process.poll() is None, "it ended before a node was there"
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_killed_run_is_resumed(prd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started(prd, out) as process:
        wait_for_a_node(out, process)
    kept = delivered_whole(out)
    assert kept > 0
    summary = finished(prd, out, "--resume")
    assert already_there(summary) == kept
    assert delivered_whole(out) == len(summary["nodes"])  # type: ignore[arg-type]
    undo(out)
    assert delivered_whole(out) == kept


def test_what_is_there_is_not_proven_again_and_stays_proven(prd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = finished(prd, out)
    before = tree(out)
    again = finished(prd, out, "--resume")
    assert already_there(again) == len(summary["nodes"])  # type: ignore[arg-type]
    assert again["clauses"] == summary["clauses"]
    assert tree(out) == before


def test_a_run_that_delivers_in_parts_is_undone_wholly(prd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = finished(prd, out)
    assert already_there(summary) == 0
    actions = {decision["action"] for decision in summary["files"]}  # type: ignore[attr-defined]
    assert actions == {"create"}
    batches = [path for path in (out / ".nodewright/journal").iterdir() if path.is_dir()]
    assert len(batches) > 1
    undo(out)
    assert not out.exists()


def test_an_interrupt_ends_it_at_once(prd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started(prd, out) as process:
        wait_for_a_node(out, process)
        members = processes_of(process.pid)
        assert len(members) > 1
        os.killpg(process.pid, signal.SIGINT)
        # A second where the machine is idle; what counts here is that no node is waited for.
        process.wait(timeout=10)
        assert process.returncode != 0
        deadline = time.monotonic() + 10
        while processes_of(process.pid):
            assert time.monotonic() < deadline, processes_of(process.pid)
            time.sleep(0.01)
    delivered_whole(out)


def processes_of(session: int) -> list[int]:
    """Living processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return found


@pytest.mark.faults
def test_runs_killed_at_any_time(prd: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    begun = time.monotonic()
    finished(prd, whole)
    length = time.monotonic() - begun
    chance = random.Random(7)  # noqa: S311 - moments to kill at
    for attempt in range(8):
        out = tmp_path / str(attempt)
        kept = 0
        for _ in range(2):
            with started(prd, out) as process, contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=chance.uniform(length / 3, length))
            if out.exists():
                kept = max(kept, delivered_whole(out))
        summary = finished(prd, out, "--resume")
        assert already_there(summary) == kept
        assert tree(out) == tree(whole)
