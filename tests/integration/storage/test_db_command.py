"""``nodewright db``, and the parts it is made of."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from nodewright.cli.app import main
from nodewright.storage import CodegenPersistence, StorageError
from nodewright.storage.errors import QueryError
from nodewright.storage.maintenance import parse_age
from nodewright.storage.queries import Query, load, parse
from nodewright.storage.store import Store

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/psql"))


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


type Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs ``nodewright db`` on the database of a URL, in this process."""

    def run_here(url: str, *arguments: str) -> Done:
        monkeypatch.setenv("NODEWRIGHT_DATABASE_URL", url)
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main(["db", *arguments])
        code = left.value.code or 0
        assert isinstance(code, int)
        return Done(code, *capfd.readouterr())

    return run_here


def test_migrate_and_status(empty_database: str, run: Run) -> None:
    before = run(empty_database, "status")
    assert before.returncode == 1
    assert "pending" in before.stdout
    assert "applied 0001 tables" in run(empty_database, "migrate").stdout
    assert run(empty_database, "migrate").stdout == "up to date\n"
    after = run(empty_database, "status")
    assert after.returncode == 0
    assert "pending" not in after.stdout


def test_prune_deletes_old_telemetry_and_no_fact(persistence: CodegenPersistence, run: Run) -> None:
    store = persistence.sync
    store.record_pattern_feedback(uuid4(), "p", feedback_type="correct")
    store.insert_performance_metric(uuid4(), "EFFECT", "total", 1)
    store.insert_performance_metric(uuid4(), "EFFECT", "total", 3)
    store.insert_event_processing_metric("e", "s", 1, success=True)
    assert store.flush(30)
    store.database.execute(
        """INSERT INTO nodewright.generation_runs VALUES
        (gen_random_uuid(), now() - interval '31 days', 'old', 1, 1, '{}'),
        (gen_random_uuid(), now(), 'new', 1, 1, '{}')"""
    )
    for statement in (
        """UPDATE generation_performance_metrics SET created_at = now() - interval '31 days'
        WHERE duration_ms = 1""",
        "UPDATE event_processing_metrics SET created_at = now() - interval '31 days'",
        "UPDATE pattern_feedback_log SET created_at = now() - interval '31 days'",
    ):
        store.database.execute(statement)
    with store.database.connect() as connection:
        url = connection.info.dsn
    done = run(url, "prune", "--older-than", "30d")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["performance", "1"],
        ["events", "1"],
        ["templates", "0"],
        ["runs", "1"],
    ]
    [summary] = store.get_performance_metrics_summary()
    assert (summary.execution_count, summary.avg_duration_ms) == (1, 3)
    assert store.get_event_processing_health() == []
    assert len(store.get_pattern_feedback()) == 1


def dumped(store: Store, folder: Path, run: Run) -> Path:
    """A dump of ``store``, which gets a record."""
    store.update_mixin_compatibility("A", "B", "EFFECT", success=True)
    with store.database.connect() as connection:
        url = connection.info.dsn
    target = folder / "backup.sql"
    done = run(url, "dump", str(target))
    assert done.returncode == 0, done.stderr
    return target


def test_dump_is_restored_by_psql(
    persistence: CodegenPersistence, server: str, tmp_path: Path, run: Run
) -> None:
    store = persistence.sync
    target = dumped(store, tmp_path, run)
    assert [path.name for path in tmp_path.iterdir()] == ["backup.sql"]
    if not PROGRAMS:
        pytest.skip("psql is not installed")
    restored = make_conninfo(server, dbname="restored")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored TEMPLATE template0")
    psql = [str(PROGRAMS[-1].with_name("psql")), "-q", "-v", "ON_ERROR_STOP=1", restored]
    # An older psql does not know the restriction that a newer pg_dump writes around its script.
    script = "\n".join(
        line
        for line in target.read_text().splitlines()
        if not line.startswith(("\\restrict", "\\unrestrict"))
    )
    subprocess.run(psql, input=script, text=True, check=True, capture_output=True)
    other = CodegenPersistence(restored).sync
    assert other.list_mixin_compatibility() == store.list_mixin_compatibility()
    assert other.get_mixin_compatibility_summary() == store.get_mixin_compatibility_summary()
    other.close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE restored WITH (FORCE)")


@pytest.fixture
def empty_url(server: str) -> Iterator[str]:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE emptied TEMPLATE template0")
        yield make_conninfo(server, dbname="emptied")
        connection.execute("DROP DATABASE emptied WITH (FORCE)")


def test_restore_brings_a_dump_back(
    persistence: CodegenPersistence, empty_url: str, tmp_path: Path, run: Run
) -> None:
    store = persistence.sync
    target = dumped(store, tmp_path, run)
    done = run(empty_url, "restore", str(target))
    assert done.returncode == 0, done.stderr
    other = CodegenPersistence(empty_url).sync
    assert other.list_mixin_compatibility() == store.list_mixin_compatibility()
    other.close()
    again = run(empty_url, "restore", str(target))
    assert again.returncode == 2
    assert "holds data already" in again.stderr


@pytest.mark.parametrize("text", ["CREATE TABLE made (); SELECT 1/0;", None])
def test_a_restore_that_fails_changes_nothing(
    text: str | None, empty_url: str, tmp_path: Path, run: Run
) -> None:
    source = tmp_path / "backup.sql"
    if text is not None:
        source.write_text(text)
    done = run(empty_url, "restore", str(source))
    assert done.returncode == 2
    assert str(source) in done.stderr
    assert "Traceback" not in done.stderr
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT to_regclass('made')").fetchone() == (None,)


def test_dump_to_nowhere_leaves_nothing(database_url: str, tmp_path: Path, run: Run) -> None:
    done = run(database_url, "dump", str(tmp_path / "absent" / "backup.sql"))
    assert done.returncode == 2
    assert "cannot be dumped" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "30", "d", "30y", "-1d", "1.5h", "9999999d"])
def test_what_is_no_age_is_said(text: str) -> None:
    with pytest.raises(StorageError, match="is not an age"):
        parse_age(text)


def test_ages() -> None:
    assert parse_age("30d").days == 30
    assert parse_age(" 2W ").days == 14
    assert parse_age("90m").total_seconds() == 5400


def test_all_queries_are_named_and_described() -> None:
    queries = load("nodewright.storage")
    assert "record_pattern_feedback" in queries
    for name, query in queries.items():
        assert query.name == name
        assert len(query.description) > 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1", "before the first"),
        ("-- name: a\nSELECT 1", "no comment"),
        ("-- name: a\n-- Why.\n", "no statement"),
        ("-- name: a\n-- Why.\nSELECT 1\n-- name: a\n-- Why.\nSELECT 2", "twice"),
    ],
)
def test_malformed_query_files_are_refused(text: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        parse(text, "file.sql")


def test_query_files_are_split() -> None:
    queries = parse("-- name: a\n-- Why\n-- so.\nSELECT 1;\n-- name: b\n-- It.\nSELECT 2", "x")
    assert queries["a"] == Query("a", "Why so.", "SELECT 1")
    assert list(queries) == ["a", "b"]
    with pytest.raises(QueryError, match="it has a, b"):
        queries["c"]
