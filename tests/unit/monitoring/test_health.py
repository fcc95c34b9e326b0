"""Checks of real parts: what they find, within their time."""

import os
import socket
import threading
import time
from collections import namedtuple
from pathlib import Path

import pytest

from nodewright.monitoring import MonitoringError, MonitoringSystem, checks
from nodewright.monitoring.health import (
    CRITICAL,
    DEGRADED,
    HEALTHY,
    Finding,
    HealthBook,
    HealthCheck,
)


def found(check: HealthCheck) -> Finding:
    book = HealthBook()
    book.register([check])
    (status,) = book.run()
    metadata = dict(status.metadata)
    return Finding(status.status, metadata.pop("message"), metadata.pop("advice"), metadata)


def test_a_check_that_hangs_is_critical_and_not_started_twice() -> None:
    release = threading.Event()
    started = []

    def hang() -> Finding:
        started.append(1)
        release.wait(20)
        return Finding(HEALTHY, "late")

    book = HealthBook()
    book.register([HealthCheck("slow", hang, timeout_s=0.05, advice="restart it")])
    for _ in range(2):
        (status,) = book.run()
        assert (status.healthy, status.status) == (False, CRITICAL)
        assert status.error_message == "no answer within 0.05 s"
        assert status.metadata["advice"] == "restart it"
    assert started == [1]
    release.set()


def test_checks_run_at_the_same_time_and_one_that_raises_is_critical() -> None:
    together = threading.Barrier(2)

    def meet() -> Finding:
        together.wait(10)
        return Finding(HEALTHY, "met")

    def fail() -> Finding:
        raise TimeoutError("the part itself timed out")

    book = HealthBook()
    book.register([HealthCheck("a", meet), HealthCheck("b", meet), HealthCheck("c", fail)])
    statuses = {status.component: status for status in book.run()}
    assert statuses["a"].healthy
    assert statuses["b"].healthy
    assert statuses["c"].error_message == "the part itself timed out"
    assert book.overall() == CRITICAL


def test_background_checks_repeat_until_stopped() -> None:
    seen = threading.Semaphore(0)

    def look() -> Finding:
        seen.release()
        return Finding(DEGRADED, "so so")

    book = HealthBook()
    book.register([HealthCheck("part", look)])
    book.start(0.01)
    assert all(seen.acquire(timeout=10) for _ in range(3))
    book.stop()
    assert book.overall() == DEGRADED
    with pytest.raises(MonitoringError, match="interval"):
        book.start(0)


def test_database_that_is_away(database_url: str) -> None:
    from nodewright.settings import Settings
    from nodewright.storage import CodegenPersistence

    impatient = Settings(database_patience_s=0)
    alive = CodegenPersistence(database_url)
    dead = CodegenPersistence("postgresql://x@127.0.0.1:1/none", settings=impatient)
    assert found(checks.database(alive)).status == HEALTHY
    finding = found(checks.database(dead))
    assert finding.status == CRITICAL
    assert "127.0.0.1:1" in finding.message
    assert "NODEWRIGHT_DATABASE_URL" in finding.advice
    alive.sync.close()


def test_broker_that_is_away_or_not_configured() -> None:
    assert found(checks.broker({})).status == HEALTHY
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        finding = found(checks.broker({"bootstrap.servers": f"127.0.0.1:{taken.getsockname()[1]}"}))
    assert finding.status == CRITICAL
    assert "start Kafka" in finding.advice


def test_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024
    below = tmp_path / "not" / "there"
    assert found(checks.disk(below, least_free_mb=1e-6)).status == HEALTHY
    for free, status in ((1500, HEALTHY), (500, DEGRADED), (50, CRITICAL)):
        monkeypatch.setattr("shutil.disk_usage", lambda _, f=free: usage(10**12, 0, f << 20))
        assert found(checks.disk(tmp_path, least_free_mb=1000)).status == status


def test_spool(tmp_path: Path) -> None:
    assert found(checks.spool(tmp_path)).status == HEALTHY
    file = tmp_path / "a" / "1.segment"
    file.parent.mkdir()
    file.write_bytes(b"x" * 2_000_000)
    assert found(checks.spool(tmp_path)).metadata["files"] == 1
    assert found(checks.spool(tmp_path, most_mb=1)).status == DEGRADED
    hours_ago = time.time() - 7200
    os.utime(file, (hours_ago, hours_ago))
    assert found(checks.spool(tmp_path, most_mb=1)).status == CRITICAL


def test_model(tmp_path: Path) -> None:
    file = tmp_path / "model"
    assert found(checks.model(file)).metadata["trained"] is False
    file.write_bytes(b"")
    assert found(checks.model(file)).status == CRITICAL
    file.write_bytes(b"x")
    assert found(checks.model(file)).status == HEALTHY
    months_ago = time.time() - 90 * 86_400
    os.utime(file, (months_ago, months_ago))
    assert found(checks.model(file)).status == DEGRADED


def test_worker_processes_start() -> None:
    assert found(checks.workers()).status == HEALTHY


async def test_system_runs_checks_on_demand() -> None:
    system = MonitoringSystem(log_alerts=False)
    system.add_health_checks([checks.part("templates", lambda: "3 templates", "reinstall")])
    (status,) = await system.check_health()
    assert status.metadata["message"] == "3 templates"
    assert system.get_monitoring_summary()["health"]["overall_status"] == "healthy"


def test_who_changes_a_status_that_was_given_changes_no_other() -> None:
    book = HealthBook(log=False)
    book.register([HealthCheck("part", lambda: Finding("healthy", "well", metadata={"at": [1]}))])
    (status,) = book.run()
    status.status = "critical"
    status.metadata["at"].append(2)
    (status,) = book.statuses()
    assert (status.status, status.metadata["at"]) == ("healthy", [1])
    status.metadata.clear()
    assert book.statuses()[0].metadata["message"] == "well"
