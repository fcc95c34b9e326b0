"""What the database itself promises, whoever writes to it."""

import threading
from collections.abc import Callable
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# The documented queries of the views, which the views answer from running sums.
DOCUMENTED: dict[str, LiteralString] = {
    "mixin_compatibility_summary": """
SELECT node_type, count(*) as total_combinations,
  round(avg(compatibility_score)::numeric, 3) as avg_compatibility,
  sum(success_count) as total_successes, sum(failure_count) as total_failures,
  round((sum(success_count)::numeric / NULLIF(sum(success_count + failure_count), 0))::numeric, 3)
    as success_rate
FROM mixin_compatibility_matrix GROUP BY node_type ORDER BY node_type""",
    "pattern_feedback_analysis": """
SELECT pattern_name, feedback_type, count(*) as feedback_count,
  round(avg(detected_confidence)::numeric, 3) as avg_confidence,
  sum(CASE WHEN user_provided THEN 1 ELSE 0 END) as user_provided_count,
  round(avg(learning_weight)::numeric, 3) as avg_learning_weight
FROM pattern_feedback_log GROUP BY pattern_name, feedback_type
ORDER BY pattern_name, feedback_count DESC""",
    "performance_metrics_summary": """
SELECT phase, count(*) as execution_count, round(avg(duration_ms)::numeric, 2) as avg_duration_ms,
  round(percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms)::numeric, 2) as p95_duration_ms,
  round(percentile_cont(0.99) WITHIN GROUP (ORDER BY duration_ms)::numeric, 2) as p99_duration_ms,
  sum(CASE WHEN cache_hit THEN 1 ELSE 0 END) as cache_hits,
  sum(CASE WHEN parallel_execution THEN 1 ELSE 0 END) as parallel_executions,
  round(avg(worker_count)::numeric, 1) as avg_workers
FROM generation_performance_metrics GROUP BY phase ORDER BY phase""",
    "template_cache_efficiency": """
SELECT template_type, count(*) as template_count,
  round(avg(cache_hits)::numeric, 1) as avg_cache_hits,
  round(avg(cache_misses)::numeric, 1) as avg_cache_misses,
  round((sum(cache_hits)::numeric / NULLIF(sum(cache_hits + cache_misses), 0))::numeric, 3)
    as hit_rate,
  round(avg(load_time_ms)::numeric, 2) as avg_load_time_ms,
  round(sum(size_bytes)::numeric / (1024 * 1024), 2) as total_size_mb
FROM template_cache_metadata GROUP BY template_type ORDER BY template_type""",
    "event_processing_health": """
SELECT event_type, event_source, count(*) as total_events,
  sum(CASE WHEN success THEN 1 ELSE 0 END) as success_count,
  sum(CASE WHEN NOT success THEN 1 ELSE 0 END) as failure_count,
  round((sum(CASE WHEN success THEN 1 ELSE 0 END)::numeric / count(*)::numeric)::numeric, 3)
    as success_rate,
  round(avg(processing_duration_ms)::numeric, 2) as avg_duration_ms,
  round(avg(queue_wait_time_ms)::numeric, 2) as avg_wait_ms,
  round(avg(retry_count)::numeric, 1) as avg_retries
FROM event_processing_metrics GROUP BY event_type, event_source ORDER BY total_events DESC""",
}

maybe = st.none() | st.integers(0, 2_000_000_000)
unit = st.none() | st.integers(0, 10_000).map(lambda n: n / 10_000)
flag = st.none() | st.booleans()
few = st.sampled_from(["a", "b", "B", "ä"])

