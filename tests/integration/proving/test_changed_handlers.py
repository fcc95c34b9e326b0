"""The tests of packages notice handlers that contradict a clause, and let others be.

Not one test asks for the way in which a handler does its work.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.integration.proving import changed_packages
from tests.integration.proving.handler_changes import SAME, WRONG, Change
from tests.integration.proving.specified import SPECIFICATIONS, write_with_tests

PACKAGES = sorted({each.package for each in (*WRONG, *SAME)})


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[Change, bool]:
    """Change -> whether all tests of its package pass with it."""
    found: dict[Change, bool] = {}
    for package in PACKAGES:
        folder = tmp_path_factory.mktemp(package)
        write_with_tests(SPECIFICATIONS[package], folder)
        changes = [each for each in (*WRONG, *SAME) if each.package == package]
        found |= dict(zip(changes, _run(folder, changes), strict=True))
    return found


def _run(folder: Path, changes: Sequence[Change]) -> list[bool]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", changed_packages.__file__, str(folder)],
        input=json.dumps([_changed(folder, each) for each in changes]),
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    plain, *verdicts = json.loads(done.stdout.strip().splitlines()[-1])
    assert plain, "the tests do not pass without a change"
    return [bool(each) for each in verdicts]


def _changed(folder: Path, change: Change) -> tuple[str, str]:
    """The path and the new text of the one handler that has the method."""
    old, new = (text.replace("S.", "self.surroundings.").replace(", S)", ", self.surroundings)")
                .replace("(S)", "(self.surroundings)").replace(", S,", ", self.surroundings,")
                for text in (change.old, change.new))  # fmt: skip
    for path in sorted(folder.rglob("handler_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
                node.name == change.method
            ):
                whole = ast.unparse(tree)
                lines = whole.splitlines()
                start = next(n for n, line in enumerate(lines) if f"def {change.method}(" in line)
                end = next((n for n in range(start + 1, len(lines)) if " def " in lines[n]), None)
                method = "\n".join(lines[start:end])
                assert old in method, f"{change.method} has no {old}:\n{method}"
                lines[start:end] = [method.replace(old, new)]
                return str(path.relative_to(folder)), "import datetime as dt\n" + "\n".join(lines)
    raise AssertionError(f"no handler has a method {change.method}")


def test_there_are_enough() -> None:
    assert len(WRONG) >= 60
    assert len(SAME) >= 30


def test_what_contradicts_a_clause_is_noticed(verdicts: dict[Change, bool]) -> None:
    missed = [each for each in WRONG if verdicts[each]]
    assert len(missed) <= len(WRONG) * 0.05, missed


def test_what_does_the_same_passes(verdicts: dict[Change, bool]) -> None:
    assert [each for each in SAME if not verdicts[each]] == []
