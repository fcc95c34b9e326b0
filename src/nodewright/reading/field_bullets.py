"""Fields that stand in bullets: below a line that announces them, or below a heading."""

import re
from collections.abc import Sequence

from nodewright.language.data_words import field_word_table
from nodewright.language.markup import plain
from nodewright.language.naming import words
from nodewright.language.worded import Worded
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.outline import Section
from nodewright.reading.data_names import counts, field_name, thing_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_lists import is_field_phrase, listed_field
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.field_types import annotated_type, is_common
from nodewright.reading.gathering import (
    ClauseLines,
    blocks_of,
    children_of,
    is_data,
    put_fields,
    sections_with_data,
)
from nodewright.reading.phrase_things import announced_thing, is_shown
from nodewright.reading.subjects import named_thing, subject_of
from nodewright.spec.types import INTEGER

_FIELDS_LABEL = Worded(
    r"(?P<thing>[\w /-]{0,40}?)\s*\b(?:<kind_of_fields>\s+)?(?:<fields>|<fields_foreign>"
    r"|<captured>)\s*[:：]?"
)
_TYPED = re.compile(
    r"[`*_\"]{0,3}(?P<name>[^\W\d][\w ./-]{0,40}?\??)[`*_\"]{0,3}\s*(?:[:：]|\(|（| - | – | — "
    r"|=)\s*(?P<rest>.+)",
    re.DOTALL,
)
_TICKED = re.compile(r"`([A-Za-z_]\w{0,47}\??)`")
_VERSUS = Worded(
    r"(?P<head>.+?\s)(?P<one>\w{2,20}(?:[elt]d|en|nt))\s+(?:vs\.?|and|or|/)\s+(?P<other>\w{2,20}(?:[elt]d|en|nt))[\s.]*"
)
_ENCOUNTERED = re.compile(
    r"\s+(?:encountered|found|met|involved|used|made|performed|taken|recorded|received)\s*$",
    re.IGNORECASE,
)
_FEWEST = 2


def read_field_bullets(draft: Draft) -> None:
    r"""Read fields that bullets list.

    >>> from nodewright.prd.document import parse_document
    >>> fields = "  - `number` (integer)\n  - `view` (text, optional)"
    >>> text = "# Inn\n\n## Rooms\n\n- Room fields:\n" + fields
    >>> draft = Draft(parse_document(text))
    >>> read_field_bullets(draft)
    >>> [str(field.type) for field in draft.entities["Room"].fields]
    ['integer', 'text?']
    """
    lines = ClauseLines(draft)
    for section in sections_with_data(draft):
        done: set[int] = set()
        for number, block in blocks_of(section):
            if block.kind in {BlockKind.ITEM, BlockKind.PARAGRAPH} and id(block) not in done:
                children = children_of(section.blocks, number)
                if children and _announced(draft, lines, section, number, children):
                    done.update(map(id, children))
        if not done:
            _below_heading(draft, lines, section)


def _announced(
    draft: Draft, lines: ClauseLines, section: Section, number: int, children: Sequence[Block]
) -> bool:
    """Read ``children`` as fields where block ``number`` says that they are."""
    block = section.blocks[number]
    text = block.text.strip()
    name, sure = _announcement(section, number, text)
    typed = sum(map(_is_typed, children))
    if (
        not name
        and block.kind is BlockKind.ITEM
        and typed >= _FEWEST
        and 2 * typed >= len(children)
    ):
        name, sure = named_thing(re.split(r"[:：(（]", text, maxsplit=1)[0]), True
    if not name and is_data(section) and block.kind is BlockKind.ITEM:
        name, sure = named_thing(re.split(r"[:：(（]| - ", text, maxsplit=1)[0]), False
    if not name or is_shown(name):
        return False
    notes = [note for child in children for note in _child_fields(child, lines)]
    enough = len(notes) if sure else sum(is_common(note.field.name) for note in notes)
    if len(notes) < 1 or 3 * enough < len(children) or 4 * len(notes) < 3 * len(children):
        return False
    own = lines.within(block, text)
    put_fields(draft, name, notes, lines.mark(own))
    for child in children:
        lines.take(child.line)
    return True


def _announcement(section: Section, number: int, text: str) -> tuple[str, bool]:
    """The thing whose fields a line announces, and whether it calls them fields."""
    shown = plain(text).strip()
    label = _FIELDS_LABEL.fullmatch(shown)
    if label:
        return thing_name(label["thing"]) or subject_of(section, number), True
    if not shown.endswith((":", "：")):
        return "", False
    name, said = announced_thing(shown.rstrip(":："))
    return (name or (subject_of(section, number) if said else "")), said or bool(name)


def _is_typed(block: Block) -> bool:
    """``name: string`` and ``name (UUID)``."""
    text = block.text.strip()
    found = _TYPED.match(text)
    if found is None:
        return False
    first = re.findall(r"[^\W\d_]+\d*", found["rest"])[:2]
    return bool(first) and (
        first[0].lower() in field_word_table("types")
        or (len(_TICKED.findall(text[:50])) > 0 and annotated_type(found["rest"][:60]) is not None)
    )


