"""Recording one value, against prometheus_client and OpenTelemetry's SDK."""

import asyncio
import statistics
import threading
import time
from collections.abc import Callable

from benchmarks.ratios import Contender, Figure, alternate, report
from nodewright.monitoring import MetricType, MonitoringSystem

_CALLS = 20_000
_NAME = "template_load_duration_ms"
_VALUES = [20.5 + number % 16 for number in range(_CALLS)]


def run() -> None:
    """Record, then record from eight threads, then time until an alert is seen."""
    contenders = [
        Contender("nodewright, await record_metric", _ours, _CALLS),
        Contender("nodewright, record", _ours_synchronous(), _CALLS),
        Contender("prometheus_client, labels(**kw).observe", _prometheus(), _CALLS),
    ]
    opentelemetry = _opentelemetry()
    if opentelemetry:
        contenders.append(Contender("OpenTelemetry, record", opentelemetry, _CALLS))
    timings = alternate(contenders)
    ours = timings["nodewright, await record_metric"].median
    figures = [
        Figure(
            "await record_metric, faster than prometheus_client",
            timings["prometheus_client, labels(**kw).observe"].median / ours,
            3.0,
            at_least=True,
        )
    ]
    if opentelemetry:
        ratio = timings["OpenTelemetry, record"].median / ours
        figures.append(
            Figure("await record_metric, faster than OpenTelemetry", ratio, 8.0, at_least=True)
        )
    figures += [_threads(), _alert_delay()]
    notes = ["a histogram with two labels; ours has thresholds and windowed quantiles, too"]
    report("Recording", timings.values(), figures, notes)


_system = MonitoringSystem(log_alerts=False)


def _ours() -> None:
    async def record() -> None:
        record_metric = _system.record_metric
        for value in _VALUES:
            await record_metric(
                _NAME, value, MetricType.HISTOGRAM, labels={"template_type": "EFFECT", "tier": "a"}
            )

    asyncio.run(record())


def _ours_synchronous() -> Callable[[], None]:
    record = MonitoringSystem(log_alerts=False).record

    def call() -> None:
        for value in _VALUES:
            record(
                _NAME, value, MetricType.HISTOGRAM, labels={"template_type": "EFFECT", "tier": "a"}
            )

    return call


def _prometheus() -> Callable[[], None]:
    from prometheus_client import CollectorRegistry, Histogram

    names = ["template_type", "tier"]
    histogram = Histogram(_NAME, "Time", names, registry=CollectorRegistry())

    def call() -> None:
        for value in _VALUES:
            histogram.labels(template_type="EFFECT", tier="a").observe(value)

    return call


def _opentelemetry() -> Callable[[], None] | None:
    try:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    except ImportError:
        return None
    provider = MeterProvider(metric_readers=[InMemoryMetricReader()])
    histogram = provider.get_meter("benchmark").create_histogram(_NAME)

    def call() -> None:
        for value in _VALUES:
            histogram.record(value, {"template_type": "EFFECT", "tier": "a"})

    return call


def _threads() -> Figure:
    system = MonitoringSystem(log_alerts=False)
    each = 50_000

    def work() -> None:
        for number in range(each):
            system.record("lag_ms", 1.0, MetricType.HISTOGRAM, {"of": str(number & 3)})

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        system.store.export()
    for thread in threads:
        thread.join()
    counted = sum(system.store.count("lag_ms", {"of": str(number)}) for number in range(4))
    lost = 8 * each - counted
    return Figure("values lost by 8 threads while exporting", lost, 0, at_least=False, unit="")


def _alert_delay() -> Figure:
    system = MonitoringSystem(log_alerts=False)
    delays = []
    for _ in range(200):
        start = time.perf_counter()
        system.record("cache_hit_rate", 0.5, MetricType.GAUGE)
        assert system.get_active_alerts()
        delays.append(time.perf_counter() - start)
        system.record("cache_hit_rate", 0.9, MetricType.GAUGE)
    median = statistics.median(delays) * 1000
    return Figure("record until its alert is seen", median, 1.0, at_least=False, unit="ms")
