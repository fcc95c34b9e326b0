"""All metrics of one process: recorded from any thread or loop, bounded, written as text."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from nodewright.monitoring.errors import MetricError
from nodewright.monitoring.model import Labels, MetricType
from nodewright.monitoring.registry import Limits, Registry, Watcher
from nodewright.monitoring.series import INFINITY, Family, Series
from nodewright.monitoring.validation import (
    as_float,
    check_value,
    checked_help,
)

# What waits unfolded in one series at most, beside what is appended during a fold.
_PENDING = 128


class StoreStats(NamedTuple):
    """Sizes and counts.

    Attributes:
        metrics: names.
        series: label sets.
        data_points: values recorded into what is still there.
        overflowed: values that went to overflow series, since the start.
        expired: series dropped as silent, since the start.
    """

    metrics: int
    series: int
    data_points: int
    overflowed: int
    expired: int


class MetricStore:
    """Metrics by name and label set.

    Recording takes no lock: it looks the series up and appends the value. Values are folded into
    sums, buckets and windowed quantiles when enough wait, when a slot of the window ends, and
    before they are read.

    Args:
        limits: bounds of memory.
        clock: seconds, monotonic.
        watcher: told of values outside its bands.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        watcher: Watcher | None = None,
    ) -> None:
        self.limits: Limits = limits or Limits()
        self._clock = clock
        self._watcher = watcher
        self._lock = threading.RLock()
        self._registry = Registry(self.limits, clock, watcher, self._rescue)
        self._index = self._registry.index

    def record(  # noqa: C901 - the hot path: each call of a part of it would be felt
        self,
        name: str,
        value: float,
        metric_type: MetricType,
        labels: Labels | None = None,
        help_text: str = "",
    ) -> None:
        """Record one value; see `MonitoringSystem.record_metric`.

        Raises:
            MetricError: the name, a label, the type or the value is not valid.
        """
        try:
            node = self._index[name]
            if labels:
                for label in labels:
                    node = node[label][labels[label]]
            series = node[""]
        except (KeyError, TypeError, AttributeError):
            with self._lock:
                series = self._registry.find(name, value, metric_type, labels, help_text)
        if series.kind is not metric_type:
            self._registry.check_type(series.family, metric_type)
        if value.__class__ is not float:
            value = as_float(name, value)
        calm = series.low <= value <= series.high
        if not calm:
            check_value(name, value, metric_type)
        if help_text and not series.family.help_text:
            series.family.help_text = checked_help(name, help_text)
        now = self._clock()
        if now >= series.fold_at or len(series.pending) >= _PENDING:
            self._fold(series, now)
        series.take(value)
        series.last_at = now
        if series.gone:
            self._rescue(series)
        if not calm and series.watched and self._watcher is not None:
            self._watcher.observe(series, value, now)

    def set_buckets(self, name: str, bounds: tuple[float, ...]) -> None:
        """Choose the upper bounds of a histogram before its first value.

        Raises:
            MetricError: the bounds do not grow, or values were recorded before.
        """
        finite = tuple(float(bound) for bound in bounds if bound != INFINITY)
        if not finite or any(a >= b for a, b in pairwise(finite)):
            raise MetricError(f"buckets of {name} are {bounds!r}; give numbers that grow")
        if not all(map(math.isfinite, finite)):
            raise MetricError(f"buckets of {name} are {bounds!r}; give finite numbers")
        with self._lock:
            if name in self._registry.families:
                raise MetricError(f"{name} has values already; choose its buckets before")
            self._registry.make_family(name, MetricType.HISTOGRAM, "", finite)

    def forget(self, name: str, labels: Labels | None = None) -> bool:
        """Drop one series and resolve its alert; whether there was such a series."""
        with self._lock:
            return self._registry.forget(name, labels)

    def value(self, name: str, labels: Labels | None = None) -> float | None:
        """A counter's sum, a gauge's value, a histogram's or summary's sum; None: no such."""
        with self._lock:
            series = self._registry.get(name, labels)
            if series is None:
                return None
            series.fold()
            return series.total

    def count(self, name: str, labels: Labels | None = None) -> int:
        """How many values were recorded to a series; of a gauge, at least one if any."""
        with self._lock:
            series = self._registry.get(name, labels)
            if series is None:
                return 0
            series.fold()
            return series.total_count

    def quantile(self, name: str, q: float, labels: Labels | None = None) -> float | None:
        """A quantile of a histogram or summary over the window; None: no values there."""
        with self._lock:
            series = self._registry.get(name, labels)
            if series is None or series.quantiles is None:
                return None
            series.fold()
            return series.quantiles.quantiles((q,), self._clock())[0]

    def export(self) -> str:
        """Everything in the text format of Prometheus, version 0.0.4."""
        with self._lock:
            now = self._clock()
            self._registry.sweep(now)
            parts: list[str] = []
            for family in self._registry.families.values():
                if family.series:
                    parts.append(family.header())
                    self._write(family, now, parts)
            return "".join(parts)

    def each(self) -> Iterator[Series]:
        """All series, folded; a snapshot of which there are."""
        with self._lock:
            every = self._registry.each()
            for series in every:
                series.fold()
        return iter(every)

    def now(self) -> float:
        """The store's clock."""
        return self._clock()

    def stats(self) -> StoreStats:
        """Sizes and counts as they are now."""
        with self._lock:
            registry = self._registry
            every = registry.each()
            points = sum(series.total_count + len(series.pending) for series in every)
            return StoreStats(
                len(registry.families), len(every), points, registry.overflowed, registry.expired
            )

    def clear(self) -> None:
        """Forget every metric."""
        with self._lock:
            self._registry.clear()

    def _write(self, family: Family, now: float, parts: list[str]) -> None:
        moving = family.metric_type is MetricType.SUMMARY
        for series in family.series.values():
            if series.pending:
                series.fold()
            text = series.text
            if text is None or moving:
                text = series.text = series.lines(now)
            parts.append(text)

    def _fold(self, series: Series, now: float) -> None:
        with self._lock:
            series.fold()
            if series.quantiles is not None:
                series.fold_at = series.quantiles.end_of_slot(now)

    def _rescue(self, series: Series) -> None:
        """Record again what met a series that was dropped meanwhile."""
        with self._lock:
            waiting = list(series.pending)
            series.pending.clear()
            kind = series.family.metric_type
            for value in waiting:
                self.record(series.family.name, value, kind, series.labels)
