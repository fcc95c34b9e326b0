"""Three-way merges of text, by git."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from nodewright import processes
from nodewright.delivery.manifest import DeliveryError
from nodewright.proving.scratch import TemporaryFolder

LABELS = ("yours", "last generated", "generated now")
_MARKER = f"<<<<<<< {LABELS[0]}".encode()
# git merge-file answers the number of conflicts, at most this; above it, an error.
_MOST_CONFLICTS = 127


class MergeError(DeliveryError):
    """Files that were edited cannot be merged."""


@dataclass(frozen=True, slots=True)
class Merged:
    """``content`` with the changes of both sides; conflicts are marked as git marks them."""

    content: bytes
    conflicts: int


def merge(yours: bytes, base: bytes, generated: bytes) -> Merged:
    """Apply to ``yours`` what changed from ``base`` to ``generated``.

    Raises:
        MergeError: git is not installed, or cannot merge these (binary files).
    """
    with TemporaryFolder() as folder:
        names = []
        for name, content in (("yours", yours), ("base", base), ("generated", generated)):
            Path(folder, name).write_bytes(content)
            names.append(name)
        labels = [option for label in LABELS for option in ("-L", label)]
        # The user's own git configuration could change how conflicts are marked.
        environment = processes.environment(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
        environment |= {"GIT_CEILING_DIRECTORIES": folder}
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and only our own files
                ["git", "merge-file", "-p", *labels, *names],  # noqa: S607 - the user's git
                cwd=folder,
                env=environment,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise MergeError(
                "files that you edited have to be merged, and git is not installed: install git, "
                "or pass --force to overwrite them"
            ) from error
    if not 0 <= done.returncode <= _MOST_CONFLICTS:
        raise MergeError(f"git cannot merge: {done.stderr.decode(errors='replace').strip()}")
    return Merged(done.stdout, done.returncode)


def has_conflicts(content: bytes) -> bool:
    """Whether an earlier merge's conflicts still stand in ``content``."""
    return any(line.startswith(_MARKER) for line in content.splitlines())
