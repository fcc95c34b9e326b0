"""Entities that blocks of code declare or show: interfaces, models, structs, objects of JSON."""

import re
from collections.abc import Iterator
from dataclasses import replace

from nodewright.language.lexicon import word_set
from nodewright.language.naming import pascal, snake
from nodewright.language.nouns import singular
from nodewright.language.worded import Worded
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.outline import Section
from nodewright.reading.code_fields import field_of, is_method, options_of
from nodewright.reading.code_tree import Member, read_members
from nodewright.reading.data_names import declared_name, field_name, thing_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.field_types import one_of
from nodewright.reading.gathering import (
    ClauseLines,
    blocks_of,
    is_data,
    put_fields,
    sections_with_data,
)
from nodewright.spec.types import Base, Type, entity_type, list_of

_DECLARES = re.compile(
    r"(?:^|\s)(?:interface|model|class|struct|record|message|input|entity|dataclass|data class)\s+"
    r"(?P<name>[A-Za-z]\w{1,50})",
)
_TYPE = re.compile(
    r"(?:^|\s)type\s+(?P<name>[A-Za-z]\w{1,50})(?:\s*=|\s+struct|\s*$|\s+implements)"
)
_TABLE = Worded(
    r"(?:const|let|var)\s+(?P<name>\w{2,50})\s*(?::[^=]{1,80})?=\s*(?:new\s+)?<table_maker>\s*\("
)
_BARE = re.compile(r"(?P<name>[A-Z][A-Za-z]{1,40})\s*[:=]?")
_ENUM = re.compile(r"(?:^|\s)enum\s+(?:class\s+)?(?P<name>[A-Za-z]\w{1,50})")
_ALIAS = re.compile(r"(?:^|\s)type\s+(?P<name>[A-Za-z]\w{1,50})\s*=\s*(?P<values>.+)", re.DOTALL)
_NO_RECORD = Worded(r"<no_record>$")
_JSON = frozenset({"json", "json5", "jsonc", "javascript", "js", "typescript", "ts", ""})
_READ = _JSON | word_set(
    "prisma graphql gql go golang rust rs java kotlin kt csharp cs c# proto protobuf swift dart "
    "tsx "
    "text txt mongodb"
)
_NAMED_BEFORE = re.compile(
    r"`?(\w[\w ]{0,40}?)`?\s+(?:payload|object|record|json|schema|structure|format|body|message"
    r"|event"
    r"|example)",
    re.IGNORECASE,
)
_NAMED_AFTER = Worded(
    r"\b<example_noun>\s+(?:for|of)\s+(?:<example_article>\s+)*(?P<thing>\w[\w ]{1,40})"
)
_NO_DATA = word_set("error message code status success data result ok")


def read_type_declarations(draft: Draft) -> None:
    r"""Read entities from interfaces, models, structs and examples of objects.

    >>> from nodewright.prd.document import parse_document
    >>> code = "```ts\ninterface Ticket {\n  seat: string;\n  price?: number;\n}\n```"
    >>> draft = Draft(parse_document("# Desk\n\n## Data\n\n" + code))
    >>> read_type_declarations(draft)
    >>> [(field.name, str(field.type)) for field in draft.entities["Ticket"].fields]
    [('seat', 'text'), ('price', 'number?')]
    """
    lines = ClauseLines(draft)
    reader = _Reader(draft, lines)
    for section in sections_with_data(draft):
        for number, block in blocks_of(section):
            if block.kind is BlockKind.CODE and block.language in _READ:
                reader.block(section, number, block)
    reader.resolve_aliases()


