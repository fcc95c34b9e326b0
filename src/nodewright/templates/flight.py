"""One load for all who ask for the same thing at the same time."""

import threading
from pathlib import Path

from nodewright.templates.entries import Key
from nodewright.templates.errors import TemplateLoopError
from nodewright.templates.source import Reading


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
