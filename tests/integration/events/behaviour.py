"""What publishing does, whatever the broker: run on the mock cluster and on a real Kafka.

Over 400 lines because it is one suite that each back end inherits whole.
"""

import asyncio
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.kafka.reading import read_topic
from tests.kafka.server import free_port

from nodewright.events import (
    BaseEvent,
    BatchConfig,
    BrokerError,
    CircuitBreakerConfig,
    CircuitOpenError,
    CircuitState,
    ClosedError,
    DeadLetters,
    EventEncodingError,
    EventOptimizer,
    EventRefusedError,
    OptimizerConfig,
    PublishTimeoutError,
    SpoolOwnedError,
)
from nodewright.events.broker import broker_name
from nodewright.events.draining import adopt_spool
from nodewright.events.publisher import Publisher

PUBLISHER = Path(__file__).with_name("publisher.py")


class Happened(BaseEvent): ...


class Recorder:
    """A sink that keeps rows; broken on demand."""

    def __init__(self, *, broken: bool = False) -> None:
        self.rows: list[dict[str, Any]] = []
        self._broken = broken

    async def insert_event_processing_metric(self, **row: Any) -> None:
        if self._broken:
            raise ConnectionError("the database is dead")
        self.rows.append(row)


def config(**changes: Any) -> OptimizerConfig:
    return OptimizerConfig(**({"enable_metrics": False} | changes))


def happenings(service: str, count: int, first: int = 0, **fields: Any) -> list[Happened]:
    return [
        Happened(service=service, payload={"n": n}, **fields) for n in range(first, first + count)
    ]


def numbers(received: list[Any]) -> list[int]:
    return [item.document["payload"]["n"] for item in received]


