"""The choice among lanes, with brokers that answer only when they are told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.events.test_lanes import ScriptedProducer

from nodewright.events import DeadLetters, OptimizerConfig, lanes
from nodewright.events.encoding import Record
from nodewright.events.publisher import Call, Publisher


@pytest.fixture
def producers(monkeypatch: pytest.MonkeyPatch) -> dict[str, ScriptedProducer]:
    """Lane -> its producer; none answers yet."""
    made: dict[str, ScriptedProducer] = {}
    names = iter(("single", "batch", "compressing"))

    def producer(settings: dict[str, Any]) -> ScriptedProducer:
        all_reports = not settings.get("delivery.report.only.error", False)
        one = made[next(names)] = ScriptedProducer(lambda _: {}, all_reports=all_reports)
        one.answers.clear()
        return one

    monkeypatch.setattr(lanes, "make_producer", producer)
    return made


@pytest.fixture
def publisher(producers: dict[str, ScriptedProducer]) -> Iterator[Publisher]:
    made = Publisher("nowhere:9092", OptimizerConfig())
    yield made
    for producer in producers.values():
        producer.answers.set()
    made.close(5)


def record(key: bytes | None, value: bytes = b"{}") -> Record:
    return ("topic", value, key, None)


def submit(publisher: Publisher, folder: Path, *records: Record) -> Call:
    call = Call(records, DeadLetters(folder))
    publisher.submit([call])
    return call


def lanes_of(publisher: Publisher, call: Call) -> list[object]:
    names = {id(publisher._single): "single", id(publisher._batch): "batch"}
    return [
        (names.get(id(part.lane), "compressing"), [r[2] for r in part.records])
        for part in call.parts
    ]


def test_single_batch_and_large_events_have_their_lanes(
    publisher: Publisher, tmp_path: Path
) -> None:
    single = submit(publisher, tmp_path, record(b"1"))
    batch = submit(publisher, tmp_path, record(b"2"), record(b"3"))
    large = submit(publisher, tmp_path, record(b"4", b"x" * 2000))
    assert lanes_of(publisher, single) == [("single", [b"1"])]
    assert lanes_of(publisher, batch) == [("batch", [b"2", b"3"])]
    assert lanes_of(publisher, large) == [("compressing", [b"4"])]


def test_key_stays_in_the_lane_where_it_is_on_its_way(
    publisher: Publisher, producers: dict[str, ScriptedProducer], tmp_path: Path
) -> None:
    first = submit(publisher, tmp_path, record(b"k"))
    mixed = submit(publisher, tmp_path, record(b"k"), record(b"m"), record(b"k"))
    assert lanes_of(publisher, mixed) == [("single", [b"k", b"k"]), ("batch", [b"m"])]
    assert lanes_of(publisher, submit(publisher, tmp_path, record(b"m"))) == [("batch", [b"m"])]
    large = submit(publisher, tmp_path, record(b"m", b"x" * 2000))
    assert lanes_of(publisher, large) == [("batch", [b"m"])]
    keyless = submit(publisher, tmp_path, record(None))
    assert lanes_of(publisher, keyless) == [("single", [None])]
    assert first.woken is not None
    assert mixed.woken is not None
    assert not mixed.woken.is_set()
    for producer in producers.values():
        producer.answers.set()
    assert mixed.woken.wait(10)
    assert first.woken.wait(10)
    assert mixed.error is None
