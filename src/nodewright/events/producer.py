"""The librdkafka producer of a lane."""

import logging
from collections.abc import Callable
from typing import Protocol

from nodewright.events.broker import Setting, redact
from nodewright.events.encoding import Headers
from nodewright.events.errors import BrokerError, ClosedError
from nodewright.events.undelivered import Message
from nodewright.logs import get_logger

_log = get_logger(__name__, "events")

Report = Callable[[object, Message], None]  # of an error, or None, and the record


class KafkaProducer(Protocol):
    """What lanes need of ``confluent_kafka.Producer``."""

    def produce(  # noqa: PLR0917 - as librdkafka has it
        self,
        topic: str,
        value: bytes,
        key: bytes | None,
        partition: int,
        callback: Report,
        on_delivery: None,
        timestamp: int,
        headers: Headers | None,
        /,
    ) -> None:
        """Queue a record."""

    def poll(self, timeout: float) -> int:
        """Serve delivery reports."""
        ...

    def flush(self, timeout: float) -> int:
        """Wait for all records; return how many are outstanding."""
        ...

    def purge(self) -> None:
        """Give all records up."""

    def __len__(self) -> int: ...


def make_producer(settings: dict[str, Setting]) -> KafkaProducer:
    """A producer whose log lines go to Python's log, without secrets."""
    from confluent_kafka import KafkaException, Producer

    try:
        producer: KafkaProducer = Producer(settings, logger=_library_log())
    except KafkaException as error:
        text = redact(str(error), settings)
        raise BrokerError(f"the Kafka settings are not valid: {text}") from None
    return producer


class ClosedProducer:
    """What a closed lane has in its producer's place."""

    def produce(self, *_: object) -> None:
        """Refuse."""
        raise ClosedError("this producer is closed")

    def poll(self, _: float) -> int:
        """Nothing is served."""
        return 0

    def flush(self, _: float) -> int:
        """Nothing is outstanding."""
        return 0

    def purge(self) -> None:
        """Nothing is given up."""

    def __len__(self) -> int:
        return 0


class _ToLog(logging.Handler):
    """librdkafka's lines as entries of this package's log.

    It repeats a failed connection several times a second; what that means for events is logged by
    the circuit breaker, so these are for debugging.
    """

    def emit(self, record: logging.LogRecord) -> None:
        fatal = record.levelno >= logging.CRITICAL
        (_log.error if fatal else _log.debug)("events.librdkafka", {"line": record.getMessage()})


def _library_log() -> logging.Logger:
    logger = logging.Logger("librdkafka")  # noqa: LOG001 - of no tree: it has but this one handler
    logger.addHandler(_ToLog())
    return logger
