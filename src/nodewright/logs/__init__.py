"""Structured logging: one line of strict JSON an entry, with ids from the context.

``from nodewright.logs import get_logger`` is cheap: what writing needs is loaded with the first
entry.
"""

from typing import TYPE_CHECKING

from nodewright.lazy import list_exports, load_export
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
    from nodewright.logs.config import configure_file_rotation as configure_file_rotation
    from nodewright.logs.config import configure_logging as configure_logging
    from nodewright.logs.files import LogFileError as LogFileError
    from nodewright.logs.record import LogRecord as LogRecord
    from nodewright.logs.redaction import Redaction as Redaction
    from nodewright.logs.rotation import LogRotationConfig as LogRotationConfig
    from nodewright.logs.rotation import get_log_stats as get_log_stats
    from nodewright.logs.sampling import Sampling as Sampling
    from nodewright.logs.stdlib import JSONFormatter as JSONFormatter

# Public name -> the module that defines it; loaded when first used.
_LAZY = {
    "JSONFormatter": "nodewright.logs.stdlib",
    "LogFileError": "nodewright.logs.files",
    "LogRecord": "nodewright.logs.record",
    "LogRotationConfig": "nodewright.logs.rotation",
    "Redaction": "nodewright.logs.redaction",
    "Sampling": "nodewright.logs.sampling",
    "configure_file_rotation": "nodewright.logs.config",
    "configure_logging": "nodewright.logs.config",
    "get_log_stats": "nodewright.logs.rotation",
}

__all__ = [
    "JSONFormatter",
    "LogFileError",
    "LogLevel",
    "LogRecord",
    "LogRotationConfig",
    "Redaction",
    "Sampling",
    "StructuredLogger",
    "async_log_context",
    "configure_file_rotation",
    "configure_logging",
    "get_correlation_id",
    "get_levels",
    "get_log_stats",
    "get_logger",
    "get_session_id",
    "log_context",
    "reset_level",
    "set_global_correlation_id",
    "set_global_session_id",
    "set_level",
    "with_log_context",
]


def __getattr__(name: str) -> object:
    return load_export(__name__, _LAZY, name)


def __dir__() -> list[str]:
    return list_exports(__name__, _LAZY)
