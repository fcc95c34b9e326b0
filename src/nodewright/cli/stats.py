"""``nodewright stats``: how long the phases of the recorded runs took."""

from typing import Annotated

import typer

from nodewright.cli.output import command_app, print_json, warnings_only

app: typer.Typer = command_app()


@app.command()
def stats(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")
    ] = False,
) -> None:
    """Show how long recorded runs took, by phase.

    Times in milliseconds, over all runs in the database.
    """
    with warnings_only():
        from nodewright.storage import CodegenPersistence

        store = CodegenPersistence().sync
        try:
            rows = store.get_performance_metrics_summary()
        finally:
            store.close()
        if as_json:
            print_json([row.model_dump() for row in rows])
            return
        if not rows:
            typer.echo("Nothing is recorded yet: run nodewright generate first.")
            return
        from rich.console import Console

        from nodewright.cli.tables import phase_table

        Console(highlight=False).print(phase_table(rows))
