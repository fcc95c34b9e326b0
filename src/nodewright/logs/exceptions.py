"""Exceptions as structured data: type, message, notes, causes, groups and frames."""

import linecache
import sys
from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

import orjson

from nodewright.logs import plain
from nodewright.logs.encode import dumps
from nodewright.logs.secret_texts import MARK

if TYPE_CHECKING:
    from nodewright.logs.redaction import Redactor

MAX_FRAMES = 50
MAX_CHAIN = 10
MAX_GROUP = 15
MAX_LOCAL = 200
MAX_SHOWN = 60
MAX_FRAMES_KNOWN = 4096


def resolve(exc_info: Any) -> BaseException | None:
    """The exception meant by ``exc_info``: itself, the one being handled for True, or none."""
    kind = type(exc_info)  # not isinstance, which would ask the object itself
    if issubclass(kind, BaseException):
        return cast("BaseException", exc_info)
    if kind is tuple and len(exc_info) == 3:  # noqa: PLR2004 - sys.exc_info()
        return exc_info[1] if issubclass(type(exc_info[1]), BaseException) else None
    if exc_info is True or (kind is int and exc_info):
        return sys.exc_info()[1]
    return None


def encoded(exception: BaseException, redactor: "Redactor", *, with_locals: bool = False) -> bytes:
    """``exception`` and what led to it, as JSON without secrets; never raises.

    Its cause, or the context it was raised in, follows under ``cause`` or ``context``, the members
    of a group under ``exceptions``, outermost frames first.

    Args:
        exception: the exception.
        redactor: cleans messages, notes, source lines and local values.
        with_locals: whether each frame also shows its local variables.
    """
    try:
        return dumps(_Description(redactor, with_locals).of(exception, MAX_CHAIN))
    except Exception:  # noqa: BLE001 - an exception class may override anything
        return dumps({"type": plain.type_name(type(exception)), "message": "<unprintable>"})


class _Description:
    """One walk over an exception and all that it leads to."""

    def __init__(self, redactor: "Redactor", with_locals: bool) -> None:
        self._clean = redactor.text
        self._redactor = redactor
        self._with_locals = with_locals
        self._seen: set[int] = set()
        self._left = MAX_SHOWN

    def of(self, exception: BaseException, depth: int) -> dict[str, object]:
        kind = type(exception)
        self._seen.add(id(exception))
        self._left -= 1
        described: dict[str, object] = {
            "type": plain.type_name(kind),
            "module": plain.cut(str(kind.__module__), 256),
            "message": self._text(exception),
        }
        notes = plain.attempt(lambda: getattr(exception, "__notes__", None), None)
        if isinstance(notes, list | tuple):
            described["notes"] = [self._text(note) for note in notes[:MAX_GROUP]]
        frames = self._frames(exception.__traceback__)
        if frames:
            described["frames"] = frames
        for key, linked in _links(exception):
            described[key] = self._linked(linked, depth)
        if isinstance(exception, BaseExceptionGroup):
            members = exception.exceptions[:MAX_GROUP]
            described["exceptions"] = [self._linked(member, depth) for member in members]
            if len(exception.exceptions) > len(members):
                described["exceptions_cut"] = len(exception.exceptions) - len(members)
        return described

    def _linked(self, exception: BaseException, depth: int) -> dict[str, object]:
        if depth > 0 and self._left > 0 and id(exception) not in self._seen:
            return self.of(exception, depth - 1)
        return {"type": plain.type_name(type(exception)), "cut": "shown above, or too many"}

    def _text(self, value: object) -> str:
        unprintable = f"<unprintable {plain.type_name(type(value))}>"
        text = plain.attempt(lambda: str.__str__(str(value)), unprintable)
        return self._clean(plain.cut(text, plain.BOUNDS.text))

    def _frames(self, traceback: TracebackType | None) -> list[object]:
        """Outermost first; of very long stacks the middle is cut."""
        found = []
        while traceback is not None:
            found.append(traceback)
            traceback = traceback.tb_next
        frames: list[object] = []
        if len(found) > MAX_FRAMES:
            rest = len(found) - MAX_FRAMES
            half = MAX_FRAMES // 2
            frames = [self._frame(one) for one in found[:half]]
            frames.append({"cut": f"[{rest} more frames cut]"})
            found = found[-half:]
        frames += [self._frame(one) for one in found]
        return frames

    def _frame(self, traceback: TracebackType) -> object:
        code = traceback.tb_frame.f_code
        key = (code.co_filename, code.co_qualname, traceback.tb_lineno)
        frames = self._redactor.frames
        known = frames.get(key)
        if known is None:
            frame = self._new_frame(*key)
            if len(frames) >= MAX_FRAMES_KNOWN:
                frames.clear()
            known = frames[key] = orjson.Fragment(dumps(frame))
        if not self._with_locals:
            return known
        return {"frame": known, "locals": self._locals(traceback.tb_frame.f_locals)}

    def _new_frame(self, file: str, function: str, line: int) -> dict[str, object]:
        frame = {"file": plain.cut(file, 1024), "line": line, "function": plain.cut(function, 256)}
        source = plain.attempt(lambda: linecache.getline(file, line).strip(), "")
        if source:
            frame["source"] = self._clean(plain.cut(source, MAX_LOCAL))
        return frame

    def _locals(self, values: Mapping[str, object]) -> dict[str, str]:
        shown = {}
        for name, value in list(values.items())[:MAX_FRAMES]:
            unprintable = f"<unprintable {plain.type_name(type(value))}>"
            text = plain.attempt(partial(_repr, value), unprintable)
            secret = self._redactor.enabled and self._redactor.is_secret(name)
            shown[name] = MARK if secret else self._clean(plain.cut(text, MAX_LOCAL))
        return shown


def _links(exception: BaseException) -> list[tuple[str, BaseException]]:
    if exception.__cause__ is not None:
        return [("cause", exception.__cause__)]
    if exception.__context__ is not None and not exception.__suppress_context__:
        return [("context", exception.__context__)]
    return []


def _repr(value: object) -> str:
    return str.__str__(repr(value))
