"""A cache of template files whose hits cost one look at the file, and are never stale."""

import os
import threading
import time
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nodewright.logs import get_logger
from nodewright.templates import source
from nodewright.templates.entries import Entries, Entry, Key, keep_over_forks
from nodewright.templates.errors import InvalidLimitError
from nodewright.templates.ledger import CachedTemplate, CacheStats, Ledger, template_row
from nodewright.templates.loading import Flight, Flights, Loader, load, templates_of
from nodewright.templates.recording import Recorder, TemplatePersistence, TemplateUse
from nodewright.templates.watching import FolderWatcher

_log = get_logger(__name__, component="template_cache")

_MOST_NOTES = 256
# What is beyond these counts as no limit; so an infinite one can be given.
_LONGEST_S = 10**9
_MOST_MB = 2**40


class TemplateCache:
    """Keeps the text of template files, least recently used out first.

    A hit compares the file's times, size and inode with those of the load; only where they
    differ, or could hide a change, is the content hashed. Every get therefore returns what the
    file held at some moment of that get. Safe to share between threads. Uses are recorded every
    few seconds, when the cache is closed or collected, and when the process ends.

    Args:
        max_templates: most templates kept; 0 keeps none.
        max_size_mb: most MiB of text kept; a larger template is returned and not kept.
        ttl_seconds: seconds after which a template is loaded again though its file is the same.
        enable_persistence: record the use of templates in the database, in the background.
        watch: rely on the operating system's notices of changes instead of looking at the file;
            a change is then seen after milliseconds, at the latest after a second.
        persistence: where to record; the configured database by default.
        clock: monotonic nanoseconds.

    Raises:
        InvalidLimitError: a limit is negative; it is a ValueError.
        WatchUnavailableError: ``watch`` without the package watchfiles.
    """

    def __init__(
        self,
        max_templates: int = 100,
        max_size_mb: int = 50,
        ttl_seconds: int = 3600,
        enable_persistence: bool = True,
        *,
        watch: bool = False,
        persistence: TemplatePersistence | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        for name, value in (
            ("max_templates", max_templates),
            ("max_size_mb", max_size_mb),
            ("ttl_seconds", ttl_seconds),
        ):
            if not value >= 0:
                raise InvalidLimitError(f"{name} is {value}; give 0 or more")
        self.max_templates = max_templates
        self.max_size_mb = max_size_mb
        self.ttl_seconds = ttl_seconds
        self.enable_persistence = enable_persistence
        self._ttl_ns = int(min(ttl_seconds, _LONGEST_S) * 1_000_000_000)
        self._clock = clock
        self._epoch = 0
        self._entries = Entries(max_templates, int(min(max_size_mb, _MOST_MB) * 1024 * 1024))
        self._by_name, self._by_key = self._entries.by_name, self._entries.by_key
        self._ledger = Ledger(self._entries, clock)
        self._notes = self._ledger.notes
        self._note = self._notes.append
        self._flights = Flights()
        self._watcher = FolderWatcher(self._look_again) if watch else None
        self._recorder = (
            Recorder(self._ledger.take_uses, persistence) if enable_persistence else None
        )
        if self._recorder is not None:
            weakref.finalize(self, self._recorder.end).atexit = False
        keep_over_forks(self)

    def get(
        self,
        template_name: str,
        template_type: str,
        file_path: Path,
        loader_func: Callable[[Path], str],
    ) -> tuple[str, bool]:
        """The template's text, from memory if the file is still the one that was loaded.

        Args:
            template_name: names the template; with another path it is another template.
            template_type: node kind, recorded with the template's use.
            file_path: the template's file.
            loader_func: makes the text from the file; run once however many threads wait for it.

        Returns:
            The text, and whether it was in the cache.

        Raises:
            OSError: the file is gone (FileNotFoundError) or can't be read.
            TemplateLoopError: ``loader_func`` asks for the template that it is loading.
            Exception: whatever ``loader_func`` raises.
        """
        started = self._clock()
        entry = self._by_name.get(template_name)
        if entry is None or entry.path is not file_path:
            entry = self._by_key.get((template_name, os.fspath(file_path)))
        if (
            entry is not None
            and started < entry.expires_at
            and (entry.epoch == self._epoch or self._is_same(entry))
        ):
            self._note((entry, template_type, started, self._clock() - started))
            if len(self._notes) >= _MOST_NOTES:
                self._fold()
            return entry.content, True
        return self._get_anew(template_name, template_type, file_path, loader_func, started)

    def invalidate(self, template_name: str) -> None:
        """Forget the templates of this name; a load under way is not kept."""
        with self._ledger.lock:
            self._flights.forget(template_name)
            for entry in self._entries:
                if entry.key[0] == template_name:
                    self._ledger.invalidations += self._remove(entry)

    def invalidate_all(self) -> None:
        """Forget all templates; loads under way are not kept."""
        with self._ledger.lock:
            self._flights.forget()
            for entry in self._entries:
                self._ledger.invalidations += self._remove(entry)

    def warmup(self, templates_dir: Path, template_types: list[str]) -> None:
        """Load the templates of these node kinds, so that the first get of each is a hit.

        Each file in ``templates_dir`` whose stem starts with a kind's lower-case name, or that
        lies in a folder of that name (both as ``effect`` or ``node_effect``), is loaded as UTF-8;
        ``effect_node_template.py`` becomes ``EFFECT_template``. What can't be loaded is logged
        and left out.
        """
        templates_dir = Path(templates_dir)
        if not templates_dir.is_dir():
            _log.warning("template_cache.warmup.no_folder", metadata={"folder": str(templates_dir)})
        for name, kind, file in templates_of(templates_dir, template_types):
            try:
                self.get(name, kind, file, _read_text)
            except (OSError, UnicodeDecodeError) as error:
                _log.warning(
                    "template_cache.warmup.failed",
                    metadata={"template": name, "file": str(file), "reason": str(error)},
                )

    @property
    def hits(self) -> int:
        """Gets served from memory."""
        return self.stats().hits

    @property
    def misses(self) -> int:
        """All other gets."""
        return self.stats().misses

    @property
    def evictions(self) -> int:
        """Templates that had to make room."""
        return self.stats().evictions

    @property
    def invalidations(self) -> int:
        """Templates dropped because their file changed or went, or on request."""
        return self.stats().invalidations

    @property
    def expirations(self) -> int:
        """Templates dropped because their time was over."""
        return self.stats().expirations

    def stats(self) -> CacheStats:
        """Counts and times, all of one moment."""
        with self._ledger.lock:
            return self._ledger.stats()

    def get_stats(self) -> dict[str, Any]:
        """Counts and times under their documented names; see `CacheStats.as_dict`."""
        return self.stats().as_dict()

    def get_detailed_stats(self) -> dict[str, Any]:
        """What `get_stats` returns, and ``templates``: one row each, least recently used first."""
        with self._ledger.lock:
            stats, templates = self._ledger.stats(), self._ledger.templates()
        now = datetime.now(UTC)
        return stats.as_dict() | {"templates": [template_row(each, now) for each in templates]}

    def templates(self) -> list[CachedTemplate]:
        """What is in the cache, least recently used first."""
        with self._ledger.lock:
            return self._ledger.templates()

    def take_uses(self) -> list[TemplateUse]:
        """The uses since the last call, one item a name, for who records them elsewhere.

        A worker process without persistence hands them to the process that records; with
        persistence the cache records them itself, and they are taken from that.
        """
        return self._ledger.take_uses()

    def close(self) -> None:
        """Record what is left and stop watching; the cache itself can be used on."""
        if self._watcher is not None:
            self._watcher.close()
        if self._recorder is not None:
            self._recorder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        import asyncio

        await asyncio.to_thread(self.close)

    def hold(self) -> None:
        """Let no thread be in the middle of an account while the process forks."""
        self._ledger.lock.acquire()

    def release(self) -> None:
        """Go on after a fork."""
        self._ledger.lock.release()

    def start_afresh(self) -> None:
        """Have no threads, loads under way or uses to record, in a forked process."""
        self._epoch += 1
        self._flights = Flights()
        self._ledger.lock = threading.Lock()
        self._ledger.drain()
        if self._watcher is not None:
            self._watcher = FolderWatcher(self._look_again)
        if self._recorder is not None:
            self._recorder.start_afresh()
        for entry in self._entries:
            entry.evidence.lock = threading.Lock()

    def _is_same(self, entry: Entry) -> bool:
        """Whether one look proves that the file of ``entry`` is the one that was loaded."""
        epoch = self._epoch
        evidence = entry.evidence
        try:
            same: bool = evidence.look() == evidence.proof
        except OSError:
            return False
        if same and self._watcher is not None and self._watcher.covers(entry.folder):
            entry.epoch = epoch
        return same

    def _fold(self) -> None:
        if self._ledger.lock.acquire(blocking=False):
            try:
                self._ledger.fold()
            finally:
                self._ledger.lock.release()

    def _look_again(self) -> None:
        with self._ledger.lock:
            self._epoch += 1

    def _get_anew(
        self, name: str, kind: str, path: Path, loader: Loader, started: int
    ) -> tuple[str, bool]:
        try:
            return self._verify_or_load((name, os.fspath(path)), kind, path, loader, started)
        except BaseException:
            with self._ledger.lock:
                self._ledger.misses += 1
            raise

    def _verify_or_load(
        self, key: Key, kind: str, path: Path, loader: Loader, started: int
    ) -> tuple[str, bool]:
        while True:
            entry = self._verified(key, started)
            if entry is not None:
                self._note((entry, kind, started, self._clock() - started))
                return entry.content, True
            with self._ledger.lock:
                if key in self._by_key:
                    continue  # another thread has just loaded it
                flight, mine = self._flights.join(key)
            if mine:
                self._lead(flight, key, kind, path, loader)
            elif not self._share(flight, key, started):
                continue
            if flight.error is not None:
                raise flight.error
            with self._ledger.lock:
                self._ledger.add_load(key, kind, flight.reading, self._clock() - started)
            if self._recorder is not None:
                self._recorder.wake()
            return flight.content, False

    def _verified(self, key: Key, started: int) -> Entry | None:
        """The entry of ``key`` if the file's content, read anew, is still what was loaded."""
        entry = self._by_key.get(key)
        if entry is None:
            return None
        if started >= entry.expires_at:
            with self._ledger.lock:
                self._ledger.expirations += self._remove(entry)
            return None
        try:
            with entry.evidence.lock:
                if entry.evidence.renew():
                    return entry
                reading = source.read(key[1])
                if reading.digest == entry.digest:
                    entry.evidence.add(reading)
                    return entry
        except OSError:
            with self._ledger.lock:
                self._ledger.invalidations += self._remove(entry)
            raise
        with self._ledger.lock:
            self._ledger.invalidations += self._remove(entry)
        return None

    def _lead(self, flight: Flight, key: Key, kind: str, path: Path, loader: Loader) -> None:
        """Load for all who wait for ``flight``, and keep what came of it."""
        entry = None
        try:
            entry = load(flight, key, kind, path, loader)
            if entry is not None and self._watcher is not None:
                entry.folder = self._watcher.folder_of(key[1])
        finally:
            with self._ledger.lock:
                if entry is not None and self._flights.is_current(key, flight):
                    self._keep(entry)
                self._flights.remove(key, flight)
            flight.finish()

    def _share(self, flight: Flight, key: Key, started: int) -> bool:
        """Wait for another thread's load; whether its outcome holds for this get too."""
        try:
            flight.wait()
        finally:
            with self._ledger.lock:
                self._flights.leave()
        if not flight.landed:
            return False
        reading = flight.reading
        if reading is None or reading.read_at >= started:
            return True
        return source.read(key[1]).digest == reading.digest

    def _keep(self, entry: Entry) -> None:
        if not self._entries.fits(entry):
            return
        entry.loaded_at = entry.used_at = self._clock()
        entry.expires_at = entry.loaded_at + self._ttl_ns
        self._ledger.fold()
        for evicted in self._entries.put(entry):
            self._ledger.evictions += 1
            self._ledger.depart(evicted)

    def _remove(self, entry: Entry) -> bool:
        """Drop ``entry``; whether it was still there."""
        removed = self._entries.remove(entry)
        if removed:
            self._ledger.depart(entry)
        return removed


def _read_text(path: Path) -> str:
    return path.read_bytes().decode("utf-8")
