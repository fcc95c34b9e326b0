"""Entities that classes of Python declare: pydantic models, dataclasses, SQLAlchemy, Django."""

import ast
import re

from nodewright.prd.blocks import Block, BlockKind
from nodewright.reading.data_names import declared_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.gathering import ClauseLines, blocks_of, put_fields, sections_with_data

_LANGUAGES = frozenset({"python", "py", ""})
_LONGEST = 60_000
_NO_RECORD = re.compile(
    r"(?:service|manager|handler|client|repository|error|exception|engine|agent|config)$",
    re.IGNORECASE,
)
_COLUMN = re.compile(r"(?:\w+\.)*(?:mapped_column|Column|Field|field)\((?P<inside>.*)\)", re.DOTALL)
_DJANGO = re.compile(r"(?:models\.)?(?P<kind>[A-Z]\w*?)Field\((?P<inside>.*)\)", re.DOTALL)


def read_python_classes(draft: Draft) -> None:
    r"""Read an entity from each class of data.

    >>> from nodewright.prd.document import parse_document
    >>> code = "```python\nclass Seat(BaseModel):\n    row: str\n    price: Decimal | None\n```"
    >>> draft = Draft(parse_document("# Desk\n\n## Data\n\n" + code))
    >>> read_python_classes(draft)
    >>> [(field.name, str(field.type)) for field in draft.entities["Seat"].fields]
    [('row', 'text'), ('price', 'number?')]
    """
    lines = ClauseLines(draft)
    for section in sections_with_data(draft):
        for _, block in blocks_of(section):
            if (
                block.kind is BlockKind.CODE
                and block.language in _LANGUAGES
                and "class " in block.text
            ):
                _read(draft, lines, block)


def _read(draft: Draft, lines: ClauseLines, block: Block) -> None:
    if len(block.text) > _LONGEST:
        return
    try:
        tree = ast.parse(block.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    enums = {node.name: _values(node) for node in classes if _is_enum(node)}
    for node in classes:
        if _is_enum(node) or _NO_RECORD.search(node.name):
            continue
        notes = [_field(item, lines, block.line, enums) for item in node.body]
        if sum(
            isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) for item in node.body
        ) * 2 <= len(node.body):
            put_fields(draft, declared_name(node.name), notes, lines.take(block.line + node.lineno))


def _is_enum(node: ast.ClassDef) -> bool:
    return any("Enum" in ast.unparse(base) or "Choices" in ast.unparse(base) for base in node.bases)


def _values(node: ast.ClassDef) -> list[str]:
    return [
        str(item.value.value)
        for item in node.body
        if isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant)
    ]


def _field(
    item: ast.stmt, lines: ClauseLines, first: int, enums: dict[str, list[str]]
) -> FieldNote | None:
    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
        name, said = item.target.id, ast.unparse(item.annotation)
        value = ast.unparse(item.value) if item.value else ""
    elif isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
        name, said, value = item.targets[0].id, "", ast.unparse(item.value)
        if not (_COLUMN.fullmatch(value) or _DJANGO.fullmatch(value)):
            return None
    else:
        return None
    if name.startswith("_") or name in {"model_config", "Config"}:
        return None
    clauses = lines.take(first + item.lineno)
    return read_field(
        name, clauses, annotation=_annotation(said, value, enums), notes=_notes(value)
    )


def _annotation(said: str, value: str, enums: dict[str, list[str]]) -> str:
    said = re.sub(r"^(?:Mapped|Annotated)\[(.*)\]$", r"\1", said)
    optional = said.startswith("Optional[") or "None" in said
    said = re.sub(r"^Optional\[(.*)\]$", r"\1", said)
    for name, values in enums.items():
        if re.search(rf"\b{re.escape(name)}\b", said + value):
            said = " | ".join(f"'{each}'" for each in values)
    django = _DJANGO.fullmatch(value)
    column = _COLUMN.fullmatch(value)
    if not said and django:
        said = "Foreign" if django["kind"].startswith("Foreign") else django["kind"].lower()
        optional = optional or "null=True" in value
    elif not said and column:
        said = column["inside"].split(",")[0].split("(")[0]
        optional = optional or "nullable=True" in value
    said = re.sub(r"^Literal\[(.*)\]$", lambda found: found[1].replace(",", " |"), said)
    return f"{said} | None" if optional and "None" not in said else said


def _notes(value: str) -> str:
    found = []
    for key, word in (
        ("ge", ">="),
        ("gt", ">"),
        ("le", "<="),
        ("lt", "<"),
        ("max_length", "length max"),
        ("min_length", "length min"),
    ):
        bound = re.search(rf"\b{key}=(-?[\d.]+)", value)
        if bound:
            found.append(f"{word} {bound[1]}")
    if "unique=True" in value:
        found.append("unique")
    if "primary_key=True" in value:
        found.append("primary key")
    plain = re.fullmatch(r"'([^']{1,40})'|(-?\d+(?:\.\d+)?|True|False)", value) or re.search(
        r"\bdefault='?([\w.-]{1,40})", value
    )
    if plain:
        found.append(f"default {next(group for group in plain.groups() if group)}")
    return "; ".join(found)
