"""Tables of AsciiDoc and reStructuredText, which Markdown sees as paragraphs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"\|={3,}\s*")
_GRID = re.compile(r"\s*\+(?:[-=]+\+)+\s*")
_SIMPLE = re.compile(r"\s*=+(?: +=+)+\s*")
_LIST_TABLE = re.compile(r"\s*\.\. list-table::\s*(?P<title>.*)")
_LIST_ROW = re.compile(r"\s*\* - (?P<cell>.*)")
_LIST_CELL = re.compile(r"\s*- (?P<cell>.*)")
_MOST_LINES = 20_000
_OPTIONS = re.compile(r"\[.*\]\s*")


@dataclass(frozen=True, slots=True)
class ForeignRow:
    """A row with its header and its line; ``title`` is what stands above the table."""

    cells: tuple[str, ...]
    header: tuple[str, ...]
    line: int
    title: str


def foreign_rows(text: str) -> Iterator[ForeignRow]:
    r"""The rows of all such tables in a text.

    >>> rows = list(foreign_rows(".Seat\n|===\n|Field |Type\n\n|row |string\n|==="))
    >>> rows[0].cells, rows[0].title, rows[0].line
    (('row', 'string'), 'Seat', 5)
    """
    if (
        "|===" not in text
        and "list-table::" not in text
        and "+--" not in text
        and "== " not in text
    ):
        return
    lines = text.split("\n")[:_MOST_LINES]
    number = 0
    while number < len(lines):
        reader = next(
            (read for pattern, read in _READERS if pattern.fullmatch(lines[number])), None
        )
        if reader is None:
            number += 1
            continue
        rows, number = reader(lines, number)
        if rows:
            header = tuple(rows[0][0])
            title = _title(lines, rows[0][1] - 1)
            for cells, line in rows[1:]:
                yield ForeignRow(tuple(cells), header, line, title)


type _Rows = list[tuple[list[str], int]]


def _title(lines: list[str], start: int) -> str:
    """The words above a table: ``.Title``, or the heading or sentence before it."""
    for number in range(start - 1, max(start - 9, -1), -1):
        text = lines[number].strip()
        listed = _LIST_TABLE.fullmatch(lines[number])
        if listed and listed["title"]:
            return listed["title"]
        if re.match(r"\.[A-Z]", text):
            return text[1:]
        table = _FENCE.fullmatch(text) or _GRID.fullmatch(text) or _OPTIONS.fullmatch(text)
        if text and not table and not text.startswith((":", "..")) and set(text) - set("=-~^+ "):
            return text.strip("= ")
    return ""


def _asciidoc(lines: list[str], start: int) -> tuple[_Rows, int]:
    rows: _Rows = []
    width = 0
    number = start + 1
    waiting: list[str] = []
    first = number
    while number < len(lines) and not _FENCE.fullmatch(lines[number]):
        text = lines[number].strip()
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", text)[1:]] if "|" in text else []
        if cells and not width:
            width = len(cells)
        if cells:
            first = number + 1 if not waiting else first
            waiting += cells
        while width and len(waiting) >= width:
            rows.append((waiting[:width], first))
            waiting = waiting[width:]
        number += 1
    return rows, number + 1


def _grid(lines: list[str], start: int) -> tuple[_Rows, int]:
    rows: _Rows = []
    number = start + 1
    current: list[str] = []
    first = number + 1
    while number < len(lines) and (
        _GRID.fullmatch(lines[number]) or lines[number].strip().startswith("|")
    ):
        if _GRID.fullmatch(lines[number]):
            if current:
                rows.append(([cell.strip() for cell in current], first))
            current, first = [], number + 2
        else:
            cells = [cell.strip() for cell in lines[number].strip().strip("|").split("|")]
            if len(cells) == len(current):
                current = [f"{above} {cell}" for above, cell in zip(current, cells, strict=True)]
            else:
                current = cells
        number += 1
    return rows, number


def _simple(lines: list[str], start: int) -> tuple[_Rows, int]:
    spans = [(found.start(), found.end()) for found in re.finditer(r"=+", lines[start])]
    ends = [begin for begin, _ in spans[1:]] + [None]
    rows: _Rows = []
    borders = 0
    number = start + 1
    while number < len(lines) and borders < 2:
        text = lines[number]
        if _SIMPLE.fullmatch(text):
            borders += 1
        elif text.strip():
            cells = [text[begin:end].strip() for (begin, _), end in zip(spans, ends, strict=True)]
            rows.append((cells, number + 1))
        elif borders == 0:
            break
        number += 1
    return rows, number


def _list_table(lines: list[str], start: int) -> tuple[_Rows, int]:
    rows: _Rows = []
    number = start + 1
    while number < len(lines):
        text = lines[number]
        if text.strip() and not text.startswith(" "):
            break
        row = _LIST_ROW.fullmatch(text)
        cell = _LIST_CELL.fullmatch(text)
        if row:
            rows.append(([row["cell"].strip()], number + 1))
        elif cell and rows:
            rows[-1][0].append(cell["cell"].strip())
        number += 1
    return rows, number


_READERS = ((_FENCE, _asciidoc), (_GRID, _grid), (_SIMPLE, _simple), (_LIST_TABLE, _list_table))
