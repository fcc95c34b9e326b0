"""A script: runs the tests of clauses, each against the package in a folder of its own.

Its arguments are the path of the tests and the ids of clauses; the package of the first lies in the
folder ``0``, that of the second in ``1``; an empty id means all tests. It prints one line of JSON a
clause: how many tests failed, and what was broken so that they could not be run.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest


class _Clause:
    """A plugin that runs only the tests of one clause, and counts."""

    def __init__(self, clause: str) -> None:
        self.clause = clause
        self.failed = 0
        self.ran = 0
        self.broken = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the tests of other clauses out."""
        items[:] = [
            item
            for item in items
            if not self.clause
            or any(self.clause in mark.args for mark in item.iter_markers("clause"))
        ]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what cannot be imported."""
        if report.failed and not self.broken:
            self.broken = str(report.longrepr)[-300:]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count; a test that fails before it runs is broken."""
        if report.when == "call":
            self.ran += 1
            self.failed += report.failed
        elif report.failed and not self.broken:
            self.broken = str(report.longrepr)[-300:]

    @property
    def verdict(self) -> dict[str, Any]:
        """What came of it."""
        broken = self.broken or ("" if self.ran else "there is no such test")
        return {"clause": self.clause, "failed": self.failed, "broken": broken}


_PLUGINS = ("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "pytest_asyncio.plugin")


def _run(folder: Path, tests: str, clause: str) -> dict[str, Any]:
    os.chdir(folder)
    sys.path[:0] = [str(folder / "src"), str(folder / "tests")]
    counting = _Clause(clause)
    options = ["--rootdir=.", "-c", "pyproject.toml", "--assert=plain", *_PLUGINS]
    pytest.main([*options, tests], plugins=[counting])
    return counting.verdict


def _apart(folder: Path, tests: str, clause: str) -> None:
    """Run in a child of this process: packages have the same name, and a process has it once."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if status:
            verdict = {"clause": clause, "failed": 0, "broken": "it ended its process"}
            os.write(1, f"\n{json.dumps(verdict)}\n".encode())
        return
    code = 1
    try:
        verdict = _run(folder, tests, clause)
        os.write(1, f"\n{json.dumps(verdict)}\n".encode())
        code = 0
    finally:
        os._exit(code)


# What every package imports: imported once, before the children are made.
_USUAL = ("pydantic", "pytest_asyncio.plugin", "zoneinfo", "decimal", "csv")


def main() -> None:
    """Run all."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for module in _USUAL:
        importlib.import_module(module)
    tests, *clauses = sys.argv[1:]
    for number, clause in enumerate(clauses):
        sys.stdout.flush()
        _apart(Path(str(number)).resolve(), tests, clause)


if __name__ == "__main__":
    main()
