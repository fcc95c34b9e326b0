"""Progress on stderr: a live bar on a terminal, plain lines without one."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from nodewright.workflow import Progress

OnProgress = Callable[["Progress"], None]


@contextmanager
def progress_display(*, quiet: bool) -> Iterator[OnProgress]:
    """What to call with each piece of progress; nothing is shown where ``quiet``."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _line


def _line(progress: "Progress") -> None:
    done = f"[{progress.done}/{progress.total}] " if progress.total else ""
    typer.echo(f"{done}{progress.message}", err=True)


@contextmanager
def _bar() -> Iterator[OnProgress]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(progress: "Progress") -> None:
            bar.update(
                task,
                description=escape(progress.message),
                total=progress.total or None,
                completed=progress.done,
            )

        yield show
