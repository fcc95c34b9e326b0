"""Whether an output folder can be written, and what is said where it cannot."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodewright.delivery.manifest import DeliveryError

# A package, what it was made from and what is needed to undo it take a few of these.
LEAST_FREE = 32 * 1024 * 1024


def check_folder(out: Path) -> None:
    """Check that ``out`` is, or can become, a folder with room for a package.

    Raises:
        DeliveryError: it cannot; the message says why and what to do.
    """
    place = Path(os.path.realpath(out))
    while not place.exists() and place != place.parent:
        place = place.parent
    with as_delivery_errors(out):
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "not writable")
        if shutil.disk_usage(place).free < LEAST_FREE:
            raise OSError(errno.ENOSPC, "nearly full")


_REASONS = {
    errno.EACCES: "is not writable: change its permissions or choose another output folder",
    errno.EPERM: "is not writable: change its permissions or choose another output folder",
    errno.EROFS: "is on a read-only file system: choose another output folder",
    errno.ENOSPC: "is on a full disk: free some space and run again",
    errno.EDQUOT: "is over its quota: free some space and run again",
    errno.ENOTDIR: "is not a folder, or is inside a file: choose another output folder",
    errno.EEXIST: "is not a folder: choose another output folder",
    errno.ENAMETOOLONG: "would hold names that are too long for its file system",
}


@contextmanager
def as_delivery_errors(out: Path) -> Iterator[None]:
    """Raise what the system says of ``out`` as an error that says what to do."""
    try:
        yield
    except OSError as error:
        known = _REASONS.get(error.errno or 0)
        reason = known or f"cannot be written: {error}"
        raise DeliveryError(f"{out} {reason}") from error
