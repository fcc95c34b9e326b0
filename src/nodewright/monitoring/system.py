"""`MonitoringSystem`: the documented entrance, and the functions that use the process's own one."""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from nodewright.logs import get_logger
from nodewright.monitoring import collect as collecting
from nodewright.monitoring import otel
from nodewright.monitoring.alerts import AlertBook
from nodewright.monitoring.channels import Channel, LogChannel
from nodewright.monitoring.errors import StatusError, WindowError
from nodewright.monitoring.health import HealthBook, HealthCheck
from nodewright.monitoring.model import (
    AlertSeverity,
    HealthStatus,
    Labels,
    MetricType,
    MonitoringAlert,
    MonitoringThresholds,
)
from nodewright.monitoring.notify import Notifier, close_at_exit
from nodewright.monitoring.registry import Limits
from nodewright.monitoring.rules import AlertRule, rules_of
from nodewright.monitoring.store import MetricStore
from nodewright.monitoring.validation import checked_severity

if TYPE_CHECKING:
    from nodewright.storage import CodegenPersistence

_log = get_logger(__name__, component="monitoring")

_COLLECT_TIMEOUT_S = 5.0
_FLUSH_TIMEOUT_S = 1.0
_STATUSES = ("healthy", "degraded", "critical")


class MonitoringSystem:
    """Metrics, alerts and health of one process, and the numbers of all from the database.

    Every method may be called from any thread and any event loop.

    Args:
        thresholds: when metrics raise alerts.
        persistence: where `collect_all_metrics` reads; the configured database by default, opened
            when first needed.
        rules: instead of those of ``thresholds``: with for-durations, resolve thresholds and such.
        limits: bounds of the metrics' memory.
        log_alerts: write alerts, and parts that become unwell, to the log.
        clock: seconds, monotonic.
        wall: the time of day.

    Example:
        >>> monitoring = MonitoringSystem()
        >>> await monitoring.record_metric("cache_hit_rate", 0.52, MetricType.GAUGE)
        >>> monitoring.get_active_alerts()[0].message
        'cache_hit_rate 52 % is below the critical threshold of 60 %'
    """

    def __init__(
        self,
        thresholds: MonitoringThresholds | None = None,
        *,
        persistence: "CodegenPersistence | None" = None,
        rules: Iterable[AlertRule] | None = None,
        limits: Limits | None = None,
        log_alerts: bool = True,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.thresholds: MonitoringThresholds = thresholds or MonitoringThresholds()
        self._wall = wall
        self._lock = threading.Lock()
        self._persistence = persistence
        self._owns_persistence = persistence is None
        self.alerts: AlertBook = AlertBook(
            rules_of(self.thresholds) if rules is None else rules, clock=clock, wall=wall
        )
        self.store: MetricStore = MetricStore(limits, clock=clock, watcher=self.alerts)
        self.health: HealthBook = HealthBook(wall, log=log_alerts)
        self._notifier: Notifier | None = None
        if log_alerts:
            self.alerts.on_change(self._log_from_now_on)
        # Synchronous recording, without the cost of one more call.
        self.record: Final = self.store.record

    async def record_metric(
        self,
        name: str,
        value: float,
        metric_type: MetricType,
        labels: Labels | None = None,
        help_text: str = "",
    ) -> None:
        """Record one value; ``record`` is the same for synchronous callers.

        Args:
            name: letters, digits, ``_`` and ``:``.
            value: the increment of a counter, the value of a gauge, one observation of a histogram
                or summary.
            metric_type: stays the same for a name.
            labels: names and values; each combination is a series of its own.
            help_text: what the metric means; the first one given stays.

        Raises:
            MetricError: a ValueError that says which of them is not valid; nothing is recorded.
        """
        self.record(name, value, metric_type, labels, help_text)

    async def collect_all_metrics(self, time_window_minutes: float = 60) -> dict[str, Any]:
        """The numbers of all parts over the last minutes, JSON-ready.

        What this process has measured so far is written first, if the database takes it within a
        second. A part that cannot be read has ``available`` False and ``error``, and is named in
        ``unavailable``; the numbers of a part without data are zero.

        Raises:
            WindowError: a ValueError: the window is not a positive number.
        """
        if not 0 < time_window_minutes < math.inf:
            raise WindowError(
                f"time_window_minutes is {time_window_minutes!r}; give a positive number"
            )
        started = time.perf_counter()
        parts = await self._read_parts(timedelta(minutes=min(time_window_minutes, 5e7)))
        return {
            "timestamp": self._wall().isoformat(),
            "time_window_minutes": time_window_minutes,
            **parts,
            "unavailable": {
                name: part["error"] for name, part in parts.items() if not part["available"]
            },
            "active_alerts_count": len(self.alerts.active()),
            "health_status": self.health.overall(),
            "collection_time_ms": (time.perf_counter() - started) * 1000,
        }

    async def observe_parts(self, time_window_minutes: float = 60) -> dict[str, Any]:
        """Collect, and record what thresholds watch as gauges, so that it alerts and is exported.

        Returns:
            What `collect_all_metrics` returns.
        """
        collected = await self.collect_all_metrics(time_window_minutes)
        for name, value in collecting.observed(collected).items():
            self.record(name, value, MetricType.GAUGE, None, f"{name} of all runs in the window")
        return collected

    async def update_health_status(
        self,
        component: str,
        healthy: bool,
        status: str,
        error_message: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Take a component's word about itself.

        Raises:
            StatusError: a ValueError: the status is not healthy, degraded or critical, or the
                component has no name.
        """
        if not component or not isinstance(component, str):
            raise StatusError(f"component is {component!r}; give its name")
        if status not in _STATUSES:
            raise StatusError(f"status of {component} is {status!r}; use {', '.join(_STATUSES)}")
        self.health.update(
            HealthStatus(
                component, bool(healthy), status, self._wall(), error_message, dict(metadata or {})
            )
        )

    def get_active_alerts(
        self, severity: AlertSeverity | None = None, component: str | None = None
    ) -> list[MonitoringAlert]:
        """The alerts that fire, newest first, of one severity and one component if given.

        Raises:
            StatusError: a ValueError: there is no such severity.
        """
        wanted = checked_severity(severity)
        return [
            alert
            for alert in self.alerts.active()
            if (wanted is None or alert.severity is wanted)
            and (component is None or alert.component == component)
        ]

    def get_resolved_alerts(self, hours: float = 24) -> list[MonitoringAlert]:
        """The alerts that were resolved in the last hours, oldest first; the latest 1,000."""
        return self.alerts.resolved(hours)

    def get_monitoring_summary(self) -> dict[str, Any]:
        """Counts of health, alerts and metrics, JSON-ready."""
        statuses = self.health.statuses()
        active = self.alerts.active()
        stats = self.store.stats()
        by_severity = {
            f"{severity.value}_count": sum(alert.severity is severity for alert in active)
            for severity in AlertSeverity
        }
        return {
            "timestamp": self._wall().isoformat(),
            "health": {
                "overall_status": self.health.overall(),
                "healthy_count": sum(status.healthy for status in statuses),
                "unhealthy_count": sum(not status.healthy for status in statuses),
                "components": {
                    status.component: {
                        "healthy": status.healthy,
                        "status": status.status,
                        "last_check": status.last_check.isoformat(),
                        "error": status.error_message,
                    }
                    for status in statuses
                },
            },
            "alerts": {
                "active_count": len(active),
                **by_severity,
                "resolved_24h": len(self.alerts.resolved(24)),
            },
            "metrics": {
                "total_metric_types": stats.metrics,
                "total_series": stats.series,
                "total_data_points": stats.data_points,
                "overflowed_data_points": stats.overflowed,
                "expired_series": stats.expired,
            },
        }

    async def export_prometheus_metrics(self) -> str:
        """All metrics in the text format of Prometheus; a counter's name ends in ``_total``."""
        return self.store.export()

    async def clear_metrics(self) -> None:
        """Forget all metrics, alerts and health statuses."""
        self.store.clear()
        self.alerts.clear()
        self.health.clear()

    def add_channel(self, channel: Channel) -> None:
        """Send alerts to a channel from now on."""
        self._notifying().add(channel)

    def add_health_checks(self, checks: Iterable[HealthCheck]) -> None:
        """Checks for `check_health` and the background."""
        self.health.register(checks)

    async def check_health(self) -> list[HealthStatus]:
        """Run all checks now, each within its time limit."""
        with otel.span("nodewright.check_health"):
            return await asyncio.to_thread(self.health.run)

    async def close(self) -> None:
        """End the threads and, where this object opened it, the database."""
        self.health.stop()
        with self._lock:
            notifier, self._notifier = self._notifier, None
            persistence = self._persistence if self._owns_persistence else None
            if persistence is not None:
                self._persistence = None
        if notifier is not None:
            await asyncio.to_thread(notifier.close)
        if persistence is not None:
            await persistence.close()

    async def _read_parts(self, window: timedelta) -> dict[str, Any]:
        from nodewright.storage.write_behind import flush_all

        await asyncio.to_thread(flush_all, _FLUSH_TIMEOUT_S)
        with otel.span("nodewright.collect_all_metrics", window_s=window.total_seconds()):
            return await collecting.collect(self._reader(), window, _COLLECT_TIMEOUT_S)

    def _reader(self) -> collecting.Reader:
        with self._lock:
            if self._persistence is None:
                try:
                    from nodewright.storage import CodegenPersistence

                    self._persistence = CodegenPersistence()
                except Exception as error:  # noqa: BLE001 - each part will say so
                    return _Unavailable(error)
            return self._persistence

    def _notifying(self) -> Notifier:
        with self._lock:
            if self._notifier is None:
                self._notifier = Notifier(self.alerts, wall=self._wall)
                close_at_exit(self._notifier)
            return self._notifier

    def _log_from_now_on(self) -> None:
        """Start the log's thread with the first alert; most processes never have one."""
        self.alerts.off_change(self._log_from_now_on)
        self.add_channel(LogChannel())


class _Unavailable:
    """Stands in for a database that cannot even be configured."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def fetch(self, *_: object) -> collecting.Rows:
        raise self._error


_system: MonitoringSystem | None = None
_system_lock = threading.Lock()


def get_monitoring_system(thresholds: MonitoringThresholds | None = None) -> MonitoringSystem:
    """The process's monitoring system, made at the first call.

    ``thresholds`` count at the first call; a later call with others gets a warning in the log.
    """
    global _system  # noqa: PLW0603 - the one global of the documented API
    with _system_lock:
        if _system is None:
            _system = MonitoringSystem(thresholds)
        elif thresholds is not None and thresholds != _system.thresholds:
            _log.warning("monitoring.thresholds.ignored", {"reason": "the system exists already"})
        return _system


async def record_metric(
    name: str,
    value: float,
    metric_type: MetricType,
    labels: Labels | None = None,
    help_text: str = "",
) -> None:
    """`MonitoringSystem.record_metric` of the process's system."""
    (_system or get_monitoring_system()).record(name, value, metric_type, labels, help_text)


async def collect_all_metrics(time_window_minutes: float = 60) -> dict[str, Any]:
    """`MonitoringSystem.collect_all_metrics` of the process's system."""
    return await get_monitoring_system().collect_all_metrics(time_window_minutes)


async def update_health_status(
    component: str,
    healthy: bool,
    status: str,
    error_message: str | None = None,
    metadata: dict[str, Any] | None = None,
) -> None:
    """`MonitoringSystem.update_health_status` of the process's system."""
    await get_monitoring_system().update_health_status(
        component, healthy, status, error_message, metadata
    )


def get_active_alerts(
    severity: AlertSeverity | None = None, component: str | None = None
) -> list[MonitoringAlert]:
    """`MonitoringSystem.get_active_alerts` of the process's system."""
    return get_monitoring_system().get_active_alerts(severity, component)


def get_monitoring_summary() -> dict[str, Any]:
    """`MonitoringSystem.get_monitoring_summary` of the process's system."""
    return get_monitoring_system().get_monitoring_summary()


async def export_prometheus_metrics() -> str:
    """`MonitoringSystem.export_prometheus_metrics` of the process's system."""
    return await get_monitoring_system().export_prometheus_metrics()
