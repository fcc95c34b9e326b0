"""Kill brokers and publishers, fill disks, poison batches; count what was lost and what came twice.

``python -m benchmarks.faults [--quick] [name ...]``. Needs mvn and java for the real Kafka.
"""

import asyncio
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from tests.kafka.reading import Received, read_topic
from tests.kafka.server import KafkaServer

from nodewright.events import (
    BaseEvent,
    CircuitBreaker,
    CircuitBreakerConfig,
    CircuitOpenError,
    DeadLetters,
    EventOptimizer,
    EventRefusedError,
    OptimizerConfig,
    Spool,
    SpoolFullError,
)
from nodewright.events.broker import broker_name
from nodewright.events.draining import adopt_spool

PUBLISHER = Path(__file__).parents[2] / "tests" / "integration" / "events" / "publisher.py"


class Happened(BaseEvent):
    """Something that must not be lost."""


class Keyless(BaseEvent):
    """What a compacted topic refuses."""

    event_type = "happened"

    def kafka_key(self) -> None:
        """None."""
        return


@dataclass(frozen=True)
class Outcome:
    """A row of the table."""

    name: str
    done: str
    result: str
    held: bool


@dataclass(frozen=True)
class Scale:
    """How much of each fault."""

    kills: int = 25
    publishes: int = 100_000
    publisher_kills: int = 100
    away_seconds: int = 120
    rate: int = 15_000
    poison: int = 1_000
    mates: int = 99_000


QUICK = Scale(3, 6_000, 5, 5, 15_000, 100, 9_900)


def config(**changes: object) -> OptimizerConfig:
    return OptimizerConfig(**({"enable_metrics": False} | changes))  # type: ignore[arg-type]


def happenings(service: str, count: int, first: int = 0) -> list[Happened]:
    return [Happened(service=service, payload={"n": n}) for n in range(first, first + count)]


def counts(received: Sequence[Received], expected: set[str]) -> tuple[int, int]:
    """How many of ``expected`` are missing, and how many records came more than once."""
    ids = Counter(item.headers["event_id"] for item in received)
    return len(expected - ids.keys()), sum(ids.values()) - len(ids)


async def kafka_killed(kafka: KafkaServer, folder: Path, scale: Scale) -> Outcome:
    """SIGKILL and restart the broker while singles and batches are published."""
    service = f"killed-{uuid4().hex[:8]}"
    share = scale.publishes // scale.kills
    sent: set[str] = set()
    settings = config(publish_timeout_ms=120_000, dead_letter_dir=folder)
    async with EventOptimizer(kafka.address, settings) as optimizer:
        for cycle in range(scale.kills):
            events = happenings(service, share, cycle * share)
            sent |= {str(event.id) for event in events}
            half = share // 2
            calls: list[Awaitable[None]] = [optimizer.publish_event(e) for e in events[:half]]
            calls += [
                optimizer.publish_batch(events[first : first + 100])
                for first in range(half, share, 100)
            ]
            publishing = asyncio.gather(*calls)
            await asyncio.sleep(0.02 * (cycle % 5))
            await asyncio.to_thread(kafka.kill)
            await asyncio.to_thread(kafka.start)
            await publishing
    received = await asyncio.to_thread(
        read_topic, kafka.address, Happened(service=service).to_kafka_topic(), 120
    )
    lost, doubled = counts(received, sent)
    done = f"{len(sent):,} publishes, {scale.kills} kills"
    return Outcome("Kafka killed -9", done, f"{lost} lost, {doubled} doubled", not lost + doubled)


async def publisher_killed(kafka: KafkaServer, folder: Path, scale: Scale) -> Outcome:
    """SIGKILL the publishing process, again and again on one spool."""
    service = f"publisher-{uuid4().hex[:8]}"
    accepted: set[str] = set()
    unacknowledged = 0
    for cycle in range(scale.publisher_kills):
        command = [sys.executable, str(PUBLISHER), kafka.address, service, str(folder)]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        seen = 0
        async for line in process.stdout:
            if len(line) == 37:  # a whole id
                accepted.add(line.decode().strip())
            seen += 1
            if seen == 100 + 37 * (cycle % 10):
                process.send_signal(signal.SIGKILL)
        await process.wait()
        spool = Spool(folder)
        unacknowledged += spool.events  # sent or waiting, not known to be acknowledged
        spool.close()
    async with EventOptimizer(kafka.address, config(durable=True, spool_dir=folder)) as optimizer:
        await optimizer.drain()
    received = await asyncio.to_thread(
        read_topic, kafka.address, Happened(service=service).to_kafka_topic(), 120
    )
    lost, doubled = counts(received, accepted)
    same = len({item.value for item in received}) == len({i.headers["event_id"] for i in received})
    return Outcome(
        "publisher killed -9",
        f"{len(accepted):,} accepted, {scale.publisher_kills} kills",
        f"{lost} lost, {doubled} doubled (of {unacknowledged:,} unacknowledged at the kills), "
        f"same ids: {same}",
        lost == 0 and doubled <= unacknowledged and same,
    )


