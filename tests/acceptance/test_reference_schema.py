"""The database has every documented table, column, index, view and function."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from agents.lib import schema_phase7
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier, Placeholder
from tests.acceptance import reference_schema as reference
from tests.integration.storage.test_schema import DOCUMENTED

Connection = psycopg.Connection[dict[str, Any]]


@pytest.fixture(scope="module")
def database(reference_url: str) -> Iterator[Connection]:
    """A connection for all tests; each test's changes are taken back."""
    with psycopg.connect(reference_url, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture
def connection(database: Connection) -> Iterator[Connection]:
    with database.transaction(force_rollback=True):
        yield database


def insert(connection: Connection, table: str, **values: Any) -> dict[str, Any]:
    row = reference.ROWS[table] | values
    statement = SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING *").format(
        Identifier(table),
        SQL(", ").join(map(Identifier, row)),
        SQL(", ").join(Placeholder() * len(row)),
    )
    found = connection.execute(statement, list(row.values())).fetchone()
    assert found is not None
    return found


def test_the_reference_counts_its_parts_right() -> None:
    counts = (len(reference.TABLES), len(reference.VIEWS), len(reference.FUNCTIONS))
    assert counts == (5, 5, 2)
    assert len(reference.INDEXES) + 1 == 30


@pytest.mark.parametrize("table", reference.TABLES)
def test_a_table_has_the_documented_columns(connection: Connection, table: str) -> None:
    rows = connection.execute(
        "SELECT attname AS name, pg_get_expr(adbin, adrelid) AS default, format_type(atttypid,"
        " atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END AS type"
        " FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [f"public.{table}"],
    )
    assert [reference.Column(**row) for row in rows] == reference.TABLES[table]


@pytest.mark.parametrize("table", reference.TABLES)
def test_defaults_fill_a_row(connection: Connection, table: str) -> None:
    row = insert(connection, table)
    assert isinstance(row["id"], UUID)
    for column in reference.TABLES[table]:
        if column.name not in reference.ROWS[table]:
            assert (row[column.name] is None) == (column.default is None), column.name


@pytest.mark.parametrize("table", reference.TABLES)
def test_required_columns_are_required(connection: Connection, table: str) -> None:
    for column in reference.TABLES[table]:
        if column.required:
            with (
                pytest.raises(psycopg.errors.NotNullViolation),
                connection.transaction(),
            ):
                insert(connection, table, **{column.name: None})


@pytest.mark.parametrize(("table", "column", "taken", "refused"), reference.CHECKS)
def test_a_check_takes_and_refuses_what_is_documented(
    connection: Connection, table: str, column: str, taken: list[Any], refused: list[Any]
) -> None:
    for value in taken:
        with connection.transaction(force_rollback=True):
            assert insert(connection, table, **{column: value})
    for value in refused:
        with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
            insert(connection, table, **{column: value})


@pytest.mark.parametrize("table", reference.TABLES)
def test_what_is_unique(connection: Connection, table: str) -> None:
    columns = reference.UNIQUE.get(table, ["id"])
    first = insert(connection, table)
    with pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
        insert(connection, table, **{name: first[name] for name in columns})
    for name in columns:
        other = "COMPUTE" if name == "node_type" else "other"
        if name != "id":
            assert insert(connection, table, **{name: other})


@pytest.mark.parametrize("name", reference.INDEXES)
def test_an_index_is_as_documented(connection: Connection, name: str) -> None:
    row = connection.execute(
        "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname = %s",
        [name],
    ).fetchone()
    assert row is not None
    assert (row["tablename"], row["indexdef"].partition(" USING ")[2]) == reference.INDEXES[name]


def test_there_are_thirty_indexes(connection: Connection) -> None:
    rows = connection.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'idx_%'")
    assert {row["indexname"] for row in rows} == reference.INDEXES.keys() | {reference.THIRTIETH}


@pytest.mark.parametrize("view", reference.VIEWS)
def test_a_view_has_the_documented_columns(connection: Connection, view: str) -> None:
    rows = connection.execute(
        "SELECT attname AS name, format_type(atttypid, -1) AS type FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
        [f"public.{view}"],
    )
    assert {row["name"]: row["type"] for row in rows} == reference.VIEWS[view]


