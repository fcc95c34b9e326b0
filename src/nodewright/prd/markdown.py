"""Markdown to a flat list of blocks with line numbers."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from nodewright.language.markup import plain

# Deeper nesting is read as text; a bound keeps the parser's time linear on hostile input.
_MAX_NESTING = 30


class BlockKind(StrEnum):
    """What a block is in the document."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(slots=True)
class Block:
    """A heading, paragraph, list item, table row or code block.

    ``level`` is the heading's level or the item's depth (1 at the top, 0 outside lists).
    ``marker`` is the item's bullet or number, ``checked`` the state of its check box, ``cells``
    and ``header`` a table row's cells and its column names, ``language`` a code block's.
    """

    kind: BlockKind
    text: str
    line: int
    level: int = 0
    marker: str = ""
    checked: bool | None = None
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    language: str = ""
    quoted: bool = False
    _shown: str | None = None

    @property
    def shown(self) -> str:
        """The text without Markdown's marks; that of code as it is."""
        if self._shown is None:
            self._shown = self.text if self.kind is BlockKind.CODE else plain(self.text)
        return self._shown


@dataclass(frozen=True, slots=True)
class Source:
    """A text taken apart: YAML front matter as plain pairs, and blocks in order."""

    front_matter: dict[str, str]
    blocks: list[Block]


_PAIR = re.compile(r"([A-Za-z_][\w -]{0,40}):[ \t]*(\S.*)?$")
_FRONT_MATTER_LINES = 200


def read_markdown(text: str) -> Source:
    """The blocks of ``text``; line numbers are 1-based lines of it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    front_matter, text = _split_front_matter(text)
    gherkin = _gherkin(text)
    if gherkin is not None:
        return Source(front_matter, gherkin)
    tokens = _parser().parse(_with_marks(_without_comments(text)))
    return Source(front_matter, list(_Reader().read(tokens)))


_FOREIGN_HEADING = re.compile(r"^(?:h([1-6])\.|(={1,5}))[ \t]+(?=\S)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t]", re.MULTILINE)


def _with_marks(text: str) -> str:
    """``text`` with the headings of Jira (``h2. Scope``) and AsciiDoc (``== Scope``) as ``##``."""
    if "\nh" not in text and (not text.startswith("=") or _HEADING.search(text)):
        return text
    return _FOREIGN_HEADING.sub(
        lambda found: "#" * (int(found[1]) if found[1] else len(found[2])) + " ", text
    )


_FEATURE = re.compile(r"\s*(?:Feature|Característica|功能|기능):[^\n]*(?=\n)")
_SCENARIO = re.compile(r"^[ \t]*(?:Scenario|Escenario|场景|시나리오)(?: Outline)?:", re.MULTILINE)


def _gherkin(text: str) -> list[Block] | None:
    """A file of Gherkin as a heading and one block of code, None for any other text."""
    feature = _FEATURE.match(text)
    if feature is None or not _SCENARIO.search(text):
        return None
    line = 1 + text.count("\n", 0, feature.end())
    heading = Block(BlockKind.HEADING, feature[0].strip(), line, 1)
    return [heading, Block(BlockKind.CODE, text[feature.end() + 1 :], line, language="gherkin")]


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable("table")
    # Inline parsing costs more than all else and is not needed: emphasis is removed by rule.
    parser.core.ruler.enableOnly(["normalize", "block"])
    parser.disable(["html_block", "reference", "code"])
    return parser


def _split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """Front matter as pairs, and ``text`` with it blanked so that line numbers stay."""
    if not text.startswith("---\n"):
        return {}, text
    lines = text.split("\n", _FRONT_MATTER_LINES)
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() in {"---", "..."}:
            pairs = (_PAIR.match(item) for item in lines[1:number])
            found = {
                pair[1].lower(): (pair[2] or "").strip().strip("\"'") for pair in pairs if pair
            }
            return found, "\n" * (number + 1) + "\n".join(lines[number + 1 :])
    return {}, text


