"""``nodewright generate``: a PRD in, proven nodes out."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodewright.cli.output import FAILED, PROVEN, one_line_errors, print_json, printable

if TYPE_CHECKING:
    from rich.console import Console

    from nodewright.workflow import Preview, Run

app: typer.Typer = typer.Typer(rich_markup_mode=None)

_LEVELS = ("static", "run", "full")


def _level(value: str) -> str:
    if value not in _LEVELS:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(_LEVELS)}")
    return value


@app.command()
def generate(
    prd: Annotated[Path, typer.Argument(help="The PRD, in Markdown.", show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to generate into.", show_default=False)
    ],
    package: Annotated[
        str | None, typer.Option(help="Import name of the package; from the title by default.")
    ] = None,
    verify: Annotated[
        str,
        typer.Option(callback=_level, help="How far nodes are proven: static, run or full."),
    ] = "run",
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Worker processes.")] = 2,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Dask scheduler whose workers run the jobs, such as tcp://scheduler:8786."
        ),
    ] = None,
    timeout: Annotated[
        int, typer.Option(min=1, help="Seconds that one node may take before it is stopped.")
    ] = 120,
    templates: Annotated[
        Path | None, typer.Option(help="A folder that overlays the built-in templates.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan and each file; write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout, nothing else.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that nodewright did not write.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Generate only the nodes that are not there yet.")
    ] = False,
) -> None:
    """Generate the nodes that a PRD asks for, each proven by running it.

    Exit codes: 0 all nodes proven, 1 some node failed, 2 usage or unreadable input.
    """
    with one_line_errors():
        from nodewright import workflow
        from nodewright.cli.progress import progress_display
        from nodewright.generation.model import Verify

        options = workflow.Options(
            output=output,
            verify=Verify(verify),
            jobs=jobs,
            force=force,
            timeout_seconds=timeout,
            templates=templates,
            resume=resume,
            cluster=cluster,
        )
        prepared = workflow.prepare(prd, package)
        if dry_run:
            _show_preview(workflow.preview(prepared, options), as_json=as_json)
            raise typer.Exit(PROVEN)
        with progress_display(quiet=as_json) as on_progress:
            run = workflow.generate(prepared, options, on_progress=on_progress)
        _show_run(run, as_json=as_json)
    raise typer.Exit(PROVEN if run.succeeded else FAILED)


def _show_preview(preview: "Preview", *, as_json: bool) -> None:
    if as_json:
        print_json(preview.summary())
        return
    from nodewright.cli.tables import file_table, plan_table, uncovered_table

    console = _console()
    console.print(plan_table(preview.plan))
    if preview.plan.uncovered:
        console.print(uncovered_table(preview.plan))
    console.print(file_table(preview.decisions))


def _show_run(run: "Run", *, as_json: bool) -> None:
    if as_json:
        print_json(run.summary())
        return
    from nodewright.cli.tables import outcome_table, uncovered_table

    console = _console()
    console.print(outcome_table(run))
    if run.prepared.plan.uncovered:
        console.print(uncovered_table(run.prepared.plan))
    for outcome in run.outcomes:
        if not outcome.delivered:
            console.print(
                f"{outcome.node.class_name}: {printable(outcome.reason)}", markup=False, style="red"
            )
    for decision in run.conflicts:
        console.print(f"conflict: {printable(decision.path)}", markup=False, style="yellow")
    console.print(printable(run.closing_line()), markup=False)


def _console() -> "Console":
    from rich.console import Console

    width = None if sys.stdout.isatty() else 120
    return Console(width=width, highlight=False)
