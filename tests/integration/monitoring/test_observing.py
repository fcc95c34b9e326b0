"""What ``nodewright serve`` knows of runs, events and parts, and when it alerts."""

import asyncio
import os
import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from nodewright.diagnosis import standard_checks
from nodewright.monitoring import AlertSeverity, MonitoringSystem, checks
from nodewright.monitoring.observing import Observer
from nodewright.monitoring.product import product_rules
from nodewright.runs.recording import Recorder
from nodewright.runs.run import Run
from nodewright.runs.workers import ExecutorWorkers
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence, StorageError
from nodewright.workflow import Options, generate, plan_text

TUTORIAL = Path(__file__).parents[3] / "docs" / "tutorial.md"
HOUR = timedelta(hours=1)

type Build = Callable[[str], Awaitable[Run]]


class Watched:
    """A system as ``serve`` has it, on a clock that the test moves."""

    def __init__(self, persistence: CodegenPersistence) -> None:
        self.later = 0.0
        self.persistence = persistence
        self.system = MonitoringSystem(
            persistence=persistence,
            rules=product_rules(),
            log_alerts=False,
            clock=lambda: self.later,
        )
        self.observer = Observer(self.system.store, self.system.health, persistence, self.wall)

    def wall(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.later)

    async def look(self, seconds: float = 0.0) -> list[str]:
        """The alerts after a reading, two minutes of the same, and a second reading."""
        for pause in (seconds, 120.0):
            self.later += pause
            collected = await self.system.collect_all_metrics()
            await self.observer.observe(collected, HOUR)
        return [alert.message for alert in self.system.get_active_alerts()]

    def value(self, name: str, **labels: str) -> float | None:
        return self.system.store.value(name, labels)


@pytest.fixture
def watched(persistence: CodegenPersistence) -> Watched:
    return Watched(persistence)


@pytest.fixture
def build(persistence: CodegenPersistence, tmp_path: Path) -> Build:
    """Runs the workflow on a document, for real and recorded."""

    def run(text: str) -> Run:
        with ThreadPoolExecutor(1) as executor:
            return generate(
                plan_text(text),
                Options(tmp_path / "out", jobs=1, timeout_seconds=300),
                workers=ExecutorWorkers(executor),
                recorder=Recorder(persistence),
            )

    async def in_a_thread(text: str) -> Run:
        return await asyncio.to_thread(run, text)

    return in_a_thread


def tutorial_document() -> str:
    text = TUTORIAL.read_text(encoding="utf-8")
    found = re.search(r'```markdown title="library.md"\n(.*?)\n```', text, re.DOTALL)
    assert found is not None
    return found[1]


async def test_after_the_tutorial_nothing_alerts(
    watched: Watched, build: Build, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, disk_min_free_mb=1)
    watched.system.add_health_checks(standard_checks(settings, watched.persistence))
    assert (await build(tutorial_document())).succeeded
    longer = tutorial_document() + (
        "\n\n## Returning\n\n### FR-5: Returning\n\n"
        "The system shall delete a loan when the book is returned.\n"
    )
    assert (await build(longer)).succeeded
    await watched.system.check_health()
    assert await watched.look() == []
    assert watched.value("nodewright_runs", result="delivered") == 2
    assert watched.value("nodewright_nodes", kind="EFFECT", result="delivered") == 2
    assert (watched.value("nodewright_node_p95_seconds") or 0) > 0


async def test_a_failed_run_alerts_until_the_next_succeeds(
    watched: Watched, build: Build, tmp_path: Path
) -> None:
    assert (await build(tutorial_document())).succeeded
    (handler,) = (tmp_path / "out").rglob("node_loan_effect/handlers/handler_loan_effect.py")
    sound = handler.read_text()
    handler.write_text(sound + '\nraise RuntimeError("my bug")\n')
    assert not (await build(tutorial_document())).succeeded
    assert await watched.look() == [
        "100 % of the nodes of library_loans were not delivered by its latest run"
    ]
    assert watched.value("nodewright_runs", result="failed") == 1
    handler.write_text(sound)
    assert (await build(tutorial_document())).succeeded
    assert await watched.look() == []
    assert watched.value("nodewright_runs", result="delivered") == 2


async def test_a_run_that_left_the_window_alerts_no_more(watched: Watched) -> None:
    record(watched.persistence, delivered=0)
    (message,) = await watched.look()
    assert "100 % of the nodes of shop" in message
    assert watched.system.get_active_alerts()[0].severity is AlertSeverity.CRITICAL
    assert await watched.look(seconds=3700) == []
    assert watched.value("nodewright_failed_nodes_ratio", package="shop") is None


async def test_each_run_is_counted_once_however_often_one_looks(watched: Watched) -> None:
    for _ in range(3):
        record(watched.persistence)
        await watched.look()
    await watched.look()
    assert watched.value("nodewright_runs", result="delivered") == 3


async def test_what_ended_before_the_server_began_is_shown_and_not_counted(
    watched: Watched,
) -> None:
    record(watched.persistence, delivered=1)
    watched.persistence.sync.database.execute(
        "UPDATE nodewright.generation_runs SET ended_at = now() - interval '5 minutes'"
    )
    assert len(await watched.look()) == 1
    assert watched.value("nodewright_runs", result="partial") == 0


async def test_a_strange_summary_is_passed_over(watched: Watched) -> None:
    for text in ("[]", '{"nodes": 1}', '{"nodes": [], "plan": {"package": {}}}', "null"):
        watched.persistence.sync.database.execute(
            "INSERT INTO nodewright.generation_runs VALUES (%(id)s, now(), 't', 1, 0, %(text)s)",
            {"id": uuid4(), "text": text},
        )
    record(watched.persistence)
    assert await watched.look() == []
    assert watched.value("nodewright_runs", result="delivered") == 1


