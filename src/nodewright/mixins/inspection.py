"""Take profiles of classes: runs in the worker, where importing a package may run its code."""

import inspect
import pkgutil
import types
from collections.abc import Iterator
from dis import get_instructions
from importlib import import_module
from typing import Any

from nodewright.mixins.facts import ClassFacts, Profile

PREFIX = "Mixin"


def mixin_classes(package: str) -> tuple[list[type], list[str]]:
    """The classes named ``Mixin*`` that ``package`` and its submodules define.

    Returns:
        The classes by name, and what could not be imported as ``module: error``.

    Raises:
        ImportError: the package itself does not import.
    """
    root = import_module(package)
    found: dict[str, type] = {}
    failed: list[str] = []
    for module in _modules(root, failed):
        for name, value in vars(module).items():
            if (
                isinstance(value, type)
                and name.startswith(PREFIX)
                and name != PREFIX
                and value.__module__ == module.__name__
            ):
                found.setdefault(name, value)
    return [found[name] for name in sorted(found)], failed


def _modules(root: types.ModuleType, failed: list[str]) -> Iterator[types.ModuleType]:
    yield root
    path = getattr(root, "__path__", None)
    if path is None:
        return
    for info in pkgutil.walk_packages(path, f"{root.__name__}.", onerror=lambda _name: None):
        if info.name.endswith(".__main__"):
            continue
        try:
            yield import_module(info.name)
        except Exception as error:  # noqa: BLE001 - importing runs the module's code
            failed.append(f"{info.name}: {type(error).__name__}: {error}")


def profile(cls: type[Any]) -> tuple[Profile, list[ClassFacts]]:
    """The profile of ``cls`` and the facts of every class it descends from."""
    summary = (inspect.getdoc(cls) or "").strip().splitlines()
    taken = Profile(
        name=cls.__name__,
        module=cls.__module__,
        linearisation=tuple(_key(parent) for parent in cls.__mro__),
        metaclasses=tuple(_key(parent) for parent in type(cls).__mro__),
        protocol=any(bool(getattr(parent, "_is_protocol", False)) for parent in cls.__mro__),
        summary=summary[0] if summary else "",
    )
    return taken, [facts(parent) for parent in cls.__mro__ if parent is not object]


def _key(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def facts(cls: type) -> ClassFacts:
    """What the body of ``cls`` says."""
    body = vars(cls)
    names = {name for name in body if not (name.startswith("__") and name.endswith("__"))}
    names -= {"_abc_impl", "_is_protocol", "_is_runtime_protocol"}
    init = body.get("__init__")
    known: dict[str, Any] = {}
    if isinstance(init, types.FunctionType):
        known = _init_facts(init)
    return ClassFacts(
        name=_key(cls),
        names=frozenset(names),
        abstract=frozenset(
            # A class that is not made by ABCMeta declares none, whatever it decorates.
            name
            for name in names & getattr(cls, "__abstractmethods__", frozenset())
        ),
        readonly=frozenset(
            name for name in names if isinstance(body[name], property) and body[name].fset is None
        ),
        arity={
            name: _arity(body[name])
            for name in sorted(names)
            if isinstance(body[name], types.FunctionType)
        },
        **known,
    )


def _arity(function: types.FunctionType) -> tuple[int, int]:
    code = function.__code__
    most = code.co_argcount - 1
    required = max(0, most - len(function.__defaults__ or ()))
    return required, -1 if code.co_flags & inspect.CO_VARARGS else most


def _init_facts(init: types.FunctionType) -> dict[str, Any]:
    code = init.__code__
    instructions = list(get_instructions(code))
    assigned = {str(step.argval) for step in instructions if step.opname == "STORE_ATTR"}
    if "__setattr__" in code.co_names:
        assigned |= {value for value in code.co_consts if _is_attribute(value)}
    keyword_only = len(init.__kwdefaults__ or {})
    return {
        "has_init": True,
        "init_required": _arity(init)[0] + code.co_kwonlyargcount - keyword_only,
        # typing's shared __init__ of protocols ends the chain in a class that has its own.
        "init_cooperative": init.__module__ != "typing"
        and "__init__" in code.co_names
        and ("super" in code.co_names or "__class__" in code.co_freevars),
        "init_assigns": frozenset(assigned),
    }


def _is_attribute(value: object) -> bool:
    return isinstance(value, str) and value.isidentifier() and len(value) <= 60  # noqa: PLR2004 - longer strings are prose
