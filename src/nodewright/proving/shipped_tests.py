"""Runs the acceptance tests of a node as they are shipped, in the process that imported it."""

import asyncio
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

_WORLD = "world"


def failing_clauses(root: Path, slug: str) -> dict[str, str]:
    """Clause -> why one of its tests in ``root/tests`` fails; nothing of those that pass."""
    path = root / "tests" / f"test_{slug}.py"
    if not path.is_file():
        return {}
    with _world(root) as world:
        module = _loaded(f"shipped_{slug}", path)
        failing: dict[str, str] = {}
        for name, test in vars(module).items():
            if name.startswith("test_") and callable(test):
                error = _error_of(test, world)
                for clause in _clauses(test) if error else ():
                    failing.setdefault(clause, f"its test {name} fails: {error}")
    return failing


def _error_of(test: Callable[..., Any], world: ModuleType) -> str:
    """Why a test fails, empty where it passes."""
    try:
        if "world" in inspect.signature(test).parameters:
            asyncio.run(test(world.World()))
        else:
            asyncio.run(test())
    except Exception as error:  # noqa: BLE001 - a test may fail with anything
        return f"{type(error).__name__}: {error}"[:300]
    return ""


def _clauses(test: Callable[..., Any]) -> Iterator[str]:
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "clause":
            yield from mark.args


@contextmanager
def _world(root: Path) -> Iterator[ModuleType]:
    """The tests' own module ``world`` of a package, for as long as its tests run."""
    before = sys.modules.pop(_WORLD, None)
    try:
        yield _loaded(_WORLD, root / "tests" / "world.py")
    finally:
        sys.modules.pop(_WORLD, None)
        if before is not None:
            sys.modules[_WORLD] = before


def _loaded(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        if name != _WORLD:
            sys.modules.pop(name, None)
    return module
