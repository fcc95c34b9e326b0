"""Numbered SQL files, applied once each, in order, by one process at a time.

A runner of our own: there is one dialect and no object-relational mapper here, the unit is a
plain SQL file, and the two things that matter (an advisory lock, one transaction a file with its
bookkeeping inside) fit on a page. Alembic would bring SQLAlchemy and Python revisions around it.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql

from nodewright.storage.errors import MigrationError

# Any fixed number will do, as long as all versions of nodewright use the same.
_LOCK = 0x6E6F6465
_OLDEST_SERVER = 140000
_FILE_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>\w+)\.sql")

_BOOKKEEPING = """
CREATE SCHEMA IF NOT EXISTS nodewright;
CREATE TABLE IF NOT EXISTS nodewright.migrations (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The file's fingerprint, as kept in the database."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Status:
    """A migration, and when it was applied (None: it is pending)."""

    migration: Migration
    applied_at: datetime | None


@cache
def known() -> tuple[Migration, ...]:
    """The migrations of this version of nodewright, in order."""
    found = []
    for file in files("nodewright.storage").joinpath("migrations").iterdir():
        match = _FILE_NAME.fullmatch(file.name)
        if match:
            text = file.read_text(encoding="utf-8")
            found.append(Migration(int(match["number"]), match["name"], text))
    return tuple(sorted(found, key=lambda migration: migration.number))


def status(
    connection: psycopg.Connection[Any], migrations: Sequence[Migration] | None = None
) -> list[Status]:
    """Which migrations are applied.

    Raises:
        MigrationError: the database was migrated by a newer version of nodewright, or a file
            was changed after it had been applied.
    """
    migrations = known() if migrations is None else migrations
    applied = _applied(connection)
    newest = migrations[-1].number if migrations else 0
    if applied and max(applied) > newest:
        raise MigrationError(
            f"the database is at migration {max(applied)}, and this nodewright knows "
            f"{newest}: upgrade nodewright, or use another database"
        )
    found = []
    for migration in migrations:
        sha256, applied_at = applied.get(migration.number, (migration.sha256, None))
        if sha256 != migration.sha256:
            raise MigrationError(
                f"migration {migration.number:04}_{migration.name} differs from the one that "
                "was applied to this database: undo the change, and put it into a new file"
            )
        found.append(Status(migration, applied_at))
    return found


def migrate(
    connection: psycopg.Connection[Any], migrations: Sequence[Migration] | None = None
) -> list[Migration]:
    """Apply what is pending; processes that start at once wait for each other.

    Args:
        connection: an autocommit connection.
        migrations: those to apply, by default all of this version.

    Returns:
        The migrations that this call applied.

    Raises:
        MigrationError: one failed (it and those after it are not applied, those before it are),
            the server is too old, or `status` refuses.
    """
    if connection.info.server_version < _OLDEST_SERVER:
        raise MigrationError(
            f"the server is PostgreSQL {connection.info.server_version // 10000}; nodewright "
            f"needs {_OLDEST_SERVER // 10000} or newer"
        )
    migrations = known() if migrations is None else migrations
    if all(entry.applied_at for entry in status(connection, migrations)):
        return []
    connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        pending = [
            entry.migration for entry in status(connection, migrations) if entry.applied_at is None
        ]
        for migration in pending:
            _apply(connection, migration)
        return pending
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def is_begun(connection: psycopg.Connection[Any]) -> bool:
    """Whether a migration was ever applied to this database."""
    return bool(_applied(connection))


def require_current(connection: psycopg.Connection[Any]) -> None:
    """Check that nothing is pending.

    Raises:
        MigrationError: something is; it names the command that applies it.
    """
    pending = [entry.migration for entry in status(connection) if entry.applied_at is None]
    if pending:
        raise MigrationError(
            f"the database lacks migration {pending[0].number:04}_{pending[0].name}: "
            "run nodewright db migrate"
        )


def _applied(connection: psycopg.Connection[Any]) -> dict[int, tuple[str, datetime | None]]:
    exists = connection.execute("SELECT to_regclass('nodewright.migrations')").fetchone()
    if exists is None or exists[0] is None:
        return {}
    rows = connection.execute("SELECT number, sha256, applied_at FROM nodewright.migrations")
    return {number: (sha256, applied_at) for number, sha256, applied_at in rows}


def _apply(connection: psycopg.Connection[Any], migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute(_BOOKKEEPING)
            connection.execute(sql.SQL(migration.sql))
            connection.execute(
                "INSERT INTO nodewright.migrations (number, name, sha256) VALUES (%s, %s, %s)",
                (migration.number, migration.name, migration.sha256),
            )
    except psycopg.Error as error:
        raise MigrationError(
            f"migration {migration.number:04}_{migration.name} failed, and the database is as it "
            f"was before it: {error}"
        ) from error
