"""Lines of text that fit a narrow terminal and never break a name."""

import textwrap

import typer

from nodewright.cli.output import printable

WIDTH = 80
INDENT = "    "


def say(text: str) -> None:
    """Print one line as it is."""
    typer.echo(printable(text))


def wrapped(text: str, first: str = INDENT) -> None:
    """Print a text in lines that fit, the first of them after ``first``."""
    for line in textwrap.wrap(
        " ".join(text.split()),
        WIDTH,
        initial_indent=first,
        subsequent_indent=INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    ):
        say(line)


def many(count: int, noun: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
