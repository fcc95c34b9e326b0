import subprocess
import sys

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nodewright.cli.app import main
from nodewright.storage import migrate
from nodewright.storage.database import Database
from nodewright.storage.errors import MigrationError
from nodewright.storage.maintenance import schema
from nodewright.storage.migrate import Migration

# Everything that a schema consists of, by name, with the columns and their types.
PARTS = """
SELECT 'column', attrelid::regclass::text, attname, format_type(atttypid, atttypmod)
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE attnum > 0 AND relnamespace IN ('public'::regnamespace, 'nodewright'::regnamespace)
UNION ALL
SELECT 'function', oid::regprocedure::text, prosrc, prorettype::regtype::text
FROM pg_proc WHERE pronamespace IN ('public'::regnamespace, 'nodewright'::regnamespace)
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, contype::text
FROM pg_constraint WHERE connamespace IN ('public'::regnamespace, 'nodewright'::regnamespace)
UNION ALL
SELECT 'trigger', tgrelid::regclass::text, tgname, tgtype::text FROM pg_trigger
WHERE NOT tgisinternal
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes
WHERE schemaname IN ('public', 'nodewright')
ORDER BY 1, 2, 3, 4
"""


def parts_of(conninfo: str) -> list[tuple[str, ...]]:
    """What the schema of a database consists of."""
    with psycopg.connect(conninfo) as connection:
        return connection.execute(PARTS).fetchall()


def test_the_printed_schema_makes_the_same_database(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        migrate.migrate(connection)
        connection.execute("CREATE DATABASE empty_too")
    database = Database(empty_database)
    printed = schema(database)
    database.close()
    other = make_conninfo(empty_database, dbname="empty_too")
    with psycopg.connect(other, autocommit=True) as connection:
        connection.execute(printed.encode())
    written, migrated = parts_of(other), parts_of(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("DROP DATABASE empty_too WITH (FORCE)")
    assert written == migrated
    assert len(migrated) > 200


def test_second_run_applies_nothing(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        assert migrate.migrate(connection) == list(migrate.known())
        assert migrate.migrate(connection) == []
        assert all(entry.applied_at for entry in migrate.status(connection))


# Ten children wait for the end of one pipe, and then all migrate at once.
TEN = """
import os, sys, psycopg
from nodewright.storage import migrate
waiting, go = os.pipe()
children = []
for _ in range(10):
    child = os.fork()
    if child == 0:
        os.close(go)
        connection = psycopg.connect(sys.argv[1], autocommit=True)
        os.read(waiting, 1)
        os.write(1, b"%d\\n" % len(migrate.migrate(connection)))
        os._exit(0)
    children.append(child)
os.close(go)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


def test_ten_processes_at_once(empty_database: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TEN, empty_database], stdout=subprocess.PIPE, check=True
    )
    applied = [int(number) for number in done.stdout.split()]
    assert sorted(applied) == [0] * 9 + [len(migrate.known())]


def test_failure_leaves_the_last_good_version(empty_database: str) -> None:
    good = Migration(9000, "good", "CREATE TABLE good (id int)")
    bad = Migration(9001, "bad", "CREATE TABLE half (id int); SELECT 1 / 0")
    after = Migration(9002, "after", "CREATE TABLE after (id int)")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        with pytest.raises(MigrationError, match=r"9001_bad failed.*division by zero"):
            migrate.migrate(connection, [*migrate.known(), good, bad, after])
        tables = [
            connection.execute("SELECT to_regclass(%s)", (name,)).fetchone()
            for name in ("good", "half", "after")
        ]
        assert tables == [("good",), (None,), (None,)]
        mended = Migration(9001, "bad", "CREATE TABLE half (id int)")
        applied = migrate.migrate(connection, [*migrate.known(), good, mended, after])
        assert applied == [mended, after]


def test_newer_database_is_refused(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        migrate.migrate(connection, [*migrate.known(), Migration(9000, "later", "SELECT 1")])
        with pytest.raises(MigrationError, match="upgrade nodewright"):
            migrate.migrate(connection)


def test_changed_migration_is_refused(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        migrate.migrate(connection)
        first, *rest = migrate.known()
        changed = [Migration(first.number, first.name, first.sql + "\n-- changed"), *rest]
        with pytest.raises(MigrationError, match="0001_tables differs"):
            migrate.migrate(connection, changed)


def test_old_schema_is_an_error_that_names_the_command(empty_database: str) -> None:
    with (
        psycopg.connect(empty_database, autocommit=True) as connection,
        pytest.raises(MigrationError, match="run nodewright db migrate"),
    ):
        migrate.require_current(connection)


def test_tables_are_not_made_in_a_strange_database_unasked(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = conninfo_to_dict(empty_database)["dbname"]
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE TABLE customers (id int)")
    database = Database(empty_database)
    with pytest.raises(MigrationError, match=rf"/{name} has no tables .* run nodewright"):
        database.fetch("SELECT 1")
    with psycopg.connect(empty_database) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_stat_user_tables UNION ALL "
            "SELECT nspname FROM pg_namespace WHERE nspname = 'nodewright'"
        )
        assert tables.fetchall() == [("customers",)]

    monkeypatch.setenv("NODEWRIGHT_DATABASE_URL", empty_database)
    with pytest.raises(SystemExit) as left:
        main(["db", "migrate"])
    assert not left.value.code
    assert "applied 0001" in capsys.readouterr().out
    assert database.fetch("SELECT 1 AS one") == [{"one": 1}]
    database.close()


def test_later_migrations_need_no_command(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        migrate.migrate(connection, migrate.known()[:1])
    database = Database(empty_database)
    assert database.fetch("SELECT 1 AS one") == [{"one": 1}]
    with psycopg.connect(empty_database, autocommit=True) as connection:
        assert all(entry.applied_at for entry in migrate.status(connection))
    database.close()
