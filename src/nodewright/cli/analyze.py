"""``nodewright analyze``: what is understood of a PRD."""

from pathlib import Path
from typing import Annotated

import typer

from nodewright.cli.output import command_app, print_json, warnings_only

app: typer.Typer = command_app()


@app.command()
def _analyze(
    prd: Annotated[
        Path, typer.Argument(help="The document: Markdown, or any text; - for standard input.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")
    ] = False,
    patterns: Annotated[
        Path | None,
        typer.Option(help="Folder of your own pattern files.", show_default=False),
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            help="Show why a requirement or clause became what it is, such as FR-3 or FR-3.2.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show what is understood of a PRD.

    Title, requirements, entities, states, external systems, patterns and capabilities, each with
    the line that it comes from; then each clause with what was read of it, in plain English, or why
    it is open. Nothing is written.
    """
    with warnings_only():
        from nodewright import workflow
        from nodewright.settings import Settings

        found = workflow.understand(prd, patterns or Settings().pattern_folder)
        if explain is not None:
            clauses = found.named(explain)
            if not clauses:
                names = dict.fromkeys(each.note.requirement for each in found.clauses)
                known = ", ".join(filter(None, names))
                raise typer.BadParameter(
                    f"no requirement or clause is named {explain!r}; there are: {known[:400]}"
                )
            if as_json:
                print_json(clauses)
            else:
                from nodewright.cli.explaining import print_explained

                print_explained(clauses)
        elif as_json:
            from nodewright.reading.export import analysis_json

            typer.echo(analysis_json(found.analysis, found.clauses))
        else:
            from nodewright.cli.explaining import print_clauses
            from nodewright.reading.display import print_analysis

            print_analysis(found.analysis, kinds=found.kinds)
            print_clauses(found.clauses)
