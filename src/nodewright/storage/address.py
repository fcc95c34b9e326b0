"""Which database is meant: the caller's, that of the settings, or none, hence the embedded one."""

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nodewright.settings import Settings
from nodewright.storage.errors import StorageError


def configured(dsn: str | None, settings: Settings) -> str | None:
    """The connection string that the caller or the settings give; None: the embedded server.

    Raises:
        StorageError: it cannot be read.
    """
    url = settings.database_url.get_secret_value() if settings.database_url else None
    given = dsn or url
    if given:
        try:
            conninfo_to_dict(given)
        except psycopg.ProgrammingError:
            # libpq's message may repeat the password, so it is not passed on.
            raise StorageError(
                "the database URL cannot be read: it has to look like "
                "postgresql://user:password@host:5432/database, with special characters of the "
                "password percent-encoded"
            ) from None
        return given
    if not settings.postgres_host:
        return None
    password = settings.postgres_password
    return make_conninfo(
        host=settings.postgres_host,
        port=settings.postgres_port,
        dbname=settings.postgres_database,
        user=settings.postgres_user,
        password=password.get_secret_value() if password else None,
    )
