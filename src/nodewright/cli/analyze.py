"""``nodewright analyze``: what is understood of a PRD."""

from pathlib import Path
from typing import Annotated

import typer

from nodewright.prd.analyzer import SimplePRDAnalyzer
from nodewright.prd.display import print_analysis
from nodewright.prd.export import analysis_json
from nodewright.prd.source import read_prd
from nodewright.settings import Settings

app: typer.Typer = typer.Typer(help="Show what is understood of a PRD.")


@app.command()
def _analyze(
    prd: Annotated[Path, typer.Argument(help="The PRD: Markdown, or any text.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
    patterns: Annotated[
        Path | None,
        typer.Option(help="A folder of pattern files of your own.", show_default=False),
    ] = None,
) -> None:
    """Show title, requirements, entities, states, systems, patterns and kinds of nodes."""
    folder = patterns or Settings().pattern_folder
    result = SimplePRDAnalyzer(pattern_folder=folder).analyze_prd(read_prd(prd))
    if as_json:
        typer.echo(analysis_json(result))
    else:
        print_analysis(result)
