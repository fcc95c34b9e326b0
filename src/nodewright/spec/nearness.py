"""The name that was probably meant."""

import difflib
from collections.abc import Iterable


def near(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'status'?``, empty where nothing is near."""
    close = difflib.get_close_matches(name, list(known)[:1000], n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
