"""``nodewright cache``: how templates are used, and whether they are all in order."""

from pathlib import Path
from typing import Annotated

import typer

from nodewright.cli.output import command_app, print_json
from nodewright.storage.database import Database
from nodewright.templates import TemplateCache, TemplatePack
from nodewright.templates.quoting import visible
from nodewright.templates.recording import forget, history

app: typer.Typer = command_app("Show, check and clear the template cache.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]


@app.command("stats")
def _stats(as_json: AsJson = False) -> None:
    """Show how each template was used, over all recorded runs.

    Gets, hits, misses, size, and the time that its last load took.
    """
    database = Database()
    found = history(database)
    database.close()
    if as_json:
        rows = [row.model_dump() for row in found.templates]
        document = {
            "templates": rows,
            "cache_hits": found.hits,
            "cache_misses": found.misses,
            "hit_rate": found.hit_rate,
            "size_bytes": found.size_bytes,
        }
        print_json(document)
        return
    for row in found.templates:
        typer.echo(
            f"{visible(row.template_type):<14} {row.access_count or 0:>8,} gets "
            f"{row.cache_hits or 0:>8,} hits {row.cache_misses or 0:>6,} misses "
            f"{row.size_bytes or 0:>8,} bytes {row.load_time_ms or 0:>5} ms  "
            f"{visible(row.template_name)}"
        )
    typer.echo(
        f"{len(found.templates)} templates, {found.size_bytes:,} bytes, "
        f"{found.hits + found.misses:,} gets, {found.hit_rate:.1%} hits"
    )


@app.command("warm")
def _warm(
    templates: Annotated[
        Path | None, typer.Option(help="Folder of templates that replace built-in ones.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only templates of this node kind; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Load and compile every template.

    A template that is wrong is named with its file and line, and the exit code is 2.
    """
    with TemplateCache() as cache:
        names = TemplatePack(templates, cache=cache).warm(kind)
        stats = cache.get_stats()
    if as_json:
        print_json({"templates": names, "stats": stats})
        return
    for name in names:
        typer.echo(name)
    typer.echo(f"{len(names)} templates in order, {stats['total_size_bytes']:,} bytes")


@app.command("clear")
def _clear() -> None:
    """Delete the record of how templates were used.

    Running processes keep the templates that they have in memory.
    """
    database = Database()
    count = forget(database)
    database.close()
    typer.echo(f"{count} templates forgotten")
