"""One database as the rest of the package uses it: a pool, reads, writes that happen once.

Everything here is synchronous and safe in any thread; the asynchronous entrance is in
`nodewright.storage.persistence`.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain, repeat
from typing import Any, LiteralString, overload
from uuid import UUID

import psycopg
from psycopg import errors as pg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import class_row, dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from nodewright.logs import get_logger
from nodewright.settings import Settings
from nodewright.storage import migrate
from nodewright.storage.address import configured
from nodewright.storage.embedded import EmbeddedServer
from nodewright.storage.errors import (
    InvalidRecordError,
    MigrationError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
)
from nodewright.storage.lifetime import watch
from nodewright.storage.postmaster import PORT
from nodewright.storage.queries import Query
from nodewright.storage.receipt import RERUN, Connection, Fact, Once, Receipt, lost

_log = get_logger(__name__, component="storage")

type Parameters = Mapping[str, Any] | Sequence[Any]
type Statement = Query | LiteralString

_DATABASE_NAME = "nodewright"
_OLD_RECEIPTS: LiteralString = (
    "DELETE FROM nodewright.receipts WHERE written_at < now() - interval '1 day'"
)
# Seconds between attempts to reach a lost database; the last one repeats.
_PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)


class Database:
    """The database of ``dsn``, else of the settings, else the embedded one.

    Nothing is opened before the first use; after `close` the next use opens again.

    Args:
        dsn: a PostgreSQL connection string or URL.
        settings: read from the environment by default.
    """

    def __init__(self, dsn: str | None = None, settings: Settings | None = None) -> None:
        self.settings: Settings = settings or Settings()
        self._conninfo = configured(dsn, self.settings)
        self._server = (
            None if self._conninfo else EmbeddedServer(self.settings.data_dir / "postgres")
        )
        self._lock = threading.RLock()
        self._pool: ConnectionPool[Connection] | None = None
        self._abandoned: list[object] = []
        self._before_close: list[Callable[[], None]] = []
        self._after_fork: list[Callable[[], None]] = []
        watch(self)

    @property
    def location(self) -> str:
        """Where the data is, without secrets."""
        if not self._conninfo:
            return f"embedded PostgreSQL in {self.settings.data_dir / 'postgres'}"
        parts = conninfo_to_dict(self._conninfo)
        host = parts.get("host") or parts.get("hostaddr") or "localhost"
        return f"PostgreSQL at {host}:{parts.get('port') or 5432}/{parts.get('dbname') or ''}"

    @property
    def exists(self) -> bool:
        """Whether there is something to read: a configured server, or an embedded one once made."""
        return self._server is None or (self._server.directory / "PG_VERSION").exists()

    def on_close(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` before the connections are closed, also at interpreter exit."""
        self._before_close.append(callback)

    def on_fork(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` in a child process right after a fork."""
        self._after_fork.append(callback)

    def connect(self, *, migrated: bool = True) -> Connection:
        """A new autocommit connection of the caller's own, to a server that is up.

        Args:
            migrated: bring the schema up to date, or check that it is. In a database that is not
                the embedded one, tables are never made without ``nodewright db migrate``.

        Raises:
            StorageUnavailableError: the server cannot be reached.
            MigrationError: the schema is not what it has to be.
        """
        with self._lock:
            try:
                connection = self._connect()
            except psycopg.Error as error:
                raise self._translated(error) from error
            if migrated:
                try:
                    self._bring_up_to_date(connection)
                except BaseException:
                    connection.close()
                    raise
            return connection

    @overload
    def fetch(
        self, statement: Statement, parameters: Parameters | None = None
    ) -> list[dict[str, Any]]: ...

    @overload
    def fetch[T](
        self, statement: Statement, parameters: Parameters | None = None, *, row: type[T]
    ) -> list[T]: ...

    def fetch(
        self,
        statement: Statement,
        parameters: Parameters | None = None,
        *,
        row: type[Any] | None = None,
    ) -> list[Any]:
        """The rows that a statement returns; it must change nothing.

        Args:
            statement: a named query, or SQL that is written in the source.
            parameters: values of its ``%(name)s`` or ``%s`` parameters.
            row: a class that takes the columns as keywords; dicts by default.

        Raises:
            StorageUnavailableError: the database stayed away longer than the patience.
            InvalidRecordError: a parameter is not a value that PostgreSQL accepts.
        """
        factory: Any = class_row(row) if row else dict_row

        def read(connection: Connection) -> list[Any]:
            with connection.cursor(row_factory=factory) as cursor:
                return cursor.execute(text_of(statement), parameters).fetchall()

        return self._patiently(lambda: self._run(read))

    def execute(self, statement: Statement, parameters: Parameters | None = None) -> int:
        """Run a statement that writes, exactly once; committed when this returns.

        Returns:
            How many rows it touched.

        Raises:
            StorageUnavailableError, InvalidRecordError: as `fetch`; nothing was written, unless
                the message says that the outcome is not known.
        """

        def write(connection: Connection) -> int:
            return connection.execute(text_of(statement), parameters).rowcount

        return self.write(write)

    def write[R](self, work: Callable[[Connection], R], *, patience: float | None = None) -> R:
        """Run ``work`` in a transaction whose effect happens exactly once.

        A connection that is lost before the commit leaves nothing, so ``work`` is run again; one
        that is lost during the commit leaves a receipt or nothing, and the receipt decides.
        ``work`` may thus be called several times and must have no other effects.

        Args:
            work: given a connection inside the transaction.
            patience: seconds to wait for a lost database; the settings' by default.

        Returns:
            What ``work`` returned in the attempt that was committed.
        """
        return self._write_once(Receipt(work), patience)

    def record(self, statement: Query, parameters: Mapping[str, Any], recorded: Query) -> UUID:
        """Write a record with one statement, exactly once; see `Fact`.

        Returns:
            The record's id.

        Raises:
            StorageUnavailableError, InvalidRecordError: as `execute`.
        """
        return self._write_once(Fact(text_of(statement), parameters, text_of(recorded)))

    def _write_once[R](self, once: Once[R], patience: float | None = None) -> R:
        try:
            return self._patiently(lambda: self._run(once), patience)
        except StorageUnavailableError as error:
            if not once.in_doubt:
                raise
            raise StorageUnavailableError(
                f"{error} (the connection was lost during the commit, so it is not known whether "
                "the record was written)"
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection inside a transaction, committed at the end, rolled back on an error.

        Unlike `write` this cannot be repeated: a connection that is lost after the beginning
        raises StorageUnavailableError.
        """
        with ExitStack() as stack:

            def begin() -> Connection:
                with ExitStack() as beginning:
                    connection = beginning.enter_context(self._pooled())
                    beginning.enter_context(connection.transaction())
                    stack.push(beginning.pop_all())
                return connection

            connection = self._patiently(begin)
            try:
                yield connection
            except psycopg.Error as error:
                if lost(error, connection):
                    raise
                raise self._translated(error) from error

    def close(self) -> None:
        """Write what waits, close the connections, leave the embedded server."""
        for callback in self._before_close:
            callback()
        with self._lock:
            self._drop_pool(self._pool)
            if self._server is not None:
                self._server.release()

    def _patiently[R](self, action: Callable[[], R], patience: float | None = None) -> R:
        """Repeat ``action`` while the database is away, no longer than the patience."""
        patience = self.settings.database_patience_s if patience is None else patience
        deadline = time.monotonic() + patience
        for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
            try:
                return action()
            except (StorageUnavailableError, *RERUN) as error:
                if time.monotonic() + pause > deadline:
                    raise self._unavailable(error) from error
            except psycopg.Error as error:
                raise self._translated(error) from error
            time.sleep(pause)
        raise AssertionError  # the pauses never end

    @contextmanager
    def _pooled(self) -> Iterator[Connection]:
        """A connection of the pool; a pool whose server turns out to be lost is dropped."""
        with self._lock:
            if self._pool is None:
                self._pool = self._make_pool()
            pool = self._pool
        try:
            with pool.connection() as connection:
                try:
                    yield connection
                except psycopg.Error as error:
                    if not lost(error, connection):
                        raise
                    self._drop_pool(pool)
                    raise self._unavailable(error) from error
        except (PoolTimeout, PoolClosed) as error:
            self._drop_pool(pool)
            raise self._unavailable(error) from error

    def _run[R](self, work: Callable[[Connection], R]) -> R:
        with self._pooled() as connection:
            return work(connection)

    def _make_pool(self) -> ConnectionPool[Connection]:
        # The first connection is our own: its error says what is wrong, a pool's only that it
        # waited in vain.
        connection = self.connect()
        try:
            with connection.transaction():
                connection.execute(_OLD_RECEIPTS)
        finally:
            connection.close()
        return ConnectionPool(
            self._address(),
            kwargs=_CONNECTION,
            min_size=1,
            max_size=self.settings.database_pool_size,
            timeout=self.settings.database_patience_s or 1.0,
            open=True,
            name="nodewright",
        )

    def _drop_pool(self, pool: ConnectionPool[Connection] | None) -> None:
        """Forget a pool whose server went away; whoever comes next makes another."""
        with self._lock:
            if pool is None or self._pool is not pool:
                return
            self._pool = None
        pool.close(timeout=2.0)

    def _address(self) -> str:
        if self._server is None:
            return self._conninfo or ""
        folder = self._server.start()
        # What the environment says of other servers (PGHOSTADDR ...) is not meant for this one.
        return make_conninfo(
            "", host=folder, hostaddr="", port=PORT, user="postgres", dbname=_DATABASE_NAME,
            options="", password="",
        )  # fmt: skip

    def _connect(self) -> Connection:
        address = self._address()
        try:
            return psycopg.connect(address, **_CONNECTION)
        except psycopg.OperationalError as error:
            if self._server is None or f'"{_DATABASE_NAME}" does not exist' not in str(error):
                raise
        with psycopg.connect(make_conninfo(address, dbname="postgres"), **_CONNECTION) as first:
            try:
                first.execute("CREATE DATABASE nodewright")
            except (pg.DuplicateDatabase, pg.UniqueViolation):
                _log.debug("storage.database.made_by_another")
        return psycopg.connect(address, **_CONNECTION)

    def _bring_up_to_date(self, connection: Connection) -> None:
        if self._server is None and not migrate.is_begun(connection):
            raise MigrationError(
                f"{self.location} has no tables of nodewright yet: if they belong there, run "
                "nodewright db migrate; else correct NODEWRIGHT_DATABASE_URL or POSTGRES_HOST"
            )
        if self.settings.database_migrate:
            migrate.migrate(connection)
        else:
            migrate.require_current(connection)

    def _translated(self, error: psycopg.Error) -> StorageError:
        """The error of this package that says the same."""
        diagnosis = error.diag
        message = diagnosis.message_primary or str(error).strip()
        if isinstance(error, pg.DiskFull):
            return StorageFullError(f"the disk of {self.location} is full: {message}; make room")
        if isinstance(error, (psycopg.DataError, psycopg.IntegrityError, pg.ProgramLimitExceeded)):
            field = diagnosis.column_name or diagnosis.constraint_name or "value"
            return InvalidRecordError(
                diagnosis.table_name or "statement", field, diagnosis.message_detail, message
            )
        if isinstance(error, psycopg.OperationalError):
            refused = "FATAL" in message and not any(word in message for word in _PASSING)
            if not refused:
                return self._unavailable(error)
        return StorageError(f"{self.location} refused: {message}")

    def _unavailable(self, error: Exception) -> StorageUnavailableError:
        if isinstance(error, StorageUnavailableError):
            return error
        return StorageUnavailableError(
            f"{self.location} cannot be reached: {str(error).strip()}; check that it runs, and "
            "that NODEWRIGHT_DATABASE_URL or POSTGRES_* name it rightly"
        )

    def after_fork(self) -> None:
        """Begin anew in a forked child.

        The parent's connections stay the parent's: they are neither used nor closed here.
        """
        self._lock = threading.RLock()
        self._abandoned.append(self._pool)
        self._pool = None
        if self._server is not None:
            self._server.after_fork()
        for callback in self._after_fork:
            callback()


_CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 5,
    "application_name": "nodewright",
    "client_encoding": "utf8",
}

# A server that says one of these will soon serve; any other FATAL is for good.
_PASSING = ("starting up", "shutting down", "recovery", "too many", "remaining connection slots")


def text_of(statement: Statement) -> LiteralString:
    """The SQL of ``statement``; a query's text is the package's own, like a literal."""
    return statement.sql if isinstance(statement, Query) else statement
