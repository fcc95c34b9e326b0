"""``nodewright doctor``: looks at every part and says what to do."""

from typing import Annotated

import typer

from nodewright.cli.output import command_app

app: typer.Typer = command_app()


@app.command()
def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")
    ] = False,
) -> None:
    """Check every part and say what to do.

    Database, broker, templates, mixin model, disk, event spool and worker processes, each within
    five seconds.

    Exit codes: 0 all is well, 1 something is degraded or critical.
    """
    import asyncio

    from nodewright.web.diagnosis import diagnose, shown

    findings = asyncio.run(diagnose())
    typer.echo(shown(findings, as_json=as_json))
    raise typer.Exit(0 if all(status.healthy for status in findings) else 1)
