"""The text of 10,000 histogram series, against prometheus_client's generate_latest."""

import statistics
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from benchmarks.ratios import QUICK, Figure, Timing, report
from nodewright.monitoring import MetricStore, MetricType
from nodewright.monitoring.registry import Limits

_SERIES = 10_000
_ROUNDS = 2 if QUICK else 5


def run() -> None:
    """Cold: nothing was written before. Warm: a tenth of the series has changed."""
    cold: list[float] = []
    warm: list[float] = []
    theirs: list[float] = []
    registry = _prometheus()
    for _ in range(_ROUNDS):
        store = _store()
        cold.append(_seconds(store.export))
        _record(store, step=10)
        warm.append(_seconds(store.export))
        theirs.append(_seconds(lambda: generate_latest(registry)))
    timings = [
        Timing(name, statistics.median(seconds), min(seconds), _ROUNDS)
        for name, seconds in (
            ("nodewright, cold", cold),
            ("nodewright, a tenth changed", warm),
            ("prometheus_client, generate_latest", theirs),
        )
    ]
    ours, changed, peer = (timing.median for timing in timings)
    figures = [
        Figure("export, cold, faster than generate_latest", peer / ours, 25.0, at_least=True),
        Figure("export, a tenth changed, faster", peer / changed, 100.0, at_least=True),
    ]
    report(f"Export of {_SERIES:,} histogram series with 14 buckets", timings, figures)


def _store() -> MetricStore:
    store = MetricStore(Limits(series_per_metric=_SERIES))
    _record(store, step=1)
    return store


def _record(store: MetricStore, step: int) -> None:
    for number in range(0, _SERIES, step):
        store.record("load_seconds", 0.3, MetricType.HISTOGRAM, {"of": str(number), "kind": "a"})


def _prometheus() -> CollectorRegistry:
    registry = CollectorRegistry()
    histogram = Histogram("load_seconds", "Load", ["of", "kind"], registry=registry)
    for number in range(_SERIES):
        histogram.labels(of=str(number), kind="a").observe(0.3)
    return registry


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
