"""The ``nodewright`` command: a table of subcommands, each imported when it is called."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from nodewright import __version__
from nodewright.cli.ending import run
from nodewright.processes import importing_nothing_here

# Name -> (module that defines ``app``, one line of help). Help is kept here so that
# ``nodewright --help`` imports none of the modules.
COMMANDS: dict[str, tuple[str, str]] = {
    "analyze": ("nodewright.cli.analyze", "Show what is understood of a PRD."),
    "spec": ("nodewright.cli.spec", "Show what a document means, in YAML and plain English."),
    "generate": ("nodewright.cli.generate", "Generate the nodes that a PRD asks for."),
    "open": ("nodewright.cli.open", "List what is open, and where code for it goes."),
    "prove": ("nodewright.cli.prove", "Judge a package as it lies, with your edits."),
    "undo": ("nodewright.cli.undo", "Take back the last run on an output folder."),
    "stats": ("nodewright.cli.stats", "Show how long recorded runs took, by phase."),
    "serve": ("nodewright.cli.serve", "Serve the dashboard and /metrics."),
    "mcp": ("nodewright.cli.mcp", "Let coding agents work on a package (MCP)."),
    "doctor": ("nodewright.cli.doctor", "Check every part and say what to do."),
    "patterns": ("nodewright.cli.patterns", "Detect patterns, judge detections, tune them."),
    "mixins": ("nodewright.cli.mixins", "Try mixins, learn from it, predict and recommend."),
    "cache": ("nodewright.cli.cache", "Show, check and clear the template cache."),
    "events": ("nodewright.cli.events", "Show, drain and replay events; watch topics live."),
    "logs": ("nodewright.cli.logs", "Read the log."),
    "db": ("nodewright.cli.db", "Migrate, inspect, back up and prune the database."),
}


class LazyGroup(TyperGroup):
    """A group that knows its commands' names and help, and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the framework's signature
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002
        """A stand-in that carries the help line; enough for listings and suggestions."""
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Replace the stand-in by the real command when it is about to run."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and command.name in COMMANDS:
            module = import_module(COMMANDS[command.name][0])
            command = typer.main.get_command(module.app)
            command.name = name
        return name, command, rest


app: typer.Typer = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Plain help: the rich one imports a Markdown parser and costs half a second.
    rich_markup_mode=None,
    help="Generate ONEX nodes from a product requirements document (PRD), proven by running them.",
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"nodewright {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line with ``arguments`` (``sys.argv[1:]`` by default), and exit."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with importing_nothing_here():
        code = run(lambda given: app(args=given, standalone_mode=False), given)
    raise SystemExit(code)