def _without_comments(text: str) -> str:
    """``text`` with HTML comments removed, their line breaks kept."""
    if "<!--" not in text:
        return text
    parts = []
    position = 0
    while (start := text.find("<!--", position)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            break
        parts += [text[position:start], "\n" * text.count("\n", start, end)]
        position = end + 3
    parts.append(text[position:])
    return "".join(parts)


@dataclass(slots=True)
class _Item:
    marker: str
    fresh: bool = True


class _Reader:
    """Makes blocks of tokens; knows which items and quotations are open."""

    def __init__(self) -> None:
        self._items: list[_Item] = []
        self._quotes = 0
        self._header: tuple[str, ...] = ()
        self._cells: list[str] = []
        self._row_line = 0
        self._in_head = False

    def read(self, tokens: list[Token]) -> Iterator[Block]:
        """The blocks in order."""
        for token, following in pairwise([*tokens, Token("end", "", 0)]):
            handle = _HANDLERS.get(token.type)
            block = handle(self, token, following) if handle is not None else None
            if block is not None:
                yield block

    def open_item(self, token: Token, _: Token) -> None:
        marker = token.info + token.markup if token.info else token.markup
        self._items.append(_Item(marker))

    def close_item(self, _: Token, __: Token) -> None:
        self._items.pop()

    def quote(self, token: Token, _: Token) -> None:
        self._quotes += token.nesting

    def heading(self, token: Token, following: Token) -> Block:
        level = int(token.tag[1])
        quoted = bool(self._quotes)
        return Block(BlockKind.HEADING, following.content, _line(token), level, quoted=quoted)

    def paragraph(self, token: Token, following: Token) -> Block:
        return _paragraph(following.content, _line(token), self._items, quoted=bool(self._quotes))

    def code(self, token: Token, _: Token) -> Block:
        language = token.info.split(maxsplit=1)[0].lower() if token.info.strip() else ""
        level = len(self._items)
        return Block(BlockKind.CODE, token.content, _line(token), level, language=language)

    def head(self, token: Token, _: Token) -> None:
        self._in_head = token.nesting > 0

    def open_row(self, token: Token, _: Token) -> None:
        self._cells = []
        self._row_line = _line(token)

    def cell(self, _: Token, following: Token) -> None:
        self._cells.append(following.content.strip())

    def close_row(self, _: Token, __: Token) -> Block | None:
        cells = tuple(self._cells)
        if self._in_head:
            self._header = cells
            return None
        text = " | ".join(cell for cell in cells if cell)
        return Block(BlockKind.ROW, text, self._row_line, cells=cells, header=self._header)


_HANDLERS: dict[str, Callable[[_Reader, Token, Token], Block | None]] = {
    "list_item_open": _Reader.open_item,
    "list_item_close": _Reader.close_item,
    "blockquote_open": _Reader.quote,
    "blockquote_close": _Reader.quote,
    "heading_open": _Reader.heading,
    "paragraph_open": _Reader.paragraph,
    "fence": _Reader.code,
    "thead_open": _Reader.head,
    "thead_close": _Reader.head,
    "tr_open": _Reader.open_row,
    "th_open": _Reader.cell,
    "td_open": _Reader.cell,
    "tr_close": _Reader.close_row,
}


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


_CHECKBOX = re.compile(r"\[([ xX])\]\s+")


def _paragraph(content: str, line: int, items: list[_Item], *, quoted: bool) -> Block:
    if not items or not items[-1].fresh:
        return Block(BlockKind.PARAGRAPH, content, line, len(items), quoted=quoted)
    items[-1].fresh = False
    checkbox = _CHECKBOX.match(content)
    return Block(
        BlockKind.ITEM,
        content[checkbox.end() :] if checkbox else content,
        line,
        len(items),
        marker=items[-1].marker,
        checked=checkbox[1] != " " if checkbox else None,
        quoted=quoted,
    )
