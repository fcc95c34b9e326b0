"""``nodewright undo``: take the last run on an output folder back."""

from pathlib import Path
from typing import Annotated

import typer

from nodewright.cli.output import command_app
from nodewright.delivery.delivery import undo
from nodewright.errors import NodewrightError

app: typer.Typer = command_app()


@app.command()
def command(
    out: Annotated[Path, typer.Argument(help="The output folder of the run.", show_default=False)],
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Also take back files that were edited since; the edits are lost."
        ),
    ] = False,
) -> None:
    """Take back the last run on an output folder, to the byte."""
    try:
        paths = undo(out, force=force)
    except NodewrightError as error:
        typer.echo(f"nodewright: {error}", err=True)
        raise typer.Exit(2) from error
    for path in paths:
        typer.echo(path)
    typer.echo(f"{len(paths)} files as they were before the last run")
