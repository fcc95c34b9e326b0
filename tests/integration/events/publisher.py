"""Publishes durably for ever, and prints the id of each event once it is accepted.

Arguments: broker, service, the spool's folder, and how many events a call has (1) and how many
tasks call (16).
"""

import asyncio
import sys
from pathlib import Path

from nodewright.events import BaseEvent, EventOptimizer, OptimizerConfig


class Happened(BaseEvent): ...


async def main(
    bootstrap: str, service: str, spool: str, size: str = "1", tasks: str = "16"
) -> None:
    config = OptimizerConfig(durable=True, spool_dir=Path(spool), enable_metrics=False)
    optimizer = EventOptimizer(bootstrap, config)

    async def publish() -> None:
        while True:
            events = [Happened(service=service) for _ in range(int(size))]
            if len(events) == 1:
                await optimizer.publish_event(events[0])
            else:
                await optimizer.publish_batch(events)
            sys.stdout.write("".join(f"{event.id}\n" for event in events))
            sys.stdout.flush()

    await asyncio.gather(*(publish() for _ in range(int(tasks))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
