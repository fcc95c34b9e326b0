"""Entities whose fields stand in the rows of tables, in any language of the field words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nodewright.language.data_words import field_word_table, field_words
from nodewright.language.markup import plain
from nodewright.language.worded import Worded
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.outline import Section
from nodewright.reading.code_fields import literal_annotation
from nodewright.reading.data_names import declared_name, thing_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_lists import listed_notes
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.field_types import annotated_type
from nodewright.reading.foreign_tables import foreign_rows
from nodewright.reading.gathering import (
    ClauseLines,
    blocks_of,
    put_fields,
    sections_with_data,
)

_ENTITY_HEADERS = Worded(r"<entity_header>")
_FIELDS_HEADERS = re.compile(
    r"(?:key |main |core )?(?:fields|attributes|columns|properties)|主要字段|字段|属性|フィールド"
    r"|필드|속성|campos|atributos"
    r"|felder|attributs",
    re.IGNORECASE,
)
_PATH = re.compile(r"`?([A-Za-z]\w*)(?:\[\])?\.(\w+)`?\??\*?")
_NAMED = re.compile(
    r"(?:^|\b)(?:table|entity|model|表|테이블)\s*[:：]?\s*[`*\"]{0,2}([A-Za-z]\w{1,40})",
    re.IGNORECASE,
)
_TICKED = re.compile(r"`([A-Za-z]\w{1,40})`")


@lru_cache(maxsize=1024)
def column_kind(header: str) -> str:
    """What a column of that header holds, empty where it is none of a field table.

    >>> column_kind("Field Name"), column_kind("必填"), column_kind("Owner")
    ('field', 'required', '')
    """
    low = plain(header).lower().strip(" ?*:：")
    table = field_word_table("headers")
    if low in table:
        return table[low]
    parts = re.findall(r"[^\W_]+", low)
    found = [table[part] for part in parts if part in table]
    if len(parts) > 3 or not found:
        return ""
    # "Data type" is a type, "Field name" a field: what is most telling decides.
    for kind in ("type", "required", "optional", "unique", "default", "example", "field", "notes"):
        if kind in found:
            return kind
    return ""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a table's columns are; ``others`` are notes of any kind."""

    field: int
    kinds: tuple[str, ...]
    entity: int

    def cell(self, cells: Sequence[str], kind: str) -> str:
        return " ".join(
            cell for cell, each in zip(cells, self.kinds, strict=False) if each == kind and cell
        )


@lru_cache(maxsize=1024)
def _columns(header: tuple[str, ...]) -> _Columns | None:
    kinds = [column_kind(cell) for cell in header]
    entity = next(
        (n for n, cell in enumerate(header) if _ENTITY_HEADERS.fullmatch(plain(cell))), -1
    )
    if entity >= 0:
        kinds[entity] = ""
    fields = [
        number for number, kind in enumerate(kinds) if kind == "field" and number <= entity + 1
    ]
    if len(header) < 2 or not fields:
        return None
    others = {kind for kind in kinds if kind not in {"field", ""}}
    if not others:
        return None
    # Of several names (字段名, 名称) the one in code letters is the field's.
    return _Columns(fields[0], tuple(kinds), entity)


def read_field_tables(draft: Draft) -> None:
    r"""Read the fields of entities from tables, one field a row or one entity a row.

    >>> from nodewright.prd.document import parse_document
    >>> rows = "| seat | string | yes |\n| note | text | no |"
    >>> table = "| Field | Type | Required |\n|---|---|---|\n" + rows
    >>> draft = Draft(parse_document("# Desk\n\n## Data\n\n### Ticket\n\n" + table))
    >>> read_field_tables(draft)
    >>> [(field.name, str(field.type)) for field in draft.entities["Ticket"].fields]
    [('seat', 'text'), ('note', 'text?')]
    """
    lines = ClauseLines(draft)
    for section in sections_with_data(draft):
        for rows in _tables(section):
            _read_table(draft, lines, section, rows)
    for row in foreign_rows(draft.document.text):
        columns = _columns(row.header)
        name = thing_name(row.title)
        if columns is not None and name:
            note = _row(columns, row.cells, lines.take(row.line))
            put_fields(draft, name, [note])


def _tables(section: Section) -> Iterator[list[tuple[int, Block]]]:
    """Runs of rows with one header."""
    run: list[tuple[int, Block]] = []
    for number, block in blocks_of(section):
        row = block.kind is BlockKind.ROW and bool(block.header)
        if run and (not row or block.header is not run[-1][1].header):
            yield run
            run = []
        if row:
            run.append((number, block))
    if run:
        yield run


