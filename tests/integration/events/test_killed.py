"""What comes twice after a kill: at most what was on its way, and always under the same id."""

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path
from uuid import uuid4

from tests.integration.events.behaviour import Happened, config
from tests.kafka.reading import read_topic

from nodewright.events import EventOptimizer, Spool

PUBLISHER = Path(__file__).with_name("publisher.py")
KILLS, SIZE, TASKS = 4, 200, 4


async def publish_batches_until_killed(bootstrap: str, service: str, spool: Path) -> set[str]:
    """Publish batches from some tasks, kill -9 after some; the ids of all accepted events."""
    command = [sys.executable, str(PUBLISHER), bootstrap, service, str(spool)]
    process = await asyncio.create_subprocess_exec(
        *command, str(SIZE), str(TASKS), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    accepted: set[str] = set()
    async for line in process.stdout:
        accepted.add(line.decode().strip())
        if len(accepted) == 5 * SIZE:
            process.send_signal(signal.SIGKILL)
    await process.wait()
    return {one for one in accepted if len(one) == 36}


def waiting(folder: Path) -> set[str]:
    """The ids of what a spool holds as not acknowledged."""
    spool = Spool(folder)
    ids: set[str] = set()
    position = 0
    while True:
        records, span = spool.read(position, 1000, 1 << 20)
        if not records:
            break
        ids |= {value[7:43].decode() for _, value, _, _ in records}
        position = span.end
    spool.close()
    return ids


async def test_batches_that_were_on_their_way_come_twice_and_nothing_else(
    mock_bootstrap: str, tmp_path: Path
) -> None:
    service = f"s-{uuid4().hex[:12]}"
    accepted: set[str] = set()
    unacknowledged: Counter[str] = Counter()
    for _ in range(KILLS):
        accepted |= await publish_batches_until_killed(mock_bootstrap, service, tmp_path)
        unacknowledged.update(waiting(tmp_path))
    durable = config(durable=True, spool_dir=tmp_path)
    async with EventOptimizer(mock_bootstrap, durable) as optimizer:
        assert await optimizer.drain()
    received = read_topic(mock_bootstrap, Happened(service=service).to_kafka_topic())
    ids = Counter(item.headers["event_id"] for item in received)
    assert accepted <= ids.keys()
    assert all(count <= 1 + unacknowledged[one] for one, count in ids.items())
    assert len({item.value for item in received}) == len(ids), "what came twice is the same"
