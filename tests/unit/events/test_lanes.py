"""Faults that no broker gives on demand, by a producer that follows a script."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from nodewright.events import lanes
from nodewright.events.encoding import Record
from nodewright.events.lanes import BatchLane, Shipment, SingleLane


class KafkaError:
    def __init__(self, code: str) -> None:
        self._code = code

    def name(self) -> str:
        return self._code

    def str(self) -> str:
        return f"the broker says {self._code}"


class Message:
    def __init__(self, topic: str, value: bytes) -> None:
        self._topic, self._value = topic, value

    def topic(self) -> str:
        return self._topic

    def value(self) -> bytes:
        return self._value


Verdict = Callable[[list[bytes]], dict[bytes, str]]


class ScriptedProducer:
    """Judges each flushed group with ``verdict``: value -> error code of what failed."""

    made = 0

    def __init__(self, verdict: Verdict, *, all_reports: bool) -> None:
        self._verdict = verdict
        self._all = all_reports
        self._queue: list[tuple[str, bytes, Any]] = []
        self.answers = threading.Event()
        self.answers.set()
        self.groups: list[list[bytes]] = []

    def produce(self, topic: str, value: bytes, *rest: Any) -> None:
        self._queue.append((topic, value, rest[2]))

    def poll(self, timeout: float) -> int:
        return self.flush(timeout) if self._all else 0

    def flush(self, timeout: float) -> int:
        if not self.answers.wait(timeout):
            return len(self._queue)
        queue, self._queue = self._queue, []
        if queue:
            self.groups.append([value for _, value, _ in queue])
            errors = self._verdict(self.groups[-1])
            for topic, value, report in queue:
                if value in errors:
                    report(KafkaError(errors[value]), Message(topic, value))
                elif self._all:
                    report(None, Message(topic, value))
        return 0

    def purge(self) -> None:
        self._verdict = lambda group: dict.fromkeys(group, "_PURGE_QUEUE")

    def __len__(self) -> int:
        return len(self._queue)


def records(*values: bytes) -> list[Record]:
    return [("topic", value, b"key", None) for value in values]


class Lanes:
    """Makes lanes over scripted producers, and keeps what they settle."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.producers: list[ScriptedProducer] = []
        self.settled: list[Shipment] = []
        self._came = threading.Semaphore(0)
        self._patch = patch
        self._lanes: list[BatchLane[Shipment] | SingleLane[Shipment]] = []

    def make[T: (BatchLane[Shipment], SingleLane[Shipment])](
        self, kind: type[T], verdict: Verdict
    ) -> T:
        def producer(settings: dict[str, Any]) -> ScriptedProducer:
            all_reports = not settings.get("delivery.report.only.error", False)
            self.producers.append(ScriptedProducer(verdict, all_reports=all_reports))
            return self.producers[-1]

        self._patch.setattr(lanes, "make_producer", producer)
        lane = kind("test", {}, self._settle)
        self._lanes.append(lane)
        return lane

    def _settle(self, deliveries: list[Shipment]) -> None:
        for delivery in deliveries:
            self.settled.append(delivery)
            self._came.release()

    def wait(self, count: int) -> None:
        for _ in range(count):
            assert self._came.acquire(timeout=10)

    def close(self) -> None:
        for lane in self._lanes:
            lane.close(abandon=True)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Lanes(monkeypatch)
    yield made
    made.close()


def failed(delivery: Shipment) -> dict[bytes, str]:
    return {failure.record[1]: failure.code for failure in delivery.failures}


def test_refusal_of_a_whole_request_is_narrowed_down_to_the_culprits(scripted: Lanes) -> None:
    poison = {b"13", b"14", b"77"}

    def verdict(group: list[bytes]) -> dict[bytes, str]:
        return dict.fromkeys(group, "INVALID_MSG") if poison & set(group) else {}

    lane = scripted.make(BatchLane, verdict)
    deliveries = [
        Shipment(records(*(b"%d" % n for n in range(k, k + 25)))) for k in (0, 25, 50, 75)
    ]
    for delivery in deliveries:
        lane.submit(delivery)
    scripted.wait(4)
    assert [set(failed(delivery)) for delivery in deliveries] == [
        {b"13", b"14"},
        set(),
        set(),
        {b"77"},
    ]
    delivered = [v for g in scripted.producers[0].groups if not poison & set(g) for v in g]
    assert sorted(delivered) == sorted({b"%d" % n for n in range(100)} - poison), "each once"


