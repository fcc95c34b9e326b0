"""All benchmarks run, one at a time; what fails or is missing is said, and stops nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from benchmarks import suite
from benchmarks.machine import this_machine
from benchmarks.page import BEGIN, END, page, short_table, with_table
from benchmarks.picture import MOST, picture, times_better
from benchmarks.suite import BENCHMARKS, LEFT_OUT, Benchmark, Result, run
from hypothesis import given
from hypothesis import strategies as st

FOLDER = Path(suite.__file__).parent
REPORT = """
import json, sys
assert "--json" in sys.argv
print("not a report")
print("{neither}")
print(json.dumps({"title": "T", "timings": [], "notes": ["a note"], "figures": [
    {"name": "against a peer", "measured": 4.0, "target": 2.0, "at_least": True, "unit": "x",
     "reached": True}]}))
"""


def figure(name: str, measured: float, target: float, *, at_least: bool = True) -> dict[str, Any]:
    good = measured >= target if at_least else measured <= target
    return {
        "name": name,
        "measured": measured,
        "target": target,
        "at_least": at_least,
        "unit": "x",
        "reached": good,
    }


def result(*figures: dict[str, Any], error: str = "", **fields: Any) -> Result:
    report = {"title": "T", "figures": list(figures), "timings": [], "notes": []}
    benchmark = Benchmark("m", "Subject", "against a peer", **fields)
    return Result(benchmark, "python -m m", 1.0, (report,) if figures else (), error)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose benchmarks a test writes."""
    monkeypatch.setattr(suite, "ROOT", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    return tmp_path / "benchmarks"


def test_every_benchmark_is_run_or_left_out_for_a_reason() -> None:
    runnable = {
        path.stem
        for path in FOLDER.glob("*.py")
        if path.stem != "__main__" and 'if __name__ == "__main__"' in path.read_text()
    }
    runnable |= {path.parent.name for path in FOLDER.glob("*/*.py") if path.name == "__main__.py"}
    assert {benchmark.module for benchmark in BENCHMARKS} | set(LEFT_OUT) >= runnable
    for benchmark in BENCHMARKS:
        assert (FOLDER / f"{benchmark.module}.py").exists() or (FOLDER / benchmark.module).is_dir()


def test_a_benchmark_reports_through_its_process(folder: Path) -> None:
    (folder / "fine.py").write_text(REPORT)
    found = run(Benchmark("fine", "Fine", "against"), quick=True)
    assert (found.error, found.command) == ("", "python -m benchmarks.fine --quick")
    assert found.headline is not None
    assert found.headline["measured"] == 4.0


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("raise SystemExit('no such peer')", "ended with status 1: no such peer"),
        ("import os; os.kill(os.getpid(), 9)", "ended with status -9: no message"),
        ("print('{}')", "reported nothing"),
        ("import nothing_of_this_name", "No module named 'nothing_of_this_name'"),
    ],
)
def test_a_benchmark_that_fails_says_why(folder: Path, text: str, error: str) -> None:
    (folder / "broken.py").write_text(text)
    found = run(Benchmark("broken", "Broken", "x"), quick=False)
    assert error in found.error
    assert found.headline is None


def test_what_was_reported_before_a_failure_is_kept(folder: Path) -> None:
    (folder / "half.py").write_text(f"{REPORT}\nraise ValueError('after a while')")
    found = run(Benchmark("half", "Half", "against"), quick=False)
    assert "after a while" in found.error
    assert len(found.figures) == 1
    assert "1 of 1, then failed" in short_table([found], this_machine())


def test_a_benchmark_that_never_ends_is_stopped_with_its_children(folder: Path) -> None:
    (folder / "endless.py").write_text(
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "print(child.pid, file=open('pid', 'w'), flush=True)\n"
        "child.wait()\n"
    )
    found = run(Benchmark("endless", "Endless", "x", limit=2.0), quick=False)
    assert found.error == "stopped after 2 s"
    status = Path("/proc", (folder.parent / "pid").read_text().strip(), "status")
    assert not status.exists() or "(zombie)" in status.read_text()


def test_failures_and_missing_peers_are_rows_of_the_page() -> None:
    fine = result(figure("against a peer", 3, 2), figure("slow", 1, 2))
    bare = result(figure("alone", 9, 1), peers=("a-peer-nobody-has",))
    broken = result(error="ended with status 1: a | b")
    text = page([fine, bare, broken], this_machine(), "p.svg", quick=False)
    assert "**2 of 3 targets reached.**" in text
    assert "| slow | 1 x | at least 2 | no |" in text
    assert "| ended with status 1: a \\| b |" in text
    assert "not installed: a-peer-nobody-has" in text
    rows = short_table([fine, bare, broken], this_machine()).splitlines()
    assert rows[2] == "| Subject | against a peer | 3 x | at least 2 | yes | 1 of 2 |"
    assert "| alone | 9 x |" in rows[3]
    assert "failed: ended with status 1" in rows[4]


def test_the_readme_keeps_all_but_its_table() -> None:
    before = f"# Title\n\n{BEGIN}\nold\n{END}\n\nThe end.\n"
    once = with_table(before, "| new |")
    assert once == f"# Title\n\n{BEGIN}\n\n| new |\n\n{END}\n\nThe end.\n"
    assert with_table(once, "| new |") == once
    with pytest.raises(ValueError, match="no place for the table"):
        with_table("# Title", "| new |")


def test_the_projects_readme_has_a_place_for_the_table() -> None:
    assert with_table((FOLDER.parent / "README.md").read_text(encoding="utf-8"), "| new |")


@given(st.text(), st.floats(0, 1e9), st.floats(0, 1e9), st.booleans())
def test_the_picture_is_well_formed(name: str, value: float, aim: float, at_least: bool) -> None:
    name = "".join(char for char in name if char.isprintable())
    one = figure(name, value, aim, at_least=at_least)
    better = times_better(one)
    assert 1 / MOST <= better <= MOST
    assert (better >= 1) == one["reached"]
    drawn = ET.fromstring(picture([result(one), result(error="x")]))  # noqa: S314 - our own
    assert any(name == element.text or not name for element in drawn.iter())


def test_the_command_writes_all_files(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"{BEGIN}{END}")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "startup", "--quick", "--output", str(tmp_path),
         "--readme", str(readme)],
        cwd=FOLDER.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "benchmarks.json").read_text())
    assert document["machine"]["cores"] > 0
    assert document["benchmarks"][0]["reports"][0]["figures"][0]["target"] == 1.5
    assert "| Start-up |" in readme.read_text()
    assert "## Start-up" in (tmp_path / "benchmarks.md").read_text()
    assert (tmp_path / "images" / "benchmarks.svg").exists()


def test_an_unknown_name_is_a_usage_error() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense"],
        cwd=FOLDER.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "nonsense is none of" in done.stderr
