"""``nodewright doctor``: looks at every part and says what to do."""

from typing import Annotated

import typer

app: typer.Typer = typer.Typer(rich_markup_mode=None)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout, nothing else.")] = False,
) -> None:
    """Check database, broker, templates, model, disk, spool and worker processes.

    Exit codes: 0 all is well, 1 something is degraded or critical.
    """
    import asyncio

    from nodewright.web.diagnosis import diagnose, shown

    findings = asyncio.run(diagnose())
    typer.echo(shown(findings, as_json=as_json))
    raise typer.Exit(0 if all(status.healthy for status in findings) else 1)
