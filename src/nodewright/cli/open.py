"""``nodewright open``: what the document demands and nothing shows yet."""

from pathlib import Path
from typing import Annotated

import typer

from nodewright.cli.ending import NO, SUCCESS
from nodewright.cli.output import command_app, print_json, warnings_only

app: typer.Typer = command_app()


@app.command("open")
def command(
    out: Annotated[Path, typer.Argument(help="The output folder.", show_default=False)],
    count: Annotated[bool, typer.Option("--count", help="Print only how many there are.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(
            help="Instead of what is open, list what was closed by: rule, person, agent or "
            "agent:NAME.",
            show_default=False,
        ),
    ] = None,
    fail: Annotated[bool, typer.Option("--fail", help="Exit with 1 when any is listed.")] = False,
) -> None:
    """List the open clauses: line, reason, and where code for each goes.

    A clause is open when the document demands something that no test shows. What is listed is as
    of the last generate or prove.

    Exit codes: 0, or 1 with --fail when any is listed, 2 when OUT holds no package.
    """
    with warnings_only():
        from nodewright import workflow

        listed = workflow.listed_clauses(out, by)
        if count:
            typer.echo(len(listed))
        elif as_json:
            print_json(listed)
        else:
            from nodewright.cli.tables import print_clauses

            print_clauses(
                listed, "nothing is open" if by is None else f"nothing was closed by {by}"
            )
    raise typer.Exit(NO if fail and listed else SUCCESS)
