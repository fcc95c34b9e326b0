"""``nodewright serve``: the dashboard and /metrics."""

from typing import Annotated

import typer

from nodewright.cli.output import one_line_errors

app: typer.Typer = typer.Typer(rich_markup_mode=None)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine need a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8765,
) -> None:
    """Serve the dashboard, /metrics, /healthz and /readyz until interrupted.

    NODEWRIGHT_WEB_TOKEN sets the token that is needed to listen beyond this machine.
    """
    with one_line_errors():
        from nodewright.web.server import serve as run

        typer.echo(f"nodewright is at http://{host}:{port}/", err=True)
        run(host, port)