async def test_slow_nodes_and_idle_cores_alert(watched: Watched) -> None:
    record(watched.persistence, nodes=16, delivered=16, seconds=70.0, speedup=0.8)
    messages = await watched.look()
    assert sorted(message.partition(" ")[0] for message in messages) == ["large", "one"]
    assert "20 % of the speed-up that their cores can give" in " ".join(messages)


async def test_mixins_that_were_chosen_are_judged_and_not_the_library(watched: Watched) -> None:
    sync = watched.persistence.sync
    for name in ("MixinB", "MixinC", "MixinD"):
        sync.update_mixin_compatibility("MixinA", name, "EFFECT", success=name == "MixinB")
    record(watched.persistence, mixins=["pack.MixinB", "pack.MixinA"])
    assert await watched.look() == []
    assert watched.value("nodewright_chosen_mixins_ratio") == 1.0
    for _ in range(3):
        sync.update_mixin_compatibility("MixinB", "MixinA", "EFFECT", success=False)
    (message,) = await watched.look()
    assert "work together in 25 % of their records" in message


async def test_judgements_alert_once_there_are_enough(watched: Watched) -> None:
    for number in range(20):
        kind = "incorrect" if number < 4 else "correct"
        await watched.persistence.record_pattern_feedback(uuid4(), "crud", feedback_type=kind)
        if number == 18:
            assert await watched.look() == []
    assert await watched.look() == ["80 % of the judged patterns were correct; the limit is 85 %"]


async def test_events_are_counted_as_they_come(watched: Watched) -> None:
    def events(count: int, *, success: bool) -> None:
        for _ in range(count):
            watched.persistence.sync.insert_event_processing_metric("e", "s", 5, success)
        watched.persistence.sync.flush()

    events(5, success=True)
    await watched.look()
    assert watched.value("nodewright_events", result="success") == 0
    events(30, success=True)
    events(7, success=False)
    (message,) = await watched.look()
    assert "of the events succeeded" in message
    assert watched.value("nodewright_events", result="success") == 30
    assert watched.value("nodewright_events", result="failure") == 7
    watched.persistence.sync.database.execute("DELETE FROM event_processing_metrics")
    await watched.look()
    assert watched.value("nodewright_events", result="success") == 30


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port on which nobody listens any more."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]


async def test_a_database_that_is_down_alerts(deaf_port: int) -> None:
    settings = Settings(database_patience_s=0.1)
    dead = CodegenPersistence(f"postgresql://x@127.0.0.1:{deaf_port}/x", settings=settings)
    watched = Watched(dead)
    watched.system.add_health_checks([checks.database(dead)])
    await watched.system.check_health()
    for _ in range(2):
        with pytest.raises(StorageError):
            await watched.look()
        watched.later += 30
    messages = [alert.message for alert in watched.system.get_active_alerts()]
    assert messages == ["the database is critical"]
    await dead.close()


async def test_a_broker_that_is_down_alerts(watched: Watched, deaf_port: int) -> None:
    config = {"bootstrap.servers": f"127.0.0.1:{deaf_port}"}
    watched.system.add_health_checks([checks.broker(config)])
    await watched.system.check_health()
    assert await watched.look() == ["the broker is critical"]


async def test_a_spool_that_does_not_empty_alerts(watched: Watched, tmp_path: Path) -> None:
    segment = tmp_path / "spools" / "1" / "0.segment"
    segment.parent.mkdir(parents=True)
    segment.write_bytes(b"x" * 1000)
    watched.system.add_health_checks([checks.spool(tmp_path / "spools")])
    await watched.system.check_health()
    assert await watched.look() == []
    assert watched.value("nodewright_spool_bytes") == pytest.approx(1000, rel=0.1)
    for age, status in ((400, "degraded"), (4000, "critical")):
        old = datetime.now(UTC).timestamp() - age
        os.utime(segment, (old, old))
        await watched.system.check_health()
        assert await watched.look() == [f"the event_spool is {status}"]
    segment.write_bytes(b"")
    await watched.system.check_health()
    assert await watched.look() == []


async def test_the_process_and_the_build_are_described(watched: Watched) -> None:
    await watched.look()
    text = watched.system.store.export()
    assert re.search(r'nodewright_build_info\{python="3\.[\d.]+",version="[\d.\w+]+"\} 1\n', text)
    assert (watched.value("process_cpu_seconds") or 0) > 0.1
    assert (watched.value("process_resident_memory_bytes") or 0) > 10_000_000
    assert (watched.value("process_open_fds") or 0) >= 3
    started = watched.value("process_start_time_seconds") or 0
    assert 0 <= datetime.now(UTC).timestamp() - started < 86_400


def record(
    persistence: CodegenPersistence,
    *,
    nodes: int = 2,
    delivered: int = 2,
    seconds: float = 0.5,
    speedup: float = 1.5,
    mixins: list[str] | None = None,
) -> None:
    """Record a run of ``nodes`` nodes, of which ``delivered`` were."""
    planned = [{"kind": "EFFECT", "mixins": mixins or []}]
    outcomes = [
        {
            "kind": "EFFECT",
            "delivered": number < delivered,
            "seconds": seconds,
            "checks": [{"name": "ruff", "passed": number < delivered}],
        }
        for number in range(nodes)
    ]
    summary = {
        "nodes": outcomes,
        "seconds": {"total": seconds},
        "speedup": speedup,
        "workers": 4,
        "cores": 4,
    }
    plan = {"title": "Shop", "package": "shop", "nodes": planned}
    Recorder(persistence).report(uuid4(), summary | {"plan": plan})
