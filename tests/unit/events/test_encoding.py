import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span
from pydantic import BaseModel, ValidationError

from nodewright.events import BaseEvent, CodegenAnalysisResponse, EventEncodingError
from nodewright.events.encoding import encode, encode_all, event_id, kafka_headers
from nodewright.events.tracing import current_traceparent


class OrderPlaced(BaseEvent): ...


class Keyed(BaseEvent):
    def kafka_key(self) -> str | bytes | None:
        key: str | bytes | None = self.payload.get("key")
        return key


class Point(BaseModel):
    x: int
    of: UUID


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(payload=st.dictionaries(st.text(), JSON, max_size=5), service=st.text(min_size=1))
def test_any_json_comes_back_as_it_was(payload: dict[str, Any], service: str) -> None:
    event = OrderPlaced(service=service[:200], payload=payload)
    topic, value, key, _ = encode(event)
    assert OrderPlaced.from_json(value) == event
    assert key == str(event.correlation_id).encode()
    assert 0 < len(topic) <= 249
    assert re.fullmatch(r"[A-Za-z0-9._-]+", topic)


@given(
    value=st.recursive(
        st.just(object())
        | st.binary()
        | st.complex_numbers()
        | st.just(print)
        | st.integers(2**65),
        lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.text(), inner, min_size=1),
    )
)
def test_what_is_no_json_is_one_error_that_names_the_event(value: Any) -> None:
    event = OrderPlaced(service="shop", payload={"value": value})
    with pytest.raises(EventEncodingError, match=str(event.id)):
        encode(event)


def test_cycle_and_depth_are_that_error_too() -> None:
    cycle: dict[str, Any] = {}
    cycle["self"] = cycle
    with pytest.raises(EventEncodingError):
        encode(OrderPlaced(service="shop", payload=cycle))


def test_models_paths_and_sets_are_written() -> None:
    of = uuid4()
    payload = {"point": Point(x=1, of=of), "path": Path("a/b"), "set": {2, 1}}
    value = encode(OrderPlaced(service="shop", payload=payload))[1]
    assert orjson.loads(value)["payload"] == {
        "point": {"x": 1, "of": str(of)},
        "path": "a/b",
        "set": [1, 2],
    }


def test_ids_lead_the_document_whatever_the_class_does() -> None:
    class Odd(BaseEvent):
        """Pydantic keeps the place of a field that is declared again, but not of all state."""

    event = Odd(service="shop")
    event.__dict__["id"] = event.__dict__.pop("id")  # now last
    record = encode(event)
    assert event_id(record) == str(event.id)
    headers = dict(kafka_headers(record) or [])
    assert headers["correlation_id"] == str(event.correlation_id).encode()


def test_topic_and_type_come_from_the_class() -> None:
    class HTTPRequestSeen(BaseEvent):
        schema_version = 3

    assert OrderPlaced(service="shop").to_kafka_topic() == "shop.order_placed.v1"
    assert HTTPRequestSeen(service="my shop/1").to_kafka_topic() == "my-shop-1.http_request_seen.v3"
    assert len(OrderPlaced(service="s" * 200).to_kafka_topic()) <= 249


@pytest.mark.parametrize(
    ("key", "expected"), [("k", b"k"), (b"\xff", b"\xff"), (None, None), ("é", "é".encode())]
)
def test_own_key(key: str | bytes | None, expected: bytes | None) -> None:
    class Own(BaseEvent):
        def kafka_key(self) -> str | bytes | None:
            return key

    assert encode(Own(service="shop"))[2] == expected


def test_key_of_a_wrong_type_is_an_error() -> None:
    with pytest.raises(EventEncodingError, match="gave a int"):
        encode(Keyed(service="shop", payload={"key": 7}))


def test_trace_context_is_the_events_own_or_the_active_spans_or_the_correlations() -> None:
    span = SpanContext(trace_id=0xABC, span_id=0xDEF, is_remote=False, trace_flags=TraceFlags(1))
    with use_span(NonRecordingSpan(span)):
        active = current_traceparent()
    assert active == f"00-{0xABC:032x}-{0xDEF:016x}-01"
    assert current_traceparent() == ""
    plain, own = (
        OrderPlaced(service="s"),
        OrderPlaced(service="s", metadata={"traceparent": "00-x"}),
    )
    for event, trace, expected in (
        (plain, active, active),
        (own, active, "00-x"),
        (plain, "", f"00-{plain.correlation_id.hex}-{plain.id.hex[:16]}-01"),
    ):
        (record,) = encode_all((event,), trace=trace)
        assert dict(kafka_headers(record) or [])["traceparent"] == expected.encode()


def test_records_without_headers() -> None:
    assert kafka_headers(encode(OrderPlaced(service="shop"), headers=False)) is None


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError):
        OrderPlaced(service="shop", colour="red")  # type: ignore[call-arg]


def test_codegen_event_checks_its_payload() -> None:
    good = CodegenAnalysisResponse(payload={"requirements": 3, "confidence": 0.5, "extra": 1})
    assert good.to_kafka_topic() == "nodewright.codegen_analysis_response.v1"
    with pytest.raises(ValidationError, match="confidence"):
        CodegenAnalysisResponse(payload={"requirements": 3, "confidence": 7})


def test_subclass_may_be_decorated_as_a_dataclass() -> None:
    """Events that were written for a base that is a dataclass are events here, without a change."""

    @dataclass
    class OrderPlaced(BaseEvent):
        event: str = "order.placed"
        tags: list[str] = field(default_factory=list)

    @dataclass
    class OrderRushed(OrderPlaced):
        days: int = 1

    event = OrderRushed(service="shop", payload={"order": 7}, tags=["new"])
    assert (event.event, event.tags, event.days) == ("order.placed", ["new"], 1)
    assert event.to_kafka_topic() == "shop.order_rushed.v1"
    assert OrderRushed.from_json(encode(event)[1]) == event
    assert event != OrderRushed(service="shop", payload={"order": 7}, tags=["new"]), "another id"
    assert "service='shop'" in repr(event)
    with pytest.raises(ValidationError):
        OrderPlaced(service="shop", strange=1)
