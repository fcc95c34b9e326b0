"""``nodewright logs``: read the log again."""

import sys
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from nodewright.errors import NodewrightError
from nodewright.logs.console import render
from nodewright.logs.encode import dumps
from nodewright.logs.rotation import get_log_stats
from nodewright.logs.tail import Match, follow, last_entries, moment_of
from nodewright.settings import Settings

app: typer.Typer = typer.Typer(no_args_is_help=True, help="Read the log.")

File = Annotated[
    Path | None, typer.Argument(help="The log file; NODEWRIGHT_LOG_FILE if not given.")
]


@app.callback()
def _group() -> None:
    pass


@app.command()
def tail(
    file: File = None,
    correlation_id: Annotated[str | None, typer.Option(help="Only this request.")] = None,
    session_id: Annotated[str | None, typer.Option(help="Only this session.")] = None,
    component: Annotated[str | None, typer.Option(help="Only this component.")] = None,
    logger: Annotated[str | None, typer.Option(help="Only this logger and those below.")] = None,
    level: Annotated[str | None, typer.Option(help="Least level, such as WARNING.")] = None,
    since: Annotated[str | None, typer.Option(help="15m, 2h, 3d ago, or an ISO time.")] = None,
    until: Annotated[str | None, typer.Option(help="As --since.")] = None,
    grep: Annotated[str | None, typer.Option(help="Only lines that hold this text.")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Most entries.")] = 20,
    keep_on: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with entries as they are written.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Entries as they are in the file.")] = False,
) -> None:
    """Show the last entries that match, also of rotated and compressed files."""
    try:
        path = _path(file)
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
        coming = follow(path, match) if keep_on else iter(())
        colours = sys.stdout.isatty()
        for entry in chain(last_entries(path, lines, match), coming):
            shown = dumps(entry).decode() + "\n" if json else render(entry, colours=colours)
            typer.echo(shown, nl=False)
    except (NodewrightError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def stats(file: File = None) -> None:
    """Show what the log occupies, as JSON."""
    try:
        typer.echo(dumps(get_log_stats(_path(file))).decode())
    except NodewrightError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _path(file: Path | None) -> Path:
    path = file if file is not None else Settings().log_file
    if path is None:
        raise NodewrightError("no log file is given; name one, or set NODEWRIGHT_LOG_FILE")
    return path
