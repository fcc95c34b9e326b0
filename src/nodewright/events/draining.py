"""Sending what earlier processes left in their spools."""

from dataclasses import replace
from pathlib import Path

from nodewright.events.config import OptimizerConfig
from nodewright.events.errors import SpoolOwnedError
from nodewright.events.optimizer import EventOptimizer
from nodewright.events.shared import dead_letter_dir
from nodewright.events.survey import spool_directories


async def drain_spools(
    bootstrap: str | None, config: OptimizerConfig, within: float
) -> list[tuple[Path, int]]:
    """Send what is in the spools that no running process owns.

    Args:
        bootstrap: Kafka's address; None: as configured.
        config: names the spool; without one, those of all processes are drained.
        within: seconds to wait for each.

    Returns:
        Each spool and how many events are left in it.
    """
    results = []
    letters = dead_letter_dir(config)
    for directory in spool_directories(config):
        here = replace(config, durable=True, spool_dir=directory, dead_letter_dir=letters)
        try:
            async with EventOptimizer(bootstrap, here) as optimizer:
                await optimizer.drain(within)
                spool = optimizer.statistics().spool
        except SpoolOwnedError:
            continue
        results.append((directory, spool.events if spool is not None else 0))
    return results
