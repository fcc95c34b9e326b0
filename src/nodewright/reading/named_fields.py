"""Fields that a text names in code letters where it uses them: ``only stores with `tier='A'```."""

import re

from nodewright.language.markup import plain
from nodewright.reading.data_names import snake_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.gathering import (
    ClauseLines,
    blocks_of,
    main_entity,
    put_fields,
    sections_with_data,
    sentences_of_block,
)
from nodewright.reading.mentions import Mentions

_NAMED = re.compile(
    r"`(?P<name>[a-z]\w{1,40})(?:`|\s*(?P<sign>==?|!=|>=?|<=?)\s*(?P<value>[^`]{1,60})`)"
)
_CALLED = re.compile(
    r"\b(?:fields?|columns?|attributes?|labels?|flags?|propert(?:y|ies))\s*(?:named|called)?\s*$",
    re.IGNORECASE,
)
_CALLED_AFTER = re.compile(
    r"\s*(?:fields?|columns?|attributes?|flags?|values?)\b|\s*(?:is|=|≤|≥|<|>|are)\s", re.IGNORECASE
)
ASSUMED = "a field of {}, as the text uses it without saying whose it is"


def read_named_fields(draft: Draft) -> None:
    r"""Read fields that are named where they are used, and nowhere declared.

    >>> from nodewright.prd.document import parse_document
    >>> text = "# Inn\n\n- Room(number, view)\n- Keep only rooms with `tier='A'`."
    >>> draft = Draft(parse_document(text))
    >>> from nodewright.reading.field_phrases import read_field_phrases
    >>> read_field_phrases(draft)
    >>> read_named_fields(draft)
    >>> draft.entities["Room"].field("tier").clauses
    ('R-2.1',)
    """
    lines = ClauseLines(draft)
    known = {field.name for entity in draft.entities.values() for field in entity.fields}
    mentions = Mentions(draft)
    for section in sections_with_data(draft):
        if not any("`" in block.text for block in section.blocks):
            continue
        recent = ""
        for _, block in blocks_of(section):
            for sentence in sentences_of_block(block):
                named = mentions.entities(sentence)
                for found in _NAMED.finditer(sentence):
                    name = snake_name(found["name"])
                    if name in known or not _is_field(sentence, found):
                        continue
                    before = [entity for begin, entity in named if begin < found.start()]
                    owner = (
                        before[-1]
                        if before
                        else ""
                        if found["sign"]
                        else recent or main_entity(draft)
                    )
                    note = _note(found, lines.within(block, sentence), owner)
                    if owner and note:
                        put_fields(draft, owner, [note], lines.mark(note.field.clauses))
                        known.add(name)
                recent = named[-1][1] if named else recent


def _is_field(sentence: str, found: re.Match[str]) -> bool:
    if found["sign"]:
        return bool(re.match(r"['\"“\d-]|true\b|false\b", found["value"]))
    before = plain(sentence[max(found.start() - 40, 0) : found.start()])
    return bool(_CALLED.search(before) or _CALLED_AFTER.match(sentence[found.end() :]))


def _note(found: re.Match[str], clauses: tuple[str, ...], owner: str) -> FieldNote | None:
    value = (found["value"] or "").strip()
    number = re.fullmatch(r"-?\d+(?:\.\d+)?", value)
    annotation = "string" if value[:1] in {"'", '"', "“"} else "decimal" if number else ""
    note = read_field(found["name"], clauses, annotation=annotation)
    if note is None:
        return None
    from dataclasses import replace

    return replace(note, field=replace(note.field, assumed=ASSUMED.format(owner)))
