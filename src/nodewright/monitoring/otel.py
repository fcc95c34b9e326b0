"""Metrics and traces for OpenTelemetry, where opentelemetry-api is installed.

Which SDK and exporter are behind it is the application's choice; without one the API does nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from nodewright.monitoring.model import MetricType
from nodewright.monitoring.series import SUMMARY_QUANTILES, Series
from nodewright.monitoring.store import MetricStore

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

_SCOPE = "nodewright"


def available() -> bool:
    """Whether opentelemetry-api is installed."""
    return find_spec("opentelemetry") is not None


@contextmanager
def span(name: str, **attributes: str | float | bool) -> Iterator[None]:
    """Trace a block; an exception is recorded on the span and passes on."""
    if not available():
        yield
        return
    from opentelemetry import trace

    with trace.get_tracer(_SCOPE).start_as_current_span(name, attributes=attributes):
        yield


class OpenTelemetryBridge:
    """Offers the metrics of a store as asynchronous instruments, read when the SDK collects.

    So recording costs nothing more. Counters and gauges keep their names; of a histogram or
    summary there are ``<name>.count`` and ``<name>.sum``, and ``<name>.quantile`` over the window
    with the label ``quantile``.

    Args:
        store: whose metrics.
        provider: an OpenTelemetry MeterProvider; the global one by default.
    """

    def __init__(self, store: MetricStore, provider: "MeterProvider | None" = None) -> None:
        from opentelemetry import metrics

        self._store = store
        self._meter = metrics.get_meter(_SCOPE, meter_provider=provider)
        self._known: set[str] = set()

    def refresh(self) -> None:
        """Make the instruments of metrics that are new since the last time."""
        for series in self._store.each():
            name, kind = series.family.name, series.kind
            if name in self._known:
                continue
            self._known.add(name)
            about = series.family.help_text
            if kind is MetricType.COUNTER:
                self._counter(name, name, about, lambda one: one.total)
            elif kind is MetricType.GAUGE:
                self._gauge(name, name, about)
            else:
                self._counter(name, f"{name}.count", about, lambda one: one.total_count)
                self._gauge(name, f"{name}.sum", about)
                self._quantiles(name, about)

    def _counter(self, metric: str, name: str, about: str, read: Callable[[Series], float]) -> None:
        from opentelemetry.metrics import Observation

        def observe(_: object) -> Iterable[Observation]:
            return [Observation(read(one), dict(one.labels)) for one in self._series(metric)]

        self._meter.create_observable_counter(name, [observe], description=about)

    def _gauge(self, metric: str, name: str, about: str) -> None:
        from opentelemetry.metrics import Observation

        def observe(_: object) -> Iterable[Observation]:
            return [Observation(one.total, dict(one.labels)) for one in self._series(metric)]

        self._meter.create_observable_gauge(name, [observe], description=about)

    def _quantiles(self, metric: str, about: str) -> None:
        from opentelemetry.metrics import Observation

        def observe(_: object) -> Iterable[Observation]:
            found = []
            for one in self._series(metric):
                if one.quantiles is None:
                    continue
                values = one.quantiles.quantiles(SUMMARY_QUANTILES, self._store.now())
                for q, value in zip(SUMMARY_QUANTILES, values, strict=True):
                    if value is not None:
                        found.append(Observation(value, one.labels | {"quantile": str(q)}))
            return found

        self._meter.create_observable_gauge(f"{metric}.quantile", [observe], description=about)

    def _series(self, metric: str) -> list[Series]:
        return [one for one in self._store.each() if one.family.name == metric]