# Table -> column -> its values; a generated row fills all of them.
COLUMNS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "mixin_compatibility_matrix": {
        "mixin_a": st.uuids().map(str),
        "mixin_b": few,
        "node_type": st.sampled_from(["EFFECT", "COMPUTE"]),
        "compatibility_score": unit,
        "success_count": maybe.map(lambda n: n and n // 2),
        "failure_count": maybe.map(lambda n: n and n // 2),
    },
    "pattern_feedback_log": {
        "session_id": st.uuids(),
        "pattern_name": few,
        "detected_confidence": unit,
        "feedback_type": st.sampled_from(["correct", "partial"]),
        "user_provided": flag,
        "learning_weight": unit,
    },
    "generation_performance_metrics": {
        "session_id": st.uuids(),
        "node_type": few,
        "phase": few,
        "duration_ms": st.integers(0, 20) | st.integers(0, 2**31 - 1),
        "cache_hit": flag,
        "parallel_execution": flag,
        "worker_count": st.none() | st.integers(1, 2**31 - 1),
    },
    "template_cache_metadata": {
        "template_name": st.uuids().map(str),
        "template_type": few,
        "cache_key": few,
        "file_path": few,
        "file_hash": few,
        "size_bytes": maybe,
        "load_time_ms": maybe,
        "cache_hits": maybe.map(lambda n: n and n // 2),
        "cache_misses": maybe.map(lambda n: n and n // 2),
    },
    "event_processing_metrics": {
        "event_type": few,
        "event_source": few,
        "processing_duration_ms": st.integers(0, 2**31 - 1),
        "queue_wait_time_ms": maybe,
        "success": st.booleans(),
        "retry_count": maybe,
    },
}
VIEWS = dict(zip(COLUMNS, DOCUMENTED, strict=True))


@pytest.mark.parametrize("table", COLUMNS)
def test_views_give_the_documented_values(database_url: str, table: str) -> None:
    columns = COLUMNS[table]
    names = ", ".join(columns)
    marks = ", ".join(["%s"] * len(columns))
    assignments = ", ".join(f"{name} = %s" for name in columns if "name" not in name)
    rows = st.tuples(*columns.values())
    updates = st.tuples(*(values for name, values in columns.items() if "name" not in name))
    steps = st.lists(
        st.tuples(st.just("insert"), st.lists(rows, min_size=1, max_size=5))
        | st.tuples(st.just("update"), updates)
        | st.tuples(st.just("delete"), st.integers(0, 3))
        | st.tuples(st.sampled_from(["fold", "truncate"]), st.none()),
        min_size=1,
        max_size=8,
    )

    some = f"SELECT id FROM {table} ORDER BY id LIMIT 1"  # noqa: S608 - a name from above

    def apply(connection: psycopg.Connection[Any], step: str, what: Any) -> None:
        run: Callable[..., Any] = connection.execute
        if step == "insert":
            values = ", ".join([f"({marks})"] * len(what))
            flat = [value for row in what for value in row]
            run(f"INSERT INTO {table} ({names}) VALUES {values}", flat)  # noqa: S608 - as above
        elif step == "update":
            run(f"UPDATE {table} SET {assignments} WHERE id IN ({some})", what)  # noqa: S608
        elif step == "delete":
            run(f"DELETE FROM {table} WHERE id IN ({some} OFFSET %s)", [what])  # noqa: S608
        elif step == "truncate":
            run(f"TRUNCATE {table}")
        else:  # each of these may fold what is there
            for _ in range(300):
                run(f"DELETE FROM {table} WHERE false")  # noqa: S608 - as above

    view = VIEWS[table]
    with psycopg.connect(database_url, autocommit=True) as connection:

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(steps)
        def check(given_steps: list[tuple[str, Any]]) -> None:
            connection.execute("TRUNCATE " + table)
            for step, what in given_steps:
                apply(connection, step, what)
                documented = connection.execute(DOCUMENTED[view])
                answered = connection.execute("SELECT * FROM " + view)  # noqa: S608 - as above
                kinds = [column.type_code for column in documented.description or ()]
                assert [column.type_code for column in answered.description or ()] == kinds
                assert sorted(answered, key=repr) == sorted(documented, key=repr)

        check()


def test_functions_keep_every_concurrent_outcome(database_url: str) -> None:
    def work(number: int) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            for step in range(50):
                connection.execute(
                    "SELECT update_mixin_compatibility(%s, %s, 'EFFECT', %s)",
                    ("AB"[number % 2], "BA"[number % 2], step % 5 != 0),
                )

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT mixin_a, mixin_b, success_count, failure_count, compatibility_score::float"
            " FROM mixin_compatibility_matrix"
        ).fetchall()
        summary = connection.execute("SELECT * FROM mixin_compatibility_summary").fetchone()
    assert rows == [("A", "B", 240, 60, 0.8)]
    assert summary is not None
    assert [float(value) for value in summary[1:]] == [1, 0.8, 240, 60, 0.8]


def test_feedback_function_weighs_users_more(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        for user in (True, False):
            row = connection.execute(
                "SELECT record_pattern_feedback('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',"
                " 'authentication_pattern', 0.85, 'oauth2_pattern', 'incorrect', %s,"
                """ '{"type": "EFFECT", "capability": "auth"}'::jsonb)""",
                (user,),
            ).fetchone()
            assert row is not None
            assert isinstance(row[0], UUID)
        weights = connection.execute(
            "SELECT learning_weight::float FROM pattern_feedback_log ORDER BY user_provided"
        ).fetchall()
    assert weights == [(0.5,), (1.0,)]


def test_the_database_keeps_updated_at(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT update_mixin_compatibility('a', 'b', 'EFFECT', TRUE)")
        connection.execute("UPDATE mixin_compatibility_matrix SET updated_at = 'epoch'")
        row = connection.execute(
            "SELECT updated_at > created_at FROM mixin_compatibility_matrix"
        ).fetchone()
    assert row == (True,)


def test_names_are_swapped_whoever_writes(database_url: str) -> None:
    insert: LiteralString = (
        "INSERT INTO mixin_compatibility_matrix (mixin_a, mixin_b, node_type)"
        " VALUES (%s, %s, 'EFFECT')"
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(insert, ("b", "B"))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(insert, ("B", "b"))
        row = connection.execute(
            "SELECT mixin_a, mixin_b FROM mixin_compatibility_matrix"
        ).fetchone()
    assert row == ("B", "b")


def test_documented_indexes_and_one_more(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
            " AND indexname LIKE 'idx_%%' ORDER BY 1"
        ).fetchall()
        functions = connection.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()
    assert len(rows) == 30
    assert ("idx_gen_perf_phase_duration",) in rows
    assert functions == [("record_pattern_feedback",), ("update_mixin_compatibility",)]
