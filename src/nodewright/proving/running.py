"""Judges that run the node: import, construct, initialise, process each of its operations."""

import asyncio
import contextlib
import importlib
import inspect
import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from nodewright.proving.contract import read_contract
from nodewright.proving.model import Check
from nodewright.proving.sample_inputs import operations, sample_model
from nodewright.proving.staged import StagedNode
from nodewright.proving.verdict import Rejected, judge_async

# The staging folder whose package this process has imported, and the package. A node imports the
# models and handlers of other nodes, so modules stay until another folder is asked for.
_imported: dict[Path, str] = {}

_CONTAINER = "ModelONEXContainer"


def run_checks(staged: StagedNode) -> list[Check]:
    """Import the node, make one, and run each operation; stops at the first no."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.ExitStack() as recorders,
    ):
        return asyncio.run(_Trial(staged, recorders).checks())


@dataclass(frozen=True, slots=True)
class Subject:
    """What the judges need of an imported node; ``handlers`` are (class, entry point)."""

    module: ModuleType
    node: Any
    run_once: Callable[..., Any]
    input_model: type[BaseModel]
    output_model: type[BaseModel]
    handlers: tuple[tuple[type, str], ...]


def import_subject(staged: StagedNode) -> Subject:
    """Import a staged node, whatever was imported before.

    Raises:
        Rejected: a part is missing or not what the contract says.
    """
    forget_other_packages(staged.root, staged.package)
    module = _import(staged.module)
    place = Path(module.__file__ or "")
    if not place.is_relative_to(staged.root):
        raise Rejected(f"{staged.package} is the name of another package, {place.parents[2]}")
    contract = read_contract(staged.folder / "contract.yaml")
    run_once = _attribute(module, "run_once")
    if not inspect.iscoroutinefunction(run_once):
        raise Rejected(f"{staged.module}.run_once is no coroutine function")
    return Subject(
        module=module,
        node=_attribute(module, staged.class_name),
        run_once=run_once,
        input_model=_model(contract, "input_model"),
        output_model=_model(contract, "output_model"),
        handlers=tuple(_handlers(staged)),
    )


def forget_other_packages(root: Path, package: str) -> None:
    """Drop what was imported from staging folders other than ``root``, and look there first."""
    others = {path: name for path, name in _imported.items() if path != root}
    if others:
        # omnibase_core keeps the functions that contracts name, by their dotted names.
        from omnibase_core.resolution.resolver_handler import clear_handler_cache

        clear_handler_cache()
    for other, name in others.items():
        del _imported[other]
        inside = f"{other}/"
        sys.path[:] = [entry for entry in sys.path if not entry.startswith(inside)]
        for module in [known for known in sys.modules if f"{known}.".startswith(f"{name}.")]:
            if str(getattr(sys.modules[module], "__file__", None) or "").startswith(inside):
                del sys.modules[module]
        for entry in [known for known in sys.path_importer_cache if known.startswith(inside)]:
            del sys.path_importer_cache[entry]
    if root not in _imported:
        _imported[root] = package
        sys.path.insert(0, str(root / "src"))
        importlib.invalidate_caches()


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        # Files written in the same clock tick in which their folder was listed are not seen.
        importlib.invalidate_caches()
        return importlib.import_module(name)


def _handlers(staged: StagedNode) -> Iterator[tuple[type, str]]:
    package = staged.module.rpartition(".")[0]
    for path in sorted(staged.folder.glob("handlers/handler_*.py")):
        module = _import(f"{package}.handlers.{path.stem}")
        for name, value in vars(module).items():
            if name.startswith("Handler") and getattr(value, "__module__", "") == module.__name__:
                entries = [entry for entry in ("handle", "reduce") if hasattr(value, entry)]
                yield from ((value, entry) for entry in entries)


def _attribute(module: ModuleType, name: str) -> Any:
    try:
        return getattr(module, name)
    except AttributeError:
        raise Rejected(f"{module.__name__} does not define {name}") from None


def _model(contract: dict[str, object], key: str) -> type[BaseModel]:
    module, _, name = str(contract.get(key)).rpartition(".")
    model = _attribute(importlib.import_module(module), name)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise Rejected(f"{key} of contract.yaml, {module}.{name}, is no pydantic model")
    return model


def _container() -> Any:
    module = importlib.import_module("omnibase_core.models.container.model_onex_container")
    return getattr(module, _CONTAINER)()


def _base(kind: str) -> type:
    module = importlib.import_module(f"omnibase_core.nodes.node_{kind.lower()}")
    base: type = getattr(module, f"Node{kind.capitalize()}")
    return base


def _output(kind: str) -> type[BaseModel]:
    name = kind.lower()
    module = importlib.import_module(f"omnibase_core.models.{name}.model_{name}_output")
    output: type[BaseModel] = getattr(module, f"Model{kind.capitalize()}Output")
    return output


class _Trial:
    """One node on its way from import to its last operation."""

    def __init__(self, staged: StagedNode, recorders: contextlib.ExitStack) -> None:
        self.staged = staged
        self.kind = staged.kind
        self.recorders = recorders
        self.subject: Subject
        self.node: Any = None
        self.handled: list[Any] = []

    async def checks(self) -> list[Check]:
        checks: list[Check] = []
        for verdict in (self.imports, self.constructs, self.processes):
            checks.append(await judge_async(verdict.__name__, verdict))
            if not checks[-1].passed:
                break
        return checks

    async def imports(self) -> None:
        self.subject = import_subject(self.staged)

    async def constructs(self) -> None:
        node_class = self.subject.node
        if not issubclass(node_class, _base(self.kind)):
            raise Rejected(f"{node_class.__name__} is no {_base(self.kind).__name__}")
        # A node may hand its handler's method on while it is made, so recording starts here.
        for owner, entry in self.subject.handlers:
            self.recorders.enter_context(_recorded(owner, entry, self.handled))
        container = _container()
        self.node = node_class(container)
        if getattr(self.node, "container", None) is not container:
            raise Rejected(f"{node_class.__name__} does not pass its container on")
        await self.node.initialize()

    async def processes(self) -> None:
        """Run every operation through ``run_once``, all on the node that is already initialised.

        Initialising is what costs (services are looked up in threads of their own), and one node
        that serves many requests is how nodes are used.
        """
        with _reused(self.subject, self.node):
            processed = [
                await self.answers(operation)
                for operation in operations(self.subject.input_model) or (None,)
            ]
        if not any(processed):
            raise Rejected(f"{self.subject.node.__name__}: process was never asked")

    async def answers(self, operation: str | None) -> bool:
        """Run one operation; whether omnibase_core's ``process`` answered.

        It does not where it refuses, as a reducer's does with a trigger that its state does not
        allow: then the answer must carry an error code.
        """
        subject = self.subject
        given = {} if operation is None else {"operation": operation}
        what = subject.node.__name__ if operation is None else operation
        try:
            request = sample_model(subject.input_model, given)
        except ValidationError as refusal:
            raise Rejected(f"{what}: no sample of the input is valid: {refusal}") from refusal
        self.handled.clear()
        results: list[Any] = []
        with _recorded(subject.node, "process", results):
            answer = await subject.run_once(request)
        _accept(f"{what}: run_once", [answer], subject.output_model)
        failed = getattr(answer, "status", "ok") == "failed"
        refused = failed or not getattr(answer, "success", True)
        if refused and not getattr(answer, "error_code", None):
            message = getattr(answer, "error_message", getattr(answer, "message", ""))
            raise Rejected(f"{what}: failed without an error code: {message}")
        if refused and not results:
            return False
        _accept(f"{what}: process", results, _output(self.kind))
        if self.kind in {"EFFECT", "COMPUTE"}:
            _accept(f"{what}: the handler", self.handled, subject.output_model)
        return True


def _accept(what: str, answers: list[Any], expected: type) -> None:
    if not answers:
        raise Rejected(f"{what} was never asked")
    for answer in answers:
        if not isinstance(answer, expected):
            raise Rejected(f"{what} answers {type(answer).__name__}, not {expected.__name__}")


@contextlib.contextmanager
def _reused(subject: Subject, node: Any) -> Iterator[None]:
    """While open, the node's module makes ``node`` wherever it makes one of its class.

    A container that it makes for that is the node's too, where it has the usual name.
    """

    async def initialized() -> None:
        """Stands in for ``initialize``."""

    def reuse(_class: type, _container: object) -> Any:
        return node

    object.__setattr__(node, "initialize", initialized)
    name = subject.node.__name__
    replaced: dict[str, Any] = {name: type(name, (subject.node,), {"__new__": reuse})}
    if getattr(subject.module, _CONTAINER, None) is type(node.container):
        replaced[_CONTAINER] = lambda: node.container
    originals = {name: getattr(subject.module, name) for name in replaced}
    vars(subject.module).update(replaced)
    try:
        yield
    finally:
        vars(subject.module).update(originals)


@contextlib.contextmanager
def _recorded(owner: type, name: str, answers: list[Any]) -> Iterator[None]:
    """While open, what ``owner.name`` answers is added to ``answers``."""
    original = getattr(owner, name)
    inherited = name not in vars(owner)

    async def asynchronous(*args: Any, **kwargs: Any) -> Any:
        answers.append(await original(*args, **kwargs))
        return answers[-1]

    def synchronous(*args: Any, **kwargs: Any) -> Any:
        answers.append(original(*args, **kwargs))
        return answers[-1]

    setattr(owner, name, asynchronous if inspect.iscoroutinefunction(original) else synchronous)
    try:
        yield
    finally:
        if inherited:
            delattr(owner, name)
        else:
            setattr(owner, name, original)
