"""The models accept exactly what the database accepts."""

import math
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.types.json import Jsonb

from nodewright.storage.errors import InvalidRecordError
from nodewright.storage.records import (
    EventProcessingCreate,
    GenerationPerformanceCreate,
    Given,
    MixinCompatibilityCreate,
    PatternFeedbackCreate,
    TemplateCacheCreate,
)

SESSION = uuid4()


def feedback(**values: Any) -> tuple[type[Given], LiteralString, dict[str, Any]]:
    whole = {"session_id": SESSION, "pattern_name": "p", "feedback_type": "correct"} | values
    return PatternFeedbackCreate, "pattern_feedback_log", whole


def performance(**values: Any) -> tuple[type[Given], LiteralString, dict[str, Any]]:
    whole = {"session_id": SESSION, "node_type": "EFFECT", "phase": "total", "duration_ms": 1}
    return GenerationPerformanceCreate, "generation_performance_metrics", whole | values


def template(**values: Any) -> tuple[type[Given], LiteralString, dict[str, Any]]:
    whole = {"template_name": "t", "template_type": "node", "cache_key": "k", "file_path": "/t"}
    return TemplateCacheCreate, "template_cache_metadata", whole | {"file_hash": "0"} | values


def event(**values: Any) -> tuple[type[Given], LiteralString, dict[str, Any]]:
    whole = {"event_type": "e", "event_source": "s", "processing_duration_ms": 1, "success": True}
    return EventProcessingCreate, "event_processing_metrics", whole | values


def texts(limit: int) -> st.SearchStrategy[str]:
    near = st.integers(limit - 2, limit + 2).map(lambda length: "ü" * length)
    hostile = st.sampled_from(["a\x00b", "\ud800", "'; DROP TABLE pattern_feedback_log; --", ""])
    return near | hostile | st.text(max_size=20)


integers = st.sampled_from(
    [0, 1, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 0.5, 1.5, 2.4999, -0.5, math.nan, math.inf]
) | st.integers(-(2**33), 2**33)
units = st.sampled_from(
    [0.0, 1.0, 1.0001, 1.00004, 1.00005, -0.00004, -0.00005, 0.12345, math.nan, math.inf, -math.inf]
) | st.floats(-0.001, 1.001)
percents = st.sampled_from([999.99, 999.994, 999.995, 1000.0, -999.99, math.nan, math.inf, 0.005])
documents: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["\x00", "\\u0000", "\\\x00", "\ud800", "\\"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.just("\x00"), inner, max_size=3)
    ),
    max_leaves=6,
)

FIELDS = {
    "pattern_name": (feedback, texts(100)),
    "actual_pattern": (feedback, texts(100)),
    "feedback_type": (feedback, texts(50) | st.sampled_from(["partial", "Correct", "correct "])),
    "detected_confidence": (feedback, units),
    "learning_weight": (feedback, units),
    "contract_json": (feedback, documents),
    "capabilities_matched": (feedback, st.lists(texts(100), max_size=2)),
    "phase": (performance, texts(50)),
    "node_type": (performance, texts(50)),
    "duration_ms": (performance, integers),
    "memory_usage_mb": (performance, integers),
    "cpu_percent": (performance, percents | st.floats(-1001, 1001)),
    "worker_count": (performance, integers),
    "metadata": (performance, documents),
    "template_name": (template, texts(200)),
    "cache_key": (template, texts(500)),
    "file_path": (template, texts(300)),
    "file_hash": (template, texts(64)),
    "size_bytes": (template, integers),
    "event_type": (event, texts(100)),
    "error_message": (event, texts(100)),
    "processing_duration_ms": (event, integers),
    "queue_wait_time_ms": (event, integers),
    "batch_size": (event, integers),
}


@pytest.mark.parametrize("field", FIELDS)
def test_model_and_database_judge_alike(database_url: str, field: str) -> None:
    make, values = FIELDS[field]
    is_json = field in {"contract_json", "metadata"}

    def stored(connection: psycopg.Connection[Any], value: Any) -> Any:
        """What the database makes of a value; its error if it refuses."""
        _, table, whole = make(**{field: value})
        if is_json:
            whole[field] = Jsonb(value)
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING {}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, whole)),
            sql.SQL(", ").join(map(sql.Placeholder, whole)),
            sql.Identifier(field),
        )
        try:
            with connection.transaction(force_rollback=True):
                row = connection.execute(statement, whole).fetchone()
        except (psycopg.Error, UnicodeEncodeError, TypeError) as error:
            return error
        assert row is not None
        return row[0]

    with psycopg.connect(database_url, autocommit=True) as connection:

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(values)
        def check(value: Any) -> None:
            model, _, whole = make(**{field: value})
            in_database = stored(connection, value)
            if isinstance(in_database, Exception):
                with pytest.raises(InvalidRecordError) as info:
                    model.of(**whole)
                assert (info.value.field, repr(info.value.value)) == (field, repr(value))
                return
            ours = getattr(model.of(**whole), field)
            # JSONB keeps numbers as decimals, and gives large ones back as integers.
            assert is_json or in_database == ours or float(in_database) == ours

        check()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mixin_a", "m" * 101),
        ("node_type", "effect"),
        ("node_type", "NODE"),
        ("conflict_reason", "a\x00b"),
        ("unknown", 1),
    ],
)
def test_refused_mixin_outcome_names_the_field(field: str, value: object) -> None:
    whole = {"mixin_a": "a", "mixin_b": "b", "node_type": "EFFECT", "success": True}
    with pytest.raises(InvalidRecordError) as info:
        MixinCompatibilityCreate.of(**(whole | {field: value}))
    assert info.value.field == field
    assert info.value.value == value


@given(st.text(max_size=300))
@example("\x00")
def test_long_values_are_cut_in_messages(text: str) -> None:
    error = InvalidRecordError("Record", "field", text * 10, "too long")
    assert len(str(error)) < 250
    assert error.value == text * 10
