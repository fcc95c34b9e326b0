"""``nodewright analyze``: what is understood of a PRD."""

from pathlib import Path
from typing import Annotated

import typer

from nodewright.cli.output import command_app
from nodewright.prd.source import read_prd
from nodewright.reading.analyzer import SimplePRDAnalyzer
from nodewright.reading.display import print_analysis
from nodewright.reading.export import analysis_json
from nodewright.settings import Settings

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
) -> None:
    """Show what is understood of a PRD.

    Title, requirements, entities, states, external systems, patterns, capabilities and the kinds
    of nodes, each with the line that it comes from. Nothing is written.
    """
    folder = patterns or Settings().pattern_folder
    result = SimplePRDAnalyzer(pattern_folder=folder).analyze_prd(read_prd(prd))
    if as_json:
        typer.echo(analysis_json(result))
    else:
        print_analysis(result)
