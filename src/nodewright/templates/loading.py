"""Loading templates: which files there are, once for all who ask, text and hash of one file."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from nodewright.templates import source
from nodewright.templates.entries import Entry, Key
from nodewright.templates.errors import TemplateLoopError
from nodewright.templates.source import Reading

_ATTEMPTS = 5

Loader = Callable[[Path], str]


class Flight:
    """A load under way: who runs it, and what came of it.

    Attributes:
        owner: the thread that loads.
        reading: what the load was made from; None while it runs and for what is no regular file.
        content: the loaded text.
        error: what the loader raised.
        landed: whether ``content`` or ``error`` can be shared. A load that was interrupted, or
            whose file could not be read, has nothing to share: those who waited try themselves.
    """

    __slots__ = ("_done", "content", "error", "landed", "owner", "reading")

    def __init__(self) -> None:
        self.owner: int = threading.get_ident()
        self.reading: Reading | None = None
        self.content: str = ""
        self.error: Exception | None = None
        self.landed: bool = False
        self._done = threading.Event()

    def land(self, reading: Reading | None, error: Exception | None = None) -> None:
        """There is an outcome: ``content``, or ``error``."""
        self.reading, self.error, self.landed = reading, error, True

    def finish(self) -> None:
        """Wake those who wait."""
        self._done.set()

    def wait(self) -> None:
        """Wait until the load is over."""
        self._done.wait()


class Flights:
    """The loads under way, by key. Call with the cache's lock held."""

    def __init__(self) -> None:
        self._by_key: dict[Key, Flight] = {}
        self._waits: dict[int, Flight] = {}

    def join(self, key: Key) -> tuple[Flight, bool]:
        """The flight for ``key``, and whether the caller has just become its owner.

        Raises:
            TemplateLoopError: the caller's own load, directly or through other threads' loads,
                is what it would wait for.
        """
        flight = self._by_key.get(key)
        if flight is None:
            flight = self._by_key[key] = Flight()
            return flight, True
        me = threading.get_ident()
        ahead: Flight | None = flight
        while ahead is not None:
            if ahead.owner == me:
                raise TemplateLoopError(
                    "its loader asks for the template that it is loading",
                    template=key[0],
                    path=Path(key[1]),
                )
            ahead = self._waits.get(ahead.owner)
        self._waits[me] = flight
        return flight, False

    def leave(self) -> None:
        """The caller no longer waits."""
        self._waits.pop(threading.get_ident(), None)

    def is_current(self, key: Key, flight: Flight) -> bool:
        """Whether nothing was forgotten while ``flight`` was under way."""
        return self._by_key.get(key) is flight

    def remove(self, key: Key, flight: Flight) -> None:
        """``flight`` is over."""
        if self._by_key.get(key) is flight:
            del self._by_key[key]

    def forget(self, template_name: str | None = None) -> None:
        """Let the flights of a name, or all, be joined and kept no more."""
        for key in list(self._by_key):
            if template_name is None or key[0] == template_name:
                del self._by_key[key]


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


def templates_of(folder: Path, kinds: Iterable[str]) -> Iterator[tuple[str, str, Path]]:
    """Name, kind and file of each template of ``kinds``, in order of kind and path.

    A file belongs to a kind if its stem starts with the kind's lower-case name, or if it lies in
    a folder of that name; in both the name may stand after ``node_``, as in packs.
    ``effect_node_template.py`` is called ``EFFECT_template``; any other file keeps what stands
    after the kind, ``effect_contract.yaml`` being ``EFFECT_contract``.
    Where two files would share a name, the later ones keep their suffix too.
    """
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not any(_is_hidden(part) for part in file.relative_to(folder).parts)
    ]
    for kind in dict.fromkeys(kinds):
        taken: set[str] = set()
        for file in files:
            rest = _rest(file.relative_to(folder), kind.lower())
            if rest is None:
                continue
            name = f"{kind.upper()}_{rest}"
            if name in taken:
                name += file.suffix
            taken.add(name)
            yield name, kind, file


def _rest(relative: Path, kind: str) -> str | None:
    """What names a template of ``kind`` beside the kind; None for a file of another kind."""
    stem = relative.name.split(".")[0].lower().removeprefix("node_")
    folders = [part.lower().removeprefix("node_") for part in relative.parts[:-1]]
    if not kind or not (stem.startswith(kind) or kind in folders):
        return None
    inner = relative.parts[folders.index(kind) + 1 : -1] if kind in folders else ()
    rest = stem.removeprefix(kind).strip("_-")
    if rest == "node_template":
        rest = "template"
    return "_".join([*inner, rest or "template"])


def _is_hidden(part: str) -> bool:
    return part.startswith((".", "__pycache__"))
