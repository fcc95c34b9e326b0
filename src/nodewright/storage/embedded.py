"""The embedded PostgreSQL: one server for a data directory, shared by the user's processes.

Every process that uses the server holds a shared lock on a file beside it. Who releases it tries
for the exclusive lock, and stops the server when it gets it: nobody else is there. The kernel
drops the lock of a killed process, so the count of users is right whatever happened to them.
"""

import errno
import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodewright.logs import get_logger
from nodewright.storage.errors import EmbeddedServerError, StorageError, StorageFullError
from nodewright.storage.postmaster import NotReadyError, Postmaster
from nodewright.storage.programs import MAJOR, run, system_user, user_name

_log = get_logger(__name__, component="storage")

# Only the owner may use the socket (root may use every socket); what telemetry can do without
# is not asked of the disk more often than needed. Plans here are short: compiling them costs more.
_CONFIGURATION = """
unix_socket_permissions = 0700
jit = off
max_connections = 200
shared_buffers = 256MB
work_mem = 32MB
max_wal_size = 2GB
log_min_messages = warning
"""


# A killed server leaves these for a moment, until its backends are gone.
_PASSING = ("shared memory block", '.lock" already exists', 'postmaster.pid" already exists')


class EmbeddedServer:
    """PostgreSQL in ``directory``, started on first use, stopped when its last user leaves.

    Args:
        directory: where the cluster lives or will be made.
        patience: seconds that a start may take.
    """

    def __init__(self, directory: Path, patience: float = 60.0) -> None:
        self.directory: Path = directory.absolute()
        self._patience = patience
        self._lock = threading.Lock()
        self._users_fd: int | None = None
        self._postmaster: Postmaster | None = None

    def start(self) -> str:
        """Make the cluster if there is none, start its server if it is not running.

        Returns:
            The folder of the server's socket.

        Raises:
            EmbeddedServerError: the directory is another user's, of another major version or
                holds something else, or the server does not start.
            StorageFullError: the disk is full.
        """
        with self._lock:
            self._check_directory()
            if self._users_fd is None:
                # Waits while a last user is stopping the server.
                self._users_fd = self._open_lock("postgres.users")
                fcntl.flock(self._users_fd, fcntl.LOCK_SH)
            try:
                with self._starting():
                    return self._ensure_running()
            except BaseException:
                self._leave()
                raise

    def release(self) -> None:
        """Stop using the server; the last of all processes stops it."""
        with self._lock:
            if self._users_fd is None:
                return
            try:
                fcntl.flock(self._users_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                with self._starting():
                    self._stop()
            finally:
                self._leave()

    def after_fork(self) -> None:
        """Count the child as a user of its own; call in the child."""
        self._lock = threading.Lock()
        if self._users_fd is not None:
            inherited, self._users_fd = self._users_fd, self._open_lock("postgres.users")
            fcntl.flock(self._users_fd, fcntl.LOCK_SH)
            os.close(inherited)

    def _leave(self) -> None:
        if self._users_fd is not None:
            os.close(self._users_fd)
            self._users_fd = None

    def _open_lock(self, name: str) -> int:
        return os.open(self.directory.parent / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """Only one process makes, starts or stops the cluster at a time."""
        fd = self._open_lock("postgres.starting")
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _check_directory(self) -> None:
        try:
            self.directory.parent.mkdir(parents=True, exist_ok=True)
            self.directory.mkdir(mode=0o700, exist_ok=True)
            owner = self.directory.stat().st_uid
            version_file = self.directory / "PG_VERSION"
            version = version_file.read_text().strip() if version_file.exists() else None
            foreign = version is None and any(self.directory.iterdir())
        except OSError as error:
            raise self._os_error(error) from error
        if not system_user().owns(owner):
            raise EmbeddedServerError(
                f"the data directory {self.directory} belongs to user {user_name(owner)}, and "
                f"this is {user_name(os.geteuid())}: set NODEWRIGHT_DATA_DIR to a folder of "
                "your own, or NODEWRIGHT_DATABASE_URL to a server that both may use"
            )
        if version is not None and version != str(MAJOR):
            raise EmbeddedServerError(
                f"the data directory {self.directory} was made by PostgreSQL {version}, and the "
                f"embedded server is PostgreSQL {MAJOR}: dump it with the "
                f"nodewright that made it (nodewright db dump), or move the folder away"
            )
        if foreign:
            raise EmbeddedServerError(
                f"{self.directory} is no database, and holds other files: move them away, or set "
                "NODEWRIGHT_DATA_DIR to another folder"
            )

    def _ensure_running(self) -> str:
        deadline = time.monotonic() + self._patience
        if self._postmaster is None:
            self._postmaster = Postmaster(self.directory, system_user())
        while True:
            try:
                if not (self.directory / "PG_VERSION").exists():
                    self._make_cluster()
                return str(self._postmaster.ensure_ready(deadline))
            except StorageError:  # a full disk is an OSError too
                raise
            except OSError as error:
                raise self._os_error(error) from error
            except NotReadyError as error:
                report = self._postmaster.said
                passing = error.passing or any(sign in report for sign in _PASSING)
                if not passing or time.monotonic() > deadline:
                    raise self._start_error(report) from error
            time.sleep(0.1)

    def _make_cluster(self) -> None:
        """Make the cluster beside its place and move it there, so that no kill leaves half a one.

        Raises:
            EmbeddedServerError: initdb refuses.
        """
        user = system_user()
        unfinished = self.directory.with_name(f"{self.directory.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        user.take(unfinished)
        arguments = ["--auth=trust", "--encoding=utf8", "--username=postgres"]
        arguments += ["--pgdata", str(unfinished)]
        done = run("initdb", arguments, user, unfinished)
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise self._initdb_error(done.stderr)
        with (unfinished / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write(_CONFIGURATION)
        unfinished.replace(self.directory)

    def _stop(self) -> None:
        if self._postmaster is not None and not self._postmaster.stop():
            _log.warning("storage.embedded.not_stopped", {"directory": str(self.directory)})
        self._postmaster = None

    def _start_error(self, report: str) -> StorageError:
        if _is_full(report):
            return self._full()
        return EmbeddedServerError(
            f"the embedded PostgreSQL in {self.directory} did not start; "
            f"it said:\n{report.strip() or 'nothing'}"
        )

    def _initdb_error(self, report: str) -> StorageError:
        if _is_full(report):
            return self._full()
        advice = "set NODEWRIGHT_DATA_DIR to another folder, or NODEWRIGHT_DATABASE_URL"
        if "could not look up effective user ID" in report:
            advice = (
                f"PostgreSQL needs a name for the user {os.geteuid()}: add one to /etc/passwd, "
                "or set NODEWRIGHT_DATABASE_URL"
            )
        return EmbeddedServerError(
            f"initdb cannot make a database in {self.directory}; it said:\n"
            f"{report.strip() or 'nothing'}\n{advice}"
        )

    def _os_error(self, error: OSError) -> StorageError:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return self._full()
        return EmbeddedServerError(
            f"the data directory {self.directory} cannot be used: {error}; set "
            "NODEWRIGHT_DATA_DIR to a folder that you may write to"
        )

    def _full(self) -> StorageFullError:
        return StorageFullError(
            f"the disk of {self.directory} is full: make room, or set NODEWRIGHT_DATA_DIR to a "
            "folder on another disk"
        )


def _is_full(report: str) -> bool:
    return "No space left" in report or "Disk quota exceeded" in report
