"""What can go wrong with events, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
    """The broker refused events for good; all others of the call are delivered, or in the spool.

    Attributes:
        refusals: which events, and the broker's reason for each.
        unkept: why they are not in the dead letters; None: they are.
    """

    def __init__(self, refusals: Sequence[Refusal], unkept: Exception | None = None) -> None:
        self.refusals: tuple[Refusal, ...] = tuple(refusals)
        self.unkept = unkept
        first = self.refusals[0]
        kept = (
            "they are kept as dead letters: see 'nodewright events dead-letters', mend the cause, "
            "then 'nodewright events replay'"
        )
        if unkept is not None:
            kept = (
                f"they could not be kept as dead letters ({unkept}): free some disk space; a spool "
                "keeps its events until there is room, others have to be published again"
            )
        super().__init__(
            f"the broker refused {len(self.refusals)} event(s), the first {first.event_id} for "
            f"topic {first.topic!r}: {first.reason}; {kept}"
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


class DeadLetterError(EventError):
    """The folder of the dead letters cannot be used."""


class SpoolError(EventError):
    """The spool cannot do its work."""


class SpoolFullError(SpoolError, OSError):
    """There is no room for the event: nothing of the call was accepted; free some disk space."""


class SpoolOwnedError(SpoolError):
    """Another process owns the spool directory: stop it, or give this one its own directory."""


class SpoolBrokerError(SpoolError):
    """The events in the spool are for another broker.

    Attributes:
        directory: the spool.
        broker: whose events are in it; None: that of an earlier version, which did not say.
    """

    def __init__(self, directory: Path, broker: str | None, wanted: str) -> None:
        self.directory = directory
        self.broker = broker
        owner = "a broker that it does not name" if broker is None else f"the broker {broker!r}"
        super().__init__(
            f"the events in the spool {str(directory)!r} are for {owner}, not for {wanted!r}: set "
            "another spool_dir, or send them with 'nodewright events drain' and the right --broker "
            "(and --adopt, if that broker has moved to another address)"
        )
