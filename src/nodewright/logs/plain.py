"""Turn any Python value into plain JSON values: total, bounded, and never raising.

`default` is orjson's hook for the types it does not know. `plain` is for all that the fast way
refuses: cycles, keys that are no strings, huge integers, lone surrogates, hostile objects.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

_SCALARS = (bool, str, int, float, bytes, bytearray)
_INT_MIN, _INT_MAX = -(2**63), 2**64 - 1


class Bounds(NamedTuple):
    """How much of a value is kept."""

    text: int = 8192
    items: int = 1000
    depth: int = 24
    total: int = 20_000


BOUNDS = Bounds()
# For values that are still too long within BOUNDS.
NARROW = Bounds(text=256, items=40, depth=6, total=300)


def default(value: Any) -> Any:  # noqa: PLR0911 - one line a family of types
    """One step towards JSON for a value that orjson does not know."""
    kind = type(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return text_of_bytes(bytes(value))
    if isinstance(value, AbstractSet | Sequence) and not isinstance(value, range):
        return _fields(value) if hasattr(kind, "_fields") else list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if callable(getattr(kind, "model_dump", None)):
        return value.model_dump()
    if callable(getattr(kind, "tolist", None)):
        return value.tolist()
    if callable(getattr(kind, "isoformat", None)):
        return value.isoformat()
    if isinstance(value, BaseException):
        return f"{kind.__name__}: {value}"
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if _prints_address(kind):
        return f"<{kind.__module__}.{kind.__name__}>"
    # Decimal, Path, complex and their like read best as they print.
    return str(value)


def plain(value: Any, bounds: Bounds = BOUNDS) -> Any:
    """``value`` as strict JSON values only (dict with str keys, list, str, int, float, bool, None).

    Args:
        value: anything at all.
        bounds: longer texts, containers and nestings are cut, each with a mark that says so.
    """
    return _Walk(bounds).of(value, bounds.depth)


def attempt(action: Callable[[], Any], otherwise: Any) -> Any:
    """What ``action`` gives, or ``otherwise`` if it raises; Ctrl-C still gets through."""
    try:
        return action()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - foreign code may raise anything; the caller must not suffer
        return otherwise


def text_of_bytes(value: bytes) -> str:
    """``value`` as UTF-8, with escapes for what is not."""
    return value.decode("utf-8", "backslashreplace")


def cut(text: str, limit: int) -> str:
    """``text`` without lone surrogates, and no longer than ``limit`` and a mark."""
    rest = len(text) - limit
    if rest > 0:
        text = f"{text[:limit]}... [{rest} more characters cut]"
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "backslashreplace").decode()
    return text


def type_name(kind: type) -> str:
    """The name of a class, even if its metaclass hides it."""
    return str(attempt(lambda: str.__str__(type.__dict__["__name__"].__get__(kind)), "object"))


class _Walk:
    """One walk over a value, with what it may still show and what it is inside of."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._left = bounds.total
        self._open: set[int] = set()

    def of(self, value: Any, depth: int) -> Any:
        kind = type(value)  # not isinstance, which would ask the object itself
        if value is None or issubclass(kind, _SCALARS):
            return attempt(lambda: self._scalar(value), f"<{type_name(kind)}>")
        self._left -= 1
        if id(value) in self._open:
            return f"<cycle: {type_name(kind)}>"
        if depth <= 0 or self._left < 0:
            return f"<nested too deeply: {type_name(kind)}>"
        self._open.add(id(value))
        try:
            return attempt(lambda: self._container(value, depth - 1), f"<{type_name(kind)}>")
        finally:
            self._open.discard(id(value))

    def _scalar(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        # A subclass may lie about itself: take the value, not what it says of it.
        if isinstance(value, str):
            return cut(str.__str__(value), self._bounds.text)
        if isinstance(value, int):
            return _integer(int.__index__(value))
        if isinstance(value, float):
            number = float.__float__(value)
            return number if number - number == 0 else None  # NaN: null, as orjson writes it
        return cut(text_of_bytes(bytes(value)), self._bounds.text)

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            pairs = list(dict.items(value) if isinstance(value, dict) else value.items())
            return self._pairs(pairs, depth)
        if isinstance(value, tuple) and hasattr(type(value), "_fields"):
            return self._pairs(list(_fields(value).items()), depth)
        if isinstance(value, list | tuple | AbstractSet | Sequence) and not isinstance(
            value, memoryview | range
        ):
            total, most = len(value), self._bounds.items
            kept = [item for item, _ in zip(value, range(most), strict=False)]
            items = [self.of(item, depth) for item in kept]
            return items + [f"[{total - most} more items cut]"] * (total > most)
        return self._object(value, depth)

    def _pairs(self, pairs: list[tuple[Any, Any]], depth: int) -> dict[str, Any]:
        most = self._bounds.items
        shown: dict[str, Any] = {}
        for key, item in pairs[:most]:
            name = cut(_key(key), self._bounds.text)
            while name in shown:
                name += "'"
            shown[name] = self.of(item, depth)
        if len(pairs) > most:
            shown["..."] = f"[{len(pairs) - most} more items cut]"
        return shown

    def _object(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if hasattr(kind, "__dataclass_fields__"):
            names = kind.__dataclass_fields__
            return self._pairs([(name, getattr(value, name, None)) for name in names], depth)
        if hasattr(kind, "__members__"):
            return self.of(value._value_, depth)
        if callable(getattr(kind, "tolist", None)) and getattr(value, "size", 0) > self._left:
            return f"<{type_name(kind)} of {value.size} values>"
        simple = attempt(lambda: default(value), None)
        if simple is None or simple is value:
            simple = attempt(lambda: repr(value), f"<unprintable {type_name(kind)}>")
        return self.of(simple, depth)


def _fields(value: Any) -> dict[str, Any]:
    """The values of a named tuple under their names, which say what is secret."""
    return dict(zip(type(value)._fields, value, strict=True))


def _key(key: Any) -> str:
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, bytes | bytearray):
        return text_of_bytes(bytes(key))
    if isinstance(key, str):
        return str.__str__(key)
    unprintable = f"<unprintable {type_name(type(key))}>"
    return str(attempt(lambda: str.__str__(str(key)), unprintable))


def _integer(value: int) -> int | str:
    if _INT_MIN <= value <= _INT_MAX:
        return value
    if value.bit_length() > 4096:  # noqa: PLR2004 - str() of a longer one is slow or refused
        return f"<integer of {value.bit_length()} bits>"
    return str(value)


def _prints_address(kind: type) -> bool:
    """Whether objects of ``kind`` print as the address they happen to have."""
    plain_object: type = object
    return kind.__repr__ is plain_object.__repr__ and kind.__str__ is plain_object.__str__
