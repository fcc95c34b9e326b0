"""All metrics of one process: recorded from any thread or loop, bounded, written as text."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from nodewright.monitoring.errors import MetricError
from nodewright.monitoring.model import MetricType
from nodewright.monitoring.series import INFINITY, LARGEST, Family, Series, default_buckets
from nodewright.monitoring.validation import (
    as_float,
    check_name,
    check_value,
    checked_help,
    checked_labels,
    checked_type,
    plain,
)

OVERFLOW_LABELS = {"overflow": "true"}
"""The label set that takes what would be one series too many."""

# What waits unfolded in one series at most, beside what is appended during a fold.
_PENDING = 128


class Limits(NamedTuple):
    """What one store keeps at most.

    Attributes:
        metrics: names; one more is refused.
        series: label sets over all names; further ones share one overflow series a name.
        series_per_metric: label sets of one name; further ones as above.
        expiry_s: a series that nothing was recorded to for so long is dropped.
        window_s: the sliding window of quantiles.
    """

    metrics: int = 1_000
    series: int = 50_000
    series_per_metric: int = 10_000
    expiry_s: float = 86_400.0
    window_s: float = 600.0


class Watcher(Protocol):
    """Who has to know of values outside a band; the alerts."""

    def band(self, name: str) -> tuple[float, float]:
        """Values of ``name`` from the first to the second need no attention."""

    def observe(self, series: Series, value: float, now: float) -> None:
        """A value of a series was outside its ``low`` and ``high``."""

    def forget(self, series: Series, reason: str) -> None:
        """A series is dropped."""


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
        self._families: dict[str, Family] = {}
        # Name -> label name -> its value -> the next label name ... -> "" -> the series: as callers
        # order them. Faster than to build and hash a key.
        self._index: dict[str, Any] = {}
        self._indexed = 0
        self._sample_names: dict[str, str] = {}
        self._series_count = 0
        self._overflowed = 0
        self._expired = 0
        self._swept_at = clock()

    def record(  # noqa: C901 - the hot path: each call of a part of it would be felt
        self,
        name: str,
        value: float,
        metric_type: MetricType,
        labels: Mapping[str, str] | None = None,
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
            series = self._find(name, value, metric_type, labels, help_text)
        if series.kind is not metric_type:
            self._check_type(series.family, metric_type)
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
            if name in self._families:
                raise MetricError(f"{name} has values already; choose its buckets before")
            self._make_family(name, MetricType.HISTOGRAM, "", finite)

    def value(self, name: str, labels: Mapping[str, str] | None = None) -> float | None:
        """A counter's sum, a gauge's value, a histogram's or summary's sum; None: no such."""
        with self._lock:
            series = self._get(name, labels)
            if series is None:
                return None
            series.fold()
            return series.total

    def count(self, name: str, labels: Mapping[str, str] | None = None) -> int:
        """How many values were recorded to a series; of a gauge, at least one if any."""
        with self._lock:
            series = self._get(name, labels)
            if series is None:
                return 0
            series.fold()
            return series.total_count

    def quantile(
        self, name: str, q: float, labels: Mapping[str, str] | None = None
    ) -> float | None:
        """A quantile of a histogram or summary over the window; None: no values there."""
        with self._lock:
            series = self._get(name, labels)
            if series is None or series.quantiles is None:
                return None
            series.fold()
            return series.quantiles.quantiles((q,), self._clock())[0]

    def export(self) -> str:
        """Everything in the text format of Prometheus, version 0.0.4."""
        with self._lock:
            now = self._clock()
            self._sweep(now)
            parts: list[str] = []
            for family in self._families.values():
                if family.series:
                    parts.append(family.header())
                    self._write(family, now, parts)
            return "".join(parts)

    def each(self) -> Iterator[Series]:
        """All series, folded; a snapshot of which there are."""
        with self._lock:
            every = [series for family in self._families.values() for series in _all(family)]
            for series in every:
                series.fold()
        return iter(every)

    def now(self) -> float:
        """The store's clock."""
        return self._clock()

    def stats(self) -> StoreStats:
        """Sizes and counts as they are now."""
        with self._lock:
            every = [series for family in self._families.values() for series in _all(family)]
            points = sum(series.total_count + len(series.pending) for series in every)
            return StoreStats(
                len(self._families), len(every), points, self._overflowed, self._expired
            )

    def clear(self) -> None:
        """Forget every metric."""
        with self._lock:
            for family in self._families.values():
                for series in _all(family):
                    series.gone = True
                    series.pending.clear()
            self._families.clear()
            self._clear_index()
            self._sample_names.clear()
            self._series_count = 0

    def _write(self, family: Family, now: float, parts: list[str]) -> None:
        moving = family.metric_type is MetricType.SUMMARY
        for series in family.series.values():
            if series.pending:
                series.fold()
            text = series.text
            if text is None or moving:
                text = series.text = series.lines(now)
            parts.append(text)

    def _find(
        self, name: str, value: float, metric_type: MetricType, labels: Any, help_text: str
    ) -> Series:
        """The series of labels not met in this order before; it is made where there is none."""
        check_name(name)
        wanted = checked_type(name, metric_type)
        known = checked_labels(name, labels, wanted)
        check_value(name, as_float(name, value), wanted)
        with self._lock:
            family = self._families.get(name)
            if family is None:
                checked = checked_help(name, help_text)
                family = self._make_family(name, wanted, checked)
            self._check_type(family, wanted)
            key = tuple(text for pair in sorted(known.items()) for text in pair)
            series = family.series.get(key)
            if series is None:
                if not self._room(family):
                    self._overflowed += 1
                    return self._overflow(family)
                series = self._make_series(family, known)
                family.series[key] = series
            self._add_to_index(name, labels or {}, series)
            return series

    def _add_to_index(self, name: str, labels: Mapping[str, str], series: Series) -> None:
        """Let `record` find a series by labels in this order."""
        if self._indexed > 4 * self._series_count + 64:
            self._clear_index()
        node = self._index.setdefault(plain(name), {})
        for label, text in labels.items():
            node = node.setdefault(plain(label), {}).setdefault(plain(text), {})
        node[""] = series
        self._indexed += 1

    def _clear_index(self) -> None:
        self._index.clear()
        self._indexed = 0

    def _make_family(
        self,
        name: str,
        metric_type: MetricType,
        help_text: str,
        bounds: tuple[float, ...] | None = None,
    ) -> Family:
        check_name(name)
        if len(self._families) >= self.limits.metrics:
            self._sweep(self._clock(), force=True)
        if len(self._families) >= self.limits.metrics:
            raise MetricError(
                f"{name} would be metric number {self.limits.metrics + 1}; keep data that varies "
                "in labels, not in names"
            )
        if metric_type is not MetricType.HISTOGRAM:
            bounds = ()
        elif bounds is None:
            bounds = default_buckets(name)
        family = Family(name, metric_type, help_text, bounds)
        for sample in family.sample_names():
            owner = self._sample_names.get(sample)
            if owner is not None:
                raise MetricError(
                    f"{metric_type.value} {name} would export {sample}, which {owner} exports "
                    "already; choose another name"
                )
        self._sample_names.update(dict.fromkeys(family.sample_names(), name))
        if self._watcher is not None:
            family.watch(self._watcher.band(name))
        self._families[name] = family
        return family

    def _make_series(self, family: Family, labels: dict[str, str]) -> Series:
        self._series_count += 1
        return Series(family, labels, self.limits.window_s, self._clock())

    def _room(self, family: Family) -> bool:
        def is_full() -> bool:
            return (
                len(family.series) >= self.limits.series_per_metric
                or self._series_count >= self.limits.series
            )

        if is_full():
            self._sweep(self._clock(), force=True)
        return not is_full()

    def _overflow(self, family: Family) -> Series:
        if family.overflow is None:
            key = tuple(text for pair in OVERFLOW_LABELS.items() for text in pair)
            family.overflow = family.series.get(key)
            if family.overflow is None:
                family.overflow = self._make_series(family, dict(OVERFLOW_LABELS))
                # Many unrelated values meet here: no alert can be drawn from them.
                family.overflow.low, family.overflow.high = family.least, LARGEST
                family.overflow.watched = False
                family.series[key] = family.overflow
        return family.overflow

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

    def _sweep(self, now: float, *, force: bool = False) -> None:
        """Drop silent series, now and then; where room is needed, at once."""
        pause = self.limits.expiry_s / 10
        if now - self._swept_at < (min(1.0, pause) if force else pause):
            return
        self._swept_at = now
        limit = now - self.limits.expiry_s
        for family in tuple(self._families.values()):
            silent = [key for key, one in family.series.items() if one.last_at <= limit]
            for key in silent:
                self._drop(family, key)
            if silent and not family.series:
                del self._families[family.name]
                for sample in family.sample_names():
                    self._sample_names.pop(sample, None)

    def _drop(self, family: Family, key: tuple[str, ...]) -> None:
        series = family.series.pop(key)
        if series is family.overflow:
            family.overflow = None
        self._series_count -= 1
        self._expired += 1
        self._clear_index()
        # What is folded here was there before. What comes later is recorded anew: by us until
        # `gone` is seen, then by whoever sees it.
        series.fold()
        series.gone = True
        self._rescue(series)
        if self._watcher is not None:
            self._watcher.forget(series, f"{family.name} was silent and has expired")

    def _get(self, name: str, labels: Mapping[str, str] | None) -> Series | None:
        family = self._families.get(name)
        if family is None:
            return None
        known = {str(key): str(text) for key, text in (labels or {}).items() if text != ""}
        return family.series.get(tuple(text for pair in sorted(known.items()) for text in pair))

    def _check_type(self, family: Family, metric_type: MetricType) -> None:
        wanted = checked_type(family.name, metric_type)
        if family.metric_type is not wanted:
            raise MetricError(
                f"{family.name} is a {family.metric_type.value} and cannot be recorded as a "
                f"{wanted.value}; choose another name"
            )


def _all(family: Family) -> list[Series]:
    return list(family.series.values())
