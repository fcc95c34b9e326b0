"""The operating system's notices of changed files, so that hits need not look at them."""

import threading
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nodewright.logs import get_logger
from nodewright.templates.errors import WatchUnavailableError

_log = get_logger(__name__, component="template_cache")

# How long notices are gathered, how often the watcher wakes, and the longest that a change which
# sent no notice (a renamed parent folder, a network file system) can stay unseen.
GATHER_MS = 10
STEP_MS = 5
LONGEST_UNSEEN_MS = 1_000

_JOIN_SECONDS = 5.0


class FolderWatcher:
    """Watches folders in a thread, and calls ``changed`` whenever anything in one changes.

    ``changed`` is also called when the watched folders change and once every second; after each
    call, what was known of the files holds no longer.

    Raises:
        WatchUnavailableError: watchfiles is not installed.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        try:
            from watchfiles._rust_notify import RustNotify
        except ImportError as error:
            raise WatchUnavailableError(WatchUnavailableError.__doc__) from error
        self._notify: Callable[..., Any] = RustNotify
        # The watcher must not keep a forgotten cache alive.
        self._changed = weakref.WeakMethod(changed)
        self._lock = threading.Lock()
        self._wanted: set[str] = set()
        self._watched: frozenset[str | None] = frozenset()
        self._restart = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def folder_of(self, file: str) -> str | None:
        """The folder to watch for ``file``, which is watched from soon on.

        None where the name leads through a link or starts at the working folder: there, what
        the name means can change without a notice.
        """
        path = Path(file)
        if not path.is_absolute() or str(path.resolve()) != file:
            return None
        folder = str(path.parent)
        self._add(folder)
        return folder

    def covers(self, folder: str | None) -> bool:
        """Whether changes in ``folder`` are noticed by now."""
        return folder in self._watched

    def close(self) -> None:
        """Stop watching."""
        with self._lock:
            self._closed = True
            self._watched = frozenset()
            thread, self._thread = self._thread, None
        self._restart.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_JOIN_SECONDS)

    def _add(self, folder: str) -> None:
        with self._lock:
            if folder in self._wanted or self._closed:
                return
            self._wanted.add(folder)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="nodewright-template-watch", daemon=True
                )
                self._thread.start()
        self._restart.set()

    def _run(self) -> None:
        while not self._closed and self._changed() is not None:
            self._restart.clear()
            with self._lock:
                folders = frozenset(self._wanted)
            try:
                self._watch(folders)
            except Exception as error:  # noqa: BLE001 - hits go back to looking; the next attempt may work
                self._watched = frozenset()
                self._tell()
                _log.warning(
                    "template_cache.watching.failed",
                    metadata={"folders": sorted(folders), "reason": str(error)},
                    exc_info=error,
                )
                self._restart.wait(LONGEST_UNSEEN_MS / 1000)

    def _watch(self, folders: Iterable[str]) -> None:
        """Pass notices on until other folders are to be watched or the cache is gone."""
        present = _identities(folders)
        notices = self._notify(sorted(present), False, False, 0, False, True)  # noqa: FBT003
        try:
            # From here on nothing is missed; what was seen before is looked at once more.
            self._watched = frozenset(present)
            while self._tell() and not self._restart.is_set() and _identities(folders) == present:
                notices.watch(GATHER_MS, STEP_MS, LONGEST_UNSEEN_MS, self._restart)
        finally:
            self._watched = frozenset()
            self._tell()
            notices.close()

    def _tell(self) -> bool:
        changed = self._changed()
        if changed is not None:
            changed()
        return changed is not None


def _identities(folders: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Those of ``folders`` that are there, each with its device and inode.

    A new folder of an old name needs a new watch.
    """
    found = {}
    for folder in folders:
        with suppress(OSError):
            status = Path(folder).stat()
            found[folder] = (status.st_dev, status.st_ino)
    return found
