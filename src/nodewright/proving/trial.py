"""Running a package's own tests where they lie, in a process that is thrown away afterwards."""

import ast
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nodewright.proving.meaning import quiet
from nodewright.proving.submitted import MARK

MOST_TOLD = 400


@dataclass(frozen=True, slots=True)
class Tried:
    """One test that ran: ``clauses`` are those that it is marked with."""

    name: str
    clauses: tuple[str, ...]
    passed: bool
    reason: str = ""


@dataclass(slots=True, eq=False)
class _Results:
    """Collects what pytest says."""

    tried: dict[str, Tried] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    clauses: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        for item in items:
            marks = item.iter_markers(MARK)
            self.clauses[item.nodeid] = tuple(str(mark.args[0]) for mark in marks if mark.args)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.wrong.append(_brief(str(report.longrepr)))

    def pytest_runtest_logreport(self, report: Any) -> None:
        before = self.tried.get(report.nodeid)
        if before is not None and not before.passed:
            return
        passed = not report.failed and (report.when != "call" or report.passed)
        reason = "" if passed else _brief(_message(report))
        self.tried[report.nodeid] = Tried(
            report.nodeid, self.clauses.get(report.nodeid, ()), passed, reason
        )


def run_tests(root: Path, paths: Sequence[str]) -> tuple[Tried, ...]:
    """Run test files of the package that lies in ``root``.

    Args:
        root: the folder with ``src`` and ``tests``.
        paths: files below it.

    Returns:
        One entry a test; a file that cannot be collected is one that failed, by its path.
    """
    import pytest

    results = _Results()
    os.chdir(root)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path[:0] = [str(root / "src"), str(root / "tests")]
    with quiet():
        code = pytest.main(
            ["-q", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin", "--tb=short",
             "--rootdir", str(root), *paths],
            plugins=[results],
        )  # fmt: skip
    found = tuple(results.tried.values())
    if results.wrong or code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        reason = results.wrong[0] if results.wrong else f"pytest ended with {code!s}"
        return (*found, Tried(paths[0] if paths else "", (), passed=False, reason=reason))
    return found


def run_variants(test: str, *roots: Path) -> tuple[tuple[Tried, ...], ...]:
    """Run one test file in several folders, one after the other in this process."""
    found = []
    for root in roots:
        before, path = set(sys.modules), list(sys.path)
        found.append(run_tests(root, [test]))
        sys.path[:] = path
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if file.startswith(f"{root}/"):
                del sys.modules[name]
    return tuple(found)


def clauses_of(path: Path) -> Iterator[str]:
    """The clauses that the tests of a file are marked with, as far as it can be read."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == MARK
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def _message(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr)


def _brief(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    told = " ".join(line.strip() for line in lines[-12:])
    return told if len(told) <= MOST_TOLD else f"{told[:MOST_TOLD]} ..."
