"""One label set's numbers: what is recorded, folded in, and written as text.

Recording only appends to ``pending`` (atomic in CPython, so it needs no lock). `Series.fold`
moves what waits there into the sums; the store calls it under its lock.
"""

import math
import sys
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from nodewright.monitoring.model import MetricType
from nodewright.monitoring.quantiles import WindowedQuantiles

INFINITY = math.inf
LARGEST = sys.float_info.max

SUMMARY_QUANTILES = (0.5, 0.9, 0.95, 0.99)

# Upper bounds by what a name says of its unit.
_MILLISECONDS: tuple[float, ...] = (
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    25.0,
    50.0,
    100.0,
    200.0,
    300.0,
    500.0,
    1000.0,
    2000.0,
    3000.0,
    5000.0,
    10_000.0,
    30_000.0,
    60_000.0,
)
_RATIO = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0)
_BYTES = tuple(float(4**power) for power in range(4, 17))
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_RATIO_ENDINGS = ("_rate", "_ratio", "_score", "_accuracy", "_precision", "_recall")


def default_buckets(name: str) -> tuple[float, ...]:
    """Upper bounds of the buckets of a histogram, chosen by the unit that its name ends in."""
    if name.endswith(("_ms", "_milliseconds", "_p95")):
        return _MILLISECONDS
    if name.endswith(_RATIO_ENDINGS):
        return _RATIO
    if name.endswith("_bytes"):
        return _BYTES
    return _SECONDS


def number(value: float) -> str:
    """``value`` as the text format writes it: shortest, and read back as the same float."""
    if value == INFINITY:
        return "+Inf"
    if value == -INFINITY:
        return "-Inf"
    if value != value:  # noqa: PLR0124 - a sum over both infinities
        return "NaN"
    if value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - exact in a float
        return str(int(value))
    return repr(value)


def escaped(text: str) -> str:
    """A label value as it stands between its quotes."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@dataclass(slots=True)
class Family:
    """All series of one metric name.

    Attributes:
        least: the smallest finite value that may be recorded.
        band: values within may be recorded and need no look at the alerts.
        watched: whether there is a rule for it.
        series: label names and values, flat and sorted -> the series.
        overflow: the series of what found no room.
    """

    name: str
    metric_type: MetricType
    help_text: str = ""
    bounds: tuple[float, ...] = ()
    least: float = -LARGEST
    band: tuple[float, float] = (-LARGEST, LARGEST)
    watched: bool = False
    series: dict[tuple[str, ...], "Series"] = field(default_factory=dict)
    overflow: "Series | None" = None
    template: str = ""

    def __post_init__(self) -> None:
        if self.metric_type is MetricType.COUNTER:
            self.least = 0.0
        self.band = (self.least, LARGEST)
        if self.metric_type is MetricType.HISTOGRAM:
            buckets = [f'{self.name}_bucket{{%s,le="{number(b)}"}} %d\n' for b in self.bounds]
            buckets.append(f'{self.name}_bucket{{%s,le="+Inf"}} %d\n')
            self.template = "".join(buckets) + f"{self.name}_sum{{%s}} %s\n"
            self.template += f"{self.name}_count{{%s}} %d\n"

    def watch(self, band: tuple[float, float]) -> None:
        """Leave values outside ``band`` to the alerts."""
        self.watched = band != (-INFINITY, INFINITY)
        self.band = max(band[0], self.least), min(band[1], LARGEST)

    @property
    def exported(self) -> str:
        """The name in the text format, where a counter's ends in ``_total``."""
        if self.metric_type is MetricType.COUNTER and not self.name.endswith("_total"):
            return f"{self.name}_total"
        return self.name

    def sample_names(self) -> tuple[str, ...]:
        """Every name that its samples have in the text format."""
        if self.metric_type is MetricType.HISTOGRAM:
            endings: Sequence[str] = ("", "_bucket", "_sum", "_count")
        elif self.metric_type is MetricType.SUMMARY:
            endings = ("", "_sum", "_count")
        else:
            endings = ("",)
        return tuple(self.exported + ending for ending in endings)

    def header(self) -> str:
        """The HELP and TYPE lines."""
        said = self.help_text or self.name.replace("_", " ").strip()
        said = said.replace("\\", r"\\").replace("\n", r"\n")
        name = self.exported
        return f"# HELP {name} {said}\n# TYPE {name} {self.metric_type.value}\n"


