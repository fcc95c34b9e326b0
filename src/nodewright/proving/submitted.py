"""Judge of submitted code and tests before anything of them runs.

What it refuses could not be told apart from an attack, or shows nothing. The words are data, in
``submitted.yaml``.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import cast

import yaml

from nodewright.proving.verdict import Rejected

LONGEST = 200_000
MARK = "clause"


@dataclass(frozen=True, slots=True)
class SubmittedTest:
    """One test function of a submission: its name and the clauses that it is marked with."""

    name: str
    clauses: tuple[str, ...]


def accept_code(code: str, before: str, package: str, kind: str) -> None:
    """Judge the text of a handler that is to take the place of ``before``.

    Raises:
        Rejected: it is no Python, reaches outside, drops what the node needs or changes its kind.
    """
    tree = _parsed(code, "the code")
    earlier = ast.parse(before)
    _refuse_reaching_out(tree, package, _words()["code_modules"], set(_imports(earlier)))
    missing = _surface(earlier) - _surface(tree)
    if missing:
        raise Rejected(
            f"the code drops {', '.join(sorted(missing))}: keep every class and method of the "
            "handler, with its parameters"
        )
    known = _attributes(earlier)
    for name, line in _attributes(tree).items():
        if name in _words()["impure"].get(kind, ()) and name not in known:
            raise Rejected(
                f"line {line} of the code uses {name}: a {kind} has no effects; write what it "
                "sends, stores or publishes into the specification, as an operation of its own"
            )


def accept_test(test: str, package: str, clauses: Iterable[str]) -> tuple[SubmittedTest, ...]:
    """Judge the text of a test for ``clauses``; its test functions.

    Raises:
        Rejected: it is no Python, reaches outside, asserts nothing, or shows none of a clause.
    """
    tree = _parsed(test, "the test")
    modules = _words()["test_modules"]
    _refuse_reaching_out(tree, package, modules, set())
    if any(name.partition(".")[0] == package for name in _imports(tree)):
        raise Rejected(
            f"the test imports {package}: it would restate the code; ask by world.call(operation, "
            "...) and write the expected answer down"
        )
    found = [_test(node) for node in tree.body if _is_test(node)]
    for node in ast.walk(tree):
        name = getattr(node, "attr", "") or getattr(node, "id", "")
        if name in _words()["test_refused"]:
            raise Rejected(f"line {node.lineno} of the test uses {name}: {_NO_TRICKS}")  # type: ignore[attr-defined]
    if not found:
        raise Rejected("the test has no function whose name begins with test_")
    shown = {clause for each in found for clause in each.clauses}
    missing = [clause for clause in clauses if clause not in shown]
    if missing:
        raise Rejected(f'no test is marked with @pytest.mark.clause("{missing[0]}"); mark one')
    return tuple(found)


_NO_TRICKS = "a test asks the operation and asserts what it answers, and nothing else"


def codes_in(test: str) -> tuple[str, ...]:
    """Words of a test that may be error codes, for stubs that always answer one."""
    found = {
        node.value
        for node in ast.walk(ast.parse(test))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.isidentifier()
        and "_" in node.value
    }
    return tuple(sorted(found))


def _parsed(text: str, what: str) -> ast.Module:
    if len(text) > LONGEST:
        raise Rejected(f"{what} has {len(text)} characters; at most {LONGEST}")
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        raise Rejected(f"line {line} of {what} does not parse: {error}") from None


def _refuse_reaching_out(
    tree: ast.Module, package: str, modules: Iterable[str], besides: set[str]
) -> None:
    allowed = {package, *modules}
    for name in _imports(tree):
        if name not in besides and name.partition(".")[0] not in allowed:
            shown = ", ".join(sorted(allowed - {package, "__future__"}))
            raise Rejected(
                f"it imports {name}: a handler reaches the outside by the ports of its "
                f"surroundings alone; it may import {package}, {shown}"
            )
    refused = set(_words()["refused_names"])
    for node in ast.walk(tree):
        name = getattr(node, "attr", "") or getattr(node, "id", "")
        dunder = name.startswith("__") and name.endswith("__") and name not in _DUNDERS
        if name in refused or dunder:
            line = getattr(node, "lineno", 1)
            raise Rejected(f"line {line} uses {name}, which reaches around what is judged")


_DUNDERS = {"__init__", "__name__", "__all__", "__doc__"}


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{'.' * node.level}{node.module or ''}"


def _surface(tree: ast.Module) -> set[str]:
    """Classes, and their methods with the names of their parameters."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found.add(f"class {node.name}")
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    if inner.name.startswith("_") and inner.name != "__init__":
                        continue
                    parameters = ", ".join(each.arg for each in inner.args.args)
                    wait = "async " * isinstance(inner, ast.AsyncFunctionDef)
                    found.add(f"{wait}{node.name}.{inner.name}({parameters})")
    return found


def _attributes(tree: ast.Module) -> dict[str, int]:
    return {node.attr: node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _is_test(node: ast.stmt) -> bool:
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return isinstance(node, functions) and node.name.startswith("test_")


def _test(node: ast.stmt) -> SubmittedTest:
    function = cast("ast.FunctionDef | ast.AsyncFunctionDef", node)
    asserts = [each for each in ast.walk(function) if isinstance(each, ast.Assert)]
    taken = {each.arg for each in function.args.args} - {"world"}
    if taken:
        raise Rejected(f"{function.name} takes {', '.join(sorted(taken))}: {_NO_TRICKS}")
    answered = _answered(function)
    if not any(_speaks_of(each.test, answered) for each in asserts):
        raise Rejected(
            f"{function.name} asserts nothing that an operation answered: assert on what "
            "world.call, world.records, world.sent or world.published gives"
        )
    for each in asserts:
        if _says_nothing(each.test):
            raise Rejected(f"line {each.lineno} of the test asserts what always holds")
    clauses = [
        call.args[0].value
        for call in function.decorator_list
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == MARK
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]
    return SubmittedTest(function.name, tuple(map(str, clauses)))


def _answered(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names that hold what the world answered, and the world itself."""
    known = {"world"}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _speaks_of(node.value, known):
            known |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return known


def _speaks_of(node: ast.expr, names: set[str]) -> bool:
    return any(isinstance(each, ast.Name) and each.id in names for each in ast.walk(node))


def _says_nothing(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.Compare) and len(node.comparators) == 1:
        return ast.dump(node.left) == ast.dump(node.comparators[0])
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return any(_says_nothing(each) for each in node.values)
    return False


@cache
def _words() -> Mapping[str, dict[str, list[str]]]:
    text = (files("nodewright.proving") / "submitted.yaml").read_text(encoding="utf-8")
    return cast("Mapping[str, dict[str, list[str]]]", yaml.safe_load(text))
