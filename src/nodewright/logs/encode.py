"""JSON of the parts of an entry: orjson's fast way first, then a slow and total one."""

from functools import partial
from typing import Any

import orjson

from nodewright.logs import plain

# Above this, one part of an entry is cut: collectors refuse or split lines much longer.
MAX_PART = 128 * 1024

dumps = orjson.dumps
loads = orjson.loads


def encode(value: Any) -> bytes:
    """``value`` as one line of strict JSON of bounded length; never raises."""
    try:
        encoded = dumps(value, plain.default)
    except Exception:  # noqa: BLE001 - any value may do anything; the total way follows
        encoded = encode_totally(value)
    return encoded if len(encoded) <= MAX_PART else shorten(value)


def encode_totally(value: Any) -> bytes:
    """``value`` as strict JSON, by way of plain values."""
    return dumps(plain.attempt(lambda: plain.plain(value), "<unencodable>"))


def shorten(value: Any) -> bytes:
    """A value whose JSON is too long, cut with marks."""
    for bounds in (plain.BOUNDS, plain.NARROW):
        bounded = plain.attempt(partial(plain.plain, value, bounds), "<unencodable>")
        encoded = dumps(bounded)
        if len(encoded) <= MAX_PART:
            return encoded
    return dumps({"cut": f"[{plain.type_name(type(value))}: too long for a log entry]"})


def encode_message(message: Any) -> bytes:
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
