"""``nodewright prove``: a package judged as it lies, edits and all."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodewright.cli.ending import NO, SUCCESS
from nodewright.cli.output import command_app, print_json, printable, warnings_only

if TYPE_CHECKING:
    from nodewright.workflow import Judgement

app: typer.Typer = command_app()


@app.command()
def prove(
    out: Annotated[Path, typer.Argument(help="The output folder.", show_default=False)],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Worker processes.")] = 2,
    timeout: Annotated[
        int, typer.Option(min=1, help="Seconds after which the proof of one node is stopped.")
    ] = 120,
) -> None:
    """Judge a package as it lies, with your edits, against OUT/spec.yaml.

    Each node is checked and compared with the specification on random requests; the scenario of
    each clause is run. A test of yours that is marked @pytest.mark.clause("ID") proves an open
    clause when it passes with your code and fails with the generated code in its place. A clause
    that held when it was delivered and no longer holds is listed with the requests that show it.

    Exit codes: 0 all is as delivered or better, 1 something no longer holds or a node fails, 2
    usage, no package, or a specification that is wrong.
    """
    with warnings_only():
        from nodewright import workflow

        judgement = workflow.prove(out, jobs=jobs, timeout_seconds=timeout)
        if as_json:
            print_json(judgement.summary())
        else:
            _show(judgement)
    raise typer.Exit(SUCCESS if judgement.holds else NO)


def _show(judgement: "Judgement") -> None:
    for report in judgement.failed:
        typer.echo(printable(f"fails: {report.slug}: {report.reason}"))
    for each in judgement.drifted:
        typer.echo(printable(f"no longer holds: {each.id} (line {each.line}): {each.text}"))
        typer.echo(printable(f"    {each.reason}"))
    for each in judgement.gained:
        typer.echo(printable(f"proven: {each.id} (line {each.line}) by {each.by}: {each.test}"))
    for each in judgement.unshown:
        typer.echo(printable(f"not shown: {each.id}: {each.reason}"))
    typer.echo(printable(judgement.closing_line()))
