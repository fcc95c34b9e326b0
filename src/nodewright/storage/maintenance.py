"""What keeps a database small and safe: removing old telemetry, backup and restore."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nodewright.storage import queries
from nodewright.storage.database import Database
from nodewright.storage.errors import StorageError
from nodewright.storage.programs import bundled_program

_AGE = re.compile(r"(?P<number>\d{1,6})\s*(?P<unit>[mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

# Rows that one statement deletes, so that no lock is held for long.
_CHUNK = 20_000


class Pruned(NamedTuple):
    """How many rows were deleted of each kind."""

    performance: int
    events: int
    templates: int
    runs: int


def parse_age(text: str) -> timedelta:
    """Read an age such as ``30d``: a number and one of m(inutes), h(ours), d(ays), w(eeks).

    Raises:
        StorageError: it is not such an age.
    """
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise StorageError(
            f"{text!r} is not an age: give a number and a unit, such as 45m, 12h, 30d or 8w"
        )
    return timedelta(**{_UNITS[match["unit"]]: int(match["number"])})


def prune(database: Database, older_than: timedelta) -> Pruned:
    """Delete telemetry and reports of runs that are older, and templates not used since.

    What was recorded as a fact (mixin compatibility, pattern feedback) is never deleted.

    Args:
        database: where.
        older_than: age from now on.

    Raises:
        StorageError: an age from before the calendar begins.
    """
    try:
        before = datetime.now(UTC) - older_than
    except OverflowError:
        raise StorageError(f"an age of {older_than.days} days is beyond the calendar") from None
    named = queries.load("nodewright.storage")
    counts = []
    for name in ("prune_performance", "prune_events", "prune_templates", "prune_runs"):
        total = 0
        while deleted := database.execute(named[name], {"before": before, "chunk": _CHUNK}):
            total += deleted
        counts.append(total)
    return Pruned(*counts)


def dump(database: Database, target: Path) -> int:
    """Write the whole database to ``target`` as SQL for ``restore`` or psql; all of it or nothing.

    Returns:
        The file's size in bytes.

    Raises:
        StorageError: the database cannot be dumped, or the file cannot be written.
    """
    environment, conninfo = _client(database, migrated=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    command = [
        str(bundled_program("pg_dump")),
        "--no-owner",
        "--no-privileges",
        f"--dbname={conninfo}",
        f"--file={partial}",
    ]
    try:
        done = _run(command, environment)
        if done.returncode != 0:
            raise StorageError(f"{database.location} cannot be dumped: {done.stderr.strip()}")
        size = partial.stat().st_size
        partial.replace(target)
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return size


def schema(database: Database) -> str:
    """The whole schema as SQL, as the migrations have made it.

    Raises:
        StorageError: the database cannot be read.
    """
    environment, conninfo = _client(database, migrated=True)
    command = [str(bundled_program("pg_dump")), "--schema-only", "--no-owner", "--no-privileges"]
    done = _run([*command, f"--dbname={conninfo}"], environment)
    if done.returncode != 0:
        raise StorageError(f"the schema of {database.location} cannot be read: {done.stderr}")
    # What only psql reads, and a setting that servers before 17 do not know.
    unwanted = ("\\", "SET transaction_timeout")
    lines = done.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(unwanted))


def restore(database: Database, source: Path) -> None:
    """Run the SQL that ``dump`` wrote on an empty database; all of it or nothing.

    psql reads the file, whose commands can do what its user can: restore your own backups only.

    Raises:
        StorageError: the database is not empty, or the file cannot be read or run.
    """
    if not source.is_file():
        raise StorageError(f"{source} is no file; name one that nodewright db dump wrote")
    with database.connect(migrated=False) as connection:
        filled = connection.execute("SELECT to_regnamespace('nodewright') IS NOT NULL").fetchone()
    if filled == (True,):
        raise StorageError(
            f"{database.location} holds data already: restore into an empty database, by another "
            "NODEWRIGHT_DATABASE_URL or NODEWRIGHT_DATA_DIR"
        )
    environment, conninfo = _client(database, migrated=False)
    command = [
        str(bundled_program("psql")),
        "--no-psqlrc",
        "--quiet",
        "--single-transaction",
        "--set=ON_ERROR_STOP=1",
        f"--dbname={conninfo}",
        f"--file={source}",
    ]
    done = _run(command, environment)
    if done.returncode != 0:
        raise StorageError(
            f"{source} cannot be restored, and {database.location} is as it was: "
            f"{done.stderr.strip()}"
        )


def _client(database: Database, *, migrated: bool) -> tuple[dict[str, str], str]:
    """The environment and the connection string for one of PostgreSQL's own programs.

    The password goes through the environment: arguments are there for everyone to read.
    """
    with database.connect(migrated=migrated) as connection:
        parts = conninfo_to_dict(connection.info.dsn)
        password = connection.info.password
    parts.pop("password", None)
    environment = dict(os.environ)
    if password:
        environment["PGPASSWORD"] = password
    return environment, make_conninfo("", **parts)


def _run(
    command: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program, no shell
        command, env=environment, capture_output=True, text=True, check=False
    )
