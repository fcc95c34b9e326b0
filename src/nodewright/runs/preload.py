"""Imports what running a node needs, once for all worker processes.

Some things of the libraries are replaced here, in worker processes only, by ones that do the same
and cost less.
"""

# ruff: noqa: E402 - what is imported stays, and looking for garbage meanwhile takes a tenth longer
import gc

gc.disable()

import asyncio
import marshal
from asyncio import events
from collections.abc import Coroutine
from functools import cache, lru_cache
from importlib.machinery import SourceFileLoader
from multiprocessing import spawn
from types import CodeType
from typing import Any

import yaml
from omnibase_core.models.container import model_onex_container
from omnibase_core.models.contracts import (  # noqa: F401
    model_contract_compute,
    model_contract_effect,
    model_contract_orchestrator,
    model_contract_reducer,
)
from omnibase_core.nodes import (  # noqa: F401
    node_compute,
    node_effect,
    node_orchestrator,
    node_reducer,
)
from omnibase_core.normalization import validate_contract_file  # noqa: F401
from omnibase_core.utils.util_run_coro_sync import run_coro_sync

from nodewright.proving.proof import load_templates
from nodewright.proving.sources import compiled


@cache
def _other_loop() -> asyncio.AbstractEventLoop:
    """The event loop of coroutines that are waited for inside another loop."""
    return asyncio.new_event_loop()


def _run_elsewhere[Result](coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine from code that is called inside a running event loop, which waits for it."""
    running = events._get_running_loop()  # noqa: SLF001 - None where there is none
    if running is None:
        return asyncio.run(coroutine)
    if running is _other_loop():
        return run_coro_sync(coroutine)
    events._set_running_loop(None)  # noqa: SLF001 - as loops do it
    try:
        return _other_loop().run_until_complete(coroutine)
    finally:
        events._set_running_loop(running)  # noqa: SLF001 - as above


def _leave_main(_where: str) -> None:
    """Stands in for running the user's script again in each worker."""


_parse = yaml.safe_load


@lru_cache(maxsize=8)
def _parsed(text: str | bytes) -> bytes | None:
    """What ``text`` says, as bytes that ``marshal`` reads; None where it cannot hold it."""
    try:
        return marshal.dumps(_parse(text))
    except ValueError:
        return None


def _safe_load(stream: Any) -> Any:
    """``yaml.safe_load``, which parses a text once and gives each caller values of its own."""
    known = _parsed(stream) if isinstance(stream, str | bytes) else None
    return _parse(stream) if known is None else marshal.loads(known)  # noqa: S302 - made above


def _source_to_code(
    _loader: SourceFileLoader, data: Any, path: Any, *, _optimize: int = -1
) -> CodeType:
    """What an import does with a source; code that was compiled before is used again."""
    if _optimize != -1 or not isinstance(data, bytes):
        return compile(data, path, "exec", dont_inherit=True, optimize=_optimize)
    return compiled(data, str(path))


# What is sent to workers never refers to the user's script: one without a guard for being run
# again, or one that came on standard input, serves as well.
setattr(spawn, "_fixup_main_from_name", _leave_main)  # noqa: B010 - not exported
setattr(spawn, "_fixup_main_from_path", _leave_main)  # noqa: B010 - not exported

# The container looks each service up on a new thread with a new event loop.
setattr(model_onex_container, "run_coro_sync", _run_elsewhere)  # noqa: B010 - not exported

# Each node reads its contract several times; libyaml's parser gives the same values.
if hasattr(yaml, "CSafeLoader"):
    yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[misc, assignment]
setattr(yaml, "safe_load", _safe_load)  # noqa: B010 - its type is the original's

# The judges compile what is then imported.
setattr(SourceFileLoader, "source_to_code", _source_to_code)  # noqa: B010 - as above

# Compiled once here, not in each worker.
load_templates()

# Collecting garbage in a worker would only copy the pages of what was imported.
gc.freeze()
gc.enable()
