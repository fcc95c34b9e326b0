"""Publishes durably for ever, and prints the id of each event once it is accepted."""

import asyncio
import sys
from pathlib import Path

from nodewright.events import BaseEvent, EventOptimizer, OptimizerConfig


class Happened(BaseEvent): ...


async def main(bootstrap: str, service: str, spool: str) -> None:
    config = OptimizerConfig(durable=True, spool_dir=Path(spool), enable_metrics=False)
    optimizer = EventOptimizer(bootstrap, config)

    async def publish() -> None:
        while True:
            event = Happened(service=service)
            await optimizer.publish_event(event)
            sys.stdout.write(f"{event.id}\n")
            sys.stdout.flush()

    await asyncio.gather(*(publish() for _ in range(16)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
