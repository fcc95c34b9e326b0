"""Health of the parts: what they report themselves, and checks with a time limit."""

import contextvars
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nodewright.logs import get_logger
from nodewright.monitoring.errors import MonitoringError
from nodewright.monitoring.model import HealthStatus

_log = get_logger(__name__, component="monitoring")

HEALTHY = "healthy"
DEGRADED = "degraded"
CRITICAL = "critical"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        status: healthy, degraded or critical.
        message: what is so, for people.
        advice: what to do; empty where all is well.
        metadata: JSON-ready details.
    """

    status: str
    message: str
    advice: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A look at one real part.

    Attributes:
        component: the part.
        look: does the check; an exception means critical.
        timeout_s: after which the part counts as critical.
        advice: what to do where ``look`` failed or did not answer.
    """

    component: str
    look: Callable[[], Finding]
    timeout_s: float = 5.0
    advice: str = ""


class HealthBook:
    """The latest status of every component, and the checks that keep it current.

    Args:
        wall: the time of day.
        log: write parts that become unwell to the log.
    """

    def __init__(
        self, wall: Callable[[], datetime] = lambda: datetime.now(UTC), *, log: bool = True
    ) -> None:
        self._wall = wall
        self._log = log
        self._lock = threading.Lock()
        self._statuses: dict[str, HealthStatus] = {}
        self._checks: dict[str, HealthCheck] = {}
        self._running: dict[str, Future[Finding]] = {}
        self._stopping: threading.Event | None = None

    def update(self, status: HealthStatus) -> None:
        """Take a status; a component that has become worse is logged."""
        with self._lock:
            before = self._statuses.get(status.component)
            self._statuses[status.component] = status
        if self._log and not status.healthy and (before is None or before.status != status.status):
            _log.warning(
                "monitoring.part.unwell",
                {
                    "part": status.component,
                    "status": status.status,
                    "reason": status.error_message,
                    **status.metadata,
                },
            )

    def statuses(self) -> list[HealthStatus]:
        """The latest status of each component, by name."""
        with self._lock:
            return [self._statuses[name].copied() for name in sorted(self._statuses)]

    def overall(self) -> str:
        """The worst status of all components; unknown where there are none."""
        statuses = self.statuses()
        if not statuses:
            return UNKNOWN
        unwell = {status.status for status in statuses if not status.healthy}
        if CRITICAL in unwell:
            return CRITICAL
        return DEGRADED if unwell else HEALTHY

    def clear(self) -> None:
        """Forget all statuses; the checks stay."""
        with self._lock:
            self._statuses.clear()

    def register(self, checks: Iterable[HealthCheck]) -> None:
        """Add checks; one of the same component is replaced."""
        with self._lock:
            self._checks.update({check.component: check for check in checks})

    def run(self) -> list[HealthStatus]:
        """Run all checks at once, each within its time limit; their statuses in their order."""
        with self._lock:
            checks = list(self._checks.values())
        started = time.monotonic()
        futures = [(check, self._start(check)) for check in checks]
        return [self._finish(check, future, started) for check, future in futures]

    def start(self, interval_s: float) -> None:
        """Run all checks in the background, every ``interval_s`` seconds.

        Raises:
            MonitoringError: the interval is not positive.
        """
        if not interval_s > 0:
            raise MonitoringError(
                f"the interval of health checks is {interval_s!r}; give seconds > 0"
            )
        self.stop()
        stopping = self._stopping = threading.Event()

        def repeat() -> None:
            while not stopping.is_set():
                try:
                    self.run()
                except RuntimeError:  # no thread is started any more: the interpreter is leaving
                    return
                stopping.wait(interval_s)

        threading.Thread(target=repeat, name="nodewright-health", daemon=True).start()

    def stop(self) -> None:
        """End the checks in the background."""
        if self._stopping is not None:
            self._stopping.set()
            self._stopping = None

    def _start(self, check: HealthCheck) -> Future[Finding]:
        """Begin a check in a thread of its own, unless its last run still hangs."""
        with self._lock:
            running = self._running.get(check.component)
            if running is not None and not running.done():
                return running
            future: Future[Finding] = Future()
            self._running[check.component] = future
        context = contextvars.copy_context()

        def look() -> None:
            try:
                future.set_result(context.run(check.look))
            except BaseException as error:  # noqa: BLE001 - becomes the finding
                future.set_exception(error)

        # Daemon threads, because one that hangs must not keep the process.
        name = f"nodewright-check-{check.component}"
        threading.Thread(target=look, name=name, daemon=True).start()
        return future

    def _finish(self, check: HealthCheck, future: Future[Finding], started: float) -> HealthStatus:
        left = max(0.0, started + check.timeout_s - time.monotonic())
        try:
            finding = future.result(timeout=left)
        except TimeoutError as error:
            message = str(error) if future.done() else f"no answer within {check.timeout_s:g} s"
            finding = Finding(CRITICAL, message, check.advice)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a part is the finding
            finding = Finding(CRITICAL, f"{error}" or type(error).__name__, check.advice)
        healthy = finding.status == HEALTHY
        status = HealthStatus(
            component=check.component,
            healthy=healthy,
            status=finding.status,
            last_check=self._wall(),
            error_message=None if healthy else finding.message,
            metadata={
                "message": finding.message,
                "advice": finding.advice,
                "check_ms": round((time.monotonic() - started) * 1000, 3),
                **finding.metadata,
            },
        )
        self.update(status)
        return status.copied()
