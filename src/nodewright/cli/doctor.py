"""``nodewright doctor``: looks at every part and says what to do."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from nodewright.cli.ending import NO, SUCCESS
from nodewright.cli.output import command_app, print_json, printable

if TYPE_CHECKING:
    from nodewright.monitoring import HealthStatus

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

    from nodewright.diagnosis import diagnose

    findings = asyncio.run(diagnose())
    if as_json:
        print_json(findings)
    else:
        for line in _lines(findings):
            typer.echo(printable(line))
    raise typer.Exit(SUCCESS if all(status.healthy for status in findings) else NO)


def _lines(statuses: Sequence["HealthStatus"]) -> Iterator[str]:
    """One line a part: status, part, finding; below it what to do."""
    width = max((len(status.component) for status in statuses), default=0)
    for status in statuses:
        message = " ".join(str(status.metadata.get("message", "")).split())
        yield f"{status.status:<9} {status.component:<{width}}  {message}"
        if not status.healthy and status.metadata.get("advice"):
            yield f"{'':<10}{'':<{width}}  to do: {status.metadata['advice']}"
    well = sum(status.healthy for status in statuses)
    yield f"{well} of {len(statuses)} parts are well"
