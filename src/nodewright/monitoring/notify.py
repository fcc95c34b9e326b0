"""From alerts to channels: what changed, sent until it has arrived.

Each channel has a thread that compares what fires with what the channel was last told, and sends
the difference. So there is no queue to overflow: a channel that was away is told how things are.
Grouping, inhibition and silences are left to Alertmanager.
"""

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from datetime import UTC, datetime

from nodewright.logs import get_logger
from nodewright.monitoring.alerts import AlertBook
from nodewright.monitoring.channels import Channel, Notification
from nodewright.monitoring.model import MonitoringAlert

_log = get_logger(__name__, component="monitoring")

_RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_TICK_S = 1.0


class Notifier:
    """Sends the alerts of a book to channels.

    Args:
        book: whose alerts.
        retry_s: pauses after failures in a row; the last one repeats.
        wall: the time of day.
    """

    def __init__(
        self,
        book: AlertBook,
        *,
        retry_s: tuple[float, ...] = _RETRY_S,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.book: AlertBook = book
        self._retry_s = retry_s
        self._wall = wall
        self._lock = threading.Lock()
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

    def close(self, timeout: float = 5.0) -> None:
        """Send what there is, once more, and end the threads."""
        self.book.off_change(self.wake)
        with self._lock:
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.stop()
        deadline = time.monotonic() + timeout
        for worker in workers:
            worker.thread.join(max(0.0, deadline - time.monotonic()))

    def ended(self, told: MonitoringAlert) -> MonitoringAlert:
        """How an alert that no longer fires was resolved."""
        for alert in reversed(self.book.resolved()):
            if alert.alert_id == told.alert_id:
                return alert
        told.resolved_at = self._wall()
        told.resolution_message = "no longer known"
        return told


class _Worker:
    """The thread of one channel."""

    def __init__(self, channel: Channel, notifier: Notifier, retry_s: tuple[float, ...]) -> None:
        self.channel = channel
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
            self._awake.clear()
            try:
                self._send_changes()
            except Exception as error:  # noqa: BLE001 - a fault of a channel must not end its thread
                log = _log.warning if failures == 0 else _log.debug
                reason = str(error) or type(error).__name__
                log("monitoring.alerts.unsent", {"channel": self.channel.name, "reason": reason})
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
        wanted = {alert.alert_id: alert for alert in self._notifier.book.active()}
        firing, superseded = [], []
        for identity, alert in wanted.items():
            told, told_at = self._told.get(identity, (None, 0.0))
            moved = told is not None and told.severity is not alert.severity
            if told is None or moved or (resend is not None and now - told_at >= resend):
                firing.append(alert)
            if told is not None and moved:
                superseded.append(told)
        gone = [told for identity, (told, _) in self._told.items() if identity not in wanted]
        if not firing and not gone:
            return
        resolved = [self._notifier.ended(told) for told in gone]
        self.channel.send(Notification(tuple(firing), tuple(resolved), tuple(superseded)))
        for alert in firing:
            self._told[alert.alert_id] = (alert, now)
        for alert in gone:
            self._told.pop(alert.alert_id, None)


def close_at_exit(notifier: Notifier) -> None:
    """Let alerts that were just raised reach their channels before the process ends."""
    reference = weakref.ref(notifier)

    def close() -> None:
        alive = reference()
        if alive is not None:
            alive.close(timeout=1.0)

    atexit.register(close)
