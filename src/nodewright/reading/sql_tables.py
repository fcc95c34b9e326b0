"""Entities that SQL declares."""

import re
from collections.abc import Iterator
from dataclasses import replace

from nodewright.language.lexicon import word_set
from nodewright.language.naming import snake
from nodewright.prd.blocks import Block, BlockKind
from nodewright.reading.data_names import declared_name, snake_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.gathering import (
    ClauseLines,
    blocks_of,
    put_fields,
    sections_with_data,
)
from nodewright.spec.model import Unique
from nodewright.spec.types import Type

_CREATE = re.compile(
    r"create\s+table\s+(?:if\s+not\s+exists\s+)?[\"`\[]?(?:\w+[\"`\]]?\.[\"`\[]?)?(?P<name>\w+)[\"`\]]?\s*\(",
    re.IGNORECASE,
)
_ENUM = re.compile(
    r"create\s+type\s+[\"`]?(?P<name>\w+)[\"`]?\s+as\s+enum\s*\((?P<values>[^()]{1,2000})\)",
    re.IGNORECASE,
)
_COLUMN = re.compile(
    r"[\"`\[]?(?P<name>[A-Za-z_]\w{0,60})[\"`\]]?\s+(?P<type>[A-Za-z].*)", re.DOTALL
)
_CHECK_IN = re.compile(r"in\s*\((?P<values>[^()]{1,500})\)", re.IGNORECASE)
_GROUP = re.compile(r"\(([^()]{1,300})\)")
_FOREIGN = re.compile(
    r"foreign\s+key\s*\(\s*[\"`]?(?P<field>\w+)[\"`]?\s*\)\s*references\s+[\"`]?(?P<table>\w+)",
    re.IGNORECASE,
)
_CONSTRAINTS = word_set("primary foreign unique constraint index key check exclude fulltext")


def read_sql_tables(draft: Draft) -> None:
    r"""Read an entity from each ``CREATE TABLE``.

    >>> from nodewright.prd.document import parse_document
    >>> code = "```sql\nCREATE TABLE seats (\n  id uuid PRIMARY KEY,\n  row_no int\n);\n```"
    >>> draft = Draft(parse_document("# Desk\n\n## Data\n\n" + code))
    >>> read_sql_tables(draft)
    >>> draft.entities["Seat"].key, str(draft.entities["Seat"].field("row_no").type)
    ('id', 'integer?')
    """
    lines = ClauseLines(draft)
    for section in sections_with_data(draft):
        for _, block in blocks_of(section):
            if block.kind is BlockKind.CODE and "create t" in block.text.lower():
                _read(draft, lines, block)


def _read(draft: Draft, lines: ClauseLines, block: Block) -> None:
    enums = {
        found["name"].lower(): re.findall(r"'([^']{1,60})'", found["values"])
        for found in _ENUM.finditer(block.text)
    }
    for found in _CREATE.finditer(block.text):
        first = block.line + 1 + block.text.count("\n", 0, found.start())
        name = declared_name(found["name"])
        notes: list[FieldNote | None] = []
        constraints: list[tuple[str, tuple[str, ...]]] = []
        for text, comment, line in _definitions(block.text, found.end()):
            clauses = lines.take(block.line + 1 + line)
            if text.split("(")[0].split()[0].lower() in _CONSTRAINTS:
                constraints.append((text, clauses))
            else:
                notes.append(_column(text, comment, clauses, enums))
        if name:
            put_fields(draft, name, notes, lines.take(first))
            for text, clauses in constraints:
                _constrain(draft, name, text, clauses)


def _definitions(text: str, position: int) -> Iterator[tuple[str, str, int]]:
    """The parts of a table's parentheses: text, comment, and line from the block's first."""
    depth, line, start = 0, text.count("\n", 0, position), -1
    parts: list[str] = []
    waiting: list[tuple[str, int]] = []
    index = position
    while index < len(text):
        char = text[index]
        if text.startswith("--", index):
            end = text.find("\n", index)
            comment = text[index + 2 : end if end >= 0 else len(text)].strip()
            if "".join(parts).strip():
                parts.append(" ")
                comments = comment
            else:
                comments = ""
                if waiting:
                    done, at = waiting.pop()
                    yield done, comment, at
            index = end if end >= 0 else len(text)
            if comments:
                parts.append(f" /*{comments.replace('*/', '')}*/")
            continue
        if (char == "," and depth == 0) or (char == ")" and depth == 0):
            yield from ((done, "", at) for done, at in waiting)
            waiting = [("".join(parts).strip(), start)] if "".join(parts).strip() else []
            parts, start = [], -1
            if char == ")":
                break
        else:
            depth += (char == "(") - (char == ")")
            if start < 0 and not char.isspace():
                start = line
            parts.append(char)
        line += char == "\n"
        index += 1
    else:
        waiting = []
    yield from ((done, "", at) for done, at in waiting)


def _column(
    text: str, comment: str, clauses: tuple[str, ...], enums: dict[str, list[str]]
) -> FieldNote | None:
    inside = re.search(r"/\*(.*?)\*/", text, re.DOTALL)
    comment = comment or (inside[1] if inside else "")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    found = _COLUMN.fullmatch(" ".join(text.split()))
    if found is None:
        return None
    kind = found["type"]
    values = enums.get(kind.split()[0].strip('"`').lower())
    listed = _CHECK_IN.search(kind)
    if values or listed:
        values = values or re.findall(r"'([^']{1,60})'", listed["values"] if listed else "")
        comment = "enum: " + ", ".join(f"'{value}'" for value in values) + f"; {comment}"
    low = kind.lower()
    required = "not null" in low or "primary key" in low or "default" in low
    return read_field(
        found["name"], clauses, annotation=_CHECK_IN.sub("", kind), notes=comment, required=required
    )


def _constrain(draft: Draft, name: str, text: str, clauses: tuple[str, ...]) -> None:
    """Keys, uniqueness and references that stand below the columns."""
    entity = draft.entities.get(name)
    if entity is None:
        return
    foreign = _FOREIGN.search(text)
    group = _GROUP.search(text)
    names = (
        [snake_name(part.strip('"` ').split(" ")[0]) for part in group[1].split(",")]
        if group
        else []
    )
    if any(entity.field(each) is None for each in names):
        return
    if foreign:
        column = snake(foreign["field"])
        fields = tuple(
            replace(each, type=_refers(each.type, foreign["table"]))
            if each.name == column
            else each
            for each in entity.fields
        )
        draft.entities[name] = replace(entity, fields=fields)
    elif re.match(r"(?:constraint\s+\S+\s+)?primary", text, re.IGNORECASE) and len(names) == 1:
        draft.entities[name] = replace(entity, key=names[0])
    elif re.match(r"(?:constraint\s+\S+\s+)?(?:unique|primary)", text, re.IGNORECASE) and names:
        rule = Unique(fields=tuple(names), clauses=clauses)
        draft.entities[name] = replace(entity, unique=(*entity.unique, rule))


def _refers(kind: Type, table: str) -> Type:
    from nodewright.spec.types import entity_type

    return entity_type(declared_name(table), optional=kind.optional)
