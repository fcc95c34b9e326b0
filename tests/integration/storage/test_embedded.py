"""The embedded server, with real processes that come, go and are killed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence
from nodewright.storage.database import Database
from nodewright.storage.embedded import EmbeddedServer
from nodewright.storage.errors import EmbeddedServerError, StorageFullError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

# Uses the server of its data directory until its standard input is closed.
USER = """
import sys
from nodewright.storage.database import Database
database = Database()
database.fetch("SELECT 1")
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="nodewright-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """A data directory for all tests that start its server; making one takes seconds."""
    path = Path(tempfile.mkdtemp(prefix="nodewright-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def start_user(cluster: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", USER],
            env={**os.environ, "NODEWRIGHT_DATA_DIR": str(cluster)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def is_ready(process: "subprocess.Popen[str]") -> bool:
    assert process.stdout is not None
    return process.stdout.readline() == "ready\n"


def leave(process: "subprocess.Popen[str]") -> None:
    process.communicate(timeout=30)
    assert process.returncode == 0


def postmaster(folder: Path) -> int | None:
    try:
        return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    except FileNotFoundError:
        return None


def test_first_starts_it_all_share_it_last_stops_it(
    cluster: Path, start_user: Callable[[], "subprocess.Popen[str]"]
) -> None:
    first, second, killed = start_user(), start_user(), start_user()
    assert is_ready(first)
    assert is_ready(second)
    assert is_ready(killed)
    server = postmaster(cluster)
    assert server is not None
    leave(first)
    # A killed user is no user.
    killed.kill()
    killed.wait()
    assert postmaster(cluster) == server
    leave(second)
    assert postmaster(cluster) is None


def test_a_killed_server_is_started_again(cluster: Path) -> None:
    store = CodegenPersistence(settings=Settings(data_dir=cluster)).sync
    for expected in (1, 2):
        store.update_mixin_compatibility("A", "B", "EFFECT", success=True)
        row = store.get_mixin_compatibility("A", "B", "EFFECT")
        assert row is not None
        assert row.success_count == expected
        server = postmaster(cluster)
        assert server is not None
        os.kill(server, signal.SIGKILL)
    store.close()


@pytest.mark.parametrize(
    "name",
    ["Application Support", "it's", 'a "quoted" name', "$(touch made)", "one,two", "deep/" * 30],
)
def test_the_data_path_may_be_any(name: str, folder: Path) -> None:
    server = EmbeddedServer(folder / name / "postgres")
    address = make_conninfo(host=server.start(), user="postgres", dbname="postgres")
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.release()
    assert postmaster(folder / name) is None
    assert not list(folder.rglob("made"))


# Says so when it gets a signal.
BYSTANDER = """
import signal, sys
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, lambda got, _: print("got", got, flush=True))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def bystander(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that is called postgres, and speaks of the folder's cluster, but is another's."""
    program = folder / "bin" / "postgres"
    program.parent.mkdir()
    program.symlink_to(sys.executable)
    process = subprocess.Popen(
        [program, "-c", BYSTANDER, "-D", folder / "postgres"],
        env={**os.environ, "PYTHONHOME": sys.base_prefix},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert is_ready(process)
    yield process
    said, _ = process.communicate(timeout=30)
    assert said == ""
    assert process.returncode == 0


def test_a_stale_number_is_no_server_and_gets_no_signal(
    folder: Path, bystander: "subprocess.Popen[str]"
) -> None:
    server = EmbeddedServer(folder / "postgres")
    server.start()
    file = folder / "postgres" / "postmaster.pid"
    lines = file.read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)
    stale = "\n".join([str(bystander.pid), *lines[1:]]) + "\n"
    file.write_text(stale)
    assert server.start() == str(folder / "postgres")
    started = postmaster(folder)
    assert started is not None
    assert started != bystander.pid
    # The number changes once more, before the server is to be stopped.
    os.kill(started, signal.SIGKILL)
    file.write_text(stale)
    server.release()


def test_a_first_start_signals_nobody(folder: Path, bystander: "subprocess.Popen[str]") -> None:
    server = EmbeddedServer(folder / "postgres")
    server.start()
    server.release()
    assert bystander.poll() is None


def test_a_killed_first_start_is_made_again(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", USER],
        env={**os.environ, "NODEWRIGHT_DATA_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not list(folder.glob("postgres*/PG_VERSION")):
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    server = EmbeddedServer(folder / "postgres")
    server.start()
    server.release()


def test_a_folder_of_other_files_is_a_clear_error(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "notes.txt").write_text("mine")
    with pytest.raises(EmbeddedServerError, match="holds other files: move them away"):
        EmbeddedServer(folder / "postgres").start()
    assert [path.name for path in (folder / "postgres").iterdir()] == ["notes.txt"]


@as_root
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "has no home folder: set NODEWRIGHT_DATA_DIR"),
        ({"NODEWRIGHT_DATA_DIR": "data"}, "a name for the user 54321: add one to /etc/passwd"),
    ],
)
def test_a_user_without_name_and_home_is_told_what_to_do(
    folder: Path, given: dict[str, str], said: str
) -> None:
    folder.chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "nodewright", "db", "status"],
        user=54321,
        group=54321,
        extra_groups=[],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {path.name for path in folder.iterdir()} <= {"data"}


def test_works_again_after_close(cluster: Path) -> None:
    database = Database(settings=Settings(data_dir=cluster))
    for _ in range(2):
        assert database.fetch("SELECT 1 AS one") == [{"one": 1}]
        database.close()
        assert postmaster(cluster) is None


def test_another_major_version_is_a_clear_error(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedServerError, match=r"was made by PostgreSQL 16.*nodewright db dump"):
        EmbeddedServer(folder / "postgres").start()


@as_root
def test_another_users_directory_is_a_clear_error(folder: Path) -> None:
    (folder / "postgres").mkdir()
    os.chown(folder / "postgres", 65534, 65534)
    with pytest.raises(EmbeddedServerError, match=r"belongs to user nobody.*NODEWRIGHT_DATA_DIR"):
        EmbeddedServer(folder / "postgres").start()


def test_a_file_in_its_place_is_a_clear_error(folder: Path) -> None:
    (folder / "taken").write_text("")
    with pytest.raises(EmbeddedServerError, match="NODEWRIGHT_DATA_DIR"):
        EmbeddedServer(folder / "taken" / "postgres").start()


@as_root
def test_a_full_disk_is_a_clear_error(folder: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no right to mount")
    try:
        with pytest.raises(StorageFullError, match=r"is full.*NODEWRIGHT_DATA_DIR"):
            EmbeddedServer(folder / "postgres").start()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_telemetry_of_a_short_process_is_written_at_exit(cluster: Path) -> None:
    program = (
        "from uuid import uuid4; from nodewright.storage import CodegenPersistence;"
        "store = CodegenPersistence().sync;"
        "[store.insert_performance_metric(uuid4(), 'EFFECT', 'total', n) for n in range(1000)]"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "NODEWRIGHT_DATA_DIR": str(cluster)},
        check=True,
    )
    assert postmaster(cluster) is None
    database = Database(settings=Settings(data_dir=cluster))
    [row] = database.fetch("SELECT execution_count FROM performance_metrics_summary")
    assert row == {"execution_count": 1000}
    database.close()


# A program that turns SIGTERM into an exit, as the documentation says and the command does.
TERMINATED = """
import signal, sys
from uuid import uuid4
from nodewright.storage import CodegenPersistence
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
store = CodegenPersistence().sync
session = uuid4()
for number in range(20_000):
    store.insert_performance_metric(session, "EFFECT", "validation", number)
print("ready", flush=True)
signal.pause()
"""


def test_waiting_telemetry_is_written_where_sigterm_is_an_exit(cluster: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TERMINATED],
        env={
            **os.environ,
            "NODEWRIGHT_DATA_DIR": str(cluster),
            "NODEWRIGHT_TELEMETRY_INTERVAL_S": "600",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert is_ready(process)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert postmaster(cluster) is None
    database = Database(settings=Settings(data_dir=cluster))
    rows = database.fetch(
        "SELECT count(*) FROM generation_performance_metrics WHERE phase = 'validation'"
    )
    assert rows == [{"count": 20_000}]
    database.close()