async def broker_away(kafka: KafkaServer, folder: Path, scale: Scale) -> Outcome:
    """Publish on while the broker is away."""
    service = f"away-{uuid4().hex[:8]}"
    keys = [uuid4() for _ in range(100)]
    total = scale.away_seconds * scale.rate
    size = scale.rate // 100
    longest, late, sequence = 0.0, 0, 0
    starved = 0  # times that the machine held up what calls nothing: the control
    memory: list[int] = []
    async with EventOptimizer(kafka.address, config(durable=True, spool_dir=folder)) as optimizer:
        await optimizer.publish_event(Happened(service=service, correlation_id=keys[0]))
        await optimizer.drain()
        await asyncio.to_thread(kafka.kill)
        start = time.monotonic()
        while sequence < total:
            making = time.monotonic()
            events = [
                Happened(
                    service=service,
                    correlation_id=keys[(sequence + n) % len(keys)],
                    payload={"n": sequence + n, "text": "y" * 300},
                )
                for n in range(size)
            ]
            before = time.monotonic()
            starved += before - making > 0.05
            await optimizer.publish_batch(events)
            blocked = time.monotonic() - before
            longest, late = max(longest, blocked), late + (blocked > 0.05)
            sequence += size
            memory.append(_resident())
            ahead = start + sequence / scale.rate - time.monotonic()
            await asyncio.sleep(max(ahead, 0))
        took = time.monotonic() - start
        calls = total // size
        growth = max(memory[calls // 2 :]) - max(memory[: calls // 2])
        await asyncio.to_thread(kafka.start)
        drained_from = time.monotonic()
        drained = await optimizer.drain(300)
        drain = time.monotonic() - drained_from
    received = await asyncio.to_thread(
        read_topic, kafka.address, Happened(service=service).to_kafka_topic(), 300
    )
    last: dict[bytes | None, int] = {}
    disorder, seen = 0, set[int]()
    for item in received:
        number = item.document["payload"].get("n", -1)
        disorder += last.get(item.key, -1) > number
        last[item.key] = number
        seen.add(number)
    lost = total - len(seen - {-1})
    result = (
        f"{lost} lost, {len(received) - len(seen)} doubled, {disorder} out of order, "
        f"longest call {longest * 1000:.0f} ms ({late} of {calls} above 50 ms; "
        f"so was the making of the events {starved} times), "
        f"{total / took:,.0f} events/s, memory of the second half {growth / 1e6:+.0f} MB, "
        f"drained in {drain:.0f} s"
    )
    held = drained and not lost and not disorder  # how long calls took is for the reader to judge
    return Outcome("broker away", f"{total:,} events in {took:.0f} s", result, held)


async def disk_full(kafka: KafkaServer, folder: Path, scale: Scale) -> Outcome:
    """In a child whose files may not grow: publish until the spool refuses."""
    del scale
    service = f"full-{uuid4().hex[:8]}"
    command = [sys.executable, "-m", "benchmarks.faults.events", "--fill", service, str(folder)]
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await child.communicate()
    lines = output.decode().split()
    accepted = {line[1:] for line in lines if line.startswith("+")}
    refused = {line[1:] for line in lines if line.startswith("-")}
    adopt_spool(folder, broker_name(kafka.address))
    async with EventOptimizer(kafka.address, config(durable=True, spool_dir=folder)) as optimizer:
        await optimizer.drain()
    received = await asyncio.to_thread(
        read_topic, kafka.address, Happened(service=service).to_kafka_topic(), 60
    )
    lost, doubled = counts(received, accepted)
    wrongly = len(refused & {item.headers["event_id"] for item in received})
    return Outcome(
        "disk full",
        f"{len(accepted):,} accepted, {len(refused):,} refused with an error",
        f"{lost} accepted lost, {doubled} doubled, {wrongly} refused yet delivered",
        bool(accepted and refused) and not lost + doubled + wrongly,
    )


async def fill(service: str, folder: Path) -> None:
    """Publish into a spool that may take 8 MB, with no broker."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, 8_000_000))
    optimizer = EventOptimizer("127.0.0.1:1", config(durable=True, spool_dir=folder))
    for first in range(0, 60_000, 500):
        events = happenings(service, 500, first)
        try:
            await optimizer.publish_batch(events)
        except SpoolFullError:
            print(*(f"-{event.id}" for event in events))
        else:
            print(*(f"+{event.id}" for event in events))
    sys.stdout.flush()
    os._exit(0)


async def poison(kafka: KafkaServer, folder: Path, scale: Scale) -> Outcome:
    """Records without a key among records for a compacted topic, which refuses whole requests."""
    service = f"poison-{uuid4().hex[:8]}"
    topic = Happened(service=service).to_kafka_topic()
    admin = AdminClient({"bootstrap.servers": kafka.address})
    new = NewTopic(topic, num_partitions=4, config={"cleanup.policy": "compact"})
    for future in admin.create_topics([new]).values():
        await asyncio.to_thread(future.result, 30)
    every = (scale.poison + scale.mates) // scale.poison
    events = [
        (Happened if n % every else Keyless)(service=service, payload={"n": n})
        for n in range(scale.poison + scale.mates)
    ]
    good = {str(event.id) for event in events if type(event) is Happened}
    start = time.monotonic()
    settings = config(publish_timeout_ms=120_000, dead_letter_dir=folder)
    async with EventOptimizer(kafka.address, settings) as optimizer:
        try:
            await optimizer.publish_batch(events)
        except EventRefusedError as error:
            refused = len(error.refusals)
    took = time.monotonic() - start
    letters = {letter.event_id for letter in DeadLetters(folder)}
    received = await asyncio.to_thread(read_topic, kafka.address, topic, 120)
    lost, doubled = counts(received, good)
    return Outcome(
        "poison",
        f"{scale.poison:,} among {len(events):,}",
        f"{len(letters):,} dead letters, {lost} mates lost, {doubled} doubled, {took:.1f} s",
        len(letters) == refused == scale.poison and not (letters & good) and not lost + doubled,
    )


async def half_open(kafka: KafkaServer, folder: Path, scale: Scale) -> Outcome:
    """10,000 callers when the circuit is half open."""
    del kafka, folder, scale
    now = [0.0]
    breaker = CircuitBreaker(CircuitBreakerConfig(), clock=lambda: now[0])
    for _ in range(5):
        breaker.failed(breaker.admit())
    now[0] = 100.0
    inside = most = 0
    go_on = asyncio.Event()

    async def probe() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await go_on.wait()

    calls = [asyncio.create_task(breaker.call(probe)) for _ in range(10_000)]
    await asyncio.sleep(0)
    go_on.set()
    results = await asyncio.gather(*calls, return_exceptions=True)
    rejected = sum(isinstance(result, CircuitOpenError) for result in results)
    done = "10,000 callers, success_threshold 2"
    result = f"{most} admitted, {rejected:,} rejected"
    return Outcome("half-open", done, result, (most, rejected) == (2, 9_998))


FAULTS: dict[str, Callable[[KafkaServer, Path, Scale], Coroutine[Any, Any, Outcome]]] = {
    "kafka-killed": kafka_killed,
    "publisher-killed": publisher_killed,
    "broker-away": broker_away,
    "disk-full": disk_full,
    "poison": poison,
    "half-open": half_open,
}


def _resident() -> int:
    """Bytes of memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def main() -> None:
    names = [argument for argument in sys.argv[1:] if argument in FAULTS] or list(FAULTS)
    scale = QUICK if "--quick" in sys.argv else Scale()
    kafka = KafkaServer(Path(tempfile.mkdtemp(prefix="kafka-")))
    print("| fault | done | result | held |\n|---|---|---|---|")
    try:
        kafka.start()
        for name in names:
            folder = Path(tempfile.mkdtemp(prefix="fault-"))
            outcome: Outcome = asyncio.run(FAULTS[name](kafka, folder, scale))
            held = "yes" if outcome.held else "NO"
            print(f"| {outcome.name} | {outcome.done} | {outcome.result} | {held} |", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        kafka.stop()


if __name__ == "__main__":
    if "--fill" in sys.argv:
        asyncio.run(fill(sys.argv[-2], Path(sys.argv[-1])))
    else:
        main()
