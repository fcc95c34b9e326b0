"""What keeps a database small and safe: removing old telemetry, dumping everything."""

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nodewright.storage import queries
from nodewright.storage.database import Database
from nodewright.storage.embedded import bundled_program
from nodewright.storage.errors import StorageError

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
    """Write the whole database to ``target`` as SQL that psql restores; all of it or nothing.

    Returns:
        The file's size in bytes.

    Raises:
        StorageError: the database cannot be dumped, or the file cannot be written.
    """
    with database.connect() as connection:
        info = connection.info
        parts = conninfo_to_dict(info.dsn)
        password = info.password
    # The password goes through the environment: arguments are there for everyone to read.
    environment = {**os.environ, "PGPASSWORD": password} if password else dict(os.environ)
    parts.pop("password", None)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    command = [
        str(bundled_program("pg_dump")),
        "--no-owner",
        "--no-privileges",
        f"--dbname={make_conninfo('', **parts)}",
        f"--file={partial}",
    ]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            command, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise StorageError(f"{database.location} cannot be dumped: {done.stderr.strip()}")
        size = partial.stat().st_size
        partial.replace(target)
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return size