def test_bystanders_are_sent_again_together(scripted: Lanes) -> None:
    def verdict(group: list[bytes]) -> dict[bytes, str]:
        if b"bad" not in group:
            return {}
        others = dict.fromkeys(group, "_INVALID_DIFFERENT_RECORD")
        return others | {b"bad": "INVALID_RECORD"}

    lane = scripted.make(BatchLane, verdict)
    delivery = Shipment(records(b"a", b"bad", b"b", b"c"))
    lane.submit(delivery)
    scripted.wait(1)
    assert failed(delivery) == {b"bad": "INVALID_RECORD"}
    assert scripted.producers[0].groups == [
        [b"a", b"bad", b"b", b"c"],
        [b"a", b"b", b"c"],
        [b"bad"],
    ]


def test_accusation_of_a_request_is_no_proof_even_where_another_names_its_culprits(
    scripted: Lanes,
) -> None:
    """As librdkafka reports it: one culprit taints its whole request, two only themselves."""
    two, one = {b"0", b"1"}, {b"5"}

    def verdict(group: list[bytes]) -> dict[bytes, str]:
        requests = [[v for v in group if v < b"4"], [v for v in group if v >= b"4"]]
        errors: dict[bytes, str] = {}
        for request in requests:
            culprits = (two | one) & set(request)
            if len(culprits) == 1:
                errors |= dict.fromkeys(request, "INVALID_RECORD")
            elif culprits:
                errors |= dict.fromkeys(request, "_INVALID_DIFFERENT_RECORD")
                errors |= dict.fromkeys(culprits, "INVALID_RECORD")
        return errors

    lane = scripted.make(BatchLane, verdict)
    delivery = Shipment(records(*(b"%d" % n for n in range(8))))
    lane.submit(delivery)
    scripted.wait(1)
    assert set(failed(delivery)) == two | one


def test_refused_topic_is_not_asked_again_one_by_one(scripted: Lanes) -> None:
    lane = scripted.make(
        BatchLane, lambda group: dict.fromkeys(group, "TOPIC_AUTHORIZATION_FAILED")
    )
    delivery = Shipment(records(*(b"%d" % n for n in range(1000))))
    lane.submit(delivery)
    scripted.wait(1)
    assert len(delivery.failures) == 1000
    assert all(failure.refused for failure in delivery.failures)
    assert len(scripted.producers[0].groups) == 1


@pytest.mark.parametrize("kind", [BatchLane, SingleLane])
def test_fatal_error_is_the_brokers_and_replaces_the_producer(
    scripted: Lanes, kind: type[BatchLane[Shipment] | SingleLane[Shipment]]
) -> None:
    def verdict(group: list[bytes]) -> dict[bytes, str]:
        return dict.fromkeys(group, "_FATAL") if len(scripted.producers) == 1 else {}

    lane = scripted.make(kind, verdict)
    first, second = Shipment(records(b"1")), Shipment(records(b"2"))
    lane.submit(first)
    scripted.wait(1)
    assert [failure.refused for failure in first.failures] == [False]
    lane.submit(second)
    scripted.wait(1)
    while second.failures:  # handed to the old one while it was being replaced
        second = Shipment(records(b"2"))
        lane.submit(second)
        scripted.wait(1)
    assert second.failures == []
    assert len(scripted.producers) == 2


def test_withdrawn_deliveries_are_settled_and_not_sent(scripted: Lanes) -> None:
    class Withdrawn(Shipment):
        withdrawn = True

    lane = scripted.make(BatchLane, lambda _: {})
    unwanted, wanted = Withdrawn(records(b"no")), Shipment(records(b"yes"))
    lane.submit(unwanted)
    lane.submit(wanted)
    scripted.wait(2)
    assert failed(unwanted) == {b"no": "_WITHDRAWN"}
    assert scripted.producers[0].groups == [[b"yes"]]
    assert not lane.busy


def test_equal_records_each_get_their_own_failure(scripted: Lanes) -> None:
    lane = scripted.make(BatchLane, lambda group: dict.fromkeys(group, "_TRANSPORT"))
    same = records(b"x", b"x")
    delivery = Shipment(same)
    lane.submit(delivery)
    scripted.wait(1)
    assert len(delivery.failures) == 2
    assert not any(failure.refused for failure in delivery.failures)
