"""Events as what Kafka carries: topic, JSON value, key, headers.

A batch of 100,000 events lives in memory as records until it is sent, so a record is a plain tuple
(which the garbage collector leaves alone) and its headers are made when it is handed to Kafka.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import PurePath
from typing import Any

import orjson
from pydantic import BaseModel

from nodewright.events.errors import EventEncodingError
from nodewright.events.model import BaseEvent

# Topic, JSON document, key, and what headers need beside the document: the schema version and,
# after a space, the caller's W3C trace context. Without that last part a record has no headers.
Record = tuple[str, bytes, bytes | None, bytes | None]
Headers = dict[str, str | bytes | None]

_UUID = 36  # characters
_LEAD = b'{"id":"'
_SECOND = b'","correlation_id":"'
_SECOND_AT = len(_LEAD) + _UUID
_ID = slice(len(_LEAD), _SECOND_AT)
_CORRELATION = slice(_SECOND_AT + len(_SECOND), _SECOND_AT + len(_SECOND) + _UUID)
_IDS = slice(len(_LEAD), _CORRELATION.stop)  # both, with _SECOND between them
_DIGITS = 32  # of a UUID without hyphens
_TRACE = slice(_DIGITS + len(_SECOND), _DIGITS + len(_SECOND) + _DIGITS)  # of _IDS without hyphens


def encode(event: BaseEvent, *, headers: bool = True) -> Record:
    """``event`` as a record; its document begins with ``id`` and ``correlation_id``.

    Raises:
        EventEncodingError: when it cannot be written as JSON, or has no legal topic or key.
    """
    return encode_all((event,), headers=headers)[0]


def encode_all(
    events: Sequence[BaseEvent], *, headers: bool = True, trace: str = ""
) -> list[Record]:
    """``events`` as records.

    Args:
        events: what to encode.
        headers: whether the records are to have headers.
        trace: W3C trace context of events that bring none; empty: one from their correlation id.

    Raises:
        EventEncodingError: for the first that cannot be written.
    """
    records: list[Record] = []
    append, dumps = records.append, orjson.dumps
    kind: type[BaseEvent] | None = None
    own_key = own_topic = False
    service, topic, meta = "", "", None
    for event in events:
        try:
            state = event.__dict__
            # orjson leaves half of its buffer's room behind each result; a copy of the exact size
            # halves the cost of a large batch, which is page faults.
            value = bytes(memoryview(dumps(state, _fallback)))
            if value[: len(_LEAD)] != _LEAD or value[_SECOND_AT : _CORRELATION.start] != _SECOND:
                value = _with_ids_first(event)
            if type(event) is not kind:
                kind, service = type(event), ""
                own_key, own_topic, version = _traits(kind)
                meta = _meta(version, trace) if headers else None
            if own_topic or state["service"] != service:
                service, topic = state["service"], event.to_kafka_topic()
            key = _custom_key(event) if own_key else value[_CORRELATION]
            metadata = state["metadata"]
            if metadata and headers and isinstance(own := metadata.get("traceparent"), str):
                append((topic, value, key, _meta(event.schema_version, own)))
            else:
                append((topic, value, key, meta))
        except (TypeError, ValueError, AttributeError, KeyError, RecursionError) as error:
            name = f"{type(event).__name__} {getattr(event, 'id', '')}".strip()
            cause = error.__cause__ or error
            raise EventEncodingError(
                f"{name} cannot be published: {cause}; payload and metadata may hold what JSON "
                "has, UUIDs, dates and pydantic models"
            ) from error
    return records


def keys_of(events: Sequence[BaseEvent]) -> set[bytes | None]:
    """The keys that ``encode_all`` gives to ``events``; without those that cannot be asked."""
    keys: set[bytes | None] = set()
    for event in events:
        with suppress(Exception):  # encoding tells what is wrong with it
            keys.add(_custom_key(event))
    return keys


def event_id(record: Record) -> str:
    """The id of the event in ``record``."""
    return record[1][_ID].decode(errors="replace")


def kafka_headers(record: Record) -> Headers | None:
    """The headers of ``record``; the trace id is the correlation id where none was given."""
    _, value, _, meta = record
    if meta is None:
        return None
    version, trace = _constant(meta)
    if not trace:
        digits = value[_IDS].translate(None, b"-")
        trace = b"".join((b"00-", digits[_TRACE], b"-", digits[:16], b"-01"))
    return {
        "event_id": value[_ID],
        "correlation_id": value[_CORRELATION],
        "content-type": b"application/json",
        "schema-version": version,
        "traceparent": trace,
    }


@lru_cache(maxsize=1024)
def _constant(meta: bytes) -> tuple[bytes, bytes]:
    version, _, trace = meta.partition(b" ")
    return version, trace


@lru_cache(maxsize=1024)
def _traits(kind: type[BaseEvent]) -> tuple[bool, bool, int]:
    """Whether a class has a key and a topic of its own, and its schema version."""
    own_key = kind.kafka_key is not BaseEvent.kafka_key
    own_topic = kind.to_kafka_topic is not BaseEvent.to_kafka_topic
    return own_key, own_topic, kind.schema_version


def _with_ids_first(event: BaseEvent) -> bytes:
    rest = dict(event.__dict__)
    ids = {"id": str(rest.pop("id")), "correlation_id": str(rest.pop("correlation_id"))}
    if any(len(text) != _UUID for text in ids.values()):
        raise ValueError("id and correlation_id have to be UUIDs")
    return orjson.dumps(ids | rest, _fallback)


def _custom_key(event: BaseEvent) -> bytes | None:
    key: Any = event.kafka_key()
    if isinstance(key, str):
        return key.encode()
    if key is None or isinstance(key, bytes):
        return key
    raise TypeError(f"kafka_key() gave a {type(key).__name__}: give str, bytes or None")


@lru_cache(maxsize=1024)
def _meta(version: int, trace: str) -> bytes:
    return f"{version} {trace}".encode()


def _fallback(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"a {type(value).__name__} is no JSON")
