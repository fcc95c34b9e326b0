"""Notes in the manifest on what became of clauses after the delivery."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nodewright.delivery.folder_lock import lock_folder, unlock_folder
from nodewright.delivery.manifest import (
    MANIFEST_NAME,
    STATE_FOLDER,
    DeliveryError,
    load_manifest,
)
from nodewright.disk import sync_folder
from nodewright.spec.verdicts import ClauseVerdict


def keep_clauses(out: Path, verdicts: Mapping[str, ClauseVerdict]) -> bool:
    """Note in the manifest of ``out`` what became of some clauses, by their ids.

    Returns:
        Whether it was noted; a folder that cannot be written, or that a run is at work in, keeps
        what it has.
    """
    root = Path(os.path.realpath(out))
    try:
        lock = lock_folder(root)
    except (OSError, DeliveryError):
        return False
    try:
        manifest = load_manifest(root)
        clauses = tuple(verdicts.get(each.id, each) for each in manifest.clauses)
        _write(root / STATE_FOLDER, replace(manifest, clauses=clauses).dump())
    except OSError:
        return False
    finally:
        unlock_folder(root, lock, keep=True)
    return True


def _write(folder: Path, content: bytes) -> None:
    """Put a whole manifest in the place of the old one."""
    draft = folder / f"{MANIFEST_NAME}.new"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / MANIFEST_NAME)
    sync_folder(folder)
