"""Temporary folders, in memory where that is possible: they hold many small files."""

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import override

_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it get random names
_PREFIX = "nodewright-scratch-"

# Between its making and its lock a folder looks abandoned.
_YOUNG_SECONDS = 60.0


class TemporaryFolder(tempfile.TemporaryDirectory[str]):
    """A new folder that is removed when it is closed, or with the process.

    Its owner holds a lock on it, which the kernel drops when the owner is killed. Whoever makes the
    next folder removes those that nobody holds any more.
    """

    def __init__(self) -> None:
        place = Path(tempfile.gettempdir())
        if not place.is_relative_to(_MEMORY) and os.access(_MEMORY, os.W_OK):
            place = _MEMORY
        _remove_abandoned(place)
        super().__init__(prefix=_PREFIX, dir=place, ignore_cleanup_errors=True)
        self._held: int | None = os.open(self.name, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._held, fcntl.LOCK_SH)

    @override
    def cleanup(self) -> None:
        """Remove the folder."""
        super().cleanup()
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _remove_abandoned(place: Path) -> None:
    for path in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            _remove_if_abandoned(path)


def _remove_if_abandoned(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        if found.st_uid == os.geteuid() and time.time() - found.st_mtime > _YOUNG_SECONDS:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)
