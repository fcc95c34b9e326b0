"""Named, described SQL kept in ``.sql`` files.

A file is a sequence of queries. Each starts with a line ``-- name: <name>``, continues with at
least one comment line that says what it answers, and then holds one statement::

    -- name: feedback_of_pattern
    -- Rows of one pattern, newest first.
    SELECT * FROM pattern_feedback_log WHERE pattern_name = %(pattern_name)s
    ORDER BY created_at DESC

Values are always parameters (``%(name)s``); nothing is ever formatted into the text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from nodewright.storage.errors import QueryError

_HEADER = re.compile(r"^--\s*name:\s*(?P<name>\S+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement: its name, what it answers, and its text with ``%(name)s`` parameters."""

    name: str
    description: str
    sql: str


class Queries(Mapping[str, Query]):
    """The queries of one file by name; an unknown name says which there are."""

    def __init__(self, source: str, queries: Mapping[str, Query]) -> None:
        self._source = source
        self._queries = MappingProxyType(dict(queries))

    def __getitem__(self, name: str) -> Query:
        try:
            return self._queries[name]
        except KeyError:
            known = ", ".join(self._queries)
            raise QueryError(
                f"{self._source} has no query {name!r}; it has {known or 'none'}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)


@cache
def load(package: str, filename: str = "queries.sql") -> Queries:
    """Read the named queries of ``package``.

    Args:
        package: dotted name of the package that holds the file, for example
            ``"nodewright.patterns"``.
        filename: the file's name in that package.

    Returns:
        Name -> query; read once a process.

    Raises:
        QueryError: the file is missing or malformed.
    """
    source = f"{package}/{filename}"
    try:
        text = files(package).joinpath(filename).read_text(encoding="utf-8")
    except OSError as error:
        raise QueryError(f"{source} cannot be read: {error}") from error
    return parse(text, source)


def parse(text: str, source: str) -> Queries:
    """Split ``text`` into its named queries; ``source`` names it in errors.

    Raises:
        QueryError: text before the first name, a name given twice, or a query without
            description or statement.
    """
    parts = _HEADER.split(text)
    if parts[0].strip():
        raise QueryError(f"{source}: text before the first '-- name:' line")
    queries: dict[str, Query] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        lines = body.strip().splitlines()
        comments = 0
        while comments < len(lines) and lines[comments].startswith("--"):
            comments += 1
        description = " ".join(line.removeprefix("--").strip() for line in lines[:comments])
        sql = "\n".join(lines[comments:]).strip().removesuffix(";")
        if name in queries:
            raise QueryError(f"{source}: query {name!r} stands there twice")
        if not description:
            raise QueryError(f"{source}: query {name!r} has no comment that describes it")
        if not sql:
            raise QueryError(f"{source}: query {name!r} has no statement")
        queries[name] = Query(name, description, sql)
    return Queries(source, queries)
