"""Hand entries to the handlers of `logging` that are meant to have them.

On a logger of an entry's name, or of a parent's, that is every handler: it was put there for these
entries. On the root logger it is only those that keep records (pytest's caplog, unittest's
assertLogs): one that prints would print every entry a second time, as plain text.
"""

import logging
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from nodewright.logs import exceptions
from nodewright.logs.encode import loads

_OWN_FILES = "nodewright/logs/"


class EntryRecord(logging.LogRecord):
    """An entry of a `StructuredLogger`, for the handlers of `logging`.

    Attributes:
        line: the entry, with its newline.
    """

    line: bytes = b""


# What a handler itself logs is not handed on: it would come back to the same handler.
_handing_on: ContextVar[bool] = ContextVar("nodewright_handing_on", default=False)


def show(line: bytes, kin: logging.Logger, level: int, exc_info: object) -> None:
    """Hand an entry on; never raises.

    Args:
        line: the entry.
        kin: the logger of the entry's name in `logging`.
        level: the entry's level number.
        exc_info: as it was given with the entry.
    """
    if _handing_on.get():
        return
    token = _handing_on.set(True)
    try:
        handlers = [handler for handler in _handlers_of(kin) if level >= handler.level]
        if not handlers:
            return
        record = _record(line, level, exceptions.resolve(exc_info))
        for handler in handlers:
            handler.handle(record)
    except Exception:  # noqa: BLE001 - the caller of a log must not suffer
        return
    finally:
        _handing_on.reset(token)


def _handlers_of(kin: logging.Logger) -> Iterator[logging.Handler]:
    at: logging.Logger | None = kin
    while at is not None:
        for handler in list(at.handlers):
            is_meant = _keeps(handler) or at is not logging.root
            if is_meant and not getattr(handler, "writes_entries", False):
                yield handler
        at = at.parent if at.propagate else None


def _keeps(handler: logging.Handler) -> bool:
    return hasattr(handler, "records") or hasattr(handler, "watcher")


def _record(line: bytes, level: int, exception: BaseException | None) -> EntryRecord:
    entry: dict[str, Any] = loads(line)
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to a caller, as in `logging`
    while frame.f_back is not None and _OWN_FILES in frame.f_code.co_filename.replace("\\", "/"):
        frame = frame.f_back
    record = EntryRecord(
        entry["logger_name"],
        level,
        frame.f_code.co_filename,
        frame.f_lineno,
        entry["message"],
        None,
        None if exception is None else (type(exception), exception, exception.__traceback__),
        frame.f_code.co_name,
    )
    record.line = line
    for key, value in entry.items():
        record.__dict__.setdefault(key, value)
    return record
