"""What the checks of the API reference share."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo


@pytest.fixture(scope="module")
def reference_url(server: str) -> Iterator[str]:
    """Connection string of one database with the whole schema for the tests of a module."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("CREATE DATABASE reference TEMPLATE nodewright_template")
        yield make_conninfo(server, dbname="reference")
        admin.execute("DROP DATABASE reference WITH (FORCE)")
