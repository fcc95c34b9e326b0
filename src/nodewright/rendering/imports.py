"""The imports that a text of Python needs."""

import sys
from collections.abc import Iterable, Mapping

from nodewright.rendering.layout import INDENT, WIDTH, used_names

# Name -> module that it comes from; an empty name of a module imports the module itself.
KNOWN: dict[str, str] = {
    "Annotated": "typing",
    "Any": "typing",
    "Literal": "typing",
    "Protocol": "typing",
    "Decimal": "decimal",
    "UUID": "uuid",
    "uuid4": "uuid",
    "Callable": "collections.abc",
    "Mapping": "collections.abc",
    "Container": "collections.abc",
    "AbstractAsyncContextManager": "contextlib",
    "dataclass": "dataclasses",
    "field": "dataclasses",
    "BaseModel": "pydantic",
    "ConfigDict": "pydantic",
    "Field": "pydantic",
    "RootModel": "pydantic",
    "StrictBool": "pydantic",
    "ValidationError": "pydantic",
}
_MODULES = {
    "dt": "import datetime as dt",
    "math": "import math",
    "re": "import re",
    "time": "import time",
}


def imports_for(code: str, own: Mapping[str, str], package: str) -> str:
    """The import lines that ``code`` needs, in the order that ruff keeps.

    ``own`` maps name -> module for the package's own names; a name that ``code`` defines is left.
    """
    names = used_names(code)
    lines = {_MODULES[name] for name in names if name in _MODULES}
    modules: dict[str, set[str]] = {}
    for name in names:
        module = own.get(name) or KNOWN.get(name)
        if module:
            modules.setdefault(module, set()).add(name)
    return import_block(lines, modules, package)


def import_block(lines: Iterable[str], modules: Mapping[str, Iterable[str]], package: str) -> str:
    """Sections of standard library, other packages and own package, each sorted."""
    sections: dict[int, list[str]] = {0: [], 1: [], 2: []}
    sections[0] += sorted(lines)
    for module in sorted(modules):
        root = module.partition(".")[0]
        place = 2 if root == package else 0 if root in sys.stdlib_module_names else 1
        sections[place] += _from(module, modules[module])
    return "\n\n".join("\n".join(part) for part in sections.values() if part)


def _from(module: str, names: Iterable[str]) -> list[str]:
    ordered = sorted(names, key=_rank)
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return [line]
    return [f"from {module} import (", *(f"{INDENT}{name}," for name in ordered), ")"]


def _rank(name: str) -> tuple[int, str]:
    """As isort orders members: constants, classes, then the rest."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1 if name[0].isupper() else 2), name
