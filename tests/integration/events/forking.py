"""Publishes durably, forks, publishes on in both; prints what was accepted as JSON.

Arguments: broker, service, and the spool's folder or ``-`` for the default.
"""

import asyncio
import json
import os
import sys
import threading
import warnings
from pathlib import Path

from nodewright.events import BaseEvent, EventOptimizer, OptimizerConfig, SpoolOwnedError

warnings.filterwarnings("ignore", category=DeprecationWarning)  # the producers' threads are known


class Happened(BaseEvent): ...


async def publish(optimizer: EventOptimizer, service: str, first: int) -> list[int]:
    """Publish singles and a batch; the numbers that were accepted."""
    accepted: list[int] = []
    for n in range(first, first + 50):
        await optimizer.publish_event(Happened(service=service, payload={"n": n}))
        accepted.append(n)
    batch = [Happened(service=service, payload={"n": n}) for n in range(first + 50, first + 100)]
    await optimizer.publish_batch(batch)
    return accepted + [event.payload["n"] for event in batch]


def in_a_fork(optimizer: EventOptimizer, service: str, first: int) -> dict[str, object]:
    """Publish in a forked child; what it says."""
    reading, writing = os.pipe()
    if child := os.fork():
        os.close(writing)
        with os.fdopen(reading) as answers:
            said: dict[str, object] = json.load(answers)
        assert os.waitpid(child, 0)[1] == 0
        return said
    os.close(reading)
    threading.Timer(60, os._exit, (9,)).start()  # a child that hangs fails the test
    answer: dict[str, object] = {}

    async def main() -> None:
        try:
            answer["accepted"] = await publish(optimizer, service, first)
            answer["drained"] = await optimizer.drain(20)
        except SpoolOwnedError as error:
            answer["error"] = str(error)
        await optimizer.cleanup()

    asyncio.run(main())
    with os.fdopen(writing, "w") as answers:
        json.dump(answer, answers)
    os._exit(0)


def main(bootstrap: str, service: str, folder: str) -> None:
    spool = None if folder == "-" else Path(folder)
    config = OptimizerConfig(durable=True, spool_dir=spool, enable_metrics=False)
    optimizer = EventOptimizer(bootstrap, config)
    accepted = asyncio.run(publish(optimizer, service, 0))
    child = in_a_fork(optimizer, service, 1000)
    accepted += asyncio.run(publish(optimizer, service, 2000))
    drained = asyncio.run(optimizer.drain(20))
    asyncio.run(optimizer.cleanup())
    later = in_a_fork(EventOptimizer(bootstrap, config), service, 3000)
    said = {"accepted": accepted, "drained": drained, "child": child, "later": later}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
