"""The title of a document, and the name of the product."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from nodewright.language.markup import plain
from nodewright.language.vocabulary import load_data
from nodewright.prd.blocks import BlockKind
from nodewright.prd.outline import Section
from nodewright.prd.roles import role_of

_MAX_TITLE = 200
_MAX_WORDS = 16
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_PARENTHESIS = re.compile(r"[（(\[][^()（）\[\]]{0,120}[)）\]]")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
_LABELLED = re.compile(r"[\s\-*>|]{0,9}(?P<label>[^:：|\n]{2,30})[:：|]\s*(?P<name>\S.{0,120})")


@cache
def _phrases() -> tuple[tuple[str, ...], ...]:
    """The phrases for documents as words, the longest first."""
    document: list[str] = load_data("titles")["document"]
    split = {tuple(_WORD.findall(phrase.lower())) for phrase in document}
    return tuple(sorted(split, key=len, reverse=True))


@cache
def _words(name: str) -> frozenset[str]:
    known: list[str] = load_data("titles")[name]
    return frozenset(str(word).lower() for word in known)


def find_title(front_matter: Mapping[str, str], sections: Sequence[Section]) -> str:
    """The title: of the front matter, else the first heading, else a first line that is one."""
    if front_matter.get("title"):
        return plain(front_matter["title"])[:_MAX_TITLE]
    first = sections[1] if len(sections) > 1 else None
    if first is None or first.implied:
        lead = _leading_line(sections[0])
        if lead is not None or first is None:
            return lead or ""
        documentary = name_in(first.title) != first.title and not _is_section_name(first.title)
        return first.title[:_MAX_TITLE] if documentary or first.role == "unknown" else ""
    # Badges and remarks may stand above the title; a heading of level 1 is it wherever it is.
    tops = [section for section in sections if section.level == 1]
    chosen = tops[0] if tops and not tops[0].implied else first
    return chosen.title[:_MAX_TITLE]


def _leading_line(root: Section) -> str | None:
    """The first line before any heading as the title; empty where it is none, None for no line."""
    if not root.blocks:
        return None
    lead = root.blocks[0]
    line = plain(lead.text[:_MAX_LINE].split("\n", 1)[0])
    words = line.split()
    titled = lead.kind is BlockKind.PARAGRAPH and 0 < len(words) <= _MAX_WORDS
    return line[:_MAX_TITLE] if titled and line[-1] not in ".。!！?？;；,，:：" else ""


_MAX_LINE = 400
_DOCUMENT = re.compile(r"document|specification|\bprd\b|文档|문서|documento", re.IGNORECASE)


def _is_section_name(title: str) -> bool:
    """``Functional Requirements`` heads a section; ``Shop Requirements Document`` a document."""
    return _DOCUMENT.search(title) is None and role_of(title) is not None


def name_in(title: str) -> str:
    """What ``title`` says beside "PRD" and the like; empty where it names no product.

    >>> name_in("PRD: Specimen Tracker"), name_in("Product Requirements Document (PRD)")
    ('Specimen Tracker', '')
    """
    title = _PARENTHESIS.sub(" ", title[:_MAX_TITLE])
    for part in load_data("titles")["document_parts"]:
        title = title.replace(part, " ")
    kept = _without_phrases(title)
    rest = _EDGES.sub("", " ".join(kept.split()))
    low = rest.lower()
    for connector in sorted(_words("connectors"), key=len, reverse=True):
        if low.startswith(f"{connector} "):
            rest = _EDGES.sub("", rest[len(connector) :])
            break
    words = [word.lower() for word in _WORD.findall(rest)]
    if not _TWO_LETTERS.search(rest) or all(word in _words("generic") for word in words):
        return ""
    return rest


def _without_phrases(title: str) -> str:
    found = list(_WORD.finditer(title))
    words = [word[0].lower() for word in found]
    gone: list[tuple[int, int]] = []
    place = 0
    while place < len(words):
        length = next((len(p) for p in _phrases() if tuple(words[place : place + len(p)]) == p), 0)
        if length:
            gone.append((found[place].start(), found[place + length - 1].end()))
        place += length or 1
    for start, end in reversed(gone):
        title = f"{title[:start]} {title[end:]}"
    return title


_FIRST_SECTIONS = 12
_FIRST_BLOCKS = 8


def product_name(
    title: str, sections: Sequence[Section], front_matter: Mapping[str, str] | None = None
) -> str:
    """The product's name: in the title, in a line that names it, or in the next heading."""
    named = name_in(title)
    if named:
        return named
    for key in ("product", "project", "name"):
        if (front_matter or {}).get(key):
            return plain((front_matter or {})[key])[:_MAX_TITLE]
    for section in sections[:_FIRST_SECTIONS]:
        if section.title.lower() in _words("name_headings") and section.blocks:
            return plain(section.blocks[0].text.split("\n", 1)[0])[:_MAX_TITLE]
        for block in section.blocks[:_FIRST_BLOCKS]:
            for line in plain(block.text[:_MAX_LINE]).split("\n")[:_FIRST_BLOCKS]:
                found = _LABELLED.match(line)
                if found and _is_label(found["label"]):
                    return found["name"].strip(" |")[:_MAX_TITLE]
    return _second_heading(sections)


def _is_label(text: str) -> bool:
    label = _PARENTHESIS.sub("", text).strip().lower()
    return label in _words("labels")


def _second_heading(sections: Sequence[Section]) -> str:
    """``# Product Requirements``, ``## Ferry Desk``: the name below a title that is none."""
    for number, section in enumerate(sections[1:3], 1):
        if section.implied or section.own_role:
            continue
        name = name_in(section.title)
        heads = any(other.parent == number for other in sections[number : number + 20])
        if name and (heads or section.level == 1):
            return name[:_MAX_TITLE]
    return ""
