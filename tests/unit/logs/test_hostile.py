"""Whatever is logged, the entry appears as one line of strict JSON and nothing is raised.

Over 400 lines because the hostile classes stand beside the table of what must come of them.
"""

import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import json
import re
import subprocess
import sys
import threading
import types
import uuid
from collections import ChainMap, Counter, OrderedDict, UserDict, deque, namedtuple
from pathlib import Path
from typing import Any, Never

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from nodewright.logs import JSONFormatter, get_logger
from nodewright.logs.pipeline import PIPELINE


class ReprRaises:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class StrExits:
    def __str__(self) -> str:
        raise SystemExit(3)

    __repr__ = __str__


class ClassLies:
    @property
    def __class__(self) -> Any:
        raise ValueError("no class")


class AttributesRaise:
    def __getattr__(self, name: str) -> Never:
        raise ZeroDivisionError(name)


class StrSubclass(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise ValueError("no text")


class IntSubclass(int):
    def __index__(self) -> int:
        raise ValueError("no number")


class DictLies(dict[str, Any]):
    def items(self) -> Any:
        raise OSError("no items")

    __iter__ = keys = values = items  # type: ignore[assignment]


class LengthLies(list[int]):
    def __len__(self) -> int:
        return -1  # noqa: PLE0303 - the lie


class MetaHides(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise TypeError("nameless")


class Nameless(metaclass=MetaHides):
    pass


class Colour(enum.Enum):
    RED = object()


@dataclasses.dataclass
class Point:
    x: Any
    y: Any


class Model(BaseModel):
    name: str = "n"
    key: SecretStr = SecretStr("hush")


class DumpRaises(BaseModel):
    def model_dump(self, **_: Any) -> dict[str, Any]:
        raise RuntimeError("no dump")


def cycle_of_dicts() -> dict[str, Any]:
    one: dict[str, Any] = {}
    one["self"] = one
    return one


def cycle_of_lists() -> list[Any]:
    one: list[Any] = []
    one.extend([one] * 10)
    return one


def deep(levels: int) -> list[Any]:
    one: list[Any] = []
    for _ in range(levels):
        one = [one]
    return one


def group() -> ExceptionGroup[Exception]:
    return ExceptionGroup("g", [ValueError("a"), ExceptionGroup("h", [KeyError("b")])])


Pair = namedtuple("Pair", "a b")  # noqa: PYI024 - the plain kind is what is tried

HOSTILE: dict[str, Any] = {
    "nan": float("nan"),
    "infinity": float("inf"),
    "negative infinity": float("-inf"),
    "negative zero": -0.0,
    "huge int": 2**64,
    "negative huge int": -(2**63) - 1,
    "int of 100,000 bits": 1 << 100_000,
    "complex": 1 + 2j,
    "bytes": b"abc",
    "bytes that are no UTF-8": b"\xff\x00",
    "bytearray": bytearray(b"x"),
    "memoryview": memoryview(b"xyz"),
    "bytes keys": {b"k": 1, b"\xff": 2},
    "int keys": {1: 1, 2**70: 2},
    "keys that collide": {1: "a", "1": "b", None: "c", "null": "d"},
    "tuple keys": {(1, 2): 3},
    "object keys": {object(): 1},
    "keys whose repr raises": {ReprRaises(): 1},
    "surrogate": "a\ud800b",
    "surrogate key": {"\udfff": 1},
    "nul and newlines": "a\x00b\r\n\u2028\u2029\x85",
    "string of 10 MB": "x" * 10_000_000,
    "string of escapes": "\x01" * 100_000,
    "list of 100,000": list(range(100_000)),
    "dict of 50,000": {str(number): number for number in range(50_000)},
    "set": {1, 2},
    "set of mixed": frozenset({1, "a", None}),
    "datetime": dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
    "naive datetime": dt.datetime(2025, 1, 1),  # noqa: DTZ001 - naive is what is tried
    "time with zone": dt.time(1, 2, tzinfo=dt.UTC),
    "timedelta": dt.timedelta(seconds=1.5),
    "date": dt.date(2025, 1, 1),
    "uuid": uuid.UUID(int=1),
    "path": Path("/a/b"),
    "decimal": decimal.Decimal("1.10"),
    "decimal nan": decimal.Decimal("sNaN"),
    "fraction": fractions.Fraction(1, 3),
    "address": ipaddress.ip_address("::1"),
    "pattern": re.compile("a"),
    "cycle of dicts": cycle_of_dicts(),
    "cycle of lists": cycle_of_lists(),
    "depth 100": deep(100),
    "depth 1,000": deep(1000),
    "deque": deque([1], maxlen=3),
    "counter": Counter("aab"),
    "ordered dict": OrderedDict(a=1),
    "user dict": UserDict(a=1),
    "chain map": ChainMap({"a": 1}),
    "mapping proxy": types.MappingProxyType({"a": 1}),
    "named tuple": Pair(1, b"2"),
    "range": range(10**12),
    "generator": (number for number in range(3)),
    "lambda": lambda: None,
    "module": json,
    "class": ReprRaises,
    "builtin": len,
    "lock": threading.Lock(),
    "object": object(),
    "ellipsis": ...,
    "not implemented": NotImplemented,
    "enum of object": Colour.RED,
    "dataclass": Point(1, {2}),
    "dataclass with cycle": Point(cycle_of_dicts(), ReprRaises()),
    "model": Model(),
    "model whose dump raises": DumpRaises(),
    "repr raises": ReprRaises(),
    "str exits": StrExits(),
    "class lies": ClassLies(),
    "attributes raise": AttributesRaise(),
    "str subclass": StrSubclass("s"),
    "int subclass": IntSubclass(7),
    "dict that lies": DictLies(a=1),
    "length that lies": LengthLies([1]),
    "nameless": Nameless(),
    "exception": ValueError("v"),
    "exception group": group(),
    "exception whose str raises": type("E", (Exception,), {"__str__": ReprRaises.__repr__})(),
}


# logging and hypothesis themselves ask a value for its class.
BEARABLE = sorted(HOSTILE.keys() - {"class lies"})


def strict(line: bytes) -> dict[str, Any]:
    def refuse(constant: str) -> Never:
        raise AssertionError(constant)

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    entry = json.loads(line.decode("utf-8"), parse_constant=refuse)
    assert isinstance(entry, dict)
    return entry


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("place", ["metadata", "value", "nested", "message", "exc_info", "both"])
def test_hostile_values_appear(kept: Any, name: str, place: str) -> None:
    value = HOSTILE[name]
    logger = get_logger("hostile")
    match place:
        case "metadata":
            logger.info("m", metadata=value)
        case "value":
            logger.info("m", metadata={"value": value, "plain": 1})
        case "nested":
            logger.info("m", metadata={"a": [{"value": value}], "plain": 1})
        case "message":
            logger.info(value)
        case "exc_info":
            logger.error("m", exc_info=value)
        case "both":
            logger.error(value, metadata={"value": value}, exc_info=ValueError(value))
    (line,) = kept.lines
    entry = strict(line)
    assert list(entry)[:4] == ["timestamp", "level", "logger_name", "message"]
    assert isinstance(entry["message"], str)
    assert len(line) < 300_000
    if place == "value":
        assert entry["metadata"]["plain"] == 1


def test_what_is_known_keeps_its_value(kept: Any) -> None:
    get_logger("a").info(
        "m",
        metadata={
            "uuid": uuid.UUID(int=1),
            "path": Path("/a/b"),
            "decimal": decimal.Decimal("1.10"),
            "set": {1},
            "bytes": b"ab\xff",
            "when": dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
            "huge": 2**70,
            "model": Model(),
            "point": Point(1, 2),
        },
    )
    assert kept.entry["metadata"] == {
        "uuid": str(uuid.UUID(int=1)),
        "path": "/a/b",
        "decimal": "1.10",
        "set": [1],
        "bytes": "ab\\xff",
        "when": "2025-01-01T00:00:00+00:00",
        "huge": str(2**70),
        "model": {"name": "n", "key": "**********"},
        "point": {"x": 1, "y": 2},
    }


def test_numpy_values(kept: Any) -> None:
    numpy = pytest.importorskip("numpy")
    values = {
        "array": numpy.arange(3),
        "scalar": numpy.float32(0.5),
        "nan": numpy.float64("nan"),
        "objects": numpy.array([object()], dtype=object),
        "big": numpy.zeros((1000, 1000)),
    }
    get_logger("a").info("m", metadata=values)
    shown = strict(kept.lines[0])["metadata"]
    assert (shown["array"], shown["scalar"], shown["nan"]) == ([0, 1, 2], 0.5, None)
    assert shown["big"] == "<ndarray of 1000000 values>"


def test_long_texts_are_cut_with_a_mark(kept: Any) -> None:
    get_logger("a").info("m" * 10_000_000, metadata={"text": "x" * 10_000_000, "n": 1})
    entry = kept.entry
    assert entry["message"].endswith("more characters cut]")
    assert entry["metadata"]["text"].endswith("[9991808 more characters cut]")
    assert entry["metadata"]["n"] == 1


BOMBS = """
import dataclasses, resource, sys
from collections import OrderedDict, deque
from nodewright.logs import get_logger

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

@dataclasses.dataclass
class Pair:
    left: object
    right: object

kinds = {
    "list": lambda inner: [inner, inner],
    "tuple": lambda inner: (inner, inner),
    "dict": lambda inner: {"a": inner, "b": inner},
    "dataclass": lambda inner: Pair(inner, inner),
    "deque": lambda inner: deque([inner, inner]),
    "ordered dict": lambda inner: OrderedDict(a=inner, b=inner),
    "deques of lists": lambda inner: deque([[inner], [inner]]),
}
value = "x"
for _ in range(45):
    value = kinds[sys.argv[1]](value)
log = get_logger("bomb")
log.info("inside", metadata={"value": value})
log.info("itself", metadata=value)
log.info("long", metadata={"value": ["x" * 1_000_000] * 5000})
"""


@pytest.mark.parametrize(
    "kind",
    ["list", "tuple", "dict", "dataclass", "deque", "ordered dict", "deques of lists"],
)
def test_what_is_shared_does_not_grow_without_bounds(kind: str) -> None:
    """Encoded as it stands, each of these would be 2**45 texts; memory is limited to 1 GiB."""
    result = subprocess.run(
        [sys.executable, "-c", BOMBS, kind], capture_output=True, check=True, timeout=60
    )
    lines = result.stderr.splitlines(keepends=True)
    assert [strict(line)["message"] for line in lines] == ["inside", "itself", "long"]
    assert max(map(len, lines)) < 140_000


def test_a_long_value_is_kept_whole_up_to_the_bound(kept: Any) -> None:
    values = {"numbers": [0] * 60_000}
    get_logger("a").info("m", metadata=values)
    assert kept.entry["metadata"] == values


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.complex_numbers()
    | st.decimals()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.timedeltas()
    | st.uuids()
    | st.sampled_from(BEARABLE).map(lambda name: HOSTILE[name])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=8) | st.integers() | st.binary(max_size=3), inner)
        | st.builds(Point, inner, inner)
    ),
    max_leaves=8,
)


class _Last:
    lost = 0
    line = b""

    def write(self, line: bytes) -> None:
        self.line = line

    def close(self) -> None:
        pass


@settings(max_examples=150, deadline=None)
@given(values, values)
def test_any_value_is_one_line_of_strict_json(message: Any, metadata: Any) -> None:
    last = _Last()
    before = PIPELINE.send_to(last)
    try:
        get_logger("any").warning(message, metadata=metadata)
    finally:
        PIPELINE.send_to(before)
    strict(last.line)


@pytest.mark.parametrize("name", BEARABLE)
def test_records_of_the_standard_library_take_hostile_values(name: str) -> None:
    import logging

    value = HOSTILE[name]
    for message, arguments in ((value, ()), ("%s", (value,)), ("%d", (value, value))):
        record = logging.LogRecord("a", 20, "f", 1, message, arguments, None)
        record.__dict__["extra"] = value
        strict(JSONFormatter().format(record).encode() + b"\n")
