"""The spools on this machine, for the command line and the dashboard."""

from dataclasses import dataclass
from pathlib import Path

from nodewright.events.config import OptimizerConfig
from nodewright.events.errors import SpoolOwnedError
from nodewright.events.shared import spool_root
from nodewright.events.spool import Spool, SpoolStatistics


@dataclass(frozen=True, slots=True)
class SpoolReport:
    """One spool; its statistics are None while another process owns it."""

    directory: Path
    disk_bytes: int
    statistics: SpoolStatistics | None


def spool_directories(config: OptimizerConfig) -> list[Path]:
    """The spool that ``config`` names, or those of all processes; only what exists."""
    root = spool_root(config)
    found = [root] if config.spool_dir is not None else sorted(root.glob("[0-9]*"))
    return [path for path in found if (path / "owner").exists()]


def survey(config: OptimizerConfig) -> list[SpoolReport]:
    """What is in each spool."""
    reports = []
    for directory in spool_directories(config):
        size = sum(path.stat().st_size for path in directory.glob("*.segment"))
        try:
            spool = Spool(directory)
        except SpoolOwnedError:
            reports.append(SpoolReport(directory, size, None))
            continue
        reports.append(SpoolReport(directory, size, spool.statistics()))
        spool.close()
    return reports
