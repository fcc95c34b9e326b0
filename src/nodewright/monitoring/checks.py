"""Checks of real parts: database, broker, disk, spool, model file, worker processes."""

import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from pathlib import Path
from typing import Any, LiteralString

from nodewright import processes
from nodewright.monitoring.errors import MonitoringError
from nodewright.monitoring.health import CRITICAL, DEGRADED, HEALTHY, Finding, HealthCheck
from nodewright.storage import CodegenPersistence

_MB = 1024 * 1024
_FAR_TOO_OLD = 12
_ONE: LiteralString = "SELECT 1 AS one"


def database(persistence: CodegenPersistence) -> HealthCheck:
    """Whether the database answers, and whether telemetry reaches it."""

    def look() -> Finding:
        persistence.sync.database.fetch(_ONE)
        stats = persistence.telemetry_stats()
        details = {"location": persistence.sync.database.location, **stats._asdict()}
        if stats.dropped or stats.rejected:
            lost = f"{stats.dropped} telemetry rows were dropped and {stats.rejected} rejected"
            advice = "see the log for the reason; a larger NODEWRIGHT_TELEMETRY_CAPACITY drops less"
            return Finding(DEGRADED, lost, advice, details)
        return Finding(HEALTHY, f"{details['location']} answers", metadata=details)

    return HealthCheck(
        "database",
        look,
        advice="start PostgreSQL, or set NODEWRIGHT_DATABASE_URL; with neither URL nor host set "
        "an embedded server is used",
    )


def broker(config: Mapping[str, Any]) -> HealthCheck:
    """Whether a Kafka broker answers.

    Args:
        config: librdkafka's; without ``bootstrap.servers``, or with "mock", none is configured.
    """
    servers = config.get("bootstrap.servers")
    client: list[Any] = []

    def look() -> Finding:
        if not servers or servers == "mock":
            return Finding(HEALTHY, "no broker is configured; the mock in the process is used")
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        if not client:
            client.append(AdminClient({**config, "log_level": 0}))
        try:
            found = client[0].list_topics(timeout=3)
        except KafkaException as error:
            raise MonitoringError(f"{servers}: {error.args[0].str()}") from error
        brokers = len(found.brokers)
        message = f"{brokers} broker{'s' if brokers != 1 else ''} at {servers}"
        return Finding(HEALTHY, message, metadata={"brokers": brokers, "topics": len(found.topics)})

    advice = f"start Kafka at {servers}, or set KAFKA_BOOTSTRAP_SERVERS to where it is"
    return HealthCheck("broker", look, advice=advice)


def disk(directory: Path, *, least_free_mb: float = 1024.0) -> HealthCheck:
    """Whether there is room where ``directory`` is: less than a tenth of the least is critical."""

    def look() -> Finding:
        usage = shutil.disk_usage(_existing(directory))
        free = usage.free / _MB
        details = {"free_mb": round(free), "total_mb": round(usage.total / _MB)}
        message = f"{free:,.0f} MB are free at {directory}"
        if free >= least_free_mb:
            return Finding(HEALTHY, message, metadata=details)
        status = CRITICAL if free < least_free_mb / 10 else DEGRADED
        advice = "make room, or set NODEWRIGHT_DATA_DIR to a larger disk"
        return Finding(status, message, advice, details)

    return HealthCheck("disk_space", look, advice="see that the data directory's disk is mounted")


def spool(directory: Path, *, most_mb: float = 256.0, most_age_s: float = 300.0) -> HealthCheck:
    """Whether events wait in the spools because the broker does not take them.

    Segments are measured from outside: to count their events would need their owner's lock.

    Args:
        directory: of all spools.
        most_mb: above that size it is degraded.
        most_age_s: above that age it is degraded, and critical above twelve times that.
    """

    def look() -> Finding:
        files = [file.stat() for file in directory.rglob("*.segment") if file.is_file()]
        filled = [file for file in files if file.st_size > 0]
        size = sum(file.st_size for file in filled) / _MB
        oldest = min((file.st_mtime for file in filled), default=time.time())
        age = max(0.0, time.time() - oldest)
        details = {"files": len(filled), "size_mb": round(size, 3), "oldest_s": round(age)}
        if not filled:
            return Finding(HEALTHY, "no event waits in the spool", metadata=details)
        message = f"{size:.1f} MB in {len(filled)} segments, the oldest {age:,.0f} s old"
        if size <= most_mb and age <= most_age_s:
            return Finding(HEALTHY, message, metadata=details)
        status = CRITICAL if age > _FAR_TOO_OLD * most_age_s else DEGRADED
        advice = "see that the broker is up, then run nodewright events drain"
        return Finding(status, message, advice, details)

    return HealthCheck("event_spool", look, advice=f"make {directory} readable")


def model(file: Path, *, most_age_days: float = 30.0) -> HealthCheck:
    """Whether there is a trained model, and whether it is recent."""

    def look() -> Finding:
        if not file.exists():
            message = "no model is trained yet; predictions come from trials and rules alone"
            return Finding(HEALTHY, message, metadata={"trained": False})
        found = file.stat()
        days = max(0.0, time.time() - found.st_mtime) / 86_400
        details = {"trained": True, "age_days": round(days, 2), "size_mb": found.st_size / _MB}
        if found.st_size == 0:
            return Finding(CRITICAL, f"{file} is empty", "train the mixin model again", details)
        if days > most_age_days:
            message = f"the mixin model is {days:.0f} days old"
            return Finding(DEGRADED, message, "train the mixin model again", details)
        return Finding(HEALTHY, f"the mixin model is {days:.1f} days old", metadata=details)

    return HealthCheck("mixin_model", look, advice=f"make {file} readable")


def workers() -> HealthCheck:
    """Whether worker processes can be started and given locks here."""

    def look() -> Finding:
        # What a process pool needs of the system: a shared semaphore and the interpreter's process.
        with processes.importing_nothing_here():
            get_context("spawn").Lock()
        command = processes.python("--version")
        subprocess.run(  # noqa: S603 - our own interpreter
            command, check=True, timeout=4, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return Finding(HEALTHY, "worker processes start")

    return HealthCheck(
        "worker_pool",
        look,
        advice="raise the limit of processes (ulimit -u), and see that /dev/shm is writable",
    )


def part(component: str, read: Callable[[], str], advice: str) -> HealthCheck:
    """A check of whatever ``read`` needs; it says in a few words what it found."""
    return HealthCheck(component, lambda: Finding(HEALTHY, read()), advice=advice)


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
