"""Entities that a section declares: in lists, tables, sentences and code."""

import re
from collections.abc import Iterator, Sequence

from nodewright.language.nouns import entity_name
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.models import EntityField
from nodewright.prd.outline import Section
from nodewright.reading.fields import (
    code_field,
    listed_fields,
    make_field,
    ticked_fields,
    type_of_annotation,
)

_MAX_CHILDREN = 200

# Name (None where it is no name), fields and line.
Declared = tuple[str | None, list[EntityField], int]
_INCLUDES = re.compile(
    r"(?:each|every|an?|the|all)?\s*(?:\*\*|`)?(?P<name>[A-Za-z][\w ]{1,40}?)s?(?:\*\*"
    r"|`)?(?: objects?| records?)?,?\s+"
    r"(?:must |should |shall |will |may )?(?:includ(?:e|es|ing)|contains?|has|have|consists? of"
    r"|stores?)"
    r"(?: the)?(?: following)?(?: data)?(?: fields| attributes| properties"
    r"| information)?(?: like)?\s*[:：]",
    re.IGNORECASE,
)
_HAVING = (" includ", " contain", " ha", " consist", " store", "fields ")
_FIELDS_OF = re.compile(
    r"(?:data |following )?fields (?:of|from|for) (?:an? |the )?(?P<name>[A-Za-z][\w ]{1,40})\s*:",
    re.IGNORECASE,
)
_TRACKS = re.compile(
    r"\b(?:stores?|tracks?|contains?|includes?|records?|has)\s+(?:the\s+)?([^.]{3,300})",
    re.IGNORECASE,
)
_HAS = re.compile(
    r"(?:^|[.;]\s+)(?:An?|Each|Every|The)\s+(?P<name>[a-z][\w ]{1,30}?)\s+(?:has|have|contains"
    r"|includes"
    r"|consists of)\s+(?P<list>(?:an?|the|its)\s[^.:;]{5,300})",
)
_INLINE = re.compile(
    r"\s*(?:[-*]\s+)?(?:\*\*|__)?(?P<name>[A-Z][\w -]{1,40}?)(?:\*\*|__)?\s*:\s*(?:\*\*|__)?\s*"
    r"(?P<list>`?\w[\w ]{0,30}`?\s*\([^)]{2,60}\)\s*,.*)",
    re.DOTALL,
)
_PAREN_FIELD = re.compile(r"`?(?P<name>\w[\w ]{0,30}?)`?\s*\((?P<type>[^)]{2,60})\)")
_LABEL = re.compile(
    r"\s*(?:\*\*|__|`)(?P<name>[A-Z][^*`:\n]{1,40})(?:\*\*|__|`)?:?(?:\*\*"
    r"|__)?\s*[:：–—-]?\s*(?P<rest>.*)",
    re.DOTALL,
)


_ABOUT_DATA = re.compile(r"\bentit|data model|schema|数据模型|엔티티", re.IGNORECASE)


def declared(section: Section) -> Iterator[Declared]:
    """Entities that one section declares: lists, tables and code with fields."""
    in_data = section.role == "data" or _ABOUT_DATA.search(section.title)
    blocks = section.blocks
    for number, block in enumerate(blocks):
        if block.kind is BlockKind.CODE:
            yield from _declared_in_code(block, section)
        elif block.kind is BlockKind.ROW:
            if in_data or _is_field_table(block):
                yield _row(block, section, bool(in_data))
        elif block.kind in {BlockKind.ITEM, BlockKind.PARAGRAPH}:
            children = _children(blocks, number)
            yield from _declared_in_prose(block)
            yield from _declared_in_list(block, children, in_data=bool(in_data))
    listed = [block for block in blocks if block.kind is BlockKind.ITEM and block.level == 1]
    typed = [block for block in listed if _TYPED_ITEM.match(block.text)]
    if len(typed) > 1 and 2 * len(typed) >= len(listed) and not section.own_role:
        # A heading an entity with its fields below: "### Order" and "- `id`: UUID".
        fields = [item for block in listed for item in _item_fields(block)]
        yield entity_name(section.title), fields, section.line


_TYPED_ITEM = re.compile(
    r"\s*[`*_]{0,3}[A-Za-z_][\w ]{0,40}[`*_]{0,3}\s*[:(–—-]\s*[`*_]{0,2}(?:string|str|text|int"
    r"|integer|number|float"
    r"|decimal|bool|boolean|date|datetime|timestamp|uuid|enum|json|array|list|varchar|bigint"
    r"|money)\b",
    re.IGNORECASE,
)


def _children(blocks: Sequence[Block], number: int) -> list[Block]:
    parent = blocks[number]
    found: list[Block] = []
    for position in range(number + 1, min(number + 1 + _MAX_CHILDREN, len(blocks))):
        block = blocks[position]
        if block.kind is not BlockKind.ITEM or block.level <= parent.level:
            break
        if block.level == parent.level + 1:
            found.append(block)
    return found


def _item_fields(block: Block) -> Iterator[EntityField]:
    """The fields of an item: several in backticks, or one with an annotation."""
    ticked = list(ticked_fields(block.text, block.line))
    if len(ticked) > 1 or not re.match(r"\s*[`*_]*[\w ]{1,40}[`*_]*\s*(?:[:(–—-]|$)", block.text):
        yield from ticked
        return
    name, _, annotation = re.sub(r"[`*]", "", block.text).partition(":")
    if not annotation:
        name, _, annotation = re.sub(r"[`*]", "", block.text).partition("(")
    found = make_field(name, block.line, annotation)
    if found is not None:
        yield found


