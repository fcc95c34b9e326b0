"""Why records are not delivered: the broker refuses them, or the broker fails."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from nodewright.events.encoding import Record

# The broker's no to an event; anything else is the broker's own failure.
REFUSALS = {
    "MSG_SIZE_TOO_LARGE",
    "INVALID_MSG",
    "INVALID_MSG_SIZE",
    "INVALID_RECORD",
    "INVALID_TIMESTAMP",
    "RECORD_LIST_TOO_LARGE",
    "POLICY_VIOLATION",
    "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    "_BAD_MSG",
    "_INVALID_ARG",
}
# Its no to all events of a topic: asking again one by one would change nothing.
_TOPIC_REFUSALS = {
    "_UNKNOWN_TOPIC",
    "UNKNOWN_TOPIC_OR_PART",
    "TOPIC_AUTHORIZATION_FAILED",
    "TOPIC_EXCEPTION",
    "_UNKNOWN_PARTITION",
}
FATAL = "_FATAL"  # this producer can do no more
BYSTANDER = "_INVALID_DIFFERENT_RECORD"  # in one request with a refused record


class Message(Protocol):
    """What a delivery report tells of a record."""

    def topic(self) -> str | None:
        """Its topic."""

    def value(self) -> bytes | None:
        """Its document."""


class Failure(NamedTuple):
    """A record that was not delivered."""

    record: Record
    code: str
    reason: str

    @property
    def refused(self) -> bool:
        """Whether the broker will never take it."""
        return self.code in REFUSALS or self.code in _TOPIC_REFUSALS


def failure_of(record: Record, error: object) -> Failure:
    """What a delivery report or an exception of ``produce`` says."""
    if isinstance(error, BufferError):
        return Failure(record, "_QUEUE_FULL", "the producer holds as much as it may")
    inner = error.args[0] if isinstance(error, Exception) and error.args else error
    name = getattr(inner, "name", None)
    if callable(name):
        reason: object = getattr(inner, "str", lambda: inner)()
        return Failure(record, str(name()), str(reason))
    return Failure(record, "_INVALID_ARG", str(error))


def match(errors: Sequence[tuple[object, Message]], records: Sequence[Record]) -> list[Failure]:
    """Failures from delivery reports, which carry a copy of the record and not the record."""
    if not errors:
        return []
    by_content: dict[tuple[str, bytes], list[Record]] = {}
    for record in records:
        by_content.setdefault(record[:2], []).append(record)
    order = {id(record): number for number, record in enumerate(records)}
    failures = [
        failure_of(by_content[message.topic() or "", message.value() or b""].pop(0), error)
        for error, message in errors
    ]
    return sorted(failures, key=lambda failure: order[id(failure.record)])
