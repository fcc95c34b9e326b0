"""``nodewright generate``: a PRD in, proven nodes out."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nodewright.cli.ending import NO, SUCCESS
from nodewright.cli.output import command_app, print_json, printable, warnings_only

if TYPE_CHECKING:
    from rich.console import Console

    from nodewright.workflow import Preview, Run

app: typer.Typer = command_app()


@app.command()
def generate(
    prd: Annotated[
        Path,
        typer.Argument(help="The document, in Markdown; - for standard input.", show_default=False),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to generate into.", show_default=False)
    ],
    package: Annotated[
        str | None, typer.Option(help="Import name of the package; by default made of the title.")
    ] = None,
    verify: Annotated[
        Literal["static", "run", "full"],
        typer.Option(
            help="How far nodes are proven: read, also run, or also type-checked and tested."
        ),
    ] = "run",
    jobs: Annotated[
        int, typer.Option(min=1, max=256, help="Worker processes that prove nodes.")
    ] = 2,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Dask scheduler whose workers prove nodes, such as tcp://scheduler:8786."
        ),
    ] = None,
    timeout: Annotated[
        int, typer.Option(min=1, help="Seconds after which the proof of one node is stopped.")
    ] = 120,
    templates: Annotated[
        Path | None, typer.Option(help="Folder of templates that replace built-in ones.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show the plan and what happens to each file; write nothing."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Overwrite what you edited or put there, except in handlers/."
        ),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Prove only nodes whose files are not there yet.")
    ] = False,
    files: Annotated[
        bool, typer.Option("--files", help="With --dry-run, show what happens to each file.")
    ] = False,
    fail_on_open: Annotated[
        bool, typer.Option("--fail-on-open", help="Exit with 1 when clauses are open.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Take the place of another package, or of another document's nodes."
        ),
    ] = False,
    author: Annotated[
        str, typer.Option(help="Who edited handlers and spec.yaml: person, or agent:NAME.")
    ] = "person",
) -> None:
    """Generate the nodes that a PRD asks for, each proven by running it.

    Only what passed is moved into the output folder. A later run merges with your edits;
    nodewright undo takes the last run back. The specification that was read lies in OUT/spec.yaml;
    what you change in it is merged with what is read next, and generated.

    Exit codes: 0 all nodes proven, 1 some node failed, or clauses are open with --fail-on-open, 2
    usage or unreadable input.
    """
    with warnings_only():
        from nodewright import workflow
        from nodewright.cli.progress import progress_display
        from nodewright.proving.model import Verify

        options = workflow.Options(
            output=output,
            verify=Verify(verify),
            jobs=jobs,
            force=force,
            timeout_seconds=timeout,
            templates=templates,
            resume=resume,
            cluster=cluster,
            author=author,
            replace=replace,
        )
        if not dry_run:
            workflow.check_output(output)
        prepared = workflow.prepare(prd, package, output)
        if dry_run:
            _show_preview(workflow.preview(prepared, options), as_json=as_json, files=files)
            raise typer.Exit(SUCCESS)
        with progress_display(quiet=as_json) as on_progress:
            run = workflow.generate(prepared, options, on_progress=on_progress)
        _show_run(run, as_json=as_json)
    failed = not run.succeeded or (fail_on_open and bool(run.open_clauses))
    raise typer.Exit(NO if failed else SUCCESS)


def _show_preview(preview: "Preview", *, as_json: bool, files: bool) -> None:
    if as_json:
        print_json(preview.summary())
        return
    from nodewright.cli.tables import print_plan

    print_plan(preview, files=files)


def _show_run(run: "Run", *, as_json: bool) -> None:
    if as_json:
        print_json(run.summary())
        return
    from nodewright.cli.tables import outcome_table, print_open

    console = _console()
    console.print(outcome_table(run))
    print_open(run.clauses)
    for outcome in run.outcomes:
        if not outcome.delivered:
            typer.echo(printable(f"{outcome.node.class_name}: {outcome.reason}"))
    for decision in run.conflicts:
        typer.echo(printable(f"conflict: {decision.path}: {decision.reason}"))
    typer.echo(printable(run.closing_line()))


def _console() -> "Console":
    from rich.console import Console

    width = None if sys.stdout.isatty() else 80
    return Console(width=width, highlight=False)
