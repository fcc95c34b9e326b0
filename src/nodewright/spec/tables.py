"""Records as text of a file: CSV, JSON and JSON lines, read and written.

A number is written as text in JSON as well, so that it stays exact. In CSV an empty cell is a
missing value.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from nodewright.spec.model import Field, FileFormat
from nodewright.spec.types import Base, Type
from nodewright.spec.values import Record, Value, read_text, shown, text_of

Row = dict[str, Value]


def write_rows(format_: FileFormat, names: Sequence[str], records: Iterable[Record]) -> str:
    """``names`` of ``records`` as text."""
    if format_ is FileFormat.CSV:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([text_of(record[name]) for name in names] for record in records)
        return out.getvalue()
    rows = [{name: record[name] for name in names} for record in records]
    if format_ is FileFormat.JSON:
        return json.dumps(rows, default=text_of, ensure_ascii=False)
    return "".join(json.dumps(row, default=text_of, ensure_ascii=False) + "\n" for row in rows)


def read_rows(format_: FileFormat, content: str, fields: Sequence[Field]) -> Iterator[Row]:
    """Rows of ``content``, with values of the types of ``fields``.

    Raises:
        ValueError: a row has an unknown name or a value of another type, or it is no such file.
    """
    types = {each.name: each.type for each in fields}
    for number, raw in enumerate(_raw_rows(format_, content), start=1):
        row: Row = {}
        for name, value in raw.items():
            if name not in types:
                raise ValueError(f"row {number}: {shown(name)} is not one of {', '.join(types)}")
            try:
                row[name] = _typed(value, types[name])
            except ValueError as error:
                raise ValueError(f"row {number}: {name} {error}") from None
        yield row


def _raw_rows(format_: FileFormat, content: str) -> Iterator[dict[str, Any]]:
    if format_ is FileFormat.CSV:
        yield from _csv_rows(content)
        return
    try:
        if format_ is FileFormat.JSON:
            rows = json.loads(content, parse_float=Decimal)
        else:
            lines = [line for line in content.split("\n") if line.strip()]
            rows = [json.loads(line, parse_float=Decimal) for line in lines]
    except (ValueError, RecursionError, ArithmeticError):
        raise ValueError(f"it is not {format_.value}") from None
    if not isinstance(rows, list):
        raise ValueError("it is not a list of rows")  # noqa: TRY004 - the file is wrong
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise ValueError(f"row {number} is not an object")  # noqa: TRY004 - the file is wrong
        yield row


def _csv_rows(content: str) -> Iterator[dict[str, Any]]:
    try:
        lines = list(csv.reader(io.StringIO(content), strict=True))
    except csv.Error as error:
        raise ValueError(f"it is not csv: {error}") from None
    if not lines:
        raise ValueError("it has no line with names")
    header, *rows = lines
    if len(set(header)) < len(header):
        raise ValueError("a name stands twice in the first line")
    for number, cells in enumerate(rows, start=1):
        if not cells:
            continue
        if len(cells) != len(header):
            raise ValueError(f"row {number} has {len(cells)} cells, not {len(header)}")
        yield dict(zip(header, cells, strict=True))


def _typed(value: Any, kind: Type) -> Value:
    if isinstance(value, str) and kind.base not in {Base.LIST, Base.ENTITY}:
        return read_text(value, kind)
    if isinstance(value, list) and kind.item is not None:
        return [_typed(each, kind.item) for each in value]
    return value
