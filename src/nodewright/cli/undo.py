"""``nodewright undo``: take the last run on an output folder back."""

from pathlib import Path
from typing import Annotated

import typer

from nodewright.cli.output import command_app, printable
from nodewright.delivery.delivery import undo

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
    paths = undo(out, force=force)
    for path in paths:
        typer.echo(printable(path))
    typer.echo(f"{len(paths)} files as they were before the last run")
