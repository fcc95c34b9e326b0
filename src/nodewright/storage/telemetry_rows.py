"""What telemetry becomes in the tables: checked rows, and the statements that write a batch."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString

import orjson
from psycopg import sql

from nodewright.logs import get_logger
from nodewright.storage import copy_text, queries
from nodewright.storage.database import text_of
from nodewright.storage.errors import InvalidRecordError
from nodewright.storage.receipt import Connection
from nodewright.storage.records import (
    EventProcessingCreate,
    GenerationPerformanceCreate,
    Given,
    TemplateCacheCreate,
    TemplateCacheUpdate,
)

_log = get_logger(__name__, component="storage")

# Rows that are encoded and sent together; one that needs its model takes these along.
_BLOCK = 250


@dataclass(frozen=True, eq=False, slots=True)
class Kind:
    """One kind of telemetry: how its rows are checked, and where they go.

    ``table`` is None for what is merged into existing rows, and has no encoders.
    """

    model: type[Given]
    fields: tuple[str, ...]
    table: LiteralString | None
    encoders: tuple[copy_text.Encoder, ...]


# A row as the caller gave it: its kind, when (seconds since 1970), then its values in the order
# of the kind's fields. One flat tuple, because it is made in the caller's time.
type Accepted = tuple[Kind, float, *tuple[Any, ...]]


def _kind(
    model: type[Given], table: LiteralString | None = None, *encoders: copy_text.Encoder
) -> Kind:
    return Kind(model, tuple(model.model_fields), table, encoders)


PERFORMANCE = _kind(
    GenerationPerformanceCreate,
    "generation_performance_metrics",
    copy_text.uuids,  # session_id
    copy_text.texts(50),  # node_type
    copy_text.texts(50),  # phase
    copy_text.integers(0),  # duration_ms
    copy_text.integers(nullable=True),  # memory_usage_mb
    copy_text.percents,  # cpu_percent
    copy_text.booleans(nullable=True),  # cache_hit
    copy_text.booleans(nullable=True),  # parallel_execution
    copy_text.integers(1, nullable=True),  # worker_count
    copy_text.documents,  # metadata
)
EVENT = _kind(
    EventProcessingCreate,
    "event_processing_metrics",
    copy_text.texts(100),  # event_type
    copy_text.texts(100),  # event_source
    copy_text.integers(0),  # processing_duration_ms
    copy_text.booleans(),  # success
    copy_text.integers(nullable=True),  # queue_wait_time_ms
    copy_text.texts(100, nullable=True),  # error_type
    copy_text.texts(nullable=True),  # error_message
    copy_text.integers(nullable=True),  # retry_count
    copy_text.integers(1, nullable=True),  # batch_size
)
TEMPLATE = _kind(TemplateCacheCreate)
TEMPLATE_USE = _kind(TemplateCacheUpdate)

_ADDED = ("access_count", "cache_hits", "cache_misses")


class Batch:
    """Accepted rows on their way into the tables.

    Rows are encoded while the server is already busy with those before them. What was encoded is
    kept, so that `write` can be repeated on another connection.

    Args:
        rows: what was accepted.
        reject: told why, once for each row that cannot be stored.
    """

    def __init__(self, rows: Iterable[Accepted], reject: Callable[[Exception], None]) -> None:
        self._reject = reject
        self._waiting: dict[Kind, list[Accepted]] = {}
        self._encoded: dict[Kind, list[bytes]] = {}
        self._valid: list[Accepted] = []
        self._templates: dict[str, dict[str, Any]] = {}
        self._uses: dict[str, dict[str, Any]] = {}
        for row in rows:
            if row[0].table is None:
                self._merge(row)
            else:
                self._waiting.setdefault(row[0], []).append(row)

    @property
    def rows(self) -> list[Accepted]:
        """All rows that were not rejected so far."""
        waiting = [row for rows in self._waiting.values() for row in rows]
        return [*self._valid, *waiting]

    def write(self, connection: Connection) -> int:
        """Write everything; the caller's transaction makes it one.

        Returns:
            How many accepted rows it stood for.
        """
        for kind in self._waiting:
            self._copy(connection, kind)
        named = queries.load("nodewright.storage")
        for name, records in (
            ("upsert_template_cache_metadata", self._templates),
            ("update_cache_metrics", self._uses),
        ):
            if records:
                document = orjson.dumps(list(records.values())).decode()
                connection.execute(text_of(named[name]), {"rows": document})
        return len(self._valid)

    def _copy(self, connection: Connection, kind: Kind) -> None:
        columns = sql.SQL(", ").join(map(sql.Identifier, ("id", *kind.fields, "created_at")))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(kind.table or ""), columns
        )
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for block in self._blocks(kind):
                copy.write(block)

    def _blocks(self, kind: Kind) -> Iterator[bytes]:
        encoded = self._encoded.setdefault(kind, [])
        yield from tuple(encoded)
        waiting = self._waiting[kind]
        while waiting:
            rows = waiting[:_BLOCK]
            del waiting[:_BLOCK]
            block, valid = self._block(kind, rows)
            encoded.append(block)
            self._valid += valid
            yield block

    def _block(self, kind: Kind, rows: Sequence[Accepted]) -> tuple[bytes, Sequence[Accepted]]:
        """The text of ``rows``, and those of them that it holds."""
        try:
            return _encoded(kind, rows), rows
        except Exception:  # noqa: BLE001 - whatever it stumbles over, the model judges each row
            _log.debug("storage.telemetry.judged_singly", metadata={"rows": len(rows)})
        block: list[bytes] = []
        valid: list[Accepted] = []
        for row in rows:
            try:
                record = kind.model.check(dict(zip(kind.fields, row[2:], strict=True)))
                checked = (kind, row[1], *record.__dict__.values())
                block.append(_encoded(kind, [checked]))
            except Exception as error:  # noqa: BLE001 - no value may harm the other rows
                self._reject(error)
            else:
                valid.append(row)
        return b"".join(block), valid

    def _merge(self, row: Accepted) -> None:
        kind, at, *values = row
        try:
            record = kind.model.check(dict(zip(kind.fields, values, strict=True))).__dict__
        except InvalidRecordError as error:
            self._reject(error)
            return
        self._valid.append(row)
        if record["last_accessed_at"] is None:
            record["last_accessed_at"] = datetime.fromtimestamp(at, UTC)
        if record["access_count"] is None:
            record["access_count"] = record["cache_hits"] + record["cache_misses"]
        records = self._templates if kind is TEMPLATE else self._uses
        known = records.get(record["template_name"])
        if known is not None:
            for name in _ADDED:
                record[name] = (known[name] or 0) + (record[name] or 0)
            if record["load_time_ms"] is None:
                record["load_time_ms"] = known["load_time_ms"]
        records[record["template_name"]] = record


def _encoded(kind: Kind, rows: Sequence[Accepted]) -> bytes:
    _, moments, *columns = zip(*rows, strict=True)
    return copy_text.lines(
        [
            _identities(len(rows)),
            *(encode(column) for encode, column in zip(kind.encoders, columns, strict=True)),
            copy_text.instants(moments),
        ]
    )


def _identities(number: int) -> list[str]:
    """UUIDs of version 7: in order of time, so that the primary key grows at one end.

    Made here because the column's default, random and by the server, costs it a fifth of a row.
    """
    prefix = f"{time.time_ns() // 1_000_000:012x}7"
    digits = os.urandom(9 * number).hex()
    return [
        f"{prefix}{digits[start : start + 3]}8{digits[start + 3 : start + 18]}"
        for start in range(0, 18 * number, 18)
    ]
