"""``nodewright mcp``: coding agents work on a package over the Model Context Protocol."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from nodewright.cli.output import command_app, warnings_only

app: typer.Typer = command_app()

TOKEN_VARIABLE = "NODEWRIGHT_MCP_TOKEN"  # noqa: S105 - the name of a variable


@app.command()
def mcp(
    folder: Annotated[
        Path, typer.Argument(help="What clients may see and change; nothing outside it.")
    ] = Path(),
    document: Annotated[
        str, typer.Option(help="The document, in the folder; else tools have to be told.")
    ] = "",
    output: Annotated[
        str, typer.Option("--output", "-o", help="The folder of the package, in the folder.")
    ] = "",
    transport: Annotated[
        Literal["stdio", "http"], typer.Option(help="How clients reach it.")
    ] = "stdio",
    host: Annotated[str, typer.Option(help="Address to listen on, for http.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on, for http; 0 for any.")
    ] = 8766,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Refuse every tool that writes.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Worker processes that judge.")] = 2,
    timeout: Annotated[
        int, typer.Option(min=1, help="Seconds that a node, or a run of tests, may take.")
    ] = 30,
) -> None:
    """Let coding agents work on a package, with proof as the referee.

    By stdio the client starts this command. By http it needs a token: NODEWRIGHT_MCP_TOKEN, or the
    one that is made and shown on standard error. Needs the extra mcp: pip install
    'nodewright[mcp]'.
    """
    from nodewright.errors import NodewrightError

    with warnings_only():
        try:
            from nodewright.mcp.serving import serve_http, serve_stdio
        except ImportError as error:
            raise NodewrightError(
                "the server needs more packages: pip install 'nodewright[mcp]'"
            ) from error
        from nodewright.mcp.workspace import Workspace

        workspace = Workspace(
            folder, document, output, read_only=read_only, jobs=jobs, timeout_seconds=timeout
        )
        if transport == "stdio":
            serve_stdio(workspace)
            return
        given = os.environ.get(TOKEN_VARIABLE)

        def tell(address: str, token: str) -> None:
            typer.echo(f"nodewright answers at {address}", err=True)
            if given is None:
                typer.echo(f"token: {token}", err=True)

        serve_http(workspace, host, port, given, tell)
