"""``nodewright generate`` as a user runs it: good input, bad input, signals."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PRD = """# Order Desk

- FR-1: The system shall store orders.
- FR-2: The system shall validate each order: quantity must be at least 1.
- FR-3: The system shall calculate the score of an order by a formula of its quantity.

## Order

- customer: string
- quantity: integer
"""


def nodewright(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nodewright", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=240, **options
    )  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def prd(tmp_path: Path) -> Path:
    path = tmp_path / "prd.md"
    path.write_text(PRD, encoding="utf-8")
    return path


def files(folder: Path) -> set[str]:
    if not folder.exists():
        return set()
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_plan_that_is_shown_is_the_plan_that_runs(prd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    dry = nodewright("generate", prd, "-o", out, "--dry-run", "--json")
    assert dry.returncode == 0, dry.stderr
    preview = json.loads(dry.stdout)
    assert not out.exists()
    assert {file["action"] for file in preview["files"]} == {"create"}

    done = nodewright("generate", prd, "-o", out, "--json", "--verify", "static")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["plan"] == preview["plan"]
    assert report["succeeded"] is True
    assert {file["path"] for file in preview["files"]} <= files(out)
    manifest = json.loads((out / ".nodewright/manifest.json").read_bytes())
    assert {file["path"] for file in preview["files"]} == set(manifest["files"])

    again = nodewright("generate", prd, "-o", out, "--dry-run", "--json")
    assert {file["action"] for file in json.loads(again.stdout)["files"]} == {"keep"}


def test_plain_lines_without_a_terminal_and_a_closing_table(prd: Path, tmp_path: Path) -> None:
    done = nodewright("generate", prd, "-o", tmp_path / "out", "--package", "desk")
    assert done.returncode == 0, done.stderr
    assert "NodeOrderEffect" in done.stdout
    assert "nodes proven (run) and delivered" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "NodeOrderEffect proven" in done.stderr
    assert (tmp_path / "out/src/desk/nodes/node_order_effect/node.py").is_file()


BAD = {
    "missing": None,
    "empty": b"",
    "binary": bytes(range(256)) * 40,
    "utf16-without-mark": "# Title\n\n- must store orders\n".encode("utf-16-le") * 40,
    "asks-for-nothing": b"\n\n",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_prds_get_one_line_and_write_nothing(name: str, tmp_path: Path) -> None:
    path = tmp_path / "prd.md"
    content = BAD[name]
    if content is not None:
        path.write_bytes(content)
    out = tmp_path / "out"
    done = nodewright("generate", path, "-o", out)
    assert done.returncode == 2
    assert done.stderr.startswith("nodewright: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_a_folder_is_no_prd(tmp_path: Path) -> None:
    done = nodewright("generate", tmp_path, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_huge_prd_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prd.md"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    done = nodewright("generate", path, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--verify", "maybe"],
        ["--jobs", "0"],
        ["--package", "not a name"],
        ["--package", "../../etc"],
        ["--unknown"],
    ],
)
def test_usage_errors(arguments: list[str], prd: Path, tmp_path: Path) -> None:
    done = nodewright("generate", prd, "-o", tmp_path / "out", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file(prd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("mine", encoding="utf-8")
    done = nodewright("generate", prd, "-o", out)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert out.read_text(encoding="utf-8") == "mine"


def test_a_template_that_is_wrong_is_named(prd: Path, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    (pack / "node").mkdir(parents=True)
    (pack / "node/node_effect.py.j2").write_text("line one\n{{ broken", encoding="utf-8")
    done = nodewright("generate", prd, "-o", tmp_path / "out", "--templates", pack)
    assert done.returncode == 2
    assert "node_effect.py.j2:2" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert files(tmp_path / "out") == set()


def test_a_template_that_makes_broken_nodes_fails_those_nodes(prd: Path, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    (pack / "node").mkdir(parents=True)
    (pack / "node/node_effect.py.j2").write_text("def broken(:\n", encoding="utf-8")
    out = tmp_path / "out"
    done = nodewright("generate", prd, "-o", out, "--templates", pack, "--json")
    assert done.returncode == 1, done.stderr
    by_kind = {node["kind"]: node for node in json.loads(done.stdout)["nodes"]}
    assert by_kind["EFFECT"]["delivered"] is False
    assert by_kind["COMPUTE"]["delivered"] is True
    delivered = {path for path in files(out) if not path.startswith(".nodewright/")}
    assert not any("effect" in path for path in delivered)
    assert any(path.endswith("report.json") for path in files(out / ".nodewright/failed"))


def test_an_interrupt_leaves_nothing_behind(prd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "nodewright", "generate", str(prd), "-o", str(out)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert b"proving" in line
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert files(out) == set()
