"""What all tests share: no test touches the user's own data, and databases are cheap.

One embedded server runs for the whole session; `database_url` is a fresh, migrated database for
one test, copied from a template in some milliseconds; `persistence` is an object on it.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from nodewright.logs import reset_level
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence, migrate
from nodewright.storage.database import Database

_numbers = count(1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test wrote can be sent by a worker of xdist, whose texts have no lone surrogates."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture(scope="session", autouse=True)
def data_dir() -> Iterator[Path]:
    """The data directory of everything in this session, and of the processes that it starts."""
    # Short, because a socket's path has at most 107 characters.
    path = Path(tempfile.mkdtemp(prefix="nodewright-"))
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("NODEWRIGHT_", "POSTGRES_")):
                patch.delenv(name)
        patch.setenv("NODEWRIGHT_DATA_DIR", str(path))
        yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _interrupts() -> None:
    """Processes that the tests interrupt must not inherit a background job's deaf ear."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _levels() -> Iterator[None]:
    """Levels of loggers belong to one test: commands that run in its process lower them."""
    yield
    reset_level("nodewright")


@pytest.fixture(scope="session")
def server(data_dir: Path) -> Iterator[str]:
    """Connection string of the session's embedded server, which has a migrated template."""
    database = Database(settings=Settings(data_dir=data_dir))
    with database.connect() as connection:
        # Nothing here has to survive a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        host = connection.info.host
    admin = make_conninfo(host=host, user="postgres", dbname="postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        # Made by itself: tests that ran before may hold connections to the default database,
        # which cannot be copied then.
        connection.execute("CREATE DATABASE nodewright_template")
    template = Database(make_conninfo(admin, dbname="nodewright_template"))
    with template.connect(migrated=False) as connection:
        migrate.migrate(connection)
    template.close()
    yield admin
    database.close()


@pytest.fixture
def database_url(server: str) -> Iterator[str]:
    """Connection string of a fresh database with the whole schema."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE nodewright_template")
        yield make_conninfo(server, dbname=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def persistence(database_url: str) -> Iterator[CodegenPersistence]:
    """The persistence on a fresh database."""
    made = CodegenPersistence(database_url)
    yield made
    made.sync.close()


@pytest.fixture
def hanging_is_an_error() -> Iterator[None]:
    """Ends what would take hours."""

    def stop(_signal: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