class PublishingBehaviour:
    @pytest.fixture
    def bootstrap(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def service(self) -> str:
        """A name of its own, and with it a topic, for each test."""
        return f"s-{uuid4().hex[:12]}"

    @pytest.fixture
    def nowhere(self) -> str:
        """An address where no broker is."""
        return f"127.0.0.1:{free_port()}"

    async def test_event_arrives_as_it_was_published(self, bootstrap: str, service: str) -> None:
        event = Happened(service=service, payload={"text": "é", "n": 1}, metadata={"by": "me"})
        async with EventOptimizer(bootstrap, config()) as optimizer:
            await optimizer.publish_event(event)
        (received,) = read_topic(bootstrap, event.to_kafka_topic())
        assert Happened.from_json(received.value) == event
        assert received.key == str(event.correlation_id).encode()
        assert received.headers == {
            "event_id": str(event.id),
            "correlation_id": str(event.correlation_id),
            "content-type": "application/json",
            "schema-version": "1",
            "traceparent": f"00-{event.correlation_id.hex}-{event.id.hex[:16]}-01",
        }

    async def test_callers_trace_context_goes_along(self, bootstrap: str, service: str) -> None:
        trace = f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"
        event = Happened(service=service, metadata={"traceparent": trace})
        async with EventOptimizer(bootstrap, config()) as optimizer:
            await optimizer.publish_event(event)
        (received,) = read_topic(bootstrap, event.to_kafka_topic())
        assert received.headers["traceparent"] == trace

    @pytest.mark.parametrize("pool", [1, 2, 3])
    @pytest.mark.parametrize("durable", [False, True])
    async def test_batch_arrives_once_and_in_order_of_each_key(
        self, bootstrap: str, service: str, tmp_path: Path, pool: int, durable: bool
    ) -> None:
        keys = [uuid4() for _ in range(7)]
        events = [
            Happened(service=service, correlation_id=keys[n % 7], payload={"n": n})
            for n in range(3000)
        ]
        spool = tmp_path if durable else None
        settings = config(max_producer_pool_size=pool, durable=durable, spool_dir=spool)
        async with EventOptimizer(bootstrap, settings) as optimizer:
            await optimizer.publish_batch(events)
            assert await optimizer.drain()
            statistics = optimizer.statistics()
            assert statistics.producers == pool
        received = read_topic(bootstrap, events[0].to_kafka_topic())
        assert sorted(numbers(received)) == list(range(3000))
        for key in keys:
            ordered = numbers([item for item in received if item.key == str(key).encode()])
            assert ordered == sorted(ordered)

    async def test_call_returns_after_the_acknowledgement(
        self, bootstrap: str, service: str
    ) -> None:
        optimizer = EventOptimizer(bootstrap, config())
        events = happenings(service, 500)
        await optimizer.publish_batch(events)
        assert len(read_topic(bootstrap, events[0].to_kafka_topic())) == 500
        await optimizer.publish_event(events[0])
        assert len(read_topic(bootstrap, events[0].to_kafka_topic())) == 501
        await optimizer.cleanup()

    async def test_many_tasks_at_once_each_get_their_acknowledgement(
        self, bootstrap: str, service: str
    ) -> None:
        events = happenings(service, 2000)
        async with EventOptimizer(bootstrap, config()) as optimizer:
            await asyncio.gather(*(optimizer.publish_event(event) for event in events))
            assert optimizer.statistics().published == 2000
        received = read_topic(bootstrap, events[0].to_kafka_topic())
        assert sorted(numbers(received)) == list(range(2000))

    async def test_key_keeps_its_order_across_lanes(self, bootstrap: str, service: str) -> None:
        one = uuid4()
        large = "x" * 5000  # goes to the lane that compresses
        async with EventOptimizer(bootstrap, config()) as optimizer:
            await optimizer.publish_batch(happenings(service, 10))
            expected: list[int] = []
            waiting = []
            for start in range(0, 600, 60):
                single, batch, big = (
                    happenings(service, 1, start, correlation_id=one),
                    happenings(service, 50, start + 1, correlation_id=one),
                    happenings(service, 9, start + 51, correlation_id=one),
                )
                for event in big:
                    event.payload["text"] = large
                waiting += [
                    asyncio.create_task(optimizer.publish_event(single[0])),
                    asyncio.create_task(optimizer.publish_batch(batch)),
                    asyncio.create_task(optimizer.publish_batch(big)),
                ]
                expected += range(start, start + 60)
            await asyncio.gather(*waiting)
        received = read_topic(bootstrap, single[0].to_kafka_topic())
        assert numbers([item for item in received if item.key == str(one).encode()]) == expected

    async def test_event_that_is_no_json_fails_alone_before_anything_is_sent(
        self, bootstrap: str, service: str
    ) -> None:
        events = happenings(service, 3000)
        events[2990].payload["socket"] = threading.Lock()
        async with EventOptimizer(bootstrap, config()) as optimizer:
            await optimizer.publish_event(events[0])
            with pytest.raises(EventEncodingError, match=str(events[2990].id)):
                await optimizer.publish_batch(events)
            await optimizer.publish_event(events[1])
            assert optimizer.circuit_breaker.failures == 0
        assert sorted(numbers(read_topic(bootstrap, events[0].to_kafka_topic()))) == [0, 1]

    @pytest.mark.parametrize("durable", [False, True])
    async def test_refused_events_are_dead_letters_and_their_mates_arrive(
        self, bootstrap: str, service: str, tmp_path: Path, durable: bool
    ) -> None:
        events = happenings(service, 200)
        for n in (3, 77):
            events[n].payload["text"] = "x" * 1_100_000  # more than Kafka takes
        spool = tmp_path if durable else None
        settings = config(
            durable=durable,
            spool_dir=spool,
            dead_letter_dir=tmp_path / "dead",
            stall_ms=10_000,  # wait for the refusal, although the topic has to be made first
        )
        async with EventOptimizer(bootstrap, settings) as optimizer:
            with pytest.raises(EventRefusedError, match="2 event") as caught:
                await optimizer.publish_batch(events)
            refused = {refusal.event_id for refusal in caught.value.refusals}
            assert refused == {str(events[3].id), str(events[77].id)}
            with pytest.raises(EventRefusedError):
                await optimizer.publish_event(events[3])
            assert await optimizer.drain()
            assert optimizer.circuit_breaker.failures == 0
        letters = list(DeadLetters(tmp_path / "dead"))
        ids = Counter(letter.event_id for letter in letters)
        assert ids == {str(events[3].id): 2, str(events[77].id): 1}
        assert all("MSG_SIZE_TOO_LARGE" in letter.reason for letter in letters)
        received = read_topic(bootstrap, events[0].to_kafka_topic())
        assert sorted(numbers(received)) == [n for n in range(200) if n not in (3, 77)]

    async def test_hundred_callers_share_their_producers(
        self, bootstrap: str, service: str
    ) -> None:
        before = threading.active_count()
        optimizers = [EventOptimizer(bootstrap, config()) for _ in range(100)]
        events = happenings(service, 100)
        await asyncio.gather(
            *(
                optimizer.publish_event(event)
                for optimizer, event in zip(optimizers, events, strict=True)
            )
        )
        lanes = [name for name in _threads() if name.startswith("kafka-")]
        assert len(lanes) <= 3, (before, lanes)
        await asyncio.gather(*(optimizer.cleanup() for optimizer in optimizers))
        assert not [name for name in _threads() if name.startswith("kafka-")]
        received = read_topic(bootstrap, events[0].to_kafka_topic())
        assert sorted(numbers(received)) == list(range(100))

    def test_one_optimizer_serves_loops_in_turn_and_at_once(
        self, bootstrap: str, service: str
    ) -> None:
        optimizer = EventOptimizer(bootstrap, config())
        events = happenings(service, 40)

        async def publish(part: list[Happened]) -> None:
            await asyncio.gather(*(optimizer.publish_event(event) for event in part))

        asyncio.run(publish(events[:10]))
        asyncio.run(publish(events[10:20]))
        threads = [
            threading.Thread(target=lambda part: asyncio.run(publish(part)), args=(part,))
            for part in (events[20:30], events[30:])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        asyncio.run(optimizer.cleanup())
        received = read_topic(bootstrap, events[0].to_kafka_topic())
        assert sorted(numbers(received)) == list(range(40))

    async def test_cancelled_caller_harms_nobody(self, bootstrap: str, service: str) -> None:
        events = happenings(service, 300)
        async with EventOptimizer(bootstrap, config()) as optimizer:
            await optimizer.publish_event(events[0])
            tasks = [asyncio.create_task(optimizer.publish_event(event)) for event in events[1:]]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert [r for r in results[1::2] if r is not None] == []
        received = numbers(read_topic(bootstrap, events[0].to_kafka_topic()))
        assert set(received) >= {0, *range(2, 300, 2)}

    async def test_batches_by_size_and_by_time(self, bootstrap: str, service: str) -> None:
        batches = BatchConfig(max_batch_size=10, max_wait_ms=30)
        events = happenings(service, 25)
        optimizer = EventOptimizer(bootstrap, config(), batch_config=batches)
        processor = optimizer.create_batch_processor()
        for event in events:
            await processor.add_event(event)
        assert processor.pending == 5
        await asyncio.wait_for(_until(lambda: not processor.pending), 10)
        await optimizer.cleanup()
        received = read_topic(bootstrap, events[0].to_kafka_topic())
        assert sorted(numbers(received)) == list(range(25))

    async def test_calls_are_recorded_and_a_broken_sink_changes_nothing(
        self, bootstrap: str, service: str
    ) -> None:
        sink, broken = Recorder(), Recorder(broken=True)
        events = happenings(service, 20)
        for recorder in (sink, broken):
            async with EventOptimizer(bootstrap, OptimizerConfig(), recorder) as optimizer:
                await optimizer.publish_event(events[0])
                await optimizer.publish_batch(events)
                with pytest.raises(EventEncodingError):
                    await optimizer.publish_event(Happened(service=service, payload={"f": print}))
        sizes = [(row["event_type"], row["batch_size"], row["success"]) for row in sink.rows]
        assert sizes == [("happened", 1, True), ("happened", 20, True), ("happened", 1, False)]
        assert {row["event_source"] for row in sink.rows} == {service}
        assert sink.rows[2]["error_type"] == "EventEncodingError"
        assert len(read_topic(bootstrap, events[0].to_kafka_topic())) == 42

    async def test_dead_broker_is_an_error_and_opens_the_circuit(
        self, nowhere: str, service: str
    ) -> None:
        circuit = CircuitBreakerConfig(failure_threshold=3, recovery_timeout_ms=60_000)
        settings = config(publish_timeout_ms=50)
        optimizer = EventOptimizer(nowhere, settings, circuit_config=circuit)
        for event in happenings(service, 3):
            with pytest.raises(PublishTimeoutError, match="durable=True"):
                await optimizer.publish_event(event)
        assert optimizer.circuit_breaker.state is CircuitState.OPEN
        with pytest.raises(CircuitOpenError, match="OPEN") as caught:
            await optimizer.publish_batch(happenings(service, 5))
        assert isinstance(caught.value, RuntimeError)
        assert 0 < caught.value.retry_after <= 60
        await optimizer.cleanup()

    async def test_open_circuit_goes_to_the_spool_where_there_is_one(
        self, nowhere: str, bootstrap: str, service: str, tmp_path: Path
    ) -> None:
        circuit = CircuitBreakerConfig(failure_threshold=1, recovery_timeout_ms=60_000)
        settings = config(publish_timeout_ms=50, spool_dir=tmp_path)
        events = happenings(service, 50, correlation_id=uuid4())
        async with EventOptimizer(nowhere, settings, circuit_config=circuit) as optimizer:
            with pytest.raises(PublishTimeoutError):
                await optimizer.publish_event(happenings(service, 1, 999)[0])
            for event in events[:10]:
                await optimizer.publish_event(event)
            await optimizer.publish_batch(events[10:])
            assert optimizer.statistics().spooled == 50
        adopt_spool(tmp_path, broker_name(bootstrap))
        async with EventOptimizer(bootstrap, settings) as optimizer:
            assert await optimizer.drain()
        assert numbers(read_topic(bootstrap, events[0].to_kafka_topic())) == list(range(50))

    @pytest.mark.parametrize("durability", ["process", "disk"])
    async def test_durable_events_outlive_a_dead_broker(
        self, nowhere: str, bootstrap: str, service: str, tmp_path: Path, durability: str
    ) -> None:
        settings = config(durable=True, spool_dir=tmp_path, durability=durability)
        events = happenings(service, 5000, correlation_id=uuid4())
        async with EventOptimizer(nowhere, settings) as optimizer:
            await optimizer.publish_event(events[0])
            await optimizer.publish_batch(events[1:3000])
            with pytest.raises(SpoolOwnedError, match="another process"):
                _own_in_another_process(tmp_path)
        adopt_spool(tmp_path, broker_name(bootstrap))
        async with EventOptimizer(bootstrap, settings) as optimizer:
            await optimizer.publish_batch(events[3000:])
            assert await optimizer.drain()
            statistics = optimizer.statistics().spool
            assert statistics is not None
            assert statistics.events == statistics.unsent_bytes == 0
        assert numbers(read_topic(bootstrap, events[0].to_kafka_topic())) == list(range(5000))
        assert _segments(tmp_path) == []

    async def test_killed_publisher_loses_nothing_that_was_accepted(
        self, bootstrap: str, service: str, tmp_path: Path
    ) -> None:
        accepted: set[str] = set()
        for _ in range(3):
            accepted |= await _publish_until_killed(bootstrap, service, tmp_path, after=400)
        settings = config(durable=True, spool_dir=tmp_path)
        async with EventOptimizer(bootstrap, settings) as optimizer:
            assert await optimizer.drain()
        received = read_topic(bootstrap, Happened(service=service).to_kafka_topic())
        ids = Counter(item.document["id"] for item in received)
        assert accepted <= ids.keys()
        bodies = {item.value for item in received}
        assert len(bodies) == len(ids), "what came twice is the same event"
        assert all(item.headers["event_id"] == item.document["id"] for item in received)

    async def test_cleaned_up_optimizer_takes_nothing(self, bootstrap: str, service: str) -> None:
        optimizer = EventOptimizer(bootstrap, config())
        await optimizer.publish_event(happenings(service, 1)[0])
        await optimizer.cleanup()
        await optimizer.cleanup()
        with pytest.raises(ClosedError):
            await optimizer.publish_event(happenings(service, 1)[0])

    async def test_settings_that_kafka_does_not_know_are_an_error_without_secrets(
        self, bootstrap: str, service: str
    ) -> None:
        for extra in (
            {"sasl.passwort": "hunter2"},
            {"security.protocol": "ssl", "ssl.key.pem": "hunter2"},
        ):
            optimizer = EventOptimizer(bootstrap, config(kafka=extra))
            with pytest.raises(BrokerError) as caught:
                await optimizer.publish_event(happenings(service, 1)[0])
            assert "hunter2" not in f"{caught.value!r} {optimizer.config!r}"
            await optimizer.cleanup()
        with pytest.raises(ValueError, match="fixed"):
            await EventOptimizer(bootstrap, config(kafka={"acks": 1})).publish_event(
                happenings(service, 1)[0]
            )

    async def test_large_events_are_compressed_on_the_wire(
        self, bootstrap: str, service: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        used: list[str] = []
        route = Publisher._route

        def spy(self: Publisher, calls: list[Any]) -> list[Any]:
            parts = route(self, calls)
            used.extend(part.lane._settings.get("compression.codec", "none") for part in parts)
            return parts

        monkeypatch.setattr(Publisher, "_route", spy)
        large = Happened(service=service, payload={"n": 0, "text": "y" * 20_000})
        async with EventOptimizer(bootstrap, config()) as optimizer:
            await optimizer.publish_event(large)
            await optimizer.publish_event(Happened(service=service, payload={"n": 1}))
        assert used == ["zstd", "none"]
        received = read_topic(bootstrap, large.to_kafka_topic())
        assert sorted(len(item.value) > 20_000 for item in received) == [False, True]


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - nobody is told of a timed flush
        await asyncio.sleep(0.005)


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def _segments(directory: Path) -> list[Path]:
    return list(directory.glob("*.segment"))


def _own_in_another_process(directory: Path) -> None:
    """Raise here what another process meets that wants the spool."""
    code = (
        "import sys; from pathlib import Path\n"
        "from nodewright.events import Spool, SpoolOwnedError\n"
        "try: Spool(Path(sys.argv[1]))\n"
        "except SpoolOwnedError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(directory)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if text:
        raise SpoolOwnedError(text)


async def _publish_until_killed(
    bootstrap: str, service: str, spool: Path, *, after: int
) -> set[str]:
    """Run a publisher, kill -9 it once ``after`` events were accepted; return all accepted ids."""
    command = [sys.executable, str(PUBLISHER), bootstrap, service, str(spool)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    accepted: list[str] = []
    async for line in process.stdout:
        accepted.append(line.decode().strip())
        if len(accepted) == after:
            process.send_signal(signal.SIGKILL)
    await process.wait()
    assert process.returncode == -signal.SIGKILL
    return {line for line in accepted if len(line) == 36}
