"""Which metrics and series there are: found by labels, made, bounded, and dropped when silent."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from nodewright.monitoring.errors import MetricError
from nodewright.monitoring.model import Labels, MetricType
from nodewright.monitoring.series import LARGEST, Family, Series, default_buckets
from nodewright.monitoring.validation import (
    as_float,
    check_name,
    check_value,
    checked_help,
    checked_labels,
    checked_type,
    label_value,
    plain,
)

OVERFLOW_LABELS = {"overflow": "true"}
"""The label set that takes what would be one series too many."""


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


class Registry:
    """The families of one store, their series, and the way to a series by its labels.

    Every method is called under the store's lock. ``index`` may be read without it: name -> label
    name -> its value -> the next label name ... -> "" -> the series, in the order in which callers
    give labels. Faster than to build and hash a key.

    Args:
        limits: bounds of memory.
        clock: seconds, monotonic.
        watcher: told of what is dropped.
        rescue: records again what met a series that was dropped meanwhile.
    """

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float],
        watcher: Watcher | None,
        rescue: Callable[[Series], None],
    ) -> None:
        self.limits = limits
        self.families: dict[str, Family] = {}
        self.index: dict[str, Any] = {}
        self.overflowed: int = 0
        self.expired: int = 0
        self._clock = clock
        self._watcher = watcher
        self._rescue = rescue
        self._indexed = 0
        self._sample_names: dict[str, str] = {}
        self._series_count = 0
        self._swept_at = clock()

    def find(
        self,
        name: str,
        value: float,
        metric_type: MetricType,
        labels: Labels | None,
        help_text: str,
    ) -> Series:
        """The series of labels not met in this order before; it is made where there is none."""
        check_name(name)
        wanted = checked_type(name, metric_type)
        known = checked_labels(name, labels, wanted)
        check_value(name, as_float(name, value), wanted)
        family = self.families.get(name)
        if family is None:
            checked = checked_help(name, help_text)
            family = self.make_family(name, wanted, checked)
        self.check_type(family, wanted)
        key = _key(known)
        series = family.series.get(key)
        if series is None:
            if not self._room(family):
                self.overflowed += 1
                return self._overflow(family)
            if self.families.get(name) is not family:  # room was made of all its series
                return self.find(name, value, metric_type, labels, help_text)
            series = self._make_series(family, known)
            family.series[key] = series
        # Numbers are left out: 1, 1.0 and True would be found as one another.
        if all(isinstance(text, str) for text in (labels or {}).values()):
            self._add_to_index(name, labels or {}, series)
        return series

    def _add_to_index(self, name: str, labels: Labels, series: Series) -> None:
        """Let `record` find a series by labels in this order."""
        if self._indexed > 4 * self._series_count + 64:
            self._clear_index()
        node = self.index.setdefault(plain(name), {})
        for label, text in labels.items():
            node = node.setdefault(plain(label), {}).setdefault(plain(str(text)), {})
        node[""] = series
        self._indexed += 1

    def _clear_index(self) -> None:
        self.index.clear()
        self._indexed = 0

    def make_family(
        self,
        name: str,
        metric_type: MetricType,
        help_text: str,
        bounds: tuple[float, ...] | None = None,
    ) -> Family:
        """A new metric; refused where its name, its samples' names or the bounds forbid it."""
        check_name(name)
        if len(self.families) >= self.limits.metrics:
            self.sweep(self._clock(), force=True)
        if len(self.families) >= self.limits.metrics:
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
        self.families[name] = family
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
            self.sweep(self._clock(), force=True)
        return not is_full()

    def _overflow(self, family: Family) -> Series:
        if family.overflow is None:
            key = _key(OVERFLOW_LABELS)
            family.overflow = family.series.get(key)
            if family.overflow is None:
                family.overflow = self._make_series(family, dict(OVERFLOW_LABELS))
                # Many unrelated values meet here: no alert can be drawn from them.
                family.overflow.low, family.overflow.high = family.least, LARGEST
                family.overflow.watched = False
                family.series[key] = family.overflow
        return family.overflow

    def sweep(self, now: float, *, force: bool = False) -> None:
        """Drop silent series, now and then; where room is needed, at once."""
        pause = self.limits.expiry_s / 10
        if now - self._swept_at < (min(1.0, pause) if force else pause):
            return
        self._swept_at = now
        limit = now - self.limits.expiry_s
        for family in tuple(self.families.values()):
            silent = [key for key, one in family.series.items() if one.last_at <= limit]
            for key in silent:
                self._drop(family, key, f"{family.name} was silent and has expired")
            if silent and not family.series:
                self._remove(family)

    def _remove(self, family: Family) -> None:
        del self.families[family.name]
        for sample in family.sample_names():
            self._sample_names.pop(sample, None)

    def _drop(self, family: Family, key: tuple[str, ...], reason: str) -> None:
        series = family.series.pop(key)
        if series is family.overflow:
            family.overflow = None
        self._series_count -= 1
        self.expired += 1
        self._clear_index()
        # What is folded here was there before. What comes later is recorded anew: by us until
        # `gone` is seen, then by whoever sees it.
        series.fold()
        series.gone = True
        self._rescue(series)
        if self._watcher is not None:
            self._watcher.forget(series, reason)

    def forget(self, name: str, labels: Labels | None) -> bool:
        """Drop one series; whether there was such a one."""
        series = self.get(name, labels)
        if series is None:
            return False
        family = series.family
        self._drop(family, _key(series.labels), f"{name} is no longer recorded")
        if not family.series:
            self._remove(family)
        return True

    def get(self, name: str, labels: Labels | None) -> Series | None:
        """The series of labels in any order; None: there is none."""
        family = self.families.get(name)
        if family is None:
            return None
        known = {str(key): label_value(text) for key, text in (labels or {}).items() if text != ""}
        return family.series.get(_key(known))

    def clear(self) -> None:
        """Forget every metric."""
        for series in self.each():
            series.gone = True
            series.pending.clear()
        self.families.clear()
        self._clear_index()
        self._sample_names.clear()
        self._series_count = 0

    def each(self) -> list[Series]:
        """All series, as they are now."""
        return [one for family in self.families.values() for one in family.series.values()]

    def check_type(self, family: Family, metric_type: MetricType) -> None:
        """Refuse another type than the name has."""
        wanted = checked_type(family.name, metric_type)
        if family.metric_type is not wanted:
            raise MetricError(
                f"{family.name} is a {family.metric_type.value} and cannot be recorded as a "
                f"{wanted.value}; choose another name"
            )


def _key(labels: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(text for pair in sorted(labels.items()) for text in pair)
