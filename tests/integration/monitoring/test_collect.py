"""`collect_all_metrics` on a real database."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from nodewright.monitoring import MonitoringSystem
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence, queries

PARTS = {
    "template_cache",
    "parallel_generation",
    "mixin_learning",
    "pattern_matching",
    "event_processing",
}


@pytest.fixture
def system(persistence: CodegenPersistence) -> Iterator[MonitoringSystem]:
    return MonitoringSystem(persistence=persistence, log_alerts=False)


async def fill(persistence: CodegenPersistence) -> None:
    session = uuid4()
    for _ in range(4):
        persistence.sync.insert_performance_metric(
            session, "EFFECT", "total", 1000, parallel_execution=True, worker_count=4
        )
    for duration in (10, 20, 30, 40):
        persistence.sync.insert_performance_metric(session, "EFFECT", "code_gen", duration)
    for number in range(20):
        persistence.sync.insert_event_processing_metric(
            "node.generated", "generator", 10 * (number + 1), number != 0, queue_wait_time_ms=2
        )
    persistence.sync.upsert_template_cache_metadata(
        "node_effect",
        "node",
        cache_key="k",
        file_path="/p",
        file_hash="0" * 64,
        size_bytes=1024,
        load_time_ms=12,
        cache_hits=3,
        cache_misses=1,
    )
    await persistence.update_mixin_compatibility("A", "B", "EFFECT", success=True)
    await persistence.update_mixin_compatibility("A", "C", "EFFECT", success=False)
    for kind in ("correct", "correct", "correct", "incorrect", "partial"):
        await persistence.record_pattern_feedback(
            session, "crud", detected_confidence=0.8, feedback_type=kind, user_provided=True
        )
    await persistence.flush()


async def test_every_part_has_its_true_numbers(
    system: MonitoringSystem, persistence: CodegenPersistence
) -> None:
    await fill(persistence)
    collected = json.loads(json.dumps(await system.collect_all_metrics(), allow_nan=False))
    assert collected.keys() >= PARTS | {
        "timestamp",
        "time_window_minutes",
        "collection_time_ms",
        "active_alerts_count",
        "health_status",
    }
    assert collected["unavailable"] == {}
    assert collected["template_cache"]["overall_hit_rate"] == 0.75
    assert collected["template_cache"]["avg_load_time_ms"] == 12
    assert collected["template_cache"]["total_templates"] == 1
    generation = collected["parallel_generation"]
    # Four seconds of work in the second that they overlapped, and what inserting them took.
    assert 3.0 < generation["avg_speedup"] <= 4.0
    assert generation["parallel_usage_rate"] == 0.5
    assert generation["p95_total_ms"] == 1000
    by_phase = {row["phase"]: row for row in generation["by_phase"]}
    assert by_phase["code_gen"]["avg_duration_ms"] == 25
    assert by_phase["code_gen"]["p50_duration_ms"] == 20
    assert by_phase["code_gen"]["p99_duration_ms"] == 40
    assert collected["mixin_learning"]["overall_success_rate"] == 0.5
    assert collected["pattern_matching"]["precision"] == 0.6
    assert collected["pattern_matching"]["false_positive_rate"] == 0.2
    assert collected["pattern_matching"]["total_feedback_count"] == 5
    assert collected["pattern_matching"]["avg_confidence"] == pytest.approx(0.8)
    events = collected["event_processing"]
    assert events["total_events"] == 20
    assert events["overall_success_rate"] == 0.95
    assert events["avg_latency_ms"] == 105
    assert events["p50_latency_ms"] == 100
    assert events["p95_latency_ms"] == 190
    assert events["by_event_type"][0]["avg_wait_ms"] == 2


async def test_the_window_holds_for_every_part(
    system: MonitoringSystem, persistence: CodegenPersistence, database_url: str
) -> None:
    await fill(persistence)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for table, column in (
            ("generation_performance_metrics", "created_at"),
            ("event_processing_metrics", "created_at"),
            ("pattern_feedback_log", "created_at"),
            ("template_cache_metadata", "last_accessed_at"),
            ("mixin_compatibility_matrix", "last_tested_at"),
        ):
            statement = f"UPDATE {table} SET {column} = {column} - interval '2 hours'"  # noqa: S608
            connection.execute(statement)
    recent = await system.collect_all_metrics(60)
    older = await system.collect_all_metrics(180)
    for name, count in (
        ("template_cache", "total_templates"),
        ("parallel_generation", "total_executions"),
        ("mixin_learning", "total_combinations"),
        ("pattern_matching", "total_feedback_count"),
        ("event_processing", "total_events"),
    ):
        assert recent[name][count] == 0, name
        assert older[name][count] > 0, name
    assert recent["unavailable"] == {}


async def test_documented_formats_work_without_data(system: MonitoringSystem) -> None:
    metrics = await system.collect_all_metrics(time_window_minutes=30)
    assert f"{metrics['template_cache']['overall_hit_rate']:.1%}" == "0.0%"
    assert f"{metrics['parallel_generation']['avg_speedup']:.2f}x" == "0.00x"
    assert f"{metrics['collection_time_ms']:.0f}ms".endswith("ms")
    assert metrics["time_window_minutes"] == 30


async def test_a_lost_table_leaves_the_others(
    system: MonitoringSystem, persistence: CodegenPersistence, database_url: str
) -> None:
    await fill(persistence)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE event_processing_metrics RENAME TO lost")
    collected = await system.collect_all_metrics()
    assert set(collected["unavailable"]) == {"event_processing"}
    assert "event_processing_metrics" in collected["unavailable"]["event_processing"]
    assert collected["event_processing"]["available"] is False
    assert collected["event_processing"]["p95_latency_ms"] == 0
    assert collected["template_cache"]["overall_hit_rate"] == 0.75


async def test_a_dead_database_is_named_in_every_part() -> None:
    address = "postgresql://nobody@127.0.0.1:1/none"
    dead = CodegenPersistence(address, settings=Settings(database_patience_s=0))
    system = MonitoringSystem(persistence=dead, log_alerts=False)
    collected = json.loads(json.dumps(await system.collect_all_metrics()))
    assert set(collected["unavailable"]) == PARTS
    assert collected["health_status"] == "unknown"


async def test_collected_numbers_raise_alerts_and_are_exported(
    system: MonitoringSystem, persistence: CodegenPersistence
) -> None:
    await fill(persistence)
    await system.observe_parts()
    assert {alert.metric_name for alert in system.get_active_alerts()} == {
        "compatibility_score",
        "false_positive_rate",
        "pattern_precision",
    }
    text = await system.export_prometheus_metrics()
    assert "cache_hit_rate 0.75" in text
    assert "event_latency_p95 190" in text


async def test_the_rate_of_nodes_that_were_delivered_is_recorded(
    system: MonitoringSystem, persistence: CodegenPersistence
) -> None:
    await system.observe_parts()
    assert system.store.value("validation_pass_rate") is None
    for planned, delivered in ((6, 6), (4, 2)):
        persistence.sync.database.execute(
            "INSERT INTO nodewright.generation_runs VALUES"
            " (gen_random_uuid(), now(), 't', %(planned)s, %(delivered)s, '{}')",
            {"planned": planned, "delivered": delivered},
        )
    collected = await system.observe_parts()
    assert collected["parallel_generation"]["planned_nodes"] == 10
    assert system.store.value("validation_pass_rate") == 0.8
    assert {a.metric_name for a in system.get_active_alerts()} == {"validation_pass_rate"}


async def test_collecting_works_in_any_loop(system: MonitoringSystem) -> None:
    first = await system.collect_all_metrics()
    second = await asyncio.to_thread(asyncio.run, system.collect_all_metrics())
    assert first["unavailable"] == second["unavailable"] == {}


async def test_what_other_parts_of_the_process_measured_is_seen(
    system: MonitoringSystem, database_url: str
) -> None:
    async with CodegenPersistence(database_url) as other:
        other.sync.insert_event_processing_metric("node.generated", "generator", 5, True)  # noqa: FBT003
        collected = await system.collect_all_metrics()
    assert collected["event_processing"]["total_events"] == 1


# Values of all columns that count, each also NULL where the table allows it.
RECORDS = (
    """INSERT INTO generation_performance_metrics (session_id, node_type, phase, duration_ms,
         cache_hit, parallel_execution, worker_count, metadata, created_at)
       SELECT ('00000000-0000-4000-8000-' || lpad((random() * 9)::int::text, 12, '0'))::uuid,
         'EFFECT', (ARRAY['total', 'code_gen'])[1 + random()::int], (random() * 20)::int,
         flag, random() < 0.8, nullif((random() * 4)::int, 0),
         CASE WHEN random() < 0.2 THEN '{"speedup": 2.5}'::jsonb END, at
       FROM drawn""",
    """INSERT INTO event_processing_metrics (event_type, event_source, processing_duration_ms,
         queue_wait_time_ms, success, retry_count, created_at)
       SELECT 'type' || (random() * 2)::int, 'source', (random() * 20)::int,
         nullif((random() * 3)::int, 0), random() < 0.8, nullif((random() * 3)::int, 0), at
       FROM drawn""",
    """INSERT INTO pattern_feedback_log (session_id, pattern_name, detected_confidence,
         feedback_type, user_provided, learning_weight, created_at)
       SELECT gen_random_uuid(), 'pattern' || (random() * 2)::int, nullif(round(random()::numeric,
         1), 0.5), (ARRAY['correct', 'incorrect'])[1 + random()::int], flag,
         nullif(round(random()::numeric, 1), 0.5), at
       FROM drawn""",
)
DRAWN = """WITH drawn AS (
  SELECT CASE WHEN mod(i, 20) > 0 THEN now() - i * random() * interval '1 minute' END AS at,
    (ARRAY[true, false, NULL])[1 + mod(i, 3)] AS flag
  FROM generate_series(1, %s) AS i) """


@pytest.mark.parametrize("rows", [0, 1, 40, 400])
async def test_either_side_of_the_window_gives_the_same_numbers(
    persistence: CodegenPersistence, database_url: str, rows: int
) -> None:
    await persistence.flush()
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in RECORDS:
            connection.execute((DRAWN + statement).encode(), [rows])
        connection.execute("DELETE FROM event_processing_metrics WHERE random() < 0.1")
    named = queries.load("nodewright.monitoring")
    now = datetime.now(UTC)
    for minutes in (0, 1, rows / 8, rows / 2, rows + 1):
        for name in ("generation_by_phase", "feedback_by_pattern", "events_by_type"):
            parameters = {"since": now - timedelta(minutes=minutes)}
            inside, outside = [
                await persistence.fetch(named[name], parameters | {"outside": side})
                for side in (False, True)
            ]
            assert inside == outside, (name, minutes)
