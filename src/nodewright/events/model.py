"""The base of all events. Users subclass it in one line."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, Self
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

# ``@dataclass`` makes these where a class has none of its own. Events written for a base that is a
# dataclass have the decorator; it must not take away what pydantic made.
_MADE_BY_DATACLASS = ("__init__", "__repr__", "__eq__")
MAX_TOPIC_LENGTH = 249  # Kafka's limit


def _now() -> datetime:
    return datetime.now(UTC)


@lru_cache(maxsize=4096)
def topic_name(service: str, event_type: str, version: int) -> str:
    """``<service>.<event type>.v<version>``; what Kafka forbids in a name becomes a hyphen."""
    tail = f".{event_type}.v{version}"
    legal = re.sub(r"[^A-Za-z0-9._-]+", "-", service).strip(".") or "events"
    return legal[: MAX_TOPIC_LENGTH - len(tail)] + tail


class BaseEvent(BaseModel):
    """Something that happened.

    ``class OrderPlaced(BaseEvent): ...`` is a complete event: ``OrderPlaced(service="shop",
    payload={"order": 7})`` publishes to ``shop.order_placed.v1``.

    Attributes:
        id: identity; equal ids are the same event delivered twice.
        correlation_id: what the event belongs to; also the Kafka key, so that the events of one
            correlation stay in order.
        service: who says so.
        timestamp: when, in UTC.
        metadata: about the event; ``traceparent`` in it goes out as W3C trace context.
        payload: what happened; anything that is JSON, UUIDs, dates and pydantic models.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    schema_version: ClassVar[int] = 1
    event_type: ClassVar[str] = "base_event"

    id: UUID = Field(default_factory=uuid4)
    correlation_id: UUID = Field(default_factory=uuid4)
    service: str = Field(min_length=1, max_length=200)
    timestamp: datetime = Field(default_factory=_now)
    metadata: dict[str, Any] = Field(default_factory=dict)
    payload: dict[str, Any] = Field(default_factory=dict)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in _MADE_BY_DATACLASS:
            if name not in cls.__dict__:
                setattr(cls, name, getattr(cls, name))
        if "event_type" not in cls.__dict__:
            spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__)
            cls.event_type = re.sub(r"[^a-z0-9_]", "-", spaced.lower())

    def to_kafka_topic(self) -> str:
        """The topic this event is published to."""
        return topic_name(self.service, self.event_type, self.schema_version)

    def kafka_key(self) -> str | bytes | None:
        """The key: events with equal keys are delivered in order."""
        return str(self.correlation_id)

    @classmethod
    def from_json(cls, document: bytes) -> Self:
        """Read an event back from the JSON that was published.

        Raises:
            pydantic.ValidationError: when it is not such an event.
        """
        return cls.model_validate_json(document)
