"""Packages that are rendered into a folder and imported from there."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodewright.planning.plan import Plan, plan_specification
from nodewright.rendering.files import render_node, render_package
from nodewright.spec.model import Specification
from nodewright.templates import TemplatePack

PACK = TemplatePack()


def write_package(specification: Specification, folder: Path) -> None:
    """Write all files of the package into ``folder``."""
    write_plan(plan_specification(specification), folder)


def write_plan(plan: Plan, folder: Path) -> None:
    """Write the files of the nodes of ``plan``, and the package's own, into ``folder``."""
    files = list(render_package(plan, PACK))
    for node in plan.nodes:
        files += render_node(plan, node, PACK)
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content, encoding="utf-8")


@contextmanager
def importable(folder: Path, *packages: str) -> Iterator[None]:
    """While open, ``packages`` are imported from ``folder``."""
    sys.path.insert(0, str(folder / "src"))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder / "src"))
        for name in [each for each in sys.modules if each.partition(".")[0] in packages]:
            del sys.modules[name]
