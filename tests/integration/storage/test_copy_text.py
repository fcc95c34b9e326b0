"""Telemetry reaches its table as its model would have it, whichever way it was encoded."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import time
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import sql

from nodewright.storage import CodegenPersistence
from nodewright.storage.columns import NodeKind
from nodewright.storage.copy_text import instants
from nodewright.storage.errors import InvalidRecordError
from nodewright.storage.telemetry_rows import EVENT, PERFORMANCE, Accepted, Batch, Kind

SESSION = uuid4()

texts = st.text(max_size=8) | st.sampled_from(
    ["\\N", "\\.", "\\", "a\tb", "a\nb", "a\r", "\x00", "\ud800", "x" * 51, "x" * 101, "\x85", "ü"]
)
numbers = (
    st.integers(-3, 3)
    | st.sampled_from([2**31 - 1, 2**31, -(2**31) - 1, True, "7", 0.5, 1.5, 10**30])
    | st.floats()
    | st.none()
)
flags = st.booleans() | st.none() | st.sampled_from([1, 0, "yes", "perhaps", 2])
documents = st.none() | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
sessions = (
    st.uuids()
    | st.just(SESSION)
    | st.sampled_from([str(SESSION), SESSION.hex, f"{{{SESSION}}}", SESSION.urn, "none", None, 5])
)
performance = st.tuples(
    st.just(PERFORMANCE),
    st.just(time()),
    sessions,
    texts | st.sampled_from(NodeKind),
    texts,
    numbers,
    numbers,
    numbers | st.floats(-1001, 1001),
    flags,
    flags,
    numbers,
    documents,
)
events = st.tuples(
    st.just(EVENT),
    st.just(time()),
    texts,
    texts,
    numbers,
    flags,
    numbers,
    texts | st.none(),
    texts | st.none(),
    numbers,
    numbers,
)


def checked(kind: Kind, row: Accepted) -> dict[str, Any] | None:
    """What the model makes of a row; None: it is refused."""
    try:
        return dict(kind.model.check(dict(zip(kind.fields, row[2:], strict=True))).__dict__)
    except InvalidRecordError:
        return None


def same(stored: Any, expected: Any) -> bool:
    if isinstance(stored, Decimal):
        return float(stored) == expected
    return bool(stored == expected)


@pytest.mark.parametrize(("kind", "rows"), [(PERFORMANCE, performance), (EVENT, events)])
def test_what_the_model_accepts_is_stored_and_the_rest_rejected(
    database_url: str, kind: Kind, rows: st.SearchStrategy[Accepted]
) -> None:
    table = kind.table
    assert table is not None
    select = sql.SQL("SELECT {} FROM {} ORDER BY ctid").format(
        sql.SQL(", ").join(map(sql.Identifier, kind.fields)), sql.Identifier(table)
    )
    with psycopg.connect(database_url, autocommit=True) as connection:

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(rows, max_size=4))
        def check(given_rows: list[Accepted]) -> None:
            rejected: list[Exception] = []
            batch = Batch(given_rows, rejected.append)
            with connection.transaction(force_rollback=True):
                written = batch.write(connection)
                stored = connection.execute(select).fetchall()
            expected = [record for row in given_rows if (record := checked(kind, row)) is not None]
            assert written == len(expected)
            assert len(rejected) == len(given_rows) - len(expected)
            for found, record in zip(stored, expected, strict=True):
                for field, value, wanted in zip(kind.fields, found, record.values(), strict=True):
                    # JSONB keeps numbers as decimals, and gives large ones back as integers.
                    assert field == "metadata" or same(value, wanted)

        check()


def test_plain_rows_need_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PERFORMANCE.model, "check", None)
    plain = (SESSION, NodeKind.EFFECT, "total", 1.5, None, 12.5, True, False, 1, {"a": [None]})
    rejected: list[Exception] = []
    batch = Batch([(PERFORMANCE, time(), *plain)] * 600, rejected.append)
    blocks = list(batch._blocks(PERFORMANCE))
    assert not rejected
    assert sum(block.count(b"\n") for block in blocks) == 600
    assert b'\tEFFECT\ttotal\t2\t\\N\t12.5\tt\tf\t1\t{"a": [null]}\t' in blocks[0]


def test_bad_rows_among_many_leave_order_and_metadata(persistence: CodegenPersistence) -> None:
    store = persistence.sync
    for number in range(1000):
        store.insert_performance_metric(
            SESSION,
            "EFFECT",
            "total",
            -1 if number % 400 == 7 else number,
            metadata={"text": 'a\\b"\n\t', "number": number, "none": None},
        )
    assert store.flush(30)
    assert store.telemetry_stats()[1:] == (997, 0, 3)
    rows = store.database.fetch(
        "SELECT id, duration_ms, metadata FROM generation_performance_metrics ORDER BY created_at"
    )
    numbers = [number for number in range(1000) if number % 400 != 7]
    assert [row["duration_ms"] for row in rows] == numbers
    assert [row["metadata"]["number"] for row in rows] == numbers
    assert rows[0]["metadata"] == {"text": 'a\\b"\n\t', "number": 0, "none": None}
    assert all(isinstance(row["id"], UUID) for row in rows)


@given(st.integers(0, 4_000_000_000_000_000))
@example(1_700_000_000_999_999)
def test_instants_are_exact_to_a_microsecond(microseconds: int) -> None:
    [text] = instants([microseconds / 1e6])
    exact = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert abs(datetime.fromisoformat(text) - exact) <= timedelta(microseconds=1)
