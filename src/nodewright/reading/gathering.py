"""What the passes of data share: clauses by their lines, and entities that grow field by field."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from nodewright.language.lexicon import word_set
from nodewright.language.naming import snake
from nodewright.language.worded import Worded
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.clauses import Clause
from nodewright.prd.models import Scope
from nodewright.prd.outline import Section
from nodewright.prd.sentences import sentences_in
from nodewright.reading.data_names import thing_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_notes import FieldNote
from nodewright.spec.model import Entity, Field, Unique
from nodewright.spec.types import Base, Type, entity_type

MOST_FIELDS = 120
MOST_ENTITIES = 200
# Sections that say nothing of what the product keeps.
_SILENT = word_set("market references meta testing risks questions plan success")


def sections_with_data(draft: Draft) -> Iterator[Section]:
    """Sections of this release that may say what the product keeps."""
    for section in draft.document.sections:
        if section.scope is Scope.RELEASE and section.role not in _SILENT:
            yield section


_DATA_TITLE = Worded(r"\b<data_title>\b|<data_foreign>")


def is_data(section: Section) -> bool:
    """Whether a section describes data."""
    return section.role == "data" or bool(_DATA_TITLE.search(section.title))


def blocks_of(section: Section) -> Iterator[tuple[int, Block]]:
    """The blocks of a section that belong to this release, with their numbers."""
    for number, (block, scope) in enumerate(zip(section.blocks, section.scopes, strict=True)):
        if scope is Scope.RELEASE:
            yield number, block


def sentences_of_block(block: Block) -> Iterator[str]:
    """The sentences of a block, with their marks; of a row, those of its cells."""
    if block.kind is BlockKind.CODE or len(block.text) > LONGEST:
        return
    for text in block.cells if block.kind is BlockKind.ROW else (block.text,):
        yield from sentences_in(text, 0)


LONGEST = 5000


class ClauseLines:
    """The clauses of a document by the line that they begin on."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._lines: dict[int, list[Clause]] = defaultdict(list)
        for clause in draft.document.clauses:
            self._lines[clause.line].append(clause)
        for clause in draft.document.clauses:
            for offset in range(1, clause.text.count("\n") + 1):  # a block of code is one clause
                if clause.line + offset not in self._lines:
                    self._lines[clause.line + offset].append(clause)

    def at(self, line: int, part: str = "") -> list[Clause]:
        """The clauses that begin on ``line``; of several, the one that says ``part``."""
        clauses = self._lines.get(line, [])
        if part and len(clauses) > 1:
            wanted = _letters(part)
            named = [clause for clause in clauses if wanted in _letters(clause.text)]
            return named[:1] or clauses
        return clauses

    def within(self, block: Block, part: str) -> tuple[str, ...]:
        """The ids of the clauses of ``block`` that ``part`` of its text belongs to."""
        last = block.line + block.text.count("\n")
        clauses = [
            clause for line in range(block.line, last + 1) for clause in self._lines.get(line, [])
        ]
        wanted = _letters(part)
        named = [
            clause
            for clause in clauses
            if (said := _letters(clause.text)) and (said in wanted or wanted in said)
        ]
        return tuple(dict.fromkeys(clause.id for clause in named or clauses[:1]))

    def mark(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Mark the clauses of these ids as read; returns the ids."""
        self._draft.read.update(ids)
        return ids

    def take(self, *lines: int, part: str = "") -> tuple[str, ...]:
        """Mark the clauses of ``lines`` as read; returns their ids."""
        found = [clause for line in lines for clause in self.at(line, part)]
        return self._draft.take(*dict.fromkeys(found))


def _letters(text: str) -> str:
    return re.sub(r"\W|_", "", text).lower()


def resolve(draft: Draft, phrase: str) -> str:
    """The entity of the draft that ``phrase`` speaks of, else the name that it would have.

    >>> from nodewright.prd import document
    >>> draft = Draft(document.parse_document(""))
    >>> put_entity(draft, "Ticket", ()).name, resolve(draft, "all the tickets")
    ('Ticket', 'Ticket')
    """
    name = thing_name(phrase)
    return known_name(draft, name) or name


def known_name(draft: Draft, name: str) -> str:
    """The name of the draft's entity that ``name`` means, empty where there is none."""
    if name in draft.entities:
        return name
    low = name.lower()
    return next((known for known in draft.entities if known.lower() == low), "")


def main_entity(draft: Draft) -> str:
    """The entity that the document's title names, else empty."""
    title = re.sub(r"[^a-z]", "", f"{draft.document.title} {draft.document.product}".lower())
    named = [name for name in draft.entities if name.lower() in title]
    return max(named, key=len, default="")


def put_entity(
    draft: Draft,
    name: str,
    clauses: tuple[str, ...],
    *,
    stored: bool = True,
    assumed: str = "",
) -> Entity:
    """The entity ``name`` of the draft, new or with more ``clauses``."""
    name = known_name(draft, name) or name
    known = draft.entities.get(name)
    if known is None:
        entity = Entity(name=name, fields=(), clauses=clauses, stored=stored, assumed=assumed)
    else:
        entity = replace(
            known,
            clauses=_joined(known.clauses, clauses),
            stored=known.stored or stored,
            assumed=known.assumed if assumed else "",
        )
    draft.entities[name] = entity
    return entity


def put_fields(
    draft: Draft,
    name: str,
    notes: Iterable[FieldNote | None],
    clauses: tuple[str, ...] = (),
    *,
    stored: bool = True,
    assumed: str = "",
) -> None:
    """Add fields to the entity ``name``; what is known already is completed, never overwritten.

    A clause that names the entity alone (its heading line) goes into ``clauses``.
    """
    found = [note for note in notes if note is not None]
    if not found or (len(draft.entities) >= MOST_ENTITIES and name not in draft.entities):
        return
    own = _joined(clauses, *(note.field.clauses for note in found))
    entity = put_entity(draft, name, own, stored=stored, assumed=assumed)
    for note in found:
        entity = _with_field(entity, note)
    draft.entities[entity.name] = entity


def _with_field(entity: Entity, note: FieldNote) -> Entity:
    field = note.field
    if note.refers:
        field = replace(field, type=_reference(note, field.type))
    known = _same_field(entity, field.name)
    if known is None:
        if len(entity.fields) >= MOST_FIELDS:
            return entity
        fields = (*entity.fields, field)
    else:
        field = _completed(known, field)
        fields = tuple(field if each is known else each for each in entity.fields)
    changed = replace(entity, fields=fields)
    if note.key and not entity.key:
        changed = replace(changed, key=field.name)
    elif note.unique and all(each.fields != (field.name,) for each in entity.unique):
        rule = Unique(fields=(field.name,), clauses=field.clauses)
        changed = replace(changed, unique=(*entity.unique, rule))
    return changed


def _reference(note: FieldNote, kind: Type) -> Type:
    """The type of a field that refers to ``note.refers``; the last pass looks for the entity."""
    name = thing_name(note.refers) or note.refers
    return entity_type(name, optional=kind.optional) if name[:1].isupper() else kind


def _same_field(entity: Entity, name: str) -> Field | None:
    """The field of that name, also without the entity's own name before it."""
    own = snake(entity.name)
    return next(
        (
            each
            for each in entity.fields
            if name in {each.name, f"{own}_{each.name}"} or each.name == f"{own}_{name}"
        ),
        None,
    )


def _completed(known: Field, more: Field) -> Field:
    """``known`` with what ``more`` adds: a type that is said beats one that was guessed."""
    kind, assumed = known.type, known.assumed
    enum = kind.base is Base.TEXT and more.type.base is Base.ENUM
    if (known.assumed and not more.assumed) or enum:
        kind, assumed = more.type, more.assumed
    optional = known.type.optional or more.type.optional
    return replace(
        known,
        type=replace(kind, optional=optional),
        assumed=assumed,
        default=known.default or more.default,
        rules=known.rules + tuple(rule for rule in more.rules if not _says(known, rule)),
        unit=known.unit or more.unit,
        clauses=_joined(known.clauses, more.clauses),
    )


def _says(field: Field, rule: object) -> bool:
    return any(
        replace(known, clauses=(), assumed="") == replace(rule, clauses=(), assumed="")  # type: ignore[type-var]
        for known in field.rules
    )


def _joined(*parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for part in parts for item in part))


def change_field(draft: Draft, entity: str, field: Field) -> None:
    """Put ``field`` in the place of the one of its name."""
    known = draft.entities[entity]
    fields = tuple(field if each.name == field.name else each for each in known.fields)
    draft.entities[entity] = replace(
        known, fields=fields, clauses=_joined(known.clauses, field.clauses)
    )


def children_of(blocks: list[Block], number: int, most: int = 200) -> list[Block]:
    """The items directly below block ``number``, or the list that follows a paragraph."""
    parent = blocks[number]
    level = parent.level if parent.kind is BlockKind.ITEM else 0
    found: list[Block] = []
    for block in blocks[number + 1 : number + 1 + most]:
        if block.kind is not BlockKind.ITEM or block.level <= level:
            break
        if block.level == level + 1:
            found.append(block)
    return found
