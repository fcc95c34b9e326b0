"""Structured logging: one line of strict JSON an entry, with ids from the context.

``from nodewright.logs import get_logger`` is cheap: what writing needs is loaded with the first
entry.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nodewright.logs.context import (
    async_log_context,
    get_correlation_id,
    get_session_id,
    log_context,
    set_global_correlation_id,
    set_global_session_id,
    with_log_context,
)
from nodewright.logs.levels import LogLevel, get_levels, reset_level, set_level
from nodewright.logs.logger import StructuredLogger, get_logger

if TYPE_CHECKING:
    from nodewright.logs.record import LogRecord as LogRecord
    from nodewright.logs.redaction import Redaction as Redaction

# Public name -> the module that defines it; loaded when first used.
_LAZY = {
    "LogRecord": "nodewright.logs.record",
    "Redaction": "nodewright.logs.redaction",
}

__all__ = [
    "LogLevel",
    "LogRecord",
    "Redaction",
    "StructuredLogger",
    "async_log_context",
    "get_correlation_id",
    "get_levels",
    "get_logger",
    "get_session_id",
    "log_context",
    "reset_level",
    "set_global_correlation_id",
    "set_global_session_id",
    "set_level",
    "with_log_context",
]


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'nodewright.logs' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value
