"""How commands speak: results on standard output, progress on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import typer


def command_app(text: str | None = None) -> typer.Typer:
    """An app for one command; with ``text``, for a group of commands that it describes.

    Help is plain: the rich one imports a Markdown parser and costs half a second. Completion
    belongs to the root.
    """
    return typer.Typer(
        help=text, no_args_is_help=text is not None, rich_markup_mode=None, add_completion=False
    )


@contextmanager
def warnings_only() -> Iterator[None]:
    """Keep back log entries below a warning: a person reads this terminal."""
    from nodewright.logs import LogLevel, set_level

    set_level("nodewright", LogLevel.WARNING)
    yield


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
