"""Sections and what they are about, whatever their headings look like.

A heading is a Markdown heading, a line in bold that stands alone, and, in a text without Markdown
headings, a line that looks like one: an ordinal (``1.2 Scope``, ``一、``), a short line in title
case, one that ends with a colon, or the name of a known kind of section.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import pairwise

from nodewright.language.lexicon import Lexicon, stems, word_set
from nodewright.language.markup import plain
from nodewright.language.vocabulary import load_data
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.models import Scope
from nodewright.prd.roles import MAX_HEADING, role_of
from nodewright.prd.scopes import block_scopes, is_struck, mark_scope, marked_scope

_BOLD_LEVEL = 7
# Under functional requirements these are topics of the product, not kinds of sections.
_TOPICS = word_set(
    "data api design dependencies architecture actors goals overview nonfunctional plan market "
    "success observability background"
)

# What stands below these is part of them, however its heading reads.
_STICKY = word_set("meta references plan testing market questions risks")


@dataclass(slots=True)
class Section:
    """A heading with the blocks that stand directly under it.

    ``role`` is the kind of section (a key of ``data/sections.yaml``, or ``unknown``), inherited
    from ``parent`` (an index, -1 for none) where ``own_role`` is false. ``implied`` headings are
    lines that only look like headings. ``scopes`` are those of the blocks, one each.
    """

    title: str
    level: int
    line: int
    path: str
    role: str
    scope: Scope
    parent: int
    blocks: list[Block] = field(default_factory=list)
    own_role: bool = False
    implied: bool = False
    scopes: list[Scope] = field(default_factory=list)


_BOLD_LINE = re.compile(r"(?:\*\*|__)(?P<title>[^*_\n]{1,120}?)[:：]?(?:\*\*|__)[:：]?\s*$")
_HAN_ORDINAL = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}[、.．]|第[一二三四五六七八九十\d]{1,3}[章节部分]+)\s*\S"
)
_KEYCAP = re.compile(r"\d?\ufe0f?\u20e3\s*\S")
_DOTTED_NUMBER = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2})+\.?)(?=\s)\s*\S")
_LABEL_END = re.compile(r"\s{0,9}[:：]\s{0,9}-?\s{0,9}$")
_TITLE_WORDS = 6


def _is_ordinal(line: str) -> bool:
    """Whether a line begins with ``一、``, a keycap or ``1.2``."""
    return any(rule.match(line) for rule in (_HAN_ORDINAL, _KEYCAP, _DOTTED_NUMBER))


def _title_case(words: Sequence[str]) -> bool:
    """Whether words are written as in a title; scripts without capitals always are."""
    return all(
        not word[0].islower() or word in {"and", "of", "the", "for", "to", "y", "de", "e"}
        for word in words
    )


def _implied_level(line: str, alone: bool) -> int:
    """The level of the heading that ``line`` is in a text without Markdown headings, else 0."""
    shown = plain(line)
    if not shown or len(shown) > MAX_HEADING or "\t" in shown:
        return 0
    words = shown.split()
    if _HAN_ORDINAL.match(shown) or _KEYCAP.match(shown):
        return 1
    ordinal = _DOTTED_NUMBER.match(shown)
    inner = shown.rstrip(":：- ")
    ends = shown[-1] in ".。;；,，!?！？" or (not ordinal and (":" in inner or "：" in inner))
    if len(words) > 10 or ends:
        return 0
    if ordinal:
        return 1 + ordinal["number"].strip(".").count(".")
    labelled = bool(_LABEL_END.search(shown))
    titled = _title_case(words)
    role = role_of(shown) if labelled or titled else None
    short = len(words) <= _TITLE_WORDS
    if role is not None and (labelled or short):
        return 1 if role in {"functional", "nonfunctional", "excluded", "future"} else 2
    bare = titled and short and not re.search(r"[():,\d]", shown)
    return 3 if alone and (labelled or bare) else 0


_GLYPH = re.compile(r"\s*(?:[•●○◦▪▸►‣·✓✔✅➢➤]|[-*–]\s|\(?\d{1,2}(?:[)、]\s?|\.\s)|[①-⑳])\s*(?=\S)")
_LEADING_LABEL = re.compile(r"\s*(?:\*\*|__)[^*_\n]{1,80}(?:\*\*|__)")


def _split_lines(block: Block, *, headless: bool) -> Iterator[Block]:
    """The paragraph in pieces where its lines are things of their own, else as it is."""
    lines = block.text.split("\n")
    tabular = sum("\t" in line for line in lines) > 1
    piece: list[str] = []
    start = block.line
    for number, line in enumerate(lines, block.line):
        tabbed = tabular and "\t" in line.strip()
        glyph = _GLYPH.match(line) if block.kind is BlockKind.PARAGRAPH else None
        breaks = headless or tabbed or glyph or _LEADING_LABEL.match(line) or _is_ordinal(line)
        if piece and breaks:
            yield replace(block, text="\n".join(piece), line=start)
            piece = []
        if tabbed:
            cells = tuple(cell.strip() for cell in line.split("\t"))
            yield Block(BlockKind.ROW, " | ".join(cells), number, cells=cells)
        elif glyph and not _is_ordinal(line):
            marker = glyph[0].strip()
            yield Block(BlockKind.ITEM, line[glyph.end() :], number, block.level + 1, marker)
        else:
            if not piece:
                start = number
            piece.append(line)
    if piece:
        yield replace(block, text="\n".join(piece), line=start)


def _with_headings(blocks: Sequence[Block], *, headless: bool) -> Iterator[Block]:
    chapters = _chapters(blocks) if headless else set()
    for number, block in enumerate(blocks):
        if number in chapters:
            yield Block(BlockKind.HEADING, plain(block.text), block.line, 1)
            continue
        if block.kind is BlockKind.ITEM and headless and block.level == 1:
            yield from _numbered_chapter(block)
            continue
        if block.kind is not BlockKind.PARAGRAPH:
            yield block
            continue
        pieces = list(_split_lines(block, headless=headless))
        for piece in pieces:
            if piece.kind is not BlockKind.PARAGRAPH or piece.level:
                yield piece
            else:
                yield _as_heading(piece, alone=len(pieces) == 1, headless=headless)


def _as_heading(piece: Block, *, alone: bool, headless: bool) -> Block:
    """The line as the heading or the numbered item that it is, else the paragraph itself."""
    bold = _BOLD_LINE.match(piece.text.strip())
    if bold and not headless:
        return Block(BlockKind.HEADING, bold["title"], piece.line, _BOLD_LEVEL)
    level = _implied_level(piece.text, alone) if headless else 0
    if level or bold:
        text = _LABEL_END.sub("", bold["title"] if bold else plain(piece.text))
        return Block(BlockKind.HEADING, text, piece.line, level or 3)
    dotted = _DOTTED.match(piece.text) if headless else None
    if dotted:
        marker = dotted[0].strip()
        return Block(BlockKind.ITEM, piece.text[dotted.end() :], piece.line, 1, marker)
    return piece


def _chapters(blocks: Sequence[Block]) -> set[int]:
    """``1. Goal``, a paragraph, ``2. Users``, a list ...: numbered items that head what follows."""
    found: list[int] = []
    for number, (block, following) in enumerate(pairwise(blocks)):
        ordered = block.kind is BlockKind.ITEM and block.level == 1 and block.marker[:1].isdigit()
        heads = following.level == 0 or following.marker[:1] in {"-", "*", "+"}
        if ordered and heads and "\n" not in block.text and block.text[-1:] not in ".,;:":
            found.append(number)
    many = len(found) >= _FEWEST_CHAPTERS
    named = sum(role_of(plain(blocks[number].text)) is not None for number in found)
    return set(found) if many and 2 * named >= len(found) else set()


_FEWEST_CHAPTERS = 3
_DOTTED = re.compile(r"\s*\d{1,2}(?:\.\d{1,2})+\.?\s+(?=\S)")


def _numbered_chapter(block: Block) -> Iterator[Block]:
    """``2. Functions`` with ``2.1 The system must ...`` on the lines below it."""
    first, *rest = block.text.split("\n")
    titled = len(first.split()) <= _TITLE_WORDS and first[:1].isupper() and first[-1:] not in ".,;:"
    ordered = block.marker[:1].isdigit()
    if not rest or not ordered or not (titled or any(_DOTTED.match(line) for line in rest)):
        yield block
        return
    yield Block(BlockKind.HEADING, first, block.line, 1)
    piece = Block(BlockKind.PARAGRAPH, "", block.line + 1)
    for number, line in enumerate(rest, block.line + 1):
        dotted = _DOTTED.match(line)
        if dotted and piece.text:
            yield piece
        if dotted:
            text = line[dotted.end() :]
            piece = Block(BlockKind.ITEM, text, number, 1, dotted[0].strip())
        else:
            piece.text = f"{piece.text}\n{line}" if piece.text else line
    yield piece


def build_outline(blocks: list[Block]) -> list[Section]:
    """Sections in order; the first is the text before any heading."""
    headless = not any(block.kind is BlockKind.HEADING for block in blocks)
    marked = list(_with_headings(blocks, headless=headless))
    sections = _outline(marked, headless=headless, deferring=True)
    if _all_deferred(sections):
        # A product backlog is no list of what comes after this release.
        sections = _outline(marked, headless=headless, deferring=False)
    for section in sections:
        _nest_bullets(section.blocks)
        section.scopes = block_scopes(section.blocks, section.scope)
    return sections


def _outline(blocks: Iterable[Block], *, headless: bool, deferring: bool) -> list[Section]:
    root = Section("", 0, 1, "", "unknown", Scope.RELEASE, -1)
    sections = [root]
    open_sections = [0]
    first_heading = True
    for block in blocks:
        if block.kind is not BlockKind.HEADING:
            sections[-1].blocks.append(block)
            continue
        while len(open_sections) > 1 and sections[open_sections[-1]].level >= block.level:
            open_sections.pop()
        parent = open_sections[-1]
        section = _section(
            block,
            sections[parent],
            parent,
            is_title=first_heading and not headless,
            implied=headless or block.level == _BOLD_LEVEL,
            deferring=deferring,
        )
        first_heading = False
        open_sections.append(len(sections))
        sections.append(section)
    return sections


_MOST = 0.6


def _all_deferred(sections: Sequence[Section]) -> bool:
    """Whether nearly everything in the document stands under headings such as ``Backlog``."""
    sizes = {
        scope: sum(len(section.blocks) for section in sections if section.scope is scope)
        for scope in Scope
    }
    return sizes[Scope.FUTURE] > _MOST * sum(sizes.values())


def _nest_bullets(blocks: Sequence[Block]) -> None:
    """Put bullets below the numbered item above them, where their author did not indent them.

    ``1. Upload``, ``- How it works: ...``, ``2. Search``: Markdown sees three lists of one level.
    """
    tops = [
        (block.marker[:1].isdigit(), block.marker)
        for block in blocks
        if block.kind is BlockKind.ITEM and block.level == 1
    ]
    returns = sum(
        not bullet and numbered for (bullet, _), (numbered, _) in pairwise(tops) if tops[0][0]
    )
    counted = len({marker for numbered, marker in tops if numbered})
    if not returns or counted < returns + 1:
        return
    below = False
    for block in blocks:
        if block.kind is not BlockKind.ITEM and not block.level:
            below = below and block.kind is not BlockKind.ROW
        elif block.level == 1 and block.marker[:1].isdigit():
            below = True
        elif below:
            block.level += 1


def _marked(raw: str, title: str) -> Scope:
    """The scope that marks in a heading give: ``FR-4: Export (deprecated)``."""
    if is_struck(raw):
        return Scope.EXCLUDED
    whole = mark_scope(title, certain=False)
    return marked_scope(title) if whole is Scope.RELEASE else whole


@cache
def _releases() -> Lexicon:
    """What a plan calls the part of it that is this release."""
    return Lexicon((term, True) for term in load_data("scope")["this_release"])


@lru_cache(maxsize=1024)
def _is_this_release(title: str) -> bool:
    words = stems(title)
    hits = _releases().find(words)
    return any(not hit.start or words[hit.start - 1] not in {"post", "beyond"} for hit in hits)


_WAITING_LIST = re.compile(r"backlog|roadmap|hoja de ruta|路线图|로드맵", re.IGNORECASE)


def _section(
    block: Block,
    parent: Section,
    number: int,
    *,
    is_title: bool,
    implied: bool,
    deferring: bool,
) -> Section:
    title = " ".join(plain(block.text).split())
    own = role_of(title)
    if own == "future" and not deferring and _WAITING_LIST.search(title):
        own = None
    role = own or parent.role
    if own in _TOPICS and parent.role == "functional":
        explicit = own == "nonfunctional" and "non" in title.lower()
        role = own if explicit else parent.role
    if own == "actors" and parent.role in {"api", "data"}:
        role = parent.role
    if parent.role in _STICKY and own not in {"excluded", "future"}:
        role = parent.role
    if is_title:
        # "Requirements document (v2)" as a title says nothing of the sections below it.
        role = "unknown"
    scope = {"excluded": Scope.EXCLUDED, "future": Scope.FUTURE}.get(role, Scope.RELEASE)
    if parent.scope is Scope.FUTURE and own != "future" and _is_this_release(title):
        scope, role = Scope.RELEASE, "plan"
    elif parent.scope is not Scope.RELEASE:
        scope, role = parent.scope, parent.role
    if scope is Scope.RELEASE and not is_title:
        scope = _marked(block.text, title)
    path = f"{parent.path} > {title}" if parent.path else title
    return Section(
        title=title,
        level=block.level,
        line=block.line,
        path="" if is_title else path,
        role=role,
        scope=scope,
        parent=number,
        own_role=own is not None,
        implied=implied,
    )
