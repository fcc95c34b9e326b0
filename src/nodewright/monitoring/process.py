"""What the operating system says of this process, in Prometheus' usual metrics."""

import os
import platform
import resource
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nodewright.monitoring.instruments import (
    BUILD,
    PROCESS_CPU,
    PROCESS_FILES,
    PROCESS_MEMORY,
    PROCESS_START,
)
from nodewright.monitoring.store import MetricStore

_PROC = Path("/proc")
_STARTED_FIELD = 19  # of /proc/PID/stat, counted after the name in parentheses


class ProcessMetrics:
    """Records processor time, memory, files, start and versions of this process.

    What only Linux tells is left out elsewhere.
    """

    def __init__(self, store: MetricStore) -> None:
        self._store = store
        self._seconds = 0.0
        self._build = {"version": _version("nodewright"), "python": platform.python_version()}

    def observe(self) -> None:
        """Record how things are now."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = used.ru_utime + used.ru_stime
        PROCESS_CPU.record(self._store, max(0.0, seconds - self._seconds))
        self._seconds = seconds
        BUILD.record(self._store, 1, self._build)
        with suppress(OSError, ValueError, IndexError):
            pages = int((_PROC / "self/statm").read_text().split()[1])
            PROCESS_MEMORY.record(self._store, pages * os.sysconf("SC_PAGE_SIZE"))
            PROCESS_FILES.record(self._store, sum(1 for _ in (_PROC / "self/fd").iterdir()))
            PROCESS_START.record(self._store, _started())


def _started() -> float:
    """Seconds since 1970: the machine's start and the ticks from then on."""
    ticks = (_PROC / "self/stat").read_text().rpartition(")")[2].split()[_STARTED_FIELD]
    booted = next(
        line.split()[1] for line in (_PROC / "stat").read_text().splitlines() if "btime" in line
    )
    return float(booted) + int(ticks) / os.sysconf("SC_CLK_TCK")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from its sources
        return "unknown"
