"""What has to be on the disk before a promise is given."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Wait until files that were made, renamed or removed in ``folder`` are so on the disk.

    Raises:
        OSError: the folder cannot be opened or its disk reports a fault.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
