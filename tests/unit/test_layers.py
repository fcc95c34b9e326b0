"""Imports point downward only."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import nodewright

ROOT = Path(nodewright.__file__).parent

# From the top to the bottom. A room may import what stands below it, never above or beside it.
ROOMS = [
    "cli",
    "mcp",
    "web",
    "reading_out",
    "submitting",
    "workflow",
    "diagnosis",
    "runs",
    "delivery",
    "proving",
    "rendering",
    "planning",
    "reading",
    "spec",
    "prd",
    "patterns",
    "mixins",
    "templates",
    "events",
    "monitoring",
    "storage",
    "language",
    "logs",
    "settings",
    "errors",
    "processes",
    "disk",
    "lazy",
]


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module]
            if node.module == "nodewright":
                names = [f"nodewright.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "nodewright" and len(parts) > 1 and parts[1] in ROOMS:
                yield node.lineno, parts[1]


def test_imports_point_downward_only() -> None:
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if room not in ROOMS:
            assert room in {"__init__", "__main__"}, f"{path} is in no room"
            continue
        wrong += [
            f"{path.relative_to(ROOT)}:{line} imports nodewright.{target}"
            for line, target in imported_rooms(path)
            if target != room and ROOMS.index(target) < ROOMS.index(room)
        ]
    assert wrong == []


def imported_modules(path: Path) -> set[str]:
    """Modules of nodewright that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("room", ["logs", "templates"])
def test_modules_of_a_room_import_each_other_in_no_circle(room: str) -> None:
    modules = {
        f"nodewright.{room}.{path.stem}": path
        for path in (ROOT / room).glob("*.py")
        if path.stem != "__init__"
    }
    graph = {name: imported_modules(path) & modules.keys() for name, path in modules.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(modules)


def test_long_modules_give_a_reason() -> None:
    """A module of more than 400 lines says at its top what keeps it in one piece."""
    project = Path(__file__).parents[2]
    tops = ("src", "tests", "benchmarks", "agents", "examples", "docs")
    for path in sorted(path for top in tops for path in (project / top).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > 400:
            reason = ast.get_docstring(ast.parse(text)) or ""
            assert "400 lines" in reason, f"split {path}, or say 'over 400 lines because ...'"


def test_public_names_load() -> None:
    for name in nodewright.__all__:
        assert getattr(nodewright, name) is not None


LAZY = sorted(
    path.parent.relative_to(ROOT).as_posix().replace("/", ".").strip(".")
    for path in ROOT.rglob("__init__.py")
    if "def __getattr__" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("package", LAZY)
def test_a_lazily_loaded_package_lists_its_names(package: str) -> None:
    name = f"nodewright.{package}".strip(".")
    code = f"import {name} as it; print(sorted(set(it.__all__) - set(dir(it))))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("package", ["", ".logs", ".mixins", ".storage", ".templates"])
def test_a_name_that_is_not_public_is_an_attribute_error(package: str) -> None:
    module = import_module(f"nodewright{package}")
    for name in module.__all__:
        assert getattr(module, name) is getattr(module, name)
    with pytest.raises(AttributeError, match=f"module '{module.__name__}' has no attribute 'nil'"):
        _ = module.nil
