"""Keeps the page current: reads anew now and then, and tells every open page what changed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import orjson

from nodewright.logs import get_logger
from nodewright.monitoring import MonitoringSystem

_log = get_logger(__name__, component="web")

MOST_LISTENERS = 100
_KEEP_ALIVE_S = 15.0


class Live:
    """The page's sections, by id, as text.

    Args:
        system: whose alerts cause a reading at once.
        render: reads everything and gives the sections.
        pause_s: seconds between two readings.
    """

    def __init__(
        self,
        system: MonitoringSystem,
        render: Callable[[], Awaitable[Mapping[str, str]]],
        pause_s: float,
    ) -> None:
        self._system = system
        self._render = render
        self._pause_s = pause_s
        self._wake = asyncio.Event()
        self._listeners: set[asyncio.Queue[Mapping[str, str]]] = set()
        self.sections: Mapping[str, str] = {}

    @property
    def full(self) -> bool:
        """Whether no further listener is taken."""
        return len(self._listeners) >= MOST_LISTENERS

    async def run(self) -> None:
        """Read and tell until cancelled."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closing
                loop.call_soon_threadsafe(self._wake.set)

        self._system.alerts.on_change(wake)
        try:
            while True:
                await self.refresh()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._pause_s)
                self._wake.clear()
        finally:
            self._system.alerts.off_change(wake)

    async def refresh(self) -> None:
        """Read now, and tell the listeners what is different."""
        try:
            sections = await self._render()
        except Exception as error:  # noqa: BLE001 - the next reading may succeed
            _log.error("web.page.unreadable", exc_info=error)
            return
        changed = {name: text for name, text in sections.items() if self.sections.get(name) != text}
        self.sections = sections
        if not changed:
            return
        for queue in tuple(self._listeners):
            # A listener that does not keep up gets everything anew instead.
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(sections)
            else:
                queue.put_nowait(changed)

    async def events(self) -> AsyncIterator[bytes]:
        """Server-sent events: all sections, then those that change."""
        # Asked again: others may have begun between the caller's question and this.
        if self.full:
            yield b"retry: 30000\n\n"
            return
        queue: asyncio.Queue[Mapping[str, str]] = asyncio.Queue(maxsize=8)
        self._listeners.add(queue)
        try:
            yield _event(self.sections)
            while True:
                try:
                    changed = await asyncio.wait_for(queue.get(), _KEEP_ALIVE_S)
                except TimeoutError:
                    yield b": still here\n\n"
                else:
                    yield _event(changed)
        finally:
            self._listeners.discard(queue)


def _event(sections: Mapping[str, str]) -> bytes:
    return b"event: sections\ndata: " + orjson.dumps(dict(sections)) + b"\n\n"