@pytest.mark.parametrize("view", reference.VIEWS)
def test_a_view_answers_as_its_documented_query(connection: Connection, view: str) -> None:
    """In its order too. More rows and changes are tried in the tests of storage."""
    table = dict(zip(reference.VIEWS, reference.TABLES, strict=True))[view]
    changes: dict[str, list[dict[str, Any]]] = {
        "mixin_compatibility_matrix": [
            {"mixin_a": f"M{n}", "node_type": kind, "success_count": n, "compatibility_score": 0.3}
            for n, kind in enumerate(["EFFECT", "COMPUTE", "EFFECT"])
        ],
        "pattern_feedback_log": [
            {"pattern_name": name, "feedback_type": kind, "user_provided": kind == "partial"}
            for name, kind in [("b", "correct"), ("a", "correct"), ("a", "partial")] * 2
        ]
        + [{"pattern_name": "a", "feedback_type": "partial", "detected_confidence": 0.7777}],
        "generation_performance_metrics": [
            {"phase": phase, "duration_ms": n * n, "cache_hit": n % 2 == 0, "worker_count": n}
            for n, phase in enumerate(["total", "code_gen", "total", "total"], start=1)
        ],
        "template_cache_metadata": [
            {"template_name": name, "template_type": kind, "cache_hits": 7, "size_bytes": 10**6}
            for name, kind in [("x", "test"), ("y", "node"), ("z", "node")]
        ],
        "event_processing_metrics": [
            {"event_source": source, "success": n > 1, "retry_count": n}
            for n, source in enumerate(["s", "t", "t"])
        ],
    }
    for change in changes[table]:
        insert(connection, table, **change)
    answered = connection.execute(SQL("SELECT * FROM {}").format(Identifier(view))).fetchall()
    assert answered == connection.execute(DOCUMENTED[view]).fetchall()
    assert len(answered) >= 2


@pytest.mark.parametrize("name", reference.FUNCTIONS)
def test_a_function_has_the_documented_signature(connection: Connection, name: str) -> None:
    row = connection.execute(
        "SELECT pg_get_function_arguments(oid) AS takes, pg_get_function_result(oid) AS gives"
        " FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = %s",
        [name],
    ).fetchone()
    assert row == {"takes": reference.FUNCTIONS[name], "gives": "uuid"}


def test_mixin_compatibility_is_updated_and_scored(connection: Connection) -> None:
    call = "SELECT update_mixin_compatibility('MixinCaching', 'MixinLogging', 'EFFECT', {}) AS id"
    first = connection.execute(call.format("TRUE, NULL, NULL")).fetchone()
    again = connection.execute(call.format("FALSE, 'they clash', 'use one'")).fetchone()
    connection.execute(call.format("p_success => TRUE"))
    assert first is not None
    assert first == again
    row = connection.execute("SELECT * FROM mixin_compatibility_matrix").fetchone()
    assert row is not None
    assert row["id"] == first["id"]
    assert (row["success_count"], row["failure_count"]) == (2, 1)
    assert float(row["compatibility_score"]) == 0.6667
    assert (row["conflict_reason"], row["resolution_pattern"]) == ("they clash", "use one")
    assert row["last_tested_at"] is not None


def test_pattern_feedback_is_recorded(connection: Connection) -> None:
    given = connection.execute(
        "SELECT record_pattern_feedback('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',"
        " 'authentication_pattern', 0.85, 'oauth2_pattern', 'incorrect', TRUE,"
        """ '{"type": "EFFECT", "capability": "auth"}'::jsonb) AS id"""
    ).fetchone()
    row = connection.execute("SELECT * FROM pattern_feedback_log").fetchone()
    assert row is not None
    assert given is not None
    assert row["id"] == given["id"]
    assert float(row["detected_confidence"]) == 0.85
    assert row["contract_json"] == {"type": "EFFECT", "capability": "auth"}
    assert (row["actual_pattern"], row["feedback_type"]) == ("oauth2_pattern", "incorrect")
    assert (row["user_provided"], float(row["learning_weight"])) == (True, 1.0)


@pytest.mark.parametrize("model", reference.MODELS)
def test_a_model_has_the_columns_of_what_it_reads(model: str) -> None:
    place = reference.MODELS[model]
    columns = reference.VIEWS.get(place) or [column.name for column in reference.TABLES[place]]
    assert list(getattr(schema_phase7, model).model_fields) == list(columns)


@pytest.mark.parametrize("model", reference.GIVEN)
def test_a_model_of_what_is_given_makes_a_row(model: str) -> None:
    made = getattr(schema_phase7, model)
    columns = {column.name: column for column in reference.TABLES[reference.GIVEN[model]]}
    # An outcome is given as ``success``; counts and score follow from it.
    assert made.model_fields.keys() - columns.keys() <= {"success"}
    row = reference.ROWS[reference.GIVEN[model]]
    needed = {name for name, field in made.model_fields.items() if field.is_required()}
    values = {name: row.get(name, True) for name in needed}
    record = made(**values)
    for name in needed:
        assert str(getattr(record, name)) == str(values[name])
    for name in needed:
        with pytest.raises(ValueError, match=name):
            made(**{key: value for key, value in values.items() if key != name})
