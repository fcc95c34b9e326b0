"""Entities of OpenAPI and JSON schemas, and of YAML that lists fields below a name."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from nodewright.language.data_words import field_word_table
from nodewright.language.vocabulary import read_yaml
from nodewright.prd.blocks import Block, BlockKind
from nodewright.reading.data_names import declared_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.gathering import ClauseLines, blocks_of, put_fields, sections_with_data

_LANGUAGES = frozenset({"yaml", "yml", "json", "openapi", ""})
_LONGEST = 60_000
_DEEPEST = 12


def read_schema_documents(draft: Draft) -> None:
    r"""Read entities from schemas in YAML and JSON.

    >>> from nodewright.prd.document import parse_document
    >>> code = "Seat:\n  type: object\n  required: [row]\n  properties:\n    row: {type: string}"
    >>> draft = Draft(parse_document("# Desk\n\n## Data\n\n```yaml\n" + code + "\n```"))
    >>> read_schema_documents(draft)
    >>> [field.name for field in draft.entities["Seat"].fields]
    ['row']
    """
    lines = ClauseLines(draft)
    for section in sections_with_data(draft):
        for _, block in blocks_of(section):
            if block.kind is not BlockKind.CODE or block.language not in _LANGUAGES:
                continue
            if ":" not in block.text or len(block.text) > _LONGEST or "*" in block.text:
                continue
            try:
                data = read_yaml(block.text)
            except (yaml.YAMLError, ValueError, RecursionError):
                continue
            places = _Places(block)
            for name, schema in _schemas(data, 0, block):
                _read(draft, lines, places, name, schema)


class _Places:
    """Where keys stand in the block: the first line after the last that was asked for."""

    def __init__(self, block: Block) -> None:
        self._first = block.line + 1
        self._lines = [line.strip().lstrip("-").strip("\"' ") for line in block.text.split("\n")]

    def line(self, key: str, after: int = 0) -> int:
        for number in range(max(after - self._first, 0), len(self._lines)):
            text = self._lines[number]
            if text.startswith((f"{key}:", f'{key}":', f"{key}':", f"{key} ")):
                return self._first + number
        return max(after, self._first)


def _schemas(data: object, depth: int, block: Block) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Named objects with ``properties``, or names with plain ``field: type`` pairs below."""
    if not isinstance(data, Mapping) or depth > _DEEPEST:
        return
    if (
        depth == 0
        and isinstance(data.get("title"), str)
        and isinstance(data.get("properties"), Mapping)
    ):
        yield str(data["title"]), data
        return
    for key, value in data.items():
        if not isinstance(key, str) or not isinstance(value, Mapping):
            continue
        if isinstance(value.get("properties"), Mapping):
            yield key, value
        elif block.language != "json" and _plain_fields(value):
            yield key, {"properties": value, "plain": True}
        else:
            yield from _schemas(value, depth + 1, block)


def _plain_fields(value: Mapping[Any, Any]) -> bool:
    """Whether all values are types by name: ``id: uuid``."""
    types = field_word_table("types")
    words = [
        each.split("(")[0].split()[0].lower().rstrip("?,")
        for each in value.values()
        if isinstance(each, str) and each.split()
    ]
    return len(words) == len(value) > 1 and sum(word in types for word in words) * 2 > len(words)


def _read(
    draft: Draft, lines: ClauseLines, places: _Places, key: str, schema: Mapping[str, Any]
) -> None:
    name = declared_name(key)
    head = places.line(key)
    required = schema.get("required")
    wanted = required if isinstance(required, list) else []
    notes: list[FieldNote | None] = []
    at = head
    for field, said in schema["properties"].items():
        at = places.line(str(field), at + 1)
        clauses = lines.take(at)
        if schema.get("plain"):
            notes.append(read_field(str(field), clauses, annotation=str(said), notes=""))
        elif isinstance(said, Mapping):
            needed = field in wanted if wanted else None
            notes.append(_property(str(field), said, clauses, required=needed))
            if isinstance(said.get("properties"), Mapping):
                _read(draft, lines, places, str(field), said)
    if name:
        put_fields(draft, name, notes, lines.take(head))


def _property(
    name: str, said: Mapping[str, Any], clauses: tuple[str, ...], *, required: bool | None
) -> FieldNote | None:
    """A property of a schema, written as an annotation."""
    kind = _annotation(said)
    notes = [
        f"{word} {said[key]}"
        for key, word in _BOUNDS.items()
        if isinstance(said.get(key), int | float)
    ]
    notes += [f"default {said['default']}"] if "default" in said else []
    notes += (
        [f"valid {said['format']}"] if said.get("format") in {"email", "uri", "hostname"} else []
    )
    if said.get("nullable") is True:
        required = False
    return read_field(name, clauses, annotation=kind, notes="; ".join(notes), required=required)


_BOUNDS = {
    "minimum": "min",
    "maximum": "max",
    "minLength": "length min",
    "maxLength": "length max",
    "exclusiveMinimum": ">",
}


def _annotation(said: Mapping[str, Any]) -> str:
    values = said.get("enum")
    if isinstance(values, list) and len(values) > 1:
        return " | ".join(f"'{value}'" for value in values)
    reference = said.get("$ref")
    if isinstance(reference, str):
        return declared_name(reference.rsplit("/", 1)[-1])
    kind, shape = str(said.get("type", "string")), str(said.get("format", ""))
    items = said.get("items")
    if kind == "array" and isinstance(items, Mapping):
        return f"list[{_annotation(items)}]"
    if kind == "string" and shape in {"uuid", "date", "date-time"}:
        return shape.replace("-", "")
    return kind
