"""The user's own tests of open clauses, and what they show.

A test that is marked ``@pytest.mark.clause("FR-3.2")`` shows the clause where it passes with the
user's code and fails with the generated text in its place.
"""

import ast
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from nodewright import processes
from nodewright.proving.commands import ask
from nodewright.proving.model import ClauseProof
from nodewright.proving.scratch import TemporaryFolder
from nodewright.proving.verdict import Rejected, brief

_SEPARATOR = "::"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


# (root, tests as pytest names them, seconds) -> test -> why it failed, empty where it passed.
RunTests = Callable[[Path, Sequence[str], float], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Edits:
    """What the user changed of a package.

    ``generated`` maps path -> the text that was generated for a file of the user's, None for a file
    that the user added. ``known`` are tests that were generated. ``methods`` are (slug, name) of
    the functions that differ in handlers; an empty name stands for the rest of a file.
    """

    generated: Mapping[str, bytes | None]
    known: frozenset[str]
    methods: frozenset[tuple[str, str]]

    @property
    def nodes(self) -> frozenset[str]:
        """Slugs of nodes whose handlers were edited."""
        return frozenset(slug for slug, _ in self.methods)


def marked_tests(root: Path) -> dict[str, tuple[str, ...]]:
    """Clause -> the tests under ``root/tests`` that are marked with it, as pytest names them.

    The files are only read; one that does not parse has no tests.
    """
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests").rglob("*.py")):
        if path.is_symlink() or not path.is_file():
            continue
        for clause, name in marks_in(path.read_bytes(), path.relative_to(root).as_posix()):
            found.setdefault(clause, []).append(name)
    return {clause: tuple(dict.fromkeys(names)) for clause, names in found.items()}


def marks_in(source: bytes, path: str) -> list[tuple[str, str]]:
    """Clauses and the tests that are marked with them in the text of one file."""
    try:
        return list(_marked(ast.parse(source).body, path, ()))
    except (SyntaxError, ValueError, RecursionError):
        return []


def own_tests(root: Path, clauses: Collection[str], known: Collection[str]) -> dict[str, list[str]]:
    """Those of ``clauses`` that tests of the user's own are marked with; ``known`` are not."""
    found = {
        clause: [test for test in tests if test not in known]
        for clause, tests in marked_tests(root).items()
        if clause in clauses
    }
    return {clause: tests for clause, tests in found.items() if tests}


def shown_by_tests(
    root: Path,
    clauses: Collection[str],
    edits: Edits,
    timeout_seconds: float,
    run: "RunTests | None" = None,
) -> dict[str, ClauseProof]:
    """What the user's tests of ``clauses`` show; nothing of clauses without a test.

    Args:
        root: a copy of the package, with the user's code.
        clauses: those to look at.
        edits: what the user changed.
        timeout_seconds: how long the tests may take each time.
        run: runs them; a process of their own by default.
    """
    run = run or _outcomes
    marked = own_tests(root, clauses, edits.known)
    wanted = sorted({test for tests in marked.values() for test in tests})
    if not wanted:
        return {}
    with_code = run(root, wanted, timeout_seconds)
    without_code = with_code
    if edits.generated:
        with TemporaryFolder() as folder:
            bare = Path(folder).resolve() / "package"
            shutil.copytree(root, bare, symlinks=True)
            _put_back(bare, edits.generated)
            without_code = run(bare, wanted, timeout_seconds)
    return {
        clause: _proof(clause, tests, with_code, without_code) for clause, tests in marked.items()
    }


def _proof(
    clause: str,
    tests: Sequence[str],
    with_code: Mapping[str, str],
    without_code: Mapping[str, str],
) -> ClauseProof:
    """``with_code`` and ``without_code`` map test -> why it failed, empty where it passed."""
    for test in tests:
        if with_code[test]:
            return ClauseProof(
                clause, proven=False, reason=f"{test} fails: {with_code[test]}", test=test
            )
    for test in tests:
        if without_code[test]:
            return ClauseProof(clause, proven=True, test=test)
    reason = f"{tests[0]} passes with the generated code too, so it shows nothing of yours"
    return ClauseProof(clause, proven=False, reason=reason, test=tests[0])


def _put_back(root: Path, generated: Mapping[str, bytes | None]) -> None:
    for path, text in generated.items():
        target = root / path
        if text is None:
            target.unlink(missing_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text)


def _outcomes(root: Path, tests: Sequence[str], timeout_seconds: float) -> dict[str, str]:
    """Test -> why it failed, empty where it passed."""
    with TemporaryFolder() as scratch:
        report = Path(scratch) / "junit.xml"
        options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}", "--rootdir=."]
        command = ["-W", "ignore", "-B", "-m", "pytest", "--continue-on-collection-errors"]
        environment = processes.environment(PYTHONPATH=str(root / "src"))
        try:
            answer = ask(
                processes.python(*command, *options, *tests), root, environment, timeout_seconds
            )
        except Rejected:
            return dict.fromkeys(tests, f"the tests took longer than {timeout_seconds:g} s")
        if not report.exists():
            return dict.fromkeys(tests, brief(answer.output or answer.errors or "they did not run"))
        suite = ET.parse(report)  # noqa: S314 - written by our own pytest
    failures: dict[str, list[str]] = {}
    for case in suite.iter("testcase"):
        name = (case.get("name") or "").partition("[")[0]
        failures.setdefault(f"{case.get('classname')}.{name}", []).append(_failure(case))
    return {test: _first(failures.get(_dotted(test))) for test in tests}


def _failure(case: ET.Element) -> str:
    """Why a case did not pass, empty where it did; one that was skipped did not."""
    for kind in ("failure", "error", "skipped"):
        found = case.find(kind)
        if found is not None:
            return brief(found.get("message") or found.text or kind).splitlines()[0]
    return ""


def _first(failures: Sequence[str] | None) -> str:
    if failures is None:
        return "it did not run; look at what pytest says"
    return next((each for each in failures if each), "")


def _dotted(test: str) -> str:
    """``tests/test_a.py::TestB::test_c`` as a report names it: ``tests.test_a.TestB.test_c``."""
    path, *names = test.split(_SEPARATOR)
    return ".".join([path.removesuffix(".py").replace("/", "."), *names])


def _marked(
    body: Sequence[ast.stmt], place: str, inherited: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            clauses = (*inherited, *_clauses(node.decorator_list))
            yield from _marked(node.body, f"{place}{_SEPARATOR}{node.name}", clauses)
        elif isinstance(node, _FUNCTIONS) and node.name.startswith("test"):
            for clause in (*inherited, *_clauses(node.decorator_list)):
                yield clause, f"{place}{_SEPARATOR}{node.name}"


def _clauses(decorators: Sequence[ast.expr]) -> Iterator[str]:
    """The clauses that ``@pytest.mark.clause("...")`` names."""
    for each in decorators:
        if (
            isinstance(each, ast.Call)
            and isinstance(each.func, ast.Attribute)
            and each.func.attr == "clause"
        ):
            for argument in each.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