class Series:
    """One label set of a family.

    Attributes:
        take: appends one value to ``pending``; safe in any thread.
        fold_at: at this time what is pending has to be folded before more is taken.
        low, high: values within need no look at the alerts.
        alert: what the alerts remember of this series.
        text: its lines of the text format, None when they have changed.
    """

    __slots__ = (
        "alert",
        "counts",
        "family",
        "fold_at",
        "gone",
        "high",
        "kind",
        "label_text",
        "labels",
        "last_at",
        "low",
        "pending",
        "quantiles",
        "take",
        "text",
        "total",
        "total_count",
        "watched",
    )

    def __init__(self, family: Family, labels: dict[str, str], window: float, now: float) -> None:
        self.family: Family = family
        self.labels: dict[str, str] = labels
        self.label_text: str = ",".join(
            f'{name}="{escaped(labels[name])}"' for name in sorted(labels)
        )
        self.kind: MetricType = family.metric_type
        self.low: float
        self.high: float
        self.low, self.high = family.band
        self.watched: bool = family.watched
        self.alert: object = None
        self.text: str | None = None
        self.last_at: float = now
        self.gone: bool = False
        self.total: float = 0.0
        self.total_count: int = 0
        self.counts: list[int] = [0] * (len(family.bounds) + 1)
        self.pending: list[float] | deque[float] = []
        self.quantiles: WindowedQuantiles | None = None
        self.fold_at: float = INFINITY
        if family.metric_type is MetricType.GAUGE:
            self.pending = deque(maxlen=1)
        elif family.metric_type in {MetricType.HISTOGRAM, MetricType.SUMMARY}:
            self.quantiles = WindowedQuantiles(window, _SLOTS)
            self.fold_at = self.quantiles.end_of_slot(now)
        self.take: Callable[[float], None] = self.pending.append

    def fold(self) -> None:
        """Move what is pending into the sums."""
        pending = self.pending
        waiting = len(pending)
        if not waiting:
            return
        self.text = None
        if isinstance(pending, deque):
            self.total = pending.pop()
            self.total_count += 1
            return
        # Two atomic steps: a value that is appended in between stays for the next time.
        values = pending[:waiting]
        del pending[:waiting]
        self.total += sum(values)
        self.total_count += waiting
        if self.quantiles is None:
            return
        if self.family.bounds:
            self._count(values)
        self.quantiles.add(values, self.last_at)

    def _count(self, values: list[float]) -> None:
        """Add ``values`` to the buckets, each of which includes its upper bound."""
        bounds, counts = self.family.bounds, self.counts
        if len(values) < len(bounds):
            for value in values:
                counts[bisect_left(bounds, value)] += 1
            return
        values.sort()
        below = 0
        for place, bound in enumerate(bounds):
            upto = bisect_right(values, bound)
            counts[place] += upto - below
            below = upto
        counts[-1] += len(values) - below

    def lines(self, now: float) -> str:
        """The folded numbers in the text format."""
        kind = self.family.metric_type
        labels = self.label_text
        if kind is MetricType.HISTOGRAM:
            return self._histogram_lines(labels)
        name = self.family.exported
        if kind is not MetricType.SUMMARY:
            where = f"{{{labels}}}" if labels else ""
            return f"{name}{where} {number(self.total)}\n"
        assert self.quantiles is not None  # noqa: S101 - a summary has them
        values = self.quantiles.quantiles(SUMMARY_QUANTILES, now)
        before = f"{labels}," if labels else ""
        lines = [
            f'{name}{{{before}quantile="{q}"}} {"NaN" if value is None else number(value)}\n'
            for q, value in zip(SUMMARY_QUANTILES, values, strict=True)
        ]
        where = f"{{{labels}}}" if labels else ""
        lines.append(f"{name}_sum{where} {number(self.total)}\n")
        lines.append(f"{name}_count{where} {self.total_count}\n")
        return "".join(lines)

    def _histogram_lines(self, labels: str) -> str:
        counts = self.counts
        arguments: list[Any] = [labels] * (2 * len(counts) + 4)
        arguments[1 : 2 * len(counts) : 2] = accumulate(counts)
        arguments[-3] = number(self.total)
        arguments[-1] = self.total_count
        text = self.family.template % tuple(arguments)
        # Without labels the template leaves a comma, and braces around nothing.
        return text if labels else text.replace("{,", "{").replace("{}", "")


_SLOTS = 10
