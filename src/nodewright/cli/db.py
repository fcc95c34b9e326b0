"""``nodewright db``: the schema and the contents of the database."""

from pathlib import Path
from typing import Annotated

import typer

from nodewright.cli.output import command_app
from nodewright.storage import maintenance, migrate
from nodewright.storage.database import Database

app: typer.Typer = command_app("Migrate, inspect, back up and prune the database.")


@app.command("migrate")
def _migrate() -> None:
    """Bring the schema up to date.

    Safe to repeat, and to run in several places at once.
    """
    database = Database()
    with database.connect(migrated=False) as connection:
        applied = migrate.migrate(connection)
    for migration in applied:
        typer.echo(f"applied {migration.number:04} {migration.name}")
    if not applied:
        typer.echo("up to date")
    database.close()


@app.command("status")
def _status() -> None:
    """Show where the database is, and its migrations.

    Exit code 1 if some are pending.
    """
    database = Database()
    with database.connect(migrated=False) as connection:
        entries = migrate.status(connection)
    typer.echo(database.location)
    for entry in entries:
        state = f"{entry.applied_at:%Y-%m-%d %H:%M:%S %Z}" if entry.applied_at else "pending"
        typer.echo(f"{entry.migration.number:04} {entry.migration.name:<16} {state}")
    database.close()
    if any(entry.applied_at is None for entry in entries):
        raise typer.Exit(1)


@app.command("schema")
def _schema() -> None:
    """Print the whole schema as SQL, as the migrations make it."""
    database = Database()
    typer.echo(maintenance.schema(database), nl=False)
    database.close()


@app.command("dump")
def _dump(
    output: Annotated[Path, typer.Argument(help="File to write.", show_default=False)],
) -> None:
    """Write the whole database to a file of SQL.

    nodewright db restore reads it, and so does psql.
    """
    database = Database()
    size = maintenance.dump(database, output)
    typer.echo(f"{output}: {size:,} bytes")
    database.close()


@app.command("restore")
def _restore(
    source: Annotated[
        Path, typer.Argument(help="File that nodewright db dump wrote.", show_default=False)
    ],
) -> None:
    """Fill an empty database from a dump, whole or not at all.

    psql runs the file, which can hold any command: restore your own dumps only.
    """
    database = Database()
    maintenance.restore(database, source)
    typer.echo(f"{database.location}: restored from {source}")
    database.close()


@app.command("prune")
def _prune(
    older_than: Annotated[
        str,
        typer.Option(help="Least age of what is deleted: 45m, 12h, 30d, 8w.", show_default=False),
    ],
) -> None:
    """Delete old telemetry.

    What was recorded as a fact, feedback and mixin compatibility, stays.
    """
    age = maintenance.parse_age(older_than)
    database = Database()
    pruned = maintenance.prune(database, age)
    for name, count in pruned._asdict().items():
        typer.echo(f"{name:<12} {count:,} deleted")
    database.close()
