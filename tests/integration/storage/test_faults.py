"""Lost connections, killed servers, forks: what was acknowledged is there, and nothing twice."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence, StorageError, StorageUnavailableError
from nodewright.storage.errors import InvalidRecordError
from nodewright.storage.queries import load
from nodewright.storage.receipt import Fact, Receipt
from nodewright.storage.records import PatternFeedbackCreate

_numbers = count(1)
CORRECT: dict[str, Any] = {"feedback_type": "correct"}


@pytest.fixture
def debian_url(debian_server: Any) -> Iterator[str]:
    """A database on a server that the test may stop and kill."""
    yield debian_server.create_database(f"faults_{next(_numbers)}")
    if not debian_server.is_running:
        debian_server.start()


def record_facts(server: Any, url: str, *, facts: int, kills: int) -> None:
    """Record facts in 8 threads while the server is killed; then count what is there."""
    store = CodegenPersistence(url, settings=Settings(database_patience_s=20)).sync
    store.update_mixin_compatibility("A", "B", "EFFECT", success=True)
    done = count(1)
    progress = threading.Condition()
    reached = 0

    def record(number: int) -> UUID:
        nonlocal reached
        identity = store.record_pattern_feedback(
            session_id=uuid4(), pattern_name=f"p{number}", feedback_type="correct"
        )
        store.update_mixin_compatibility("A", "B", "EFFECT", success=True)
        with progress:
            reached = next(done)
            progress.notify_all()
        return identity

    threads = ThreadPoolExecutor(8)
    try:
        results = [threads.submit(record, number) for number in range(facts)]
        for kill in range(1, kills + 1):
            enough = facts * kill // (kills + 1)
            with progress:
                assert progress.wait_for(lambda enough=enough: reached >= enough, 60)
            server.kill()
            server.start()
        acknowledged = {result.result(60) for result in results}
    finally:
        threads.shutdown(cancel_futures=True)
    rows = store.database.fetch("SELECT id, pattern_name FROM pattern_feedback_log")
    assert {row["id"] for row in rows} == acknowledged
    assert sorted(row["pattern_name"] for row in rows) == sorted(f"p{n}" for n in range(facts))
    pair = store.get_mixin_compatibility("B", "A", "EFFECT")
    assert pair is not None
    assert pair.success_count == facts + 1
    store.close()


def test_facts_survive_a_killed_server(debian_server: Any, debian_url: str) -> None:
    record_facts(debian_server, debian_url, facts=400, kills=2)


@pytest.mark.faults
def test_ten_thousand_facts_survive_a_killed_server(debian_server: Any, debian_url: str) -> None:
    record_facts(debian_server, debian_url, facts=10_000, kills=5)


def test_a_commit_in_doubt_is_decided_by_its_receipt(database_url: str) -> None:
    calls = []

    def work(connection: psycopg.Connection[Any]) -> str:
        calls.append(connection)
        connection.execute("SELECT update_mixin_compatibility('a', 'b', 'EFFECT', TRUE)")
        return "result"

    once = Receipt(work)
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert once(connection) == "result"
        # As if the connection had been lost after the commit and before its answer.
        once.in_doubt = True
        assert once(connection) == "result"
        row = connection.execute("SELECT success_count FROM mixin_compatibility_matrix").fetchone()
    assert row == (1,)
    assert len(calls) == 1


def test_a_fact_in_doubt_is_recorded_once(persistence: CodegenPersistence) -> None:
    store = persistence.sync
    named = load("nodewright.storage")
    pair = {"mixin_a": "b", "mixin_b": "a", "node_type": "EFFECT", "success": True}
    outcome = pair | {"conflict_reason": None, "resolution_pattern": None}
    feedback = dict(PatternFeedbackCreate.of(session_id=uuid4(), pattern_name="p", **CORRECT))
    for name, values in (
        ("update_mixin_compatibility", outcome),
        ("record_pattern_feedback", feedback),
    ):
        fact = Fact(named[name].sql, values, named[f"{name}_recorded"].sql)
        with store.database.connect() as connection:
            first = fact(connection)
        # As if the connection had been lost before the answer came.
        fact.in_doubt = True
        with store.database.connect() as connection:
            assert fact(connection) == first
        assert not fact.in_doubt
    row = store.get_mixin_compatibility("a", "b", "EFFECT")
    assert row is not None
    assert row.success_count == 1
    assert len(store.get_pattern_feedback()) == 1


def away(server: Any, url: str, *, rows: int) -> None:
    """Telemetry is accepted while the server is away, and arrives when it is back."""
    settings = Settings(telemetry_interval_s=0.05, telemetry_capacity=rows, database_patience_s=0)
    store = CodegenPersistence(url, settings=settings).sync
    store.insert_event_processing_metric("e", "s", 1, success=True)
    assert store.flush(30)
    server.stop()
    for number in range(rows + 100):
        store.insert_event_processing_metric("e", "s", number, success=True)
    with pytest.raises(StorageUnavailableError, match="cannot be reached"):
        store.list_mixin_compatibility()
    assert not store.flush(0.2)
    server.start()
    assert store.flush(60)
    stats = store.telemetry_stats()
    assert stats.queued == 0
    assert stats.written + stats.dropped == rows + 101
    # What was in the thread's hand does not count against the queue.
    assert stats.written > rows
    [health] = store.get_event_processing_health()
    assert health.total_events == stats.written
    store.close()


def test_telemetry_waits_for_an_absent_server(debian_server: Any, debian_url: str) -> None:
    away(debian_server, debian_url, rows=10_000)


def test_a_full_queue_drops_counts_and_reports(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(telemetry_interval_s=3600, telemetry_capacity=10)
    store = CodegenPersistence(database_url, settings=settings).sync
    # The thread cannot take rows while the database's own lock is held.
    with store.database._lock:
        for _ in range(6):
            store.insert_event_processing_metric("e", "s", 1, success=True)
        for _ in range(100):
            store.insert_event_processing_metric("e", "s", 1, success=True)
        assert store.telemetry_stats().dropped >= 90
    assert store.flush(30)
    store.close()
    stats = store.telemetry_stats()
    assert stats.written + stats.dropped == 106
    reports = [
        record for record in caplog.records if record.message == "storage.telemetry.lost_so_far"
    ]
    assert len(reports) == 1
    assert reports[0].__dict__["metadata"]["dropped"] == stats.dropped


def test_hostile_values_leave_the_pool_healthy(persistence: CodegenPersistence) -> None:
    store = persistence.sync
    hostile: list[dict[str, Any]] = [
        {"pattern_name": "p" * 101},
        {"detected_confidence": float("nan")},
        {"detected_confidence": 1.0001},
        {"feedback_type": "wrong"},
        {"contract_json": {"a": "\x00"}},
        {"contract_json": float("inf")},
        {"actual_pattern": "\x00"},
        {"false_positives": ["\ud800"]},
        {"session_id": "no uuid"},
    ]
    for values in hostile:
        [field] = values
        whole = {"session_id": uuid4(), "pattern_name": "p", "feedback_type": "correct"} | values
        with pytest.raises(InvalidRecordError) as info:
            store.record_pattern_feedback(**whole)
        assert info.value.field == field
    # What no model sees is refused by the server, and the connection goes on.
    for text in ("a\x00b", "p" * 101):
        with pytest.raises(InvalidRecordError):
            store.database.execute(
                "INSERT INTO pattern_feedback_log (session_id, pattern_name, feedback_type)"
                " VALUES (gen_random_uuid(), %s, 'correct')",
                (text,),
            )
    injected = "'; DROP TABLE pattern_feedback_log; --"
    store.record_pattern_feedback(
        session_id=uuid4(),
        pattern_name=injected,
        actual_pattern=injected,
        feedback_type="partial",
        contract_json={injected: injected},
        false_negatives=[injected],
    )
    [row] = store.get_pattern_feedback()
    assert (row.pattern_name, row.actual_pattern) == (injected, injected)
    assert row.contract_json == {injected: injected}


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_gets_a_fresh_object(persistence: CodegenPersistence) -> None:
    store = persistence.sync
    store.update_mixin_compatibility("A", "B", "EFFECT", success=True)
    store.insert_event_processing_metric("parent", "s", 1, success=True)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.update_mixin_compatibility("A", "B", "EFFECT", success=True)
            store.insert_event_processing_metric("child", "s", 1, success=True)
            code = 0 if store.flush(30) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.update_mixin_compatibility("A", "B", "EFFECT", success=True)
    pair = store.get_mixin_compatibility("A", "B", "EFFECT")
    assert pair is not None
    assert pair.success_count == 3
    counts = {row.event_type: row.total_events for row in store.get_event_processing_health()}
    assert counts == {"parent": 1, "child": 1}


def test_one_pool_however_many_first_calls_race(database_url: str) -> None:
    store = CodegenPersistence(database_url).sync
    barrier = threading.Barrier(20)

    def call() -> None:
        barrier.wait()
        store.list_mixin_compatibility()

    with ThreadPoolExecutor(20) as threads:
        for result in [threads.submit(call) for _ in range(20)]:
            result.result()
    rows = store.database.fetch(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'nodewright'"
    )
    assert rows[0]["n"] <= store.database.settings.database_pool_size
    store.close()


def test_stale_connections_are_replaced(persistence: CodegenPersistence, server: str) -> None:
    store = persistence.sync
    store.update_mixin_compatibility("A", "B", "EFFECT", success=True)
    for _ in range(3):
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname LIKE 'test%' AND application_name = 'nodewright'"
            )
        store.update_mixin_compatibility("A", "B", "EFFECT", success=True)
        with store.database.transaction() as connection:
            connection.execute("SELECT 1")
    pair = store.get_mixin_compatibility("A", "B", "EFFECT")
    assert pair is not None
    assert pair.success_count == 4


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://u:se cret@[bad", "database URL cannot be read"),
        ("postgresql://u:secret@127.0.0.1:1/x", "cannot be reached"),
    ],
)
def test_a_wrong_url_is_a_clear_error_without_its_password(url: str, message: str) -> None:
    with pytest.raises(StorageError, match=message) as info:
        CodegenPersistence(
            url, settings=Settings(database_patience_s=0)
        ).sync.list_mixin_compatibility()
    assert "secret" not in str(info.value)


def test_an_unknown_database_is_not_waited_for(server: str) -> None:
    store = CodegenPersistence(f"{server} dbname=absent").sync
    with pytest.raises(StorageError, match='"absent" does not exist'):
        store.list_mixin_compatibility()


@pytest.mark.faults
def test_telemetry_survives_a_minute_without_server(debian_server: Any, debian_url: str) -> None:
    program = """
import sys, time
from nodewright.storage import CodegenPersistence
store = CodegenPersistence(sys.argv[1]).sync
slowest = 0.0
end = time.monotonic() + 62
print("ready", flush=True)
while time.monotonic() < end:
    start = time.perf_counter()
    store.insert_event_processing_metric("e", "s", 1, success=True)
    slowest = max(slowest, time.perf_counter() - start)
    time.sleep(0.001)
sys.stdin.readline()
assert store.flush(60)
stats = store.telemetry_stats()
assert (stats.dropped, stats.rejected, stats.queued) == (0, 0, 0), stats
print(stats.written, slowest)
"""
    store = CodegenPersistence(debian_url).sync
    store.list_mixin_compatibility()
    store.close()
    debian_server.stop()
    with subprocess.Popen(
        [sys.executable, "-c", program, debian_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            process.wait(61)
        except subprocess.TimeoutExpired:
            debian_server.start()
        written, slowest = process.communicate("\n")[0].split()
    assert process.returncode == 0
    assert float(slowest) < 0.25
    [health] = store.get_event_processing_health()
    assert health.total_events == int(written)
    store.close()
