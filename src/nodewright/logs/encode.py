"""JSON of the parts of an entry: orjson's fast way first, then a slow and total one."""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

import orjson

from nodewright.logs import plain

# Above this, one part of an entry is cut: collectors refuse or split lines much longer.
MAX_PART = 128 * 1024

dumps: Final = orjson.dumps
loads: Final = orjson.loads


def encode(value: object) -> bytes:
    """``value`` as one line of strict JSON of bounded length; never raises."""
    size = _LeastSize()
    try:
        size.add(value)
        encoded = dumps(value, size.default)
    except Exception:  # noqa: BLE001 - any value may do anything; the total way follows
        return shorten(value) if size.left < 0 else _bounded(encode_totally(value), value)
    return _bounded(encoded, value)


class _LeastSize:
    """Adds up how long the JSON of a value must be at the least, and stops what is too long.

    orjson writes a list again each time it is referred to: thirty lists, each of the one before
    twice, are a thousand million. This counts them likewise, but only up to the bound.
    """

    def __init__(self) -> None:
        self.left = MAX_PART

    def add(self, value: Any) -> None:
        waiting = [value]
        while waiting:
            for item in _inside(waiting.pop()):
                kind = type(item)
                if issubclass(kind, str):
                    self.left -= str.__len__(item)
                elif issubclass(kind, _NESTS) or hasattr(kind, "__dataclass_fields__"):
                    waiting.append(item)
                self.left -= 2
                if self.left < 0:
                    raise ValueError("too long for an entry")

    def default(self, value: Any) -> Any:
        simple = plain.default(value)
        self.left -= 1
        self.add(simple)
        return simple


_NESTS = (dict, list, tuple)


def _inside(value: Any) -> Iterable[Any]:
    """What orjson itself goes into."""
    kind = type(value)
    if issubclass(kind, dict):
        return dict.values(value)
    if issubclass(kind, list):
        return list.__iter__(value)
    if issubclass(kind, tuple):
        return tuple.__iter__(value)
    return [getattr(value, name, None) for name in getattr(kind, "__dataclass_fields__", ())]


def _bounded(encoded: bytes, value: object) -> bytes:
    return encoded if len(encoded) <= MAX_PART else shorten(value)


def encode_totally(value: object) -> bytes:
    """``value`` as strict JSON, by way of plain values."""
    return dumps(plain.attempt(lambda: plain.plain(value), "<unencodable>"))


def shorten(value: object) -> bytes:
    """A value whose JSON is too long, cut with marks."""
    for bounds in (plain.BOUNDS, plain.NARROW):
        bounded = plain.attempt(partial(plain.plain, value, bounds), "<unencodable>")
        encoded = dumps(bounded)
        if len(encoded) <= MAX_PART:
            return encoded
    return dumps({"cut": f"[{plain.type_name(type(value))}: too long for a log entry]"})


def encode_message(message: object) -> bytes:
    """The message as a JSON string, whatever it is."""
    if not issubclass(type(message), str):  # isinstance would ask the object itself
        unprintable = f"<unprintable {plain.type_name(type(message))}>"
        message = plain.attempt(lambda: str.__str__(str(message)), unprintable)
    try:
        encoded = dumps(message)
    except Exception:  # noqa: BLE001 - lone surrogates, subclasses with a will of their own
        return dumps(plain.cut(str.__str__(message), plain.BOUNDS.text))
    if len(encoded) <= MAX_PART:
        return encoded
    return dumps(plain.cut(str.__str__(message), plain.BOUNDS.text))