def _declared_in_prose(block: Block) -> Iterator[Declared]:
    """``A ticket has a seat and an owner`` and ``Ticket: seat (string), price (decimal)``."""
    text = block.text[:1200]
    if not any(verb in text for verb in _HAVING) and not ("(" in text and ":" in text):
        return
    text = " ".join(text.split())
    if " has " in text or " contains " in text or " includes " in text or " have " in text:
        for found in _HAS.finditer(text):
            fields = list(listed_fields(found["list"], block.line))
            if len(fields) > 2:
                yield entity_name(found["name"]), fields, block.line
    if "(" in text and ":" in text[:60]:
        inline = _INLINE.match(text)
        parts = list(_PAREN_FIELD.finditer(inline["list"])) if inline else []
        if inline and len(parts) > 1 and type_of_annotation(parts[0]["type"]) is not None:
            made = (make_field(part["name"], block.line, part["type"]) for part in parts)
            yield entity_name(inline["name"]), [item for item in made if item], block.line


def _declared_in_list(block: Block, children: list[Block], *, in_data: bool) -> Iterator[Declared]:
    text = block.text[:600]
    introduced = None
    if children and (":" in text or "：" in text) and any(verb in text for verb in _HAVING):
        introduced = _INCLUDES.search(text) or _FIELDS_OF.search(text)
    if introduced:
        fields = [item for child in children for item in _item_fields(child)]
        if fields:
            yield entity_name(introduced["name"].split(" the ")[-1]), fields, block.line
        return
    label = _LABEL.match(text) if in_data else None
    if label:
        fields = [item for child in children for item in _item_fields(child)]
        rest = label["rest"]
        if "`" in rest:
            fields += ticked_fields(rest, block.line)
        elif not fields:
            tracked = _TRACKS.findall(rest)
            fields += [item for part in tracked for item in listed_fields(part, block.line)]
            if not tracked and rest.count(",") >= 2:
                fields += listed_fields(rest, block.line)
        yield entity_name(label["name"]), fields, block.line


_FIELD_HEADER = re.compile(
    r"field|attribute|column|property|字段|属性|필드|컬럼|campo|atributo", re.IGNORECASE
)
_TYPE_HEADER = re.compile(r"type|类型|타입|tipo", re.IGNORECASE)


def _is_field_table(block: Block) -> bool:
    return (
        len(block.header) > 1
        and bool(_FIELD_HEADER.search(block.header[0]))
        and any(_TYPE_HEADER.search(column) for column in block.header[1:])
    )


def _row(block: Block, section: Section, in_data: bool) -> Declared:
    if _is_field_table(block):
        annotation = " ".join(block.cells[1:])
        found = make_field(block.cells[0], block.line, annotation)
        return entity_name(section.title), [found] if found else [], block.line
    if not in_data or not block.cells:
        return None, [], block.line
    rest = " ".join(block.cells[1:])
    fields = list(ticked_fields(rest, block.line)) or (
        list(listed_fields(rest, block.line)) if rest.count(",") >= 2 else []
    )
    return entity_name(block.cells[0]), fields, block.line


_OPENERS = re.compile(
    r"create\s+table\s+(?:if\s+not\s+exists\s+)?[\"`]?(?:\w+\.)?(?P<sql>\w+)"
    r"|(?:export\s+)?(?:interface|type|model|class|struct|record|message"
    r"|entity)\s+(?P<decl>[A-Za-z]\w+)"
    r"|(?:const|let|var)\s+(?P<orm>\w+)\s*=\s*(?:pgTable|mysqlTable|sqliteTable|z\.object"
    r"|new\s+(?:mongoose\.)?Schema|defineTable)"
    r"|type\s+(?P<go>\w+)\s+struct",
    re.IGNORECASE,
)
# In a block without a language: a capitalised name alone on its line, its fields indented below.
_BARE_OPENER = re.compile(r"([A-Z][A-Za-z]{2,30})\s*(?::|\{|\()?")
_NOT_RECORDS = re.compile(
    r"(?:service|controller|manager|handler|client|provider|repository|options|props|config|error"
    r"|exception|adapter|factory|engine|agent)$",
    re.IGNORECASE,
)


def _declared_in_code(block: Block, section: Section) -> Iterator[Declared]:
    name: str | None = None
    fields: list[EntityField] = []
    start = block.line
    opened = False
    for number, line in enumerate(block.text.split("\n")[:2000], block.line + 1):
        opener = _OPENERS.search(line[:300]) or _BARE_OPENER.fullmatch(line[:60].rstrip())
        if opener:
            if opened and fields:
                yield name, fields, start
            raw = next(group for group in opener.groups() if group)
            name = None if _NOT_RECORDS.search(raw) else entity_name(raw)
            fields, start, opened = [], number, True
        elif opened and "(" in line and re.match(r"\s*(?:async\s+|def\s+|private\s+async)", line):
            opened = False
        elif opened or (section.role == "data" and block.language == "json"):
            found = code_field(line[:300], number)
            if found is not None:
                fields.append(found)
    if opened and fields:
        yield name, fields, start
    elif fields and block.language == "json":
        yield _payload_name(block, section), fields, start


def _payload_name(block: Block, section: Section) -> str | None:
    """The name of a JSON example: the words before "payload", "object" or "JSON"."""
    before = next(
        (
            above.text
            for above in reversed(section.blocks[:_MAX_CHILDREN])
            if above.line < block.line
        ),
        section.title,
    )
    found = re.search(
        r"(\w[\w ]{0,30}?)\s+(?:payload|object|record|document|json|schema|example)",
        before[-400:],
        re.IGNORECASE,
    )
    return entity_name(found[1]) if found else entity_name(section.title)
