"""What can go wrong with events, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from nodewright.errors import NodewrightError


class EventError(NodewrightError):
    """The base of every error that the events room raises."""


class PayloadError(EventError):
    """The event itself is at fault: trying again cannot help, and no breaker counts it."""


class EventEncodingError(PayloadError, ValueError):
    """An event cannot be written as JSON; nothing of the call was sent."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One event that the broker refused."""

    event_id: str
    topic: str
    reason: str


class EventRefusedError(PayloadError):
    """The broker refused events for good; they are in the dead letters, all others delivered.

    Attributes:
        refusals: which events, and the broker's reason for each.
    """

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals: tuple[Refusal, ...] = tuple(refusals)
        first = self.refusals[0]
        super().__init__(
            f"the broker refused {len(self.refusals)} event(s), the first {first.event_id} for "
            f"topic {first.topic!r}: {first.reason}; they are kept as dead letters: see "
            "'nodewright events dead-letters', mend the cause, then 'nodewright events replay'"
        )


class BrokerError(EventError):
    """The broker failed; the event may be published again."""


class PublishTimeoutError(BrokerError, TimeoutError):
    """No acknowledgement came in time; the event may still arrive (its id stays the same)."""


class CircuitOpenError(EventError, RuntimeError):
    """The circuit breaker is open.

    Attributes:
        retry_after: seconds until the next probe may be admitted; 0 when probes are under way.
    """

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"circuit breaker is OPEN: try again in {retry_after:.3f} s")


class ClosedError(EventError, RuntimeError):
    """The object was cleaned up and takes no more events; make a new one."""


class SpoolError(EventError):
    """The spool cannot do its work."""


class SpoolFullError(SpoolError, OSError):
    """There is no room for the event: nothing of the call was accepted; free some disk space."""


class SpoolOwnedError(SpoolError):
    """Another process owns the spool directory: stop it, or give this one its own directory."""
