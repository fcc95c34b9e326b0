"""Sending what earlier processes left in their spools."""

from dataclasses import dataclass, replace
from pathlib import Path

from nodewright.events.broker import configured_servers, find_broker
from nodewright.events.config import OptimizerConfig
from nodewright.events.errors import BrokerError, SpoolBrokerError, SpoolOwnedError
from nodewright.events.optimizer import EventOptimizer
from nodewright.events.shared import dead_letter_dir
from nodewright.events.spool import Spool
from nodewright.events.survey import spool_directories


@dataclass(frozen=True, slots=True)
class Drained:
    """What became of one spool.

    Attributes:
        directory: the spool.
        left: events that are still in it; None where none was sent, because of ``problem``.
        problem: why the spool was left alone.
    """

    directory: Path
    left: int | None
    problem: str = ""


async def drain_spools(
    bootstrap: str | None, config: OptimizerConfig, within: float, *, adopt: bool = False
) -> list[Drained]:
    """Send what is in the spools that no running process owns.

    Args:
        bootstrap: Kafka's address; None: as configured.
        config: names the spool; without one, those of all processes are drained.
        within: seconds to wait for each.
        adopt: also send what is meant for another broker, or for one with another address.

    Raises:
        BrokerError: there is no broker.
    """
    require_broker(bootstrap)
    results = []
    letters = dead_letter_dir(config)
    for directory in spool_directories(config):
        here = replace(config, durable=True, spool_dir=directory, dead_letter_dir=letters)
        try:
            if adopt:
                adopt_spool(directory, find_broker(bootstrap).name)
            async with EventOptimizer(bootstrap, here) as optimizer:
                await optimizer.drain(within)
                spool = optimizer.statistics().spool
        except SpoolOwnedError:
            continue
        except SpoolBrokerError as error:
            results.append(Drained(directory, None, str(error)))
            continue
        results.append(Drained(directory, spool.events if spool is not None else 0))
    return results


async def replay_letters(
    bootstrap: str | None, config: OptimizerConfig, *, adopt: bool = False
) -> tuple[int, int]:
    """Publish the dead letters again; how many were accepted, and how many refused once more.

    Raises:
        BrokerError: there is no broker.
    """
    require_broker(bootstrap)
    async with EventOptimizer(bootstrap, config) as optimizer:
        return await optimizer.replay(adopt=adopt)


def require_broker(bootstrap: str | None) -> None:
    """Make sure that there is a real broker.

    Raises:
        BrokerError: there is none; a mock cluster would take events, and be gone with them.
    """
    if configured_servers(bootstrap) is None:
        raise BrokerError(
            "no broker is set, so that nothing was sent: give --broker, or set "
            "KAFKA_BOOTSTRAP_SERVERS to the address of a real Kafka"
        )


def adopt_spool(directory: Path, broker: str) -> None:
    """Say that the events in a spool are for the broker of this name from now on."""
    spool = Spool(directory)
    try:
        spool.assign(broker)
    finally:
        spool.close()
