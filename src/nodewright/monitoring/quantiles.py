"""Quantiles over a sliding window, with a bounded relative error.

Values are counted in bins that are at most 1/128 of their value wide: the bin of a value is the
upper half of its 32-bit float, that is sign, exponent and seven bits of the mantissa, which an
array gives for many values at once. The bin's middle is therefore within 0.4 % of every value in
it. The few values that a 32-bit float cannot hold go to bins whose bounds grow by a constant
factor (Masson, Rim and Lee, "DDSketch", VLDB 2019). The window is a ring of slots; a slot is
dropped whole when it has left the window.
"""

import math
import struct
import sys
from array import array
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Sequence

_UPPER_HALF = 1 if sys.byteorder == "little" else 0
_BATCH = 128
_NARROWEST, _WIDEST = 1.2e-38, 3.3e38

_BINS_PER_E = 1 / math.log(1.01)
_MIDDLE = math.log(2 / 2.01)
# Floats reach from e**-745 to e**710, so an exponent lies between -75,000 and 72,000. Bins of
# negative values have negative indexes beyond the offset.
_OFFSET = 1 << 20


class WindowedQuantiles:
    """Counts of one series' values over the last ``window`` seconds.

    Args:
        window: seconds.
        slots: how many parts the window moves on in.
    """

    __slots__ = ("_number", "_slots", "_slots_in_window", "_waiting", "_width")

    def __init__(self, window: float, slots: int) -> None:
        self._width = window / slots
        self._slots_in_window = slots
        self._slots: deque[tuple[int, Counter[int]]] | None = None
        # Values of the present slot that are not in its bins yet: many at once cost less.
        self._waiting: list[float] = []
        self._number = 0

    def end_of_slot(self, now: float) -> float:
        """When the slot of ``now`` ends."""
        return (math.floor(now / self._width) + 1) * self._width

    def add(self, values: Sequence[float], now: float) -> None:
        """Count finite ``values``, all from the slot of ``now``."""
        number = int(now // self._width)
        if number != self._number:
            self._bin()
            self._number = number
        self._waiting += values
        if len(self._waiting) >= _BATCH:
            self._bin()

    def quantiles(self, wanted: Iterable[float], now: float) -> list[float | None]:
        """The values at ranks ``floor(q * (n - 1))`` of the window; None where it is empty."""
        self._bin()
        self._drop_before(int(now // self._width))
        merged: Counter[int] = Counter()
        for _, bins in self._slots or ():
            merged.update(bins)
        ordered = sorted((_value(index), count) for index, count in merged.items())
        total = merged.total()
        return [_at_rank(ordered, math.floor(q * (total - 1))) for q in wanted]

    def _bin(self) -> None:
        if not self._waiting:
            return
        if self._slots is None:
            self._slots = deque()
        if not self._slots or self._slots[-1][0] != self._number:
            self._slots.append((self._number, Counter()))
            self._drop_before(self._number)
        self._waiting.sort()
        self._slots[-1][1].update(_indexes(self._waiting))
        self._waiting.clear()

    def _drop_before(self, number: int) -> None:
        slots = self._slots
        while slots and slots[0][0] <= number - self._slots_in_window:
            slots.popleft()


def _indexes(values: Sequence[float]) -> Iterable[int]:
    """The bins of sorted values."""
    first = values[0]
    if first <= 0.0:
        positive = bisect_right(values, 0.0)
        first = values[positive] if values[0] == 0.0 and positive < len(values) else values[0]
    if (first == 0.0 or first >= _NARROWEST) and values[-1] <= _WIDEST:
        return memoryview(array("f", values)).cast("B").cast("H")[_UPPER_HALF::2]
    return map(_index, values)


def _index(value: float) -> int:
    size = abs(value)
    if size == 0.0:
        return 0
    if _NARROWEST <= size <= _WIDEST:
        index: int = struct.unpack(">H", struct.pack(">f", value)[:2])[0]
        return index
    exponent = math.ceil(math.log(size) * _BINS_PER_E)
    return _OFFSET + exponent if value > 0 else -_OFFSET - exponent


def _value(index: int) -> float:
    """The middle of a bin."""
    if index in {0, 0x8000}:
        return 0.0
    if 0 < index <= 0xFFFF:  # noqa: PLR2004 - the bins of 16 bits
        value: float = struct.unpack(">f", struct.pack(">HH", index, 0x8000))[0]
        return value
    logarithm = (abs(index) - _OFFSET) / _BINS_PER_E + _MIDDLE
    return math.copysign(max(math.exp(min(logarithm, 709.78)), 5e-324), index)


def _at_rank(ordered: Sequence[tuple[float, int]], rank: int) -> float | None:
    seen = 0
    for value, count in ordered:
        seen += count
        if seen > rank:
            return value
    return None
