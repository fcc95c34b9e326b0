"""The server process of a cluster: whether it runs, starting it, stopping it.

PostgreSQL's ``postmaster.pid`` names the process and its socket. After a crash the number may be
another process's, so the number alone is never believed: a server runs where its socket accepts a
connection, and the kernel says which process listens there. Only that process is signalled.
"""

import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nodewright.storage.programs import SystemUser, bundled_program

PORT = 5432

# The longest path of a socket that the kernel takes.
_LONGEST_SOCKET = 107
_SOCKET = f".s.PGSQL.{PORT}"
_PAUSE = 0.05
_SHUTDOWN_SECONDS = 60.0


class NotReadyError(Exception):
    """The server ended, or was not ready in time; ``passing``: another attempt may do."""

    def __init__(self, *, passing: bool) -> None:
        super().__init__("the server is not ready")
        self.passing = passing


@dataclass(frozen=True, slots=True)
class PidFile:
    """What ``postmaster.pid`` says; it is written line by line, so parts may be missing."""

    pid: int
    socket_folder: Path | None
    status: str

    @classmethod
    def read(cls, directory: Path) -> "PidFile | None":
        """The file of ``directory``; None where there is none, or nothing that can be read."""
        try:
            lines = (directory / "postmaster.pid").read_text(errors="replace").split("\n")
            pid = int(lines[0])
        except (OSError, ValueError):
            return None
        folder = lines[4] if len(lines) > 4 else ""  # noqa: PLR2004 - the fifth line, as documented
        status = lines[7].strip() if len(lines) > 7 else ""  # noqa: PLR2004 - the eighth
        return cls(pid, Path(folder) if folder else None, status)


class Postmaster:
    """The server of the cluster in ``directory``, run by ``user``."""

    def __init__(self, directory: Path, user: SystemUser) -> None:
        self.directory = directory
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def said(self) -> str:
        """The last lines of the server's log, of those since this object started it."""
        try:
            with (self.directory / "log").open("rb") as log:
                log.seek(self._log_start)
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-15:])

    def ensure_ready(self, deadline: float) -> Path:
        """Start the server unless it runs; the folder of its socket.

        Raises:
            NotReadyError: it ended, or was not ready before ``deadline`` (``time.monotonic``).
        """
        found = PidFile.read(self.directory)
        if found is None or not self._is_there(found):
            self._start(found)
        return self._wait(deadline)

    def stop(self) -> bool:
        """Stop the server; whether it is gone. Whatever else has its number is left alone."""
        found = PidFile.read(self.directory)
        pid = _listener(found)
        if found is None or not pid:
            return True
        gone = self._end(pid, found)
        if gone and found.socket_folder not in {None, self.directory}:
            shutil.rmtree(str(found.socket_folder), ignore_errors=True)
        return gone

    def _end(self, pid: int, found: PidFile) -> bool:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        try:
            # The descriptor holds on to the process: it is asked again who listens.
            if _listener(found) == pid:
                signal.pidfd_send_signal(descriptor, signal.SIGINT)
            ended, _, _ = select.select([descriptor], [], [], _SHUTDOWN_SECONDS)
            return bool(ended)
        finally:
            os.close(descriptor)
            self._reap()

    def _is_there(self, found: PidFile) -> bool:
        """Whether the file is a server's that runs, or that is just starting or ending."""
        if _listener(found) is not None:
            return True
        return _works_in(found.pid, self.directory)

    def _start(self, stale: PidFile | None) -> None:
        self._reap()
        folder = self._socket_folder()
        environment = {name: value for name, value in os.environ.items() if name[:2] != "PG"}
        if stale is not None:
            # PostgreSQL takes a number that some process has for a running server. It trusts who
            # starts it that this one is none; what such a server has left it still looks for.
            environment["PG_GRANDPARENT_PID"] = str(stale.pid)
            for lock in self.directory.glob(".s.PGSQL.*.lock"):
                lock.unlink(missing_ok=True)
        command = [str(bundled_program("postgres")), "-D", str(self.directory), "-p", str(PORT)]
        command += ["-c", "listen_addresses=", "-c", f"unix_socket_directories={_quoted(folder)}"]
        with (self.directory / "log").open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                command,
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._user.options,
            )

    def _wait(self, deadline: float) -> Path:
        while time.monotonic() < deadline:
            found = PidFile.read(self.directory)
            if found is not None and found.status == "ready" and _listener(found) is not None:
                return found.socket_folder or self.directory
            if self._process is not None and self._process.poll() is not None:
                self._process = None
                raise NotReadyError(passing=False)
            if self._process is None and (found is None or not self._is_there(found)):
                raise NotReadyError(passing=True)
            time.sleep(_PAUSE)
        raise NotReadyError(passing=False)

    def _socket_folder(self) -> Path:
        """Where the socket will be: in the cluster, unless its path is none for a socket."""
        path = os.fsencode(self.directory / _SOCKET)
        # Clients take a comma for the end of one host's name.
        if len(path) <= _LONGEST_SOCKET and b"," not in path:
            return self.directory
        folder = Path(tempfile.mkdtemp(prefix="nodewright-", dir="/tmp"))
        self._user.take(folder)
        return folder

    def _reap(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            self._process = None


def _listener(found: PidFile | None) -> int | None:
    """The process that listens on the socket of a pid file, if it is the one that the file names.

    The number is 0 where the server runs beyond this container.
    """
    if found is None or found.socket_folder is None:
        return None
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(5.0)
        client.connect(str(found.socket_folder / _SOCKET))
        told = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid: int = struct.unpack("3i", told)[0]
        return pid if pid in {found.pid, 0} else None
    return None


def _works_in(pid: int, directory: Path) -> bool:
    """Whether a process runs in ``directory``, as a server of that cluster does from its start."""
    process = Path(f"/proc/{pid}")
    try:
        named = (process / "comm").read_text().strip() == "postgres"
        # A dead one that nobody has reaped has no such folder any more.
        return named and (process / "cwd").samefile(directory)
    except OSError:
        return False


def _quoted(folder: Path) -> str:
    """A folder in a list of folders of PostgreSQL's configuration."""
    return '"' + str(folder).replace('"', '""') + '"'
