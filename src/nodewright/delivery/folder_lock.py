"""The lock of an output folder: one run at a time writes there, whatever process it is in."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from nodewright.delivery.manifest import STATE_FOLDER, DeliveryError

_LOCK = "lock"
# Folders beside it that runs write to; a link in their place would lead out of the output folder.
_WRITTEN = ("journal", "base", "failed")
# Seconds between attempts to take it.
_LOCK_INTERVAL = 0.01


class BusyError(DeliveryError):
    """Another run is writing to the output folder."""


def lock_folder(root: Path, patience: float = 0.0) -> int:
    """Take the folder's lock, making the folder where it does not exist."""
    state = root / STATE_FOLDER
    for place in (state, *(state / name for name in _WRITTEN)):
        if place.is_symlink():
            raise DeliveryError(f"{place} is a symbolic link; remove it or choose another folder")
    path = state / _LOCK
    deadline = time.monotonic() + patience
    while True:
        state.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < deadline:
                os.close(descriptor)
                time.sleep(_LOCK_INTERVAL)
                continue
            owner = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise BusyError(
                f"another run (process {owner}) is writing to {root}: wait until it is done, or "
                "choose another output folder"
            ) from None
        # An undoing may have removed the folder between the two calls.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False)):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
                return descriptor
        os.close(descriptor)


def unlock_folder(root: Path, descriptor: int | None, *, keep: bool) -> None:
    """Give the lock back; unless ``keep``, remove the folders that only it needed."""
    if descriptor is None:
        return
    if not keep:
        state = root / STATE_FOLDER
        (state / _LOCK).unlink(missing_ok=True)
        for folder in (state, root):
            with suppress(OSError):
                folder.rmdir()
    os.close(descriptor)
