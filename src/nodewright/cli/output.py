"""How commands speak: results on stdout, progress and errors on stderr, exit codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import typer

PROVEN = 0
FAILED = 1
BAD_INPUT = 2


def command_app(text: str | None = None) -> typer.Typer:
    """An app for one command; with ``text``, for a group of commands that it describes.

    Help is plain: the rich one imports a Markdown parser and costs half a second. Completion
    belongs to the root.
    """
    return typer.Typer(
        help=text, no_args_is_help=text is not None, rich_markup_mode=None, add_completion=False
    )


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what the user can mend into one line on stderr and exit code 2.

    Log entries below a warning are kept back: a person reads this terminal.
    """
    from nodewright.errors import NodewrightError
    from nodewright.logs import LogLevel, set_level

    set_level("nodewright", LogLevel.WARNING)
    try:
        yield
    except NodewrightError as error:
        fail(str(error))
    except OSError as error:
        fail(str(error))


def fail(message: str) -> None:
    """Print ``message`` on one line of stderr and exit with code 2."""
    typer.echo(f"nodewright: {printable(' '.join(message.split()))}", err=True)
    raise typer.Exit(BAD_INPUT)


def printable(text: str) -> str:
    """``text`` without characters that would move a terminal's cursor or hide what is there."""
    return "".join(char if char.isprintable() else "?" for char in text)


def print_json(value: Any) -> None:
    """Print ``value`` as one JSON document on stdout."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    typer.echo(orjson.dumps(value, default=_plain, option=options).decode())


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
