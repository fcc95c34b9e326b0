"""``nodewright logs``: read the log again."""

import sys
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from nodewright.cli.output import command_app
from nodewright.cli.streams import reader_left
from nodewright.errors import NodewrightError
from nodewright.logs.console import render
from nodewright.logs.encode import dumps
from nodewright.logs.rotation import get_log_stats
from nodewright.logs.tail import Match, follow, last_entries, moment_of
from nodewright.settings import Settings

app: typer.Typer = command_app("Read the log.")

File = Annotated[
    Path | None, typer.Argument(help="The log file; that of NODEWRIGHT_LOG_FILE by default.")
]


@app.callback()
def _group() -> None:
    pass


@app.command()
def tail(
    file: File = None,
    correlation_id: Annotated[
        str | None, typer.Option(help="Only entries of this correlation id.")
    ] = None,
    session_id: Annotated[str | None, typer.Option(help="Only entries of this session id.")] = None,
    component: Annotated[str | None, typer.Option(help="Only entries of this component.")] = None,
    logger: Annotated[
        str | None, typer.Option(help="Only entries of this logger and those below it.")
    ] = None,
    level: Annotated[
        str | None, typer.Option(help="Only entries of this level or above, such as WARNING.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only entries since 15m, 2h or 3d ago, or an ISO time.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Only entries until then; as --since.")] = None,
    grep: Annotated[str | None, typer.Option(help="Only entries that hold this text.")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Show at most so many.")] = 20,
    keep_on: Annotated[
        bool,
        typer.Option(
            "--follow", "-f", help="Go on with entries as they are written, until Ctrl-C."
        ),
    ] = False,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Show entries as they are in the file, one JSON document a line."
        ),
    ] = False,
) -> None:
    """Show the last entries that match.

    Rotated and compressed files are read as well.
    """
    path = _path(file)
    try:
        match = Match(
            correlation_id=correlation_id,
            session_id=session_id,
            component=component,
            logger=logger,
            level=level,
            since=moment_of(since) if since else None,
            until=moment_of(until) if until else None,
            text=grep,
        )
    except ValueError as error:
        raise NodewrightError(str(error)) from error
    coming = follow(path, match) if keep_on else iter(())
    colours = sys.stdout.isatty()
    for entry in chain(last_entries(path, lines, match), coming):
        shown = dumps(entry).decode() + "\n" if json else render(entry, colours=colours)
        typer.echo(shown, nl=False)
        if reader_left():
            return


@app.command()
def stats(file: File = None) -> None:
    """Show the size and number of the log's files, as JSON."""
    typer.echo(dumps(get_log_stats(_path(file))).decode())


def _path(file: Path | None) -> Path:
    path = file if file is not None else Settings().log_file
    if path is None:
        raise NodewrightError("no log file is given; name one, or set NODEWRIGHT_LOG_FILE")
    return path
