"""Work that is done exactly once, whatever happens to its connection."""

from collections.abc import Callable, Mapping
from typing import Any, LiteralString, Protocol, cast
from uuid import UUID, uuid4

import psycopg
from psycopg import errors as pg

type Connection = psycopg.Connection[Any]

_RECEIPT: LiteralString = "INSERT INTO nodewright.receipts (token) VALUES (%s)"

# Where a violation says that this very write has been committed.
_RECEIPT_KEYS = {"receipts_pkey", "pattern_feedback_log_pkey"}

# Rolled back by the server through no fault of the statement: it may simply be run again.
RERUN = (pg.SerializationFailure, pg.DeadlockDetected)

# Said by a server that is going down or coming up.
_GOING = (pg.AdminShutdown, pg.CrashShutdown, pg.CannotConnectNow)


class Once[R](Protocol):
    """What may be called again after a lost connection, and still happens once."""

    in_doubt: bool

    def __call__(self, connection: Connection, /) -> R:
        """Do it, unless an earlier attempt turns out to have been committed."""
        ...


class Receipt[R]:
    """Work that leaves a receipt in its own transaction, and so is never done twice.

    Attributes:
        in_doubt: the connection was lost during a commit whose outcome is not known yet.
    """

    def __init__(self, work: Callable[[Connection], R]) -> None:
        self._work = work
        self._token = uuid4()
        self._result: R | None = None
        self.in_doubt: bool = False

    def __call__(self, connection: Connection) -> R:
        """Do the work, unless an earlier attempt turns out to have been committed."""
        try:
            with connection.transaction():
                connection.execute(_RECEIPT, (self._token,))
                # The token was free, so a commit in doubt did not happen.
                self.in_doubt = False
                self._result = self._work(connection)
                self.in_doubt = True
        except pg.UniqueViolation as error:
            if error.diag.constraint_name != "receipts_pkey":
                raise
        except psycopg.Error as error:
            # A server that answered has not committed.
            self.in_doubt = self.in_doubt and lost(error, connection)
            raise
        self.in_doubt = False
        return cast("R", self._result)


class Fact:
    """One statement that is its own transaction and carries its own receipt.

    It takes one exchange with the server, where a `Receipt` around work takes three more.

    Args:
        statement: gives a record's id, and inserts ``%(receipt)s`` into the primary key of the
            receipts or of its own table, so that it can only be committed once.
        parameters: its other parameters.
        recorded: gives the id of what the statement with this receipt has recorded.

    Attributes:
        in_doubt: the connection was lost while the statement ran, and its outcome is not known.
    """

    def __init__(
        self, statement: LiteralString, parameters: Mapping[str, Any], recorded: LiteralString
    ) -> None:
        self._statement = statement
        self._parameters = {**parameters, "receipt": uuid4()}
        self._recorded = recorded
        self.in_doubt: bool = False

    def __call__(self, connection: Connection) -> UUID:
        """Run the statement, unless an earlier attempt turns out to have been committed."""
        try:
            row = connection.execute(self._statement, self._parameters).fetchone()
        except pg.UniqueViolation as error:
            if error.diag.constraint_name not in _RECEIPT_KEYS:
                raise
            row = connection.execute(self._recorded, self._parameters).fetchone()
        except psycopg.Error as error:
            self.in_doubt = self.in_doubt or lost(error, connection)
            raise
        self.in_doubt = False
        assert row is not None  # noqa: S101 - both statements return one row
        identity: UUID = row[0]
        return identity


def lost(error: psycopg.Error, connection: Connection) -> bool:
    """Whether ``error`` says that the server of ``connection`` is gone."""
    return connection.closed or isinstance(error, _GOING)
