"""``nodewright db``: the schema and the contents of the database."""

from pathlib import Path
from typing import Annotated

import typer

from nodewright.storage import maintenance, migrate
from nodewright.storage.database import Database

app: typer.Typer = typer.Typer(
    no_args_is_help=True, help="Migrate, inspect, dump and prune the database."
)


@app.command("migrate")
def _migrate() -> None:
    """Bring the schema up to date; safe to repeat, and to run in several places at once."""
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
    """Show where the database is, and which migrations it has; exit 1 if some are pending."""
    database = Database()
    with database.connect(migrated=False) as connection:
        entries = migrate.status(connection)
    typer.echo(database.location)
    for entry in entries:
        state = f"{entry.applied_at:%Y-%m-%d %H:%M:%S %Z}" if entry.applied_at else "pending"
        typer.echo(f"{entry.migration.number:04} {entry.migration.name:<12} {state}")
    database.close()
    if any(entry.applied_at is None for entry in entries):
        raise typer.Exit(1)


@app.command("dump")
def _dump(
    output: Annotated[Path, typer.Argument(help="The SQL file to write; psql restores it.")],
) -> None:
    """Write the whole database to a file of SQL."""
    database = Database()
    size = maintenance.dump(database, output)
    typer.echo(f"{output}: {size:,} bytes")
    database.close()


@app.command("prune")
def _prune(
    older_than: Annotated[
        str, typer.Option(help="Age of what to delete: 45m, 12h, 30d, 8w.", show_default=False)
    ],
) -> None:
    """Delete old telemetry; what was recorded as a fact (feedback, compatibility) stays."""
    age = maintenance.parse_age(older_than)
    database = Database()
    pruned = maintenance.prune(database, age)
    for name, count in pruned._asdict().items():
        typer.echo(f"{name:<12} {count:,} deleted")
    database.close()