class _Reader:
    def __init__(self, draft: Draft, lines: ClauseLines) -> None:
        self._draft = draft
        self._lines = lines
        self._aliases: dict[str, Type] = {}
        self._language = ""
        self._first = 0

    def block(self, section: Section, number: int, block: Block) -> None:
        self._language = block.language
        self._first = block.line + 1
        for member in read_members(block.text):
            alias = _ALIAS.search(member.head) if not member.braces else None
            if alias:
                self._alias(alias["name"], re.findall(r"['\"]([^'\"]{1,60})['\"]", alias["values"]))
            elif member.braces:
                self._braces(member, section, number)

    def _alias(self, name: str, values: list[str]) -> None:
        kind = one_of(values)
        if kind is not None:
            self._aliases[pascal(snake(name))] = kind

    def _braces(self, member: Member, section: Section, number: int) -> None:
        head = member.head
        enum = _ENUM.search(head)
        if enum:
            values = [
                re.split(r"\s*=\s*|\s*\(", child.head)[-1 if "=" in child.head else 0]
                for child in member.children
            ]
            self._alias(enum["name"], [value.strip("\"' ") for value in values])
            return
        found = next(
            (
                match
                for match in (_TABLE.search(head), _DECLARES.search(head), _TYPE.search(head))
                if match
            ),
            None,
        )
        bare = _BARE.fullmatch(head) if found is None else None
        raw = (found or bare)["name"] if found or bare else ""  # type: ignore[index]
        if raw and not _NO_RECORD.search(raw):
            self._entity(declared_name(raw), member, stored=bool(found))
        elif not raw and head in {"", "[", "("} and self._language in _JSON:
            self._example(member, section, number)

    def _example(self, member: Member, section: Section, number: int) -> None:
        names = {field_name(child.head.split(":", maxsplit=1)[0]) for child in member.children}
        if not names - _NO_DATA or not any(":" in child.head for child in member.children):
            return
        outer = member.children[0] if len(member.children) == 1 else None
        if outer is not None and outer.braces:
            self._entity(declared_name(outer.head.strip("\"': ")), outer, stored=False)
            return
        name = _event_name(member) or _example_name(section, number)
        if name:
            self._entity(name, member, stored=is_data(section))

    def _entity(self, name: str, member: Member, *, stored: bool) -> None:
        plain = [child for child in member.children if not child.braces]
        if not name or (plain and sum(map(is_method, member.children)) * 2 > len(member.children)):
            return
        own = self._lines.take(self._first + member.line) if member.head else ()
        put_fields(self._draft, name, list(self._fields(member)), own, stored=stored)

    def _fields(self, member: Member) -> Iterator[FieldNote | None]:
        for child in member.children:
            clauses = self._lines.take(self._first + child.line)
            if not child.braces:
                yield field_of(child, clauses, self._language)
            elif not is_method(child):
                yield self._nested(child, clauses)

    def _nested(self, child: Member, clauses: tuple[str, ...]) -> FieldNote | None:
        name = re.split(r"[:=]", child.head, maxsplit=1)[0].strip("\"' ")
        maybe = name.endswith("?")
        options = options_of(child)
        if options is not None:
            return read_field(name, clauses, annotation=options, notes=child.comment)
        note = read_field(name, clauses, annotation="object", required=False if maybe else None)
        if note is None or not child.children:
            return note
        listed = child.head.rstrip().endswith("[") or child.head.rstrip().endswith("Array<")
        value = declared_name(singular(name.rstrip("?")) if listed else name.rstrip("?"))
        if not value or value == "_" or not any(":" in item.head for item in child.children):
            return note
        self._entity(value, child, stored=False)
        kind = list_of(entity_type(value)) if listed else entity_type(value)
        return replace(note, field=replace(note.field, type=replace(kind, optional=maybe)))

    def resolve_aliases(self) -> None:
        """Put enums in the place of the names that the code gives them."""
        for name, entity in list(self._draft.entities.items()):
            fields = tuple(
                replace(field, type=self._resolved(field.type)) for field in entity.fields
            )
            self._draft.entities[name] = replace(entity, fields=fields)

    def _resolved(self, kind: Type) -> Type:
        if kind.base is Base.ENTITY and kind.entity in self._aliases:
            return replace(self._aliases[kind.entity], optional=kind.optional)
        if kind.base is Base.LIST and kind.item is not None:
            return replace(kind, item=self._resolved(kind.item))
        return kind


def _event_name(member: Member) -> str:
    """``"event": "loan.approved"`` says what an example is."""
    for child in member.children:
        found = _EVENT.fullmatch(child.head)
        if found:
            return declared_name(found["name"].replace(".", "_"))
    return ""


_EVENT = re.compile(
    r"[\"']?(?:event|event_?type|type|topic)[\"']?\s*:\s*[\"'](?P<name>[A-Za-z_]+\.[A-Za-z_.]+)[\"']"
)


def _example_name(section: Section, number: int) -> str:
    """What an object without a name is: by the words before it, else by the heading."""
    before = section.blocks[number - 1].text[-300:] if number else ""
    for text in (section.title, before):
        for phrase in [
            *(found["thing"] for found in _NAMED_AFTER.finditer(text)),
            *reversed(_NAMED_BEFORE.findall(text)),
        ]:
            name = thing_name(str(phrase))
            if name:
                return name
    return thing_name(section.title)
