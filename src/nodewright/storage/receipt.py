"""Work that is done exactly once, whatever happens to its connection."""

from collections.abc import Callable
from typing import Any, LiteralString, cast
from uuid import uuid4

import psycopg
from psycopg import errors as pg

type Connection = psycopg.Connection[Any]

_RECEIPT: LiteralString = "INSERT INTO nodewright.receipts (token) VALUES (%s)"

# Rolled back by the server through no fault of the statement: it may simply be run again.
RERUN = (pg.SerializationFailure, pg.DeadlockDetected)

# Said by a server that is going down or coming up.
_GOING = (pg.AdminShutdown, pg.CrashShutdown, pg.CannotConnectNow)


class Receipt[R]:
    """Work that leaves a receipt in its own transaction, and so is never done twice.

    Attributes:
        in_doubt: the connection was lost during a commit whose outcome is not known yet.
    """

    def __init__(self, work: Callable[[Connection], R]) -> None:
        self._work = work
        self._token = uuid4()
        self._result: R | None = None
        self.in_doubt = False

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


def lost(error: psycopg.Error, connection: Connection) -> bool:
    """Whether ``error`` says that the server of ``connection`` is gone."""
    return connection.closed or isinstance(error, _GOING)
