"""The use of templates by all processes so far, as the database has it."""

from dataclasses import dataclass

from nodewright.storage import queries
from nodewright.storage.database import Database
from nodewright.storage.records import TemplateCacheMetadata


@dataclass(frozen=True, slots=True)
class History:
    """What was recorded of each template, and of all of them."""

    templates: tuple[TemplateCacheMetadata, ...]
    hits: int
    misses: int
    size_bytes: int

    @property
    def hit_rate(self) -> float:
        """Hits of all gets, 0 to 1."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 0.0


def history(database: Database) -> History:
    """The recorded use of templates, the most used first.

    Raises:
        StorageError: the database can't be reached.
    """
    query = queries.load("nodewright.templates")["history"]
    rows = tuple(database.fetch(query, row=TemplateCacheMetadata))
    return History(
        templates=rows,
        hits=sum(row.cache_hits or 0 for row in rows),
        misses=sum(row.cache_misses or 0 for row in rows),
        size_bytes=sum(row.size_bytes or 0 for row in rows),
    )


def forget(database: Database) -> int:
    """Delete what was recorded; how many templates it was of.

    Raises:
        StorageError: the database can't be reached.
    """
    return database.execute(queries.load("nodewright.templates")["forget"])
