"""The use of templates in the database: recorded in the background, and read again."""

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from nodewright.logs import get_logger
from nodewright.storage import lifetime

if TYPE_CHECKING:  # these are slow to import
    from nodewright.storage.database import Database
    from nodewright.storage.records import TemplateCacheMetadata

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
    """Takes what ``take`` gives every few seconds and writes it, one row a template.

    The thread starts with the first `wake` and nothing it meets reaches the cache: what could
    not be written is kept for the next attempt, and a failure is logged once a minute. What was
    not written yet is written before the metrics of all parts are read, and when the process
    ends.

    Args:
        take: gives the uses since its last call. It must not refer to the cache, which would
            never be collected.
        persistence: where to write; the configured database by default.
        interval: seconds.
    """

    def __init__(
        self,
        take: Callable[[], Iterable[TemplateUse]],
        persistence: TemplatePersistence | None = None,
        *,
        interval: float = FLUSH_SECONDS,
    ) -> None:
        self._take_uses = take
        self._open: Callable[[], _Target] = _Database
        if persistence is not None:
            # Not in the thread: a process that is forked meanwhile would find it half loaded.
            import asyncio  # noqa: F401

            self._open = partial(_Given, persistence)
        self._interval = interval
        self._pending: dict[str, TemplateUse] = {}
        # Held while threads come and go, and while something is written.
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._shift: _Shift | None = None
        self._warned_at = float("-inf")
        self.dropped: int = 0
        lifetime.feed(self)

    def start_afresh(self) -> None:
        """Have no thread and nothing that waits, in a forked process: the parent writes it."""
        self._pending = {}
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._shift = None

    def wake(self) -> None:
        """There is something to record."""
        if self._shift is None:
            self._begin()

    def hand_over(self, timeout: float) -> None:
        """Write what there is, waiting at most ``timeout`` seconds."""
        shift = self._shift
        if shift is None and self._is_idle(timeout):
            return
        shift = shift or self._begin()
        if shift is not None:
            shift.ask().wait(timeout)
        elif self._writing.acquire(timeout=timeout):
            try:
                self._flush(self._open())
            finally:
                self._writing.release()

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Write what is left, waiting at most ``timeout`` seconds; a later use starts anew."""
        shift = self.end()
        if shift is not None:
            shift.thread.join(timeout)

    def end(self) -> "_Shift | None":
        """Let the thread write what is left and end."""
        with self._lock:
            shift, self._shift = self._shift, None
        if shift is not None:
            shift.leave()
        return shift

    def _begin(self) -> "_Shift | None":
        """Have a thread; None while the interpreter leaves and starts none."""
        # It cannot be loaded any more when the process ends, and the database's driver needs it.
        import concurrent.futures.thread  # noqa: F401

        with self._lock:
            if self._shift is None:
                shift = _Shift(self._open_safely, self._write, self._interval)
                try:
                    shift.thread.start()
                except RuntimeError:
                    return None
                self._shift = shift
            return self._shift

    def _is_idle(self, timeout: float) -> bool:
        """Whether nothing is to be written, where no thread knows."""
        if not self._writing.acquire(timeout=timeout):
            return False
        try:
            self._take()
            return not self._pending
        finally:
            self._writing.release()

    def _open_safely(self) -> "_Target | None":
        try:
            return self._open()
        except Exception as error:  # noqa: BLE001 - recording never disturbs
            self._warn(error)
            return None

    def _write(self, target: "_Target | None") -> None:
        with self._writing:
            self._take()
            if target is not None:
                self._flush(target)

    def _take(self) -> None:
        for use in self._take_uses():
            known = self._pending.get(use.template_name)
            if known is None and len(self._pending) >= MOST_PENDING:
                self.dropped += 1
                continue
            self._pending[use.template_name] = known.add(use) if known is not None else use

    def _flush(self, target: "_Target") -> None:
        try:
            for name, use in list(self._pending.items()):
                target.write(use)
                del self._pending[name]
        except Exception as error:  # noqa: BLE001 - recording never disturbs
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        if time.monotonic() - self._warned_at < SECONDS_BETWEEN_WARNINGS:
            return
        self._warned_at = time.monotonic()
        _log.warning(
            "template_cache.recording.delayed",
            metadata={
                "pending": len(self._pending),
                "dropped": self.dropped,
                "reason": f"{type(error).__name__}: {error}",
            },
        )


class _Target(Protocol):
    """Where one thread writes."""

    def write(self, use: TemplateUse) -> None:
        """Write a row."""

    def close(self) -> None:
        """Let go of what belongs to the thread."""


class _Database:
    """The configured database."""

    def __init__(self) -> None:
        from nodewright.storage import CodegenPersistence

        self._store = CodegenPersistence().sync

    def write(self, use: TemplateUse) -> None:
        self._store.upsert_template_cache_metadata(**use.columns())

    def close(self) -> None:
        self._store.close()


class _Given:
    """A persistence of the caller's, which is the caller's to close."""

    def __init__(self, persistence: TemplatePersistence) -> None:
        import asyncio

        self._persistence = persistence
        self._runner = asyncio.Runner()

    def write(self, use: TemplateUse) -> None:
        self._runner.run(self._persistence.upsert_template_cache_metadata(**use.columns()))

    def close(self) -> None:
        self._runner.close()


class _Shift:
    """One thread's time of writing: every few seconds, whenever it is asked, and at its end."""

    def __init__(
        self,
        open_target: Callable[[], _Target | None],
        write: Callable[[_Target | None], None],
        interval: float,
    ) -> None:
        self._open = open_target
        self._write = write
        self._interval = interval
        self._wake = threading.Event()
        self._leaving = threading.Event()
        self._asked: deque[threading.Event] = deque()
        self.thread: threading.Thread = threading.Thread(
            target=self._run, name="nodewright-template-use", daemon=True
        )

    def ask(self) -> threading.Event:
        """Have everything written that is there now; what is returned is set when it is."""
        written = threading.Event()
        self._asked.append(written)
        self._wake.set()
        if not self.thread.is_alive():
            written.set()
        return written

    def leave(self) -> None:
        """Write once more, and end."""
        self._leaving.set()
        self._wake.set()

    def _run(self) -> None:
        target = self._open()
        leaving = False
        while not leaving:
            self._wake.wait(self._interval)
            self._wake.clear()
            leaving = self._leaving.is_set()
            asked = [self._asked.popleft() for _ in range(len(self._asked))]
            target = target or self._open()
            self._write(target)
            for written in asked:
                written.set()
        if target is not None:
            target.close()
        for written in self._asked:
            written.set()


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


@dataclass(frozen=True, slots=True)
class History:
    """What was recorded of each template, and of all of them."""

    templates: "tuple[TemplateCacheMetadata, ...]"
    hits: int
    misses: int
    size_bytes: int

    @property
    def hit_rate(self) -> float:
        """Hits of all gets, 0 to 1."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 0.0


def history(database: "Database") -> History:
    """The recorded use of templates, the most used first.

    Raises:
        StorageError: the database can't be reached.
    """
    from nodewright.storage import queries
    from nodewright.storage.records import TemplateCacheMetadata

    query = queries.load("nodewright.templates")["history"]
    rows = tuple(database.fetch(query, row=TemplateCacheMetadata))
    return History(
        templates=rows,
        hits=sum(row.cache_hits or 0 for row in rows),
        misses=sum(row.cache_misses or 0 for row in rows),
        size_bytes=sum(row.size_bytes or 0 for row in rows),
    )


def forget(database: "Database") -> int:
    """Delete what was recorded; how many templates it was of.

    Raises:
        StorageError: the database can't be reached.
    """
    from nodewright.storage import queries

    return database.execute(queries.load("nodewright.templates")["forget"])