def _child_fields(block: Block, lines: ClauseLines) -> list[FieldNote]:
    text = re.split(r"\n", block.text.strip(), maxsplit=1)[0]
    clauses = tuple(clause.id for clause in lines.at(block.line)[:1])
    return fields_of_bullet(text, clauses)


def fields_of_bullet(text: str, clauses: tuple[str, ...]) -> list[FieldNote]:
    """The fields that one bullet names.

    >>> [note.field.name for note in fields_of_bullet("`made_at` and `sent_at` (timestamps)", ())]
    ['made_at', 'sent_at']
    >>> [note.field.name for note in fields_of_bullet("The number of seats sold vs. blocked.", ())]
    ['seats_sold', 'seats_blocked']
    """
    ticked = _TICKED.findall(text.split("(", maxsplit=1)[0].split(":", maxsplit=1)[0])
    rest = re.split(r"[(:]", text, maxsplit=1)[-1].rstrip(") ") if re.search(r"[(:]", text) else ""
    if len(ticked) > 1:
        made = [
            read_field(
                name,
                clauses,
                annotation=rest.rstrip("s"),
                required=False if f"optional `{name}" in text.lower() else None,
            )
            for name in ticked
        ]
        return [note for note in made if note]
    shown = text.strip().rstrip(".")
    versus = _VERSUS.fullmatch(plain(shown).split("(", maxsplit=1)[0])
    if versus and counts(versus["head"]):
        made = [
            read_field(f"{versus['head']}{word}", clauses)
            for word in (versus["one"], versus["other"])
        ]
        return [note for note in made if note]
    return _single(shown, clauses)


def _single(text: str, clauses: tuple[str, ...]) -> list[FieldNote]:
    plural = re.match(r"(?:any|all|a list of|list of|the list of)\s", text, re.IGNORECASE)
    found = _TYPED.fullmatch(text) if not plural else None
    if found and is_field_phrase(found["name"]):
        name, rest = found["name"], found["rest"].rstrip(" )）")
        annotation = (
            rest
            if annotated_type(rest) is not None
            and not re.match(r"(?:The|A|An|When|How|What)\b", rest)
            else ""
        )
        leading = re.match(
            r"[`*]{0,2}([A-Za-z]+(?:\(\d+(?:,\s*\d+)?\)|\[\])?)[`*]{0,2}\s*(?:[,;.)(—–-]|$)", rest
        )
        if leading and leading[1].lower().split("(")[0].rstrip("[]") in field_word_table("types"):
            note = read_field(
                name, clauses, annotation=leading[1], notes=rest[len(leading[1]) :].strip(" ,;")
            )
        elif annotation and _only_types(rest):
            note = read_field(name, clauses, annotation=annotation)
        else:
            note = read_field(name, clauses, notes=plain(rest))
        return [note] if note else []
    phrase = _ENCOUNTERED.sub("", re.sub(r"\s*[(（].*", "", text)) if not counts(text) else text
    if not is_field_phrase(phrase):
        return []
    if plural:
        note = read_field(phrase, clauses, annotation="list")
    else:
        note = listed_field(text if not counts(text) else phrase, clauses)
    if note and counts(text) and note.field.type != INTEGER:
        return [note]
    pair = phrase.split(" and ")
    if len(pair) == 2 and all(is_field_phrase(each) and len(each.split()) <= 3 for each in pair):
        return [made for each in pair if (made := read_field(each, clauses))]
    return [note] if note and field_name(phrase) else []


def _only_types(rest: str) -> bool:
    """Whether what follows a name is an annotation, and no sentence."""
    spoken = words(rest)
    table = field_word_table("types")
    return bool(spoken) and (spoken[0].lower() in table or len(spoken) <= 3)


def _below_heading(draft: Draft, lines: ClauseLines, section: Section) -> None:
    """``### Order`` with ``- `id`: UUID`` below."""
    items = [
        block
        for _, block in blocks_of(section)
        if block.kind is BlockKind.ITEM and block.level == 1
    ]
    typed = [block for block in items if _is_typed(block)]
    name = named_thing(section.title)
    if not name or is_shown(name) or len(items) < _FEWEST:
        return
    if len(typed) < _FEWEST or 2 * len(typed) < len(items):
        short = [
            block
            for block in items
            if is_field_phrase(re.split(r"[:(]| - ", block.text)[0]) and len(block.text) < 60
        ]
        common = [
            block for block in short if is_common(field_name(re.split(r"[:(]| - ", block.text)[0]))
        ]
        if not is_data(section) or len(short) < len(items) or 2 * len(common) < len(items):
            return
    notes = [note for block in items for note in _child_fields(block, lines)]
    for block in items:
        lines.take(block.line)
    put_fields(draft, name, notes)
