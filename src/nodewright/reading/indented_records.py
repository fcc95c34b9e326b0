"""Entities in plain blocks: a name alone on its line, its fields indented below it."""

import re

from nodewright.prd.blocks import Block, BlockKind
from nodewright.reading.data_names import declared_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.field_types import annotated_type
from nodewright.reading.gathering import (
    ClauseLines,
    blocks_of,
    put_fields,
    sections_with_data,
)

_PLAIN = frozenset({"", "text", "txt", "plaintext", "yaml", "yml", "plain"})
_NAME = re.compile(
    r"(?P<indent>\s*)(?:[-*]\s+)?(?P<name>[A-Z][A-Za-z]{1,40}|[a-z_]{3,40}(?=:\s*$))\s*:?\s*(?:[(].{0,80}[)])?\s*"
)
_FIELD = re.compile(
    r"(?P<indent>\s+)(?:[-*+├└│─•]+\s*)?(?P<name>[A-Za-z_]\w{0,47}\??)\s*(?:[:：]|\s-\s|\s{2,}|\s(?=\())\s*(?P<type>\S.{0,200})"
)
_NOTES = re.compile(r"(?P<type>[^(#/,;]{1,60}?)\s*(?:[(,;]|#|//|--)\s*(?P<notes>.*?)\)?\s*")


def read_indented_records(draft: Draft) -> None:
    r"""Read entities from outlines in blocks of text.

    >>> from nodewright.prd.document import parse_document
    >>> code = "Seat\n  row: integer\n  note: string (optional)"
    >>> draft = Draft(parse_document("# Hall\n\n## Data\n\n```\n" + code + "\n```"))
    >>> read_indented_records(draft)
    >>> [str(field.type) for field in draft.entities["Seat"].fields]
    ['integer', 'text?']
    """
    lines = ClauseLines(draft)
    for section in sections_with_data(draft):
        for _, block in blocks_of(section):
            if block.kind is BlockKind.CODE and block.language in _PLAIN and "{" not in block.text:
                _read(draft, lines, block)


def _read(draft: Draft, lines: ClauseLines, block: Block) -> None:
    name, indent, first = "", -1, 0
    found: list[tuple[int, FieldNote]] = []
    for number, line in enumerate([*block.text.split("\n")[:2000], ""], block.line + 1):
        field = _FIELD.fullmatch(line[:300].rstrip()) if name else None
        if field and len(field["indent"]) > indent:
            note = _field(field, lines, number)
            if note is not None:
                found.append((number, note))
            continue
        if name and found:
            _put(draft, lines, name, first, found)
        head = _NAME.fullmatch(line[:160].rstrip()) if line.strip() else None
        name = declared_name(head["name"]) if head else ""
        indent, first, found = len(head["indent"]) if head else -1, number, []


def _field(found: re.Match[str], lines: ClauseLines, number: int) -> FieldNote | None:
    said = found["type"].strip()
    split = _NOTES.fullmatch(said)
    clauses = tuple(clause.id for clause in lines.at(number)[:1])
    if split and annotated_type(split["type"]) is not None:
        return read_field(found["name"], clauses, annotation=split["type"], notes=split["notes"])
    return read_field(found["name"], clauses, annotation=said)


def _put(
    draft: Draft, lines: ClauseLines, name: str, first: int, found: list[tuple[int, FieldNote]]
) -> None:
    """The record, where most of its fields are typed."""
    typed = [note for _, note in found if not note.field.assumed]
    if 2 * len(typed) <= len(found):
        return
    for number, _ in found:
        lines.take(number)
    put_fields(draft, name, [note for _, note in found], lines.take(first))
