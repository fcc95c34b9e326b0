"""Ten million records under a flapping threshold and random labels: memory stays where it is."""

import random
import sys
import time
from pathlib import Path

from benchmarks.ratios import Figure, report
from nodewright.monitoring import MetricType, MonitoringSystem
from nodewright.monitoring.registry import Limits

_RECORDS = 10_000_000
_LIMITS = Limits(series_per_metric=1_000)


def run() -> None:
    """Record, and compare resident memory after the first and the last tenth."""
    records = _RECORDS // 100 if "--quick" in sys.argv else _RECORDS
    system = MonitoringSystem(log_alerts=False, limits=_LIMITS)
    record = system.record
    chance = random.Random(1)  # noqa: S311 - not a secret
    start, early = time.perf_counter(), 0.0
    for number in range(records):
        kind = number % 4
        if kind == 0:
            record("cache_hit_rate", 0.5 if number & 4 else 0.9, MetricType.GAUGE)
        elif kind == 1:
            labels = {"user": str(chance.getrandbits(40))}
            record("requests", 1.0, MetricType.COUNTER, labels)
        elif kind == 2:
            record("lag_ms", chance.lognormvariate(3, 2), MetricType.HISTOGRAM, {"of": "a"})
        else:
            labels = {"of": str(chance.getrandbits(20))}
            record("quality_score", chance.random(), MetricType.SUMMARY, labels)
        if number == records // 10:
            early = _resident_mb()
    grown = _resident_mb() - early
    seconds = time.perf_counter() - start
    stats = system.store.stats()
    figures = [Figure("memory grown in the last nine tenths", grown, 10, at_least=False, unit="MB")]
    active, resolved = system.get_active_alerts(), system.get_resolved_alerts()
    notes = [
        f"{records:,} records in {seconds:.0f} s",
        f"{stats.series:,} series, {stats.overflowed:,} values in overflow series",
        f"{len(active):,} alerts active, {len(resolved):,} resolved ones kept",
    ]
    report("Soak", [], figures, notes)


def _resident_mb() -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
