"""Loading a template so that its text and its hash are of one and the same file."""

import time
from collections.abc import Callable
from pathlib import Path

from nodewright.templates import source
from nodewright.templates.entries import Entry, Key
from nodewright.templates.flight import Flight
from nodewright.templates.source import Reading

_ATTEMPTS = 5

Loader = Callable[[Path], str]


def load(flight: Flight, key: Key, kind: str, path: Path, loader: Loader) -> Entry | None:
    """Run ``loader`` once for each state of the file that it meets, and leave the outcome.

    The file is read and hashed before the loader runs. What the loader returns belongs to that
    hash if it is those bytes, or if the file is the same afterwards; else the file was changed
    under the loader, which has to run again.

    Returns:
        What can be kept: None for what is no regular file, never holds still, or fails to load.

    Raises:
        OSError: the file is not there or can't be read.
    """
    file = key[1]
    regular = source.is_regular(file)
    for _ in range(_ATTEMPTS):
        reading = source.read(file) if regular else None
        started = time.perf_counter()
        try:
            flight.content = _text(loader(path), key[0])
        except Exception as error:  # noqa: BLE001 - it goes to every caller that waits
            flight.land(reading, error)
            return None
        if reading is None:
            break
        if _is_made_of(flight.content, reading) or _is_unchanged(file, reading):
            flight.land(reading)
            entry = Entry(key, kind, path, flight.content, reading)
            entry.load_ms = (time.perf_counter() - started) * 1000
            return entry
    flight.land(reading)
    return None


def _text(content: object, name: str) -> str:
    if not isinstance(content, str):
        raise TypeError(
            f"the loader of {name!r} returned {type(content).__name__}; it must return str"
        )
    return content


def _is_made_of(content: str, reading: Reading) -> bool:
    """Whether ``content`` is the very bytes of ``reading``, as UTF-8."""
    try:
        return content.encode() == reading.data
    except UnicodeEncodeError:
        return False


def _is_unchanged(file: str, reading: Reading) -> bool:
    again = source.read(file)
    return (again.digest, again.stamp) == (reading.digest, reading.stamp)
