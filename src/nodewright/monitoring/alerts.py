"""The state of every alert: which values raise it, move its severity and resolve it.

Each severity of a series is a state machine with the semantics of a Prometheus alerting rule
(inactive, pending, firing; ``for`` and ``keep_firing_for``); what is shown is one alert of the
highest severity that fires: a critical one is shown in place of the warning of its series.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from nodewright.monitoring.model import AlertSeverity, MonitoringAlert
from nodewright.monitoring.rules import AlertRule, by_name
from nodewright.monitoring.series import Series

HISTORY = 1_000
"""Resolved alerts that are remembered."""

_SEVERITIES = (AlertSeverity.CRITICAL, AlertSeverity.WARNING)
_EMPTY = (math.inf, -math.inf)


@dataclass(slots=True)
class Level:
    """One severity of one series.

    Attributes:
        active_at: since when the condition holds; None: inactive.
        firing: whether it has held long enough.
        lost_at: since when a firing one is only kept.
    """

    active_at: float | None = None
    firing: bool = False
    lost_at: float | None = None

    def advance(self, *, holds: bool, now: float, for_s: float, keep_s: float) -> None:
        """One evaluation."""
        if holds:
            self.lost_at = None
            if self.active_at is None:
                self.active_at = now
            if now - self.active_at >= for_s:
                self.firing = True
            return
        if self.firing and keep_s > 0:
            if self.lost_at is None:
                self.lost_at = now
            if now - self.lost_at < keep_s:
                return
        self.active_at = None
        self.firing = False
        self.lost_at = None


@dataclass(slots=True)
class State:
    """What is known of one series that an alert is or may come from."""

    rule: AlertRule
    series: Series
    value: float = math.nan
    samples: int = 0
    levels: dict[AlertSeverity, Level] = field(
        default_factory=lambda: {severity: Level() for severity in _SEVERITIES}
    )
    silent: bool = False
    alert: MonitoringAlert | None = None

    @property
    def idle(self) -> bool:
        """Nothing fires or is about to."""
        return self.alert is None and all(one.active_at is None for one in self.levels.values())


class AlertBook:
    """All alerts of one store; implements `store.Watcher`.

    Args:
        rules: which metrics are watched.
        clock: seconds, monotonic; the store's.
        wall: the time of day for what people read.
    """

    def __init__(
        self,
        rules: Iterable[AlertRule],
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.rules: tuple[AlertRule, ...] = tuple(rules)
        self._rules = by_name(self.rules)
        self._clock = clock
        self._wall = wall
        self._lock = threading.RLock()
        # Only series that are not idle, and those whose rule counts samples or waits for data.
        self._states: dict[int, State] = {}
        self._resolved: deque[MonitoringAlert] = deque(maxlen=HISTORY)
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each change of an alert; it must return at once."""
        self._listeners.append(listener)

    def off_change(self, listener: Callable[[], None]) -> None:
        """Undo `on_change`."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def band(self, name: str) -> tuple[float, float]:
        """Values of a metric that need no attention."""
        rule = self._rules.get(name)
        return rule.band if rule else (-math.inf, math.inf)

    def observe(self, series: Series, value: float, now: float) -> None:
        """Take a value outside the band, or any value of a series that is not idle."""
        with self._lock:
            if series.gone:  # its store records the value anew
                return
            state = series.alert
            if not isinstance(state, State):
                state = series.alert = State(self._rules[series.family.name], series)
                self._states[id(series)] = state
                series.low, series.high = _EMPTY
            state.value = value
            state.samples += 1
            changed = self._step(state, now)
        if changed:
            self._tell()

    def forget(self, series: Series, reason: str) -> None:
        """Resolve the alert of a series that is dropped."""
        with self._lock:
            state = self._states.pop(id(series), None)
            series.alert = None
            changed = state is not None and state.alert is not None
            if state is not None:
                self._resolve(state, reason)
        if changed:
            self._tell()

    def tick(self) -> None:
        """Evaluate what time alone can change: for, keep-firing, no data."""
        now = self._clock()
        with self._lock:
            changed = [self._step(state, now) for state in list(self._states.values())]
        if any(changed):
            self._tell()

    def active(self) -> list[MonitoringAlert]:
        """Copies of the alerts that fire, newest first."""
        self.tick()
        with self._lock:
            alerts = [s.alert.copied() for s in self._states.values() if s.alert is not None]
        return sorted(alerts, key=lambda alert: alert.created_at, reverse=True)

    def resolved(self, hours: float = 24) -> list[MonitoringAlert]:
        """The latest resolved alerts of some hours, oldest first."""
        since = self._wall() - timedelta(hours=hours)
        with self._lock:
            return [
                alert.copied()
                for alert in self._resolved
                if alert.resolved_at is not None and alert.resolved_at >= since
            ]

    def clear(self) -> None:
        """Forget every alert, also the resolved ones."""
        with self._lock:
            for state in self._states.values():
                state.series.alert = None
                state.series.low, state.series.high = state.series.family.band
            self._states.clear()
            self._resolved.clear()
        self._tell()

    def _step(self, state: State, now: float) -> bool:
        """Advance the machines of a series; whether its alert changed."""
        rule = state.rule
        enough = state.samples >= rule.min_samples
        for severity, level in state.levels.items():
            holds = enough and rule.is_past(severity, state.value, firing=level.firing)
            level.advance(holds=holds, now=now, for_s=rule.for_s, keep_s=rule.keep_firing_s)
        silence = now - state.series.last_at
        state.silent = rule.no_data_s is not None and silence >= rule.no_data_s
        highest = next((s for s, level in state.levels.items() if level.firing), None)
        changed = self._show(state, highest)
        if state.idle and rule.band != _EMPTY:
            self._states.pop(id(state.series), None)
            state.series.alert = None
            state.series.low, state.series.high = state.series.family.band
        return changed

    def _show(self, state: State, severity: AlertSeverity | None) -> bool:
        name, rule, value = state.series.family.name, state.rule, state.value
        if state.silent and severity is None:
            message = f"{name} has had no data for {rule.no_data_s:g} s"
            return self._raise(state, AlertSeverity.WARNING, message)
        if severity is not None:
            message = rule.message(name, severity, value, state.series.labels)
            if state.levels[severity].lost_at is not None:
                back = rule.back(name, severity, value, state.series.labels)
                message = f"{back}; kept for {rule.keep_firing_s:g} s"
            return self._raise(state, severity, message)
        if state.alert is None:
            return False
        last = state.alert.severity
        self._resolve(state, rule.back(name, last, value, state.series.labels))
        return True

    def _raise(self, state: State, severity: AlertSeverity, message: str) -> bool:
        alert = state.alert
        threshold = state.rule.threshold(severity)
        if alert is None:
            state.alert = MonitoringAlert(
                alert_id=str(uuid4()),
                severity=severity,
                metric_name=state.series.family.name,
                threshold=threshold,
                actual_value=state.value,
                message=message,
                component=state.rule.component,
                labels=dict(state.series.labels),
                created_at=self._wall(),
            )
            return True
        moved = alert.severity is not severity
        alert.severity, alert.threshold = severity, threshold
        alert.actual_value, alert.message = state.value, message
        return moved

    def _resolve(self, state: State, reason: str) -> None:
        alert, state.alert = state.alert, None
        if alert is None:
            return
        alert.actual_value = state.value
        alert.resolved_at = self._wall()
        alert.resolution_message = reason
        self._resolved.append(alert)

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
