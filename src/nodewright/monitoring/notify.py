"""From alerts to channels: grouping, inhibition, silences, retries.

Each channel has a thread that compares what fires with what the channel was last told, and sends
the difference. So there is no queue to overflow: a channel that was away is told how things are.
"""

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from nodewright.logs import get_logger
from nodewright.monitoring.alerts import AlertBook
from nodewright.monitoring.channels import Channel, Notification
from nodewright.monitoring.errors import MonitoringError
from nodewright.monitoring.model import AlertSeverity, MonitoringAlert

_log = get_logger(__name__, component="monitoring")

_RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_TICK_S = 1.0


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts whose labels equal all ``matchers`` are not sent until ``expires_at``.

    Matchers may also name ``metric``, ``component`` and ``severity``.
    """

    matchers: Mapping[str, str]
    expires_at: datetime
    comment: str = ""
    silence_id: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True, slots=True)
class Policy:
    """How alerts become notifications.

    Attributes:
        group_by: labels (or ``component``, ``metric``) whose values make a group; each group is
            one notification. Empty: one notification for all.
        group_wait_s: seconds to wait for more alerts before a group is sent.
        inhibit_by: a critical alert holds back the warnings that are equal to it in these labels;
            None: only those of its own series.
    """

    group_by: tuple[str, ...] = ("component",)
    group_wait_s: float = 0.0
    inhibit_by: tuple[str, ...] | None = None


class ChannelStats(NamedTuple):
    """Counts since the start; ``last_error`` is empty after a success."""

    sent: int
    failed: int
    last_error: str


class Notifier:
    """Sends the alerts of a book to channels.

    Args:
        book: whose alerts.
        policy: grouping and inhibition.
        retry_s: pauses after failures in a row; the last one repeats.
        wall: the time of day that silences are compared with.
    """

    def __init__(
        self,
        book: AlertBook,
        policy: Policy | None = None,
        *,
        retry_s: tuple[float, ...] = _RETRY_S,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._book = book
        self.policy: Policy = policy or Policy()
        self._retry_s = retry_s
        self._wall = wall
        self._lock = threading.Lock()
        self._silences: dict[str, Silence] = {}
        self._workers: list[_Worker] = []
        book.on_change(self.wake)

    def add(self, channel: Channel) -> None:
        """Begin to send to a channel."""
        worker = _Worker(channel, self, self._retry_s)
        with self._lock:
            self._workers.append(worker)
        worker.start()

    def wake(self) -> None:
        """Look at the alerts now."""
        for worker in self._workers:
            worker.wake()

    def silence(self, matchers: Mapping[str, str], seconds: float, comment: str = "") -> Silence:
        """Hold back matching alerts for some seconds; those that still fire then are sent.

        Raises:
            MonitoringError: no matcher, or not a positive number of seconds.
        """
        if not matchers or not seconds > 0:
            raise MonitoringError("a silence needs a matcher and a positive number of seconds")
        made = Silence(dict(matchers), self._wall() + timedelta(seconds=seconds), comment)
        with self._lock:
            self._silences[made.silence_id] = made
        return made

    def end_silence(self, silence_id: str) -> bool:
        """End a silence early; whether there was one."""
        with self._lock:
            found = self._silences.pop(silence_id, None) is not None
        self.wake()
        return found

    def silences(self) -> list[Silence]:
        """Those that have not expired."""
        now = self._wall()
        with self._lock:
            for identity in [i for i, one in self._silences.items() if one.expires_at <= now]:
                del self._silences[identity]
            return list(self._silences.values())

    def wanted(self) -> list[MonitoringAlert]:
        """The alerts that fire and that nothing holds back."""
        alerts = self._book.active()
        silences = self.silences()
        return [
            alert
            for alert in alerts
            if not any(_matches(silence.matchers, alert) for silence in silences)
            and not self._inhibited(alert, alerts)
        ]

    def stats(self) -> dict[str, ChannelStats]:
        """What became of the notifications, by the channel's name."""
        return {worker.channel.name: worker.stats for worker in self._workers}

    def close(self, timeout: float = 5.0) -> None:
        """Send what there is, once more, and end the threads."""
        self._book.off_change(self.wake)
        with self._lock:
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.stop()
        deadline = time.monotonic() + timeout
        for worker in workers:
            worker.thread.join(max(0.0, deadline - time.monotonic()))

    def groups(
        self, alerts: Iterable[MonitoringAlert]
    ) -> dict[tuple[str, ...], list[MonitoringAlert]]:
        """Alerts by the values of the labels to group by."""
        found: dict[tuple[str, ...], list[MonitoringAlert]] = {}
        for alert in alerts:
            labels = _labels(alert)
            key = tuple(labels.get(name, "") for name in self.policy.group_by)
            found.setdefault(key, []).append(alert)
        return found

    def ended(self, told: MonitoringAlert) -> MonitoringAlert:
        """How an alert that no longer fires was resolved."""
        for alert in reversed(self._book.resolved()):
            if alert.alert_id == told.alert_id:
                return alert
        told.resolved_at = self._wall()
        told.resolution_message = "no longer known, or silenced"
        return told

    def _inhibited(self, alert: MonitoringAlert, alerts: Iterable[MonitoringAlert]) -> bool:
        by = self.policy.inhibit_by
        if by is None or alert.severity is AlertSeverity.CRITICAL:
            return False
        own = _labels(alert)
        return any(
            other.severity is AlertSeverity.CRITICAL
            and all(_labels(other).get(name) == own.get(name) for name in by)
            for other in alerts
        )