def _read_table(
    draft: Draft, lines: ClauseLines, section: Section, rows: list[tuple[int, Block]]
) -> None:
    header = rows[0][1].header
    columns = _columns(header)
    if columns is None:
        _entity_rows(draft, lines, rows)
        return
    name = _table_name(section, rows[0][0])
    if not _is_sure(columns, section, rows):
        return
    for _, block in rows:
        own = name
        if (
            columns.entity >= 0
            and columns.entity < len(block.cells)
            and block.cells[columns.entity]
        ):
            own = thing_name(block.cells[columns.entity]) or declared_name(
                block.cells[columns.entity]
            )
            name = own
        if not own or columns.field >= len(block.cells):
            continue
        _put_row(draft, lines, own, columns, block)


def _put_row(draft: Draft, lines: ClauseLines, name: str, columns: _Columns, block: Block) -> None:
    path = _PATH.fullmatch(block.cells[columns.field].strip())
    clauses = lines.take(block.line)
    if path is None:
        put_fields(draft, name, [_row(columns, block.cells, clauses)])
        return
    value = declared_name(path[1])
    cells = list(block.cells)
    cells[columns.field] = path[2]
    put_fields(draft, value, [_row(columns, cells, clauses)], stored=False)
    put_fields(draft, name, [read_field(path[1], clauses, annotation=value)])


def _is_sure(columns: _Columns, section: Section, rows: list[tuple[int, Block]]) -> bool:
    """Whether a table lists fields: it types them, or it stands where data is described."""
    if "type" in columns.kinds:
        position = columns.kinds.index("type")
        cells = [block.cells[position] for _, block in rows if position < len(block.cells)]
        return any(annotated_type(cell) is not None for cell in cells)
    telling = {"required", "optional", "unique"} & set(columns.kinds)
    return bool(telling) or (
        section.role in {"data", "functional", "unknown"} and "notes" in columns.kinds
    )


def _row(columns: _Columns, cells: Sequence[str], clauses: tuple[str, ...]) -> FieldNote | None:
    """The field of one row."""
    if columns.field >= len(cells):
        return None
    name = _latin_name(columns, cells)
    example = columns.cell(cells, "example")
    annotation = plain(columns.cell(cells, "type"))
    if not annotation and example:
        annotation = literal_annotation(example) or ""
    notes = [plain(columns.cell(cells, "notes"))]
    default = plain(columns.cell(cells, "default")).strip("-–— ")
    notes += [f"default {default}"] if default else []
    notes += ["unique"] if _says(columns.cell(cells, "unique"), "yes_words") else []
    required = _required(columns, cells, name)
    return read_field(
        name,
        clauses,
        annotation=annotation,
        notes="; ".join(filter(None, notes)),
        required=required,
    )


def _latin_name(columns: _Columns, cells: Sequence[str]) -> str:
    names = [cell for cell, kind in zip(cells, columns.kinds, strict=False) if kind == "field"]
    return next(
        (name for name in names if plain(name).isascii() and plain(name)), cells[columns.field]
    )


def _required(columns: _Columns, cells: Sequence[str], name: str) -> bool | None:
    said = columns.cell(cells, "required")
    if _says(said, "yes_words"):
        return True
    if _says(said, "no_words") or ("required" in columns.kinds and not said.strip()):
        return False
    maybe = columns.cell(cells, "optional")
    if _says(maybe, "yes_words"):
        return False
    if _says(maybe, "no_words"):
        return True
    return True if plain(name).endswith("*") or name.rstrip("`").endswith("*") else None


def _says(cell: str, kind: str) -> bool:
    low = plain(cell).strip().lower()
    first = re.split(r"[\s,;(（]", low, maxsplit=1)[0]
    return bool(first) and (first in field_words(kind) or low in field_words(kind))


def _table_name(section: Section, first: int) -> str:
    """The entity of a table: named by the lines before it, else by the heading."""
    for block in reversed(section.blocks[max(first - 2, 0) : first]):
        if block.kind is BlockKind.ROW or block.kind is BlockKind.CODE:
            break
        text = block.text.strip()[-200:]
        named = _NAMED.search(text)
        ticked = _TICKED.findall(text)
        if named or len(ticked) == 1:
            return declared_name(named[1] if named else str(ticked[0]))
        if len(text.split()) <= 5 and thing_name(text):
            return thing_name(text)
    ticked = _TICKED.findall(section.title)
    return declared_name(str(ticked[0])) if ticked else thing_name(section.title)


def _entity_rows(draft: Draft, lines: ClauseLines, rows: list[tuple[int, Block]]) -> None:
    """``| Entity | Fields |``: one entity a row."""
    header = [plain(cell) for cell in rows[0][1].header]
    entity = next((n for n, cell in enumerate(header) if _ENTITY_HEADERS.fullmatch(cell)), -1)
    fields = next(
        (n for n, cell in enumerate(header) if n != entity and _FIELDS_HEADERS.fullmatch(cell)), -1
    )
    if entity < 0 or fields < 0:
        return
    for _, block in rows:
        if max(entity, fields) < len(block.cells):
            name = thing_name(block.cells[entity])
            clauses = lines.take(block.line)
            if name:
                put_fields(draft, name, listed_notes(block.cells[fields], clauses))
