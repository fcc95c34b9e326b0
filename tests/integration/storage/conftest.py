"""A second server: Debian's PostgreSQL, run by the tests themselves, stopped and killed at will."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from nodewright.storage import migrate

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@dataclass(frozen=True)
class DebianServer:
    """A cluster of its own under ``directory``, reached by a socket there."""

    programs: Path
    directory: Path

    @property
    def conninfo(self) -> str:
        return make_conninfo(host=str(self.directory), user="postgres", dbname="postgres")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
            command = ["setpriv", *user, *command]
        # To a file: a server that inherits a pipe would keep it open.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                command, stdout=output, stderr=output, cwd=self.directory, check=False
            )
            output.seek(0)
            assert done.returncode == 0, output.read().decode()

    def make(self) -> None:
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
        data = str(self.directory / "data")
        self._run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "-N")
        self.start()

    def start(self) -> None:
        options = f"-h '' -k {self.directory} -c fsync=off"
        data, log = str(self.directory / "data"), str(self.directory / "log")
        deadline = time.monotonic() + 20
        while True:
            known = Path(log).stat().st_size if Path(log).exists() else 0
            try:
                self._run("pg_ctl", "-w", "-D", data, "-l", log, "-o", options, "start")
            except AssertionError as error:
                # The backends of a killed server hold its memory until they notice; they may
                # write to the log meanwhile.
                said = Path(log).read_bytes()[known:].decode()
                if "shared memory" not in said or time.monotonic() > deadline:
                    raise AssertionError(said) from error
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "-D", str(self.directory / "data"), "stop")

    def kill(self) -> None:
        pid_file = self.directory / "data" / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        # Until it is reaped its number would look like a running server's.
        pid_file.unlink()
        (self.directory / ".s.PGSQL.5432.lock").unlink()

    @property
    def is_running(self) -> bool:
        return (self.directory / "data" / "postmaster.pid").exists()

    def create_database(self, name: str) -> str:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        made = make_conninfo(self.conninfo, dbname=name)
        with psycopg.connect(made, autocommit=True) as connection:
            migrate.migrate(connection)
        return made


@pytest.fixture(scope="session")
def debian_server(data_dir: Path) -> Iterator[DebianServer]:  # noqa: ARG001 - needs its settings
    if not PROGRAMS:
        pytest.skip("Debian's PostgreSQL is not installed")
    directory = Path(tempfile.mkdtemp(prefix="nodewright-pg-"))
    server = DebianServer(PROGRAMS[-1].parent, directory)
    server.make()
    yield server
    if server.is_running:
        server.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(params=["embedded", "debian"])
def empty_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Connection string of a database without schema, on either server."""
    if request.param == "embedded":
        admin: str = request.getfixturevalue("server")
    else:
        admin = request.getfixturevalue("debian_server").conninfo
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty")
        yield make_conninfo(admin, dbname="empty")
        connection.execute("DROP DATABASE empty WITH (FORCE)")
