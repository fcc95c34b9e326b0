"""A circuit breaker for threads and tasks."""

import threading
import time
from collections.abc import Awaitable, Callable
from enum import Enum

from nodewright.events.config import CircuitBreakerConfig
from nodewright.events.errors import CircuitOpenError, PayloadError

Listener = Callable[["CircuitState", "CircuitState"], None]


class CircuitState(Enum):
    """Circuit breaker states."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    """Stops calling what keeps failing, and probes whether it has recovered.

    A failure is any ``Exception`` of the function, a time-out included, except a
    ``PayloadError``: that is the event's fault, not the broker's. A cancelled call counts as
    neither. What a call from before a change of state reports afterwards is ignored.

    Args:
        config: thresholds and time.
        clock: seconds, monotonic.
        on_change: called with the old and the new state, outside the lock.
    """

    def __init__(
        self,
        config: CircuitBreakerConfig | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_change: Listener | None = None,
    ) -> None:
        self.config: CircuitBreakerConfig = config or CircuitBreakerConfig()
        self._clock = clock
        self._on_change = on_change
        self._lock = threading.Lock()
        self._state = CircuitState.CLOSED
        self._era = 0  # grows with each change of state
        self._failures = 0
        self._successes = 0
        self._probes = 0
        self._opened_at = 0.0

    @property
    def state(self) -> CircuitState:
        """The state; an open circuit turns half-open with the first call after its time."""
        return self._state

    @property
    def failures(self) -> int:
        """Consecutive failures so far while closed."""
        return self._failures

    async def call[**P, R](
        self, func: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Await ``func(*args, **kwargs)`` unless the circuit is open.

        Raises:
            CircuitOpenError: (a ``RuntimeError``) when it is, saying when to try again.
        """
        era = self._era  # before the state: an era that has passed by then is ignored later
        if self._state is not CircuitState.CLOSED:
            era = self.admit()
        try:
            result = await func(*args, **kwargs)
        except PayloadError:
            self.forget(era)
            raise
        except Exception:
            self.failed(era)
            raise
        except BaseException:
            self.forget(era)
            raise
        self.succeeded(era)
        return result

    def admit(self) -> int:
        """Ask to make a call; give the answer to ``succeeded``, ``failed`` or ``forget``.

        Raises:
            CircuitOpenError: when no call is admitted now.
        """
        era = self._era
        if self._state is CircuitState.CLOSED:
            return era
        change = None
        with self._lock:
            if self._state is CircuitState.OPEN:
                waited = self._clock() - self._opened_at
                left = self.config.recovery_timeout_ms / 1000 - waited
                if left > 0:
                    raise CircuitOpenError(left)
                change = self._become(CircuitState.HALF_OPEN)
            if self._state is CircuitState.HALF_OPEN:
                if self._successes + self._probes >= self.config.success_threshold:
                    raise CircuitOpenError(0.0)
                self._probes += 1
            era = self._era
        self._tell(change)
        return era

    def succeeded(self, era: int) -> None:
        """The admitted call worked."""
        if self._state is CircuitState.CLOSED and not self._failures:
            return
        change = None
        with self._lock:
            if era != self._era:
                return
            self._failures = 0
            if self._state is CircuitState.HALF_OPEN:
                self._probes -= 1
                self._successes += 1
                if self._successes >= self.config.success_threshold:
                    change = self._become(CircuitState.CLOSED)
        self._tell(change)

    def failed(self, era: int) -> None:
        """The admitted call failed through the broker's fault."""
        change = None
        with self._lock:
            if era != self._era:
                return
            if self._state is CircuitState.HALF_OPEN:
                change = self._become(CircuitState.OPEN)
            else:
                self._failures += 1
                if self._failures >= self.config.failure_threshold:
                    change = self._become(CircuitState.OPEN)
        self._tell(change)

    def forget(self, era: int) -> None:
        """The admitted call says nothing about the broker: it was cancelled or its own fault."""
        with self._lock:
            if era == self._era and self._state is CircuitState.HALF_OPEN and self._probes:
                self._probes -= 1

    def _become(self, state: CircuitState) -> tuple[CircuitState, CircuitState]:
        change = (self._state, state)
        self._state = state
        self._era += 1
        self._failures = self._successes = self._probes = 0
        if state is CircuitState.OPEN:
            self._opened_at = self._clock()
        return change

    def _tell(self, change: tuple[CircuitState, CircuitState] | None) -> None:
        if change is not None and self._on_change is not None:
            self._on_change(*change)
