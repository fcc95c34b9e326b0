"""PostgreSQL: schema, migrations, records, persistence."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module 'nodewright.storage' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value
