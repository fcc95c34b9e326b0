"""What can go wrong with stored data, each with what to do."""

from nodewright.errors import NodewrightError


class StorageError(NodewrightError):
    """The base of the storage room's errors."""


class InvalidRecordError(StorageError, ValueError):
    """A value cannot be stored; nothing of its record was written.

    Attributes:
        field: the column's name.
        value: what was given for it.
    """

    def __init__(self, record: str, field: str, value: object, reason: str) -> None:
        shown = repr(value)
        if len(shown) > _SHOWN:
            shown = f"{shown[:_SHOWN]}... ({len(shown)} characters)"
        super().__init__(f"{record}.{field} cannot be {shown}: {reason}")
        self.field = field
        self.value = value


class StorageUnavailableError(StorageError, ConnectionError):
    """The database cannot be reached, or went away and did not come back in time."""


class EmbeddedServerError(StorageError):
    """The embedded PostgreSQL cannot be started in the data directory."""


class StorageFullError(StorageError, OSError):
    """The disk of the database is full."""


class MigrationError(StorageError):
    """The schema of the database is not what this version of nodewright needs."""


class QueryError(StorageError, LookupError):
    """A file of named queries is malformed, or has no query of the asked name."""


_SHOWN = 120
