"""PostgreSQL: schema, migrations, records, persistence."""

from typing import TYPE_CHECKING

from nodewright.lazy import list_exports, load_export

if TYPE_CHECKING:
    from nodewright.storage.errors import (
        InvalidRecordError,
        StorageError,
        StorageUnavailableError,
    )
    from nodewright.storage.persistence import CodegenPersistence
    from nodewright.storage.queries import Query

# Loaded when first used: records are needed in places that never touch the database.
_EXPORTS = {
    "CodegenPersistence": "nodewright.storage.persistence",
    "InvalidRecordError": "nodewright.storage.errors",
    "Query": "nodewright.storage.queries",
    "StorageError": "nodewright.storage.errors",
    "StorageUnavailableError": "nodewright.storage.errors",
}

__all__ = [
    "CodegenPersistence",
    "InvalidRecordError",
    "Query",
    "StorageError",
    "StorageUnavailableError",
]


def __getattr__(name: str) -> object:
    return load_export(__name__, _EXPORTS, name)


def __dir__() -> list[str]:
    return list_exports(__name__, _EXPORTS)
