"""``nodewright spec``: what a document means, as it was read and edited."""

from pathlib import Path
from typing import Annotated

import typer

from nodewright.cli.output import command_app, print_json, printable, warnings_only

app: typer.Typer = command_app()


@app.command()
def spec(
    prd: Annotated[
        Path | None,
        typer.Argument(help="The document, in Markdown; - for standard input.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Output folder whose spec.yaml is merged with what is read.",
            show_default=False,
        ),
    ] = None,
    schema: Annotated[
        bool,
        typer.Option("--schema", help="Print the JSON Schema of spec.yaml, for editors, instead."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")
    ] = False,
) -> None:
    """Show what a document means: the specification that nodes are compiled from.

    It is YAML in which a comment says of each element in plain English what it means; the clauses
    of the document come first, each with what became of it, and what was assumed is listed at the
    top. With --output it is what generate would follow: what is read of the document, merged with
    your edits of OUT/spec.yaml. Nothing is written.
    """
    with warnings_only():
        from nodewright import workflow

        if schema:
            from nodewright.spec.json_schema import json_schema

            print_json(json_schema())
            return
        if prd is None:
            raise typer.BadParameter("name a document, or pass --schema", param_hint="PRD")
        shown = workflow.specification(prd, output)
        if as_json:
            print_json(shown.summary())
            return
        typer.echo("\n".join(map(printable, shown.text().splitlines())))
        if shown.specified.conflict:
            typer.echo(
                "spec.yaml: your changes and the document's are in the same lines; yours hold",
                err=True,
            )
