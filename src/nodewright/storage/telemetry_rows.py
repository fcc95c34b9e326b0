"""What telemetry becomes in the tables: checked rows, and the statements that write a batch."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, LiteralString

import orjson
from psycopg import sql

from nodewright.storage import queries
from nodewright.storage.columns import json_text
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


@dataclass(frozen=True, eq=False, slots=True)
class Kind:
    """One kind of telemetry: how its rows are checked, and where they go.

    ``table`` is None for what is merged into existing rows.
    """

    model: type[Given]
    fields: tuple[str, ...]
    table: LiteralString | None


# A row as the caller gave it: its kind, when (seconds since 1970), and its values in the order
# of the kind's fields. A plain tuple, because it is made in the caller's time.
type Accepted = tuple[Kind, float, tuple[Any, ...]]


def _kind(model: type[Given], table: LiteralString | None = None) -> Kind:
    return Kind(model, tuple(model.model_fields), table)


PERFORMANCE = _kind(GenerationPerformanceCreate, "generation_performance_metrics")
EVENT = _kind(EventProcessingCreate, "event_processing_metrics")
TEMPLATE = _kind(TemplateCacheCreate)
TEMPLATE_USE = _kind(TemplateCacheUpdate)

_ADDED = ("access_count", "cache_hits", "cache_misses")


class Batch:
    """Accepted rows on their way into the tables.

    Rows are checked while the server is already busy with those before them. What was checked is
    kept, so that `write` can be repeated on another connection.

    Args:
        rows: what was accepted.
        reject: told why, once for each row that cannot be stored.
    """

    def __init__(self, rows: Iterable[Accepted], reject: Callable[[Exception], None]) -> None:
        self._reject = reject
        self._waiting: dict[Kind, deque[Accepted]] = {}
        self._checked: dict[Kind, list[tuple[Any, ...]]] = {}
        self._valid: list[Accepted] = []
        self._templates: dict[str, dict[str, Any]] = {}
        self._uses: dict[str, dict[str, Any]] = {}
        for row in rows:
            if row[0].table is None:
                self._merge(row)
            else:
                self._waiting.setdefault(row[0], deque()).append(row)

    @property
    def rows(self) -> list[Accepted]:
        """All rows that were not rejected so far."""
        return [*self._valid, *chain.from_iterable(self._waiting.values())]

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
            for row in self._rows(kind):
                copy.write_row(row)

    def _rows(self, kind: Kind) -> Iterator[tuple[Any, ...]]:
        checked = self._checked.setdefault(kind, [])
        yield from tuple(checked)
        waiting = self._waiting[kind]
        identities = _identities(len(waiting))
        while waiting:
            row = waiting.popleft()
            try:
                record = kind.model.check(dict(zip(kind.fields, row[2], strict=True))).__dict__
            except InvalidRecordError as error:
                self._reject(error)
                continue
            if record.get("metadata") is not None:
                record["metadata"] = json_text(record["metadata"])
            columns = (next(identities), *record.values(), datetime.fromtimestamp(row[1], UTC))
            checked.append(columns)
            self._valid.append(row)
            yield columns

    def _merge(self, row: Accepted) -> None:
        kind, at, values = row
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


def _identities(number: int) -> Iterator[str]:
    """UUIDs of version 7: in order of time, so that the primary key grows at one end.

    Made here because the column's default, random and by the server, costs it a fifth of a row.
    """
    prefix = f"{time.time_ns() // 1_000_000:012x}7"
    digits = os.urandom(9 * number).hex()
    for start in range(0, 18 * number, 18):
        yield f"{prefix}{digits[start : start + 3]}8{digits[start + 3 : start + 18]}"
