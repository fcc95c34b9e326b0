"""How a judge speaks: it returns, or raises ``Rejected`` with the reason."""

import time
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from nodewright.planning.model import Check

DETAIL_LIMIT = 2000

PACKAGE = ""
"""In place of a slug: the package's own files, which belong to no node."""


class Rejected(Exception):  # noqa: N818 - a verdict, not a fault
    """The judge does not accept the node; the message is the reason."""


def judge(name: str, verdict: Callable[[], object]) -> Check:
    """Ask a judge and time it.

    Generated code runs inside judges, so whatever it raises is a rejection, ``SystemExit``
    included; only the interrupt of the user passes through.
    """
    started = time.perf_counter()
    try:
        verdict()
    except BaseException as error:  # noqa: BLE001 - see the docstring
        return _rejection(name, error, started)
    return Check(name, passed=True, seconds=_since(started))


async def judge_async(name: str, verdict: Callable[[], Awaitable[object]]) -> Check:
    """As ``judge``, for a judge that is awaited."""
    started = time.perf_counter()
    try:
        await verdict()
    except BaseException as error:  # noqa: BLE001 - as in judge
        return _rejection(name, error, started)
    return Check(name, passed=True, seconds=_since(started))


def _rejection(name: str, error: BaseException, started: float) -> Check:
    if isinstance(error, KeyboardInterrupt):
        raise error
    reason = str(error) if isinstance(error, Rejected) else f"{type(error).__name__}: {error}"
    return Check(name, passed=False, detail=brief(reason), seconds=_since(started))


def brief(text: str) -> str:
    """``text`` without surrounding space, cut where it is too long for a report."""
    text = text.strip()
    return text if len(text) <= DETAIL_LIMIT else f"{text[:DETAIL_LIMIT]} ..."


def node_of(path: Path, slugs: Collection[str]) -> str:
    """The slug of the node whose folder ``path`` is in or whose test it is, else ``PACKAGE``."""
    names = (*path.parts, path.stem.removeprefix("test_"))
    return next((name for name in names if name in slugs), PACKAGE)


def _since(started: float) -> float:
    return time.perf_counter() - started
