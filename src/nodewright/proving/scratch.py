"""Temporary folders, in memory where that is possible: they hold many small files."""

import os
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it get random names


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A new folder that is removed when it is closed, or with the process at the latest."""
    place = Path(tempfile.gettempdir())
    if not place.is_relative_to(_MEMORY) and os.access(_MEMORY, os.W_OK):
        place = _MEMORY
    return tempfile.TemporaryDirectory(prefix="nodewright-", dir=place, ignore_cleanup_errors=True)
