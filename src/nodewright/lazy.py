"""Public names that are loaded when they are first used, so that imports stay fast."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any


def load_export(package: str, exports: Mapping[str, str], name: str) -> Any:
    """The value of a public name; the package keeps it, and is not asked again.

    Args:
        package: the package that was asked, by its ``__getattr__``.
        exports: public name -> the module that defines it.
        name: what was asked for.

    Raises:
        AttributeError: the package has no such name.
    """
    module = exports.get(name)
    if module is None:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    value = getattr(import_module(module), name)
    setattr(sys.modules[package], name, value)
    return value
