"""``nodewright serve``: the dashboard and /metrics."""

from typing import Annotated

import typer

from nodewright.cli.output import command_app, warnings_only

app: typer.Typer = command_app()


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; one that others can reach needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8765,
) -> None:
    """Serve the dashboard and /metrics, until Ctrl-C.

    /healthz says that the process answers, /readyz that the database does. To listen beyond this
    machine, set NODEWRIGHT_WEB_TOKEN. Needs the extra web: pip install 'nodewright[web]'.
    """
    with warnings_only():
        from nodewright.web.server import serve as run

        shown = f"[{host}]" if ":" in host else host
        run(
            host,
            port,
            lambda: typer.echo(f"nodewright is at http://{shown}:{port}/", err=True),
        )
