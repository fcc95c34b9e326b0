"""What telemetry becomes in the tables: checked rows, and the statements that write a batch."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, LiteralString, NamedTuple

import orjson
from psycopg import sql

from nodewright.storage import queries
from nodewright.storage.database import Connection, text_of
from nodewright.storage.errors import InvalidRecordError
from nodewright.storage.records import (
    EventProcessingCreate,
    GenerationPerformanceCreate,
    Given,
    TemplateCacheCreate,
    TemplateCacheUpdate,
)


class Kind(NamedTuple):
    """One kind of telemetry: how its rows are checked, and where they go.

    ``table`` is None for what is merged into existing rows.
    """

    model: type[Given]
    fields: tuple[str, ...]
    table: LiteralString | None


class Accepted(NamedTuple):
    """A row as the caller gave it: its values in the order of the kind's fields."""

    kind: Kind
    at: float
    values: tuple[Any, ...]


def _kind(model: type[Given], table: LiteralString | None = None) -> Kind:
    return Kind(model, tuple(model.model_fields), table)


PERFORMANCE = _kind(GenerationPerformanceCreate, "generation_performance_metrics")
EVENT = _kind(EventProcessingCreate, "event_processing_metrics")
TEMPLATE = _kind(TemplateCacheCreate)
TEMPLATE_USE = _kind(TemplateCacheUpdate)

_METADATA = PERFORMANCE.fields.index("metadata")
_ADDED = ("access_count", "cache_hits", "cache_misses")


def snapshot(value: Any) -> Any:
    """``value`` as JSON now, before its owner changes it; what is doubtful stays for the check."""
    try:
        text = orjson.dumps(value)
    except TypeError:
        return value
    # NaN has become null, and U+0000 is no JSONB: both are for the check to judge.
    return value if b"null" in text or b"\\u0000" in text else text


@dataclass(slots=True)
class Batch:
    """Checked rows, ready to be written.

    Attributes:
        copied: table -> rows for COPY, each with ``created_at`` last.
        templates: template name -> its latest record, counts added up.
        uses: template name -> what happened to it, counts added up.
        size: how many accepted rows it stands for.
    """

    copied: dict[Kind, list[tuple[Any, ...]]] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    uses: dict[str, dict[str, Any]] = field(default_factory=dict)
    size: int = 0

    def add(self, row: Accepted) -> None:
        """Check one row and take it in.

        Raises:
            InvalidRecordError: it cannot be stored.
        """
        kind, at, values = row
        metadata: str | None = None
        if kind is PERFORMANCE and isinstance(values[_METADATA], bytes):
            metadata = values[_METADATA].decode()
            values = (*values[:_METADATA], None, *values[_METADATA + 1 :])
        record = kind.model.of(**dict(zip(kind.fields, values, strict=True))).__dict__
        if kind.table is not None:
            if metadata is not None:
                record["metadata"] = metadata
            elif record.get("metadata") is not None:
                record["metadata"] = orjson.dumps(record["metadata"]).decode()
            rows = self.copied.setdefault(kind, [])
            rows.append((*record.values(), datetime.fromtimestamp(at, UTC)))
        else:
            if record["last_accessed_at"] is None:
                record["last_accessed_at"] = datetime.fromtimestamp(at, UTC)
            if record["access_count"] is None:
                record["access_count"] = record["cache_hits"] + record["cache_misses"]
            _merge(self.templates if kind is TEMPLATE else self.uses, record)
        self.size += 1

    def write(self, connection: Connection) -> None:
        """Write everything; the caller's transaction makes it one."""
        for kind, rows in self.copied.items():
            copy_rows(connection, kind, rows)
        named = queries.load("nodewright.storage")
        for name, records in (
            ("upsert_template_cache_metadata", self.templates),
            ("update_cache_metrics", self.uses),
        ):
            if records:
                document = orjson.dumps(list(records.values())).decode()
                connection.execute(text_of(named[name]), {"rows": document})


def copy_rows(connection: Connection, kind: Kind, rows: Iterable[Sequence[Any]]) -> None:
    """Send ``rows`` (the kind's fields, then ``created_at``) to its table by COPY."""
    columns = sql.SQL(", ").join(map(sql.Identifier, (*kind.fields, "created_at")))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(kind.table or ""), columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def checked(rows: Iterable[Accepted], reject: Callable[[InvalidRecordError], None]) -> Batch:
    """A batch of those ``rows`` that can be stored; ``reject`` is told of each other one."""
    batch = Batch()
    for row in rows:
        try:
            batch.add(row)
        except InvalidRecordError as error:
            reject(error)
    return batch


def _merge(records: dict[str, dict[str, Any]], record: dict[str, Any]) -> None:
    known = records.get(record["template_name"])
    if known is not None:
        for name in _ADDED:
            record[name] = (known[name] or 0) + (record[name] or 0)
        if record["load_time_ms"] is None:
            record["load_time_ms"] = known["load_time_ms"]
    records[record["template_name"]] = record
