"""Recording the use of templates in the database, in the background."""

import hashlib
import threading
import time
import weakref
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from nodewright.logs import get_logger

_log = get_logger(__name__, component="template_cache")

FLUSH_SECONDS = 5.0
CLOSE_SECONDS = 5.0
SECONDS_BETWEEN_WARNINGS = 60.0
# Templates whose use is remembered while the database is away.
MOST_PENDING = 10_000

_NAME_LENGTH = 200
_TYPE_LENGTH = 50
_KEY_LENGTH = 500


class TemplatePersistence(Protocol):
    """Where the use of templates is recorded; ``CodegenPersistence`` is one."""

    def upsert_template_cache_metadata(
        self,
        template_name: str,
        template_type: str,
        *,
        cache_key: str,
        file_path: str,
        file_hash: str,
        size_bytes: int | None = None,
        load_time_ms: float | None = None,
        last_accessed_at: datetime | None = None,
        access_count: int = 0,
        cache_hits: int = 0,
        cache_misses: int = 0,
    ) -> Coroutine[Any, Any, object]:
        """Store a template's row; the counts are added to those of a row of the same name."""

    def close(self) -> Coroutine[Any, Any, object]:
        """Write what is queued and let go of the database."""


@dataclass(slots=True)
class TemplateUse:
    """What happened to one template since it was last recorded."""

    template_name: str
    template_type: str
    file_path: str
    file_hash: str
    size_bytes: int
    last_accessed_at: datetime
    load_time_ms: float | None = None
    cache_hits: int = 0
    cache_misses: int = 0

    def add(self, later: "TemplateUse") -> "TemplateUse":
        """``later`` with the counts of both."""
        later.cache_hits += self.cache_hits
        later.cache_misses += self.cache_misses
        if later.load_time_ms is None:
            later.load_time_ms = self.load_time_ms
        return later

    def columns(self) -> dict[str, Any]:
        """The row of table template_cache_metadata, its text as PostgreSQL can hold it."""
        return {
            "template_name": _fitted(self.template_name, _NAME_LENGTH),
            "template_type": _fitted(self.template_type or "UNKNOWN", _TYPE_LENGTH),
            "cache_key": _fitted(f"{self.template_name}:{self.file_path}", _KEY_LENGTH),
            "file_path": _storable(self.file_path),
            "file_hash": self.file_hash,
            "size_bytes": self.size_bytes,
            "load_time_ms": self.load_time_ms,
            "last_accessed_at": self.last_accessed_at,
            "access_count": self.cache_hits + self.cache_misses,
            "cache_hits": self.cache_hits,
            "cache_misses": self.cache_misses,
        }


class Recorder:
    """Takes what ``drain`` gives every few seconds and writes it, one row a template.

    The thread starts with the first `wake` and nothing it meets reaches the cache: what could
    not be written is kept for the next attempt, and a failure is logged once a minute.
    """

    def __init__(
        self,
        drain: Callable[[], Iterable[TemplateUse]],
        persistence: TemplatePersistence | None = None,
        *,
        interval: float = FLUSH_SECONDS,
    ) -> None:
        # The recorder must not keep a forgotten cache alive.
        self._drain = weakref.WeakMethod(drain)
        self._given = persistence
        self._own: TemplatePersistence | None = None
        self._interval = interval
        self._pending: dict[str, TemplateUse] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._warned_at = float("-inf")
        self.dropped: int = 0

    def wake(self) -> None:
        """There is something to record."""
        if self._thread is not None or self._stop.is_set():
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="nodewright-template-use", daemon=True
                )
                self._thread.start()

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Write what is left, waiting at most ``timeout`` seconds."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        import asyncio

        with asyncio.Runner() as runner:
            stopping = False
            while not stopping:
                stopping = self._stop.wait(self._interval) or self._drain() is None
                self._take()
                runner.run(self._flush())
            runner.run(self._close_own())

    def _take(self) -> None:
        drain = self._drain()
        for use in drain() if drain is not None else ():
            known = self._pending.get(use.template_name)
            if known is None and len(self._pending) >= MOST_PENDING:
                self.dropped += 1
                continue
            self._pending[use.template_name] = known.add(use) if known is not None else use

    async def _flush(self) -> None:
        try:
            for name, use in list(self._pending.items()):
                await self._persistence().upsert_template_cache_metadata(**use.columns())
                del self._pending[name]
        except Exception as error:  # noqa: BLE001 - recording never disturbs
            self._warn(error)

    async def _close_own(self) -> None:
        try:
            if self._own is not None:
                await self._own.close()
        except Exception as error:  # noqa: BLE001 - recording never disturbs
            self._warn(error)

    def _persistence(self) -> TemplatePersistence:
        if self._given is not None:
            return self._given
        if self._own is None:
            from nodewright.storage import CodegenPersistence

            self._own = CodegenPersistence()
        return self._own

    def _warn(self, error: Exception) -> None:
        if time.monotonic() - self._warned_at < SECONDS_BETWEEN_WARNINGS:
            return
        self._warned_at = time.monotonic()
        _log.warning(
            f"the use of {len(self._pending)} templates is not recorded yet: "
            f"{type(error).__name__}: {error}",
            metadata={"pending": len(self._pending), "dropped": self.dropped},
        )


def _storable(text: str) -> str:
    """``text`` without what PostgreSQL can't hold: NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _fitted(text: str, length: int) -> str:
    """``text`` within ``length`` characters; a longer one keeps its start and gains a digest."""
    kept = _storable(text)
    if len(kept) <= length:
        return kept
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{kept[: length - 17]}~{digest}"