class _Worker:
    """The thread of one channel."""

    def __init__(self, channel: Channel, notifier: Notifier, retry_s: tuple[float, ...]) -> None:
        self.channel = channel
        self.stats = ChannelStats(0, 0, "")
        self._notifier = notifier
        self._retry_s = retry_s
        self._told: dict[str, tuple[MonitoringAlert, float]] = {}
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self.thread = threading.Thread(
            target=self._run, name=f"nodewright-alerts-{channel.name}", daemon=True
        )

    def start(self) -> None:
        self._awake.set()
        self.thread.start()

    def wake(self) -> None:
        self._awake.set()

    def stop(self) -> None:
        self._stopping.set()
        self._awake.set()

    def _run(self) -> None:
        failures = 0
        while True:
            stopping = self._stopping.is_set()
            if self._awake.is_set() and not stopping and self._notifier.policy.group_wait_s:
                self._stopping.wait(self._notifier.policy.group_wait_s)
            self._awake.clear()
            try:
                self._send_changes()
            except Exception as error:  # noqa: BLE001 - a fault of a channel must not end its thread
                sent, failed, _ = self.stats
                self.stats = ChannelStats(sent, failed + 1, str(error))
                log = _log.warning if failures == 0 else _log.debug
                log(f"alerts could not be sent to {self.channel.name}: {error}")
                pause = self._retry_s[min(failures, len(self._retry_s) - 1)]
                failures += 1
                if stopping:
                    return
                self._stopping.wait(pause)
                continue
            failures = 0
            if stopping:
                return
            self._awake.wait(_TICK_S)

    def _send_changes(self) -> None:
        now = time.monotonic()
        resend = self.channel.resend_s
        wanted = {alert.alert_id: alert for alert in self._notifier.wanted()}
        firing, superseded = [], []
        for identity, alert in wanted.items():
            told, told_at = self._told.get(identity, (None, 0.0))
            moved = told is not None and told.severity is not alert.severity
            if told is None or moved or (resend is not None and now - told_at >= resend):
                firing.append(alert)
            if told is not None and moved:
                superseded.append(told)
        gone = [told for identity, (told, _) in self._told.items() if identity not in wanted]
        resolved = [self._notifier.ended(told) for told in gone]
        groups = self._notifier.groups
        parts = groups(firing), groups(resolved), groups(superseded)
        for key in {key: None for part in parts for key in part}:
            group = dict(zip(self._notifier.policy.group_by, key, strict=True))
            fire, end, old = (tuple(part.get(key, ())) for part in parts)
            self.channel.send(Notification(group, fire, end, old))
            self.stats = ChannelStats(self.stats.sent + 1, self.stats.failed, "")
            for alert in fire:
                self._told[alert.alert_id] = (alert, now)
            for alert in end:
                self._told.pop(alert.alert_id, None)


def _labels(alert: MonitoringAlert) -> dict[str, str]:
    return {
        **alert.labels,
        "metric": alert.metric_name,
        "component": alert.component,
        "severity": alert.severity.value,
    }


def _matches(matchers: Mapping[str, str], alert: MonitoringAlert) -> bool:
    labels = _labels(alert)
    return all(labels.get(name) == value for name, value in matchers.items())


def close_at_exit(notifier: Notifier) -> None:
    """Let alerts that were just raised reach their channels before the process ends."""
    reference = weakref.ref(notifier)

    def close() -> None:
        alive = reference()
        if alive is not None:
            alive.close(timeout=1.0)

    atexit.register(close)
