"""Let handlers that keep records (pytest's caplog, unittest's assertLogs) see the entries too.

Handlers that print are not served: they would print every entry a second time, as plain text.
"""

import logging
import sys
from typing import Any

from nodewright.logs import exceptions
from nodewright.logs.encode import loads

_OWN_FILES = "nodewright/logs/"


def show(line: bytes, level: int, exc_info: Any) -> None:
    """Hand an entry to the keeping handlers of the root logger; never raises."""
    try:
        keepers = [handler for handler in logging.root.handlers if _keeps(handler)]
        if not keepers:
            return
        record = _record(loads(line), level, exceptions.resolve(exc_info))
        for handler in keepers:
            if level >= handler.level:
                handler.handle(record)
    except Exception:  # noqa: BLE001 - the caller of a log must not suffer
        return


def _keeps(handler: logging.Handler) -> bool:
    return hasattr(handler, "records") or hasattr(handler, "watcher")


def _record(
    entry: dict[str, Any], level: int, exception: BaseException | None
) -> logging.LogRecord:
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to a caller, as in `logging`
    while frame.f_back is not None and _OWN_FILES in frame.f_code.co_filename.replace("\\", "/"):
        frame = frame.f_back
    record = logging.LogRecord(
        entry["logger_name"],
        level,
        frame.f_code.co_filename,
        frame.f_lineno,
        entry["message"],
        None,
        None if exception is None else (type(exception), exception, exception.__traceback__),
        frame.f_code.co_name,
    )
    for key, value in entry.items():
        record.__dict__.setdefault(key, value)
    return record
