"""Public names that are loaded when they are first used, so that imports stay fast."""

import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from importlib import import_module
from threading import RLock
from typing import Any, Final


class _Turns:
    """One thread loads at a time.

    Packages whose modules import each other in a circle can't be imported by two threads at once:
    each would wait for a module that the other one holds, and be given half of it. A thread that
    is in the middle of an import holds modules already, so it does not wait for its turn.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        os.register_at_fork(after_in_child=self._start_afresh)

    def take(self) -> Any:
        return nullcontext() if _is_importing() else self._lock

    def _start_afresh(self) -> None:
        self._lock = RLock()  # the thread that held it is not in this process


_TURNS: Final = _Turns()


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
    with _TURNS.take():
        value = getattr(import_module(module), name)
    setattr(sys.modules[package], name, value)
    return value


def list_exports(package: str, exports: Mapping[str, str]) -> list[str]:
    """The names of a package for its ``__dir__``, those that are not loaded yet too."""
    return sorted({*vars(sys.modules[package]), *exports})


def _is_importing() -> bool:
    """Whether this thread is in the middle of an import."""
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to a caller
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
    return False
