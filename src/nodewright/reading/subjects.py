"""Whose fields a line lists: the thing that it, the items above it, or its heading names."""

import re

from nodewright.language.data_words import field_words
from nodewright.language.lexicon import word_set
from nodewright.language.markup import plain
from nodewright.prd.blocks import BlockKind
from nodewright.prd.outline import Section
from nodewright.reading.data_names import thing_name

_ID = re.compile(
    r"\s*[*_`]*[A-Z]{1,12}[A-Z0-9]*(?:[-‑. ][A-Z0-9]+)*[-‑.]?\d[\d.]*[a-z]?[*_`]*\s*[:.–—-]?\s+"
)
_LABEL = re.compile(r"\s*[*_`\"]*(?P<label>[^:：\n*`]{1,60}?)[*_`\"]*\s*[:：]", re.DOTALL)
_GENERIC = word_set(
    "columns fields attributes properties data schema database overview description details "
    "requirements "
    "functional model models entities output input outputs inputs information content features "
    "notes storage parameters structure acceptance criteria goal purpose main key core basic "
    "architecture definition definitions functions function deliverables validation logging "
    "rules settings setup reporting"
)


def label_of(text: str) -> str:
    """The label before the first colon of a line, empty where there is none."""
    found = _LABEL.match(_ID.sub("", text, count=1))
    return found["label"].strip() if found else ""


def named_thing(text: str) -> str:
    """The thing that a label or heading names; a word for data itself names none."""
    shown = plain(_ID.sub("", text, count=1)).strip(" :：.")
    if shown.lower() in _GENERIC or not shown:
        return ""
    name = thing_name(shown)
    low = [word.lower() for word in re.findall(r"[A-Z][a-z]+|[A-Z]+(?![a-z])", name)]
    return (
        ""
        if not low or all(word in _GENERIC or word in field_words("data_words") for word in low)
        else name
    )


def subject_of(section: Section, number: int, *, own: bool = True) -> str:
    """The thing that block ``number`` speaks of, by the lines above it and the heading.

    The nearest wins: the block's own label where ``own`` is true, then the items that it is nested
    in, then the heading.
    """
    block = section.blocks[number]
    level = block.level
    named = named_thing(label_of(block.text)) if own else ""
    if named:
        return named
    for above in reversed(section.blocks[max(number - 200, 0) : number]):
        if above.kind is BlockKind.ITEM and above.level < level:
            level = above.level
            name = named_thing(label_of(above.text)) or named_thing(_first_sentence(above.text))
            if name:
                return name
        if level <= 1:
            break
    return named_thing(section.title)


def _first_sentence(text: str) -> str:
    return re.split(r"[.;:(（]\s*", _ID.sub("", text, count=1), maxsplit=1)[0]
