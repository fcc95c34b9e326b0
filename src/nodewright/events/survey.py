"""The spools on this machine, for the command line and the dashboard."""

from dataclasses import dataclass
from pathlib import Path

from nodewright.events.config import OptimizerConfig
from nodewright.events.errors import SpoolError, SpoolOwnedError
from nodewright.events.shared import spool_root
from nodewright.events.spool import Spool, SpoolStatistics
from nodewright.events.spool_folder import as_spool_error, broker_of, segments


@dataclass(frozen=True, slots=True)
class SpoolReport:
    """One spool.

    Attributes:
        directory: where it is.
        disk_bytes: size of its segments.
        statistics: what is in it; None while another process owns it, or with a ``problem``.
        broker: the name of the broker that its events are for; None: not known.
        problem: why it cannot be read.
    """

    directory: Path
    disk_bytes: int
    statistics: SpoolStatistics | None
    broker: str | None = None
    problem: str = ""


def spool_directories(config: OptimizerConfig) -> list[Path]:
    """The spool that ``config`` names, or those of all processes; only what exists."""
    root = spool_root(config)
    found = [root] if config.spool_dir is not None else sorted(root.glob("[0-9]*"))
    return [path for path in found if (path / "owner").exists()]


def survey(config: OptimizerConfig) -> list[SpoolReport]:
    """What is in each spool."""
    return [_report(directory) for directory in spool_directories(config)]


def _report(directory: Path) -> SpoolReport:
    size, broker = 0, None
    try:
        with as_spool_error(f"cannot read the spool {directory}"):
            size = sum(path.stat().st_size for _, path in segments(directory))
        broker = broker_of(directory)
        spool = Spool(directory)
    except SpoolOwnedError:
        return SpoolReport(directory, size, None, broker)
    except SpoolError as error:
        return SpoolReport(directory, size, None, broker, str(error))
    statistics = spool.statistics()
    spool.close()
    return SpoolReport(directory, size, statistics, broker)
