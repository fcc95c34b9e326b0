"""Markdown to a flat list of blocks with line numbers."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from nodewright.prd import gherkin
from nodewright.prd.asciidoc import read_asciidoc
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.front_matter import split_front_matter
from nodewright.prd.headings import read_headings
from nodewright.prd.html import read_html
from nodewright.prd.indents import read_indented_lists
from nodewright.prd.jira import read_jira
from nodewright.prd.lines import Lines
from nodewright.prd.restructured import read_restructured
from nodewright.prd.taskfile import read_task_file

# Deeper nesting is read as text; a bound keeps the parser's time linear on hostile input.
_MAX_NESTING = 30


@dataclass(frozen=True, slots=True)
class Source:
    """A text taken apart: YAML front matter as plain pairs, and blocks in order.

    ``asides`` are what is no part of a section, such as comments, each with the reason as its
    ``marker``.
    """

    front_matter: dict[str, str]
    blocks: list[Block]
    asides: list[Block] = field(default_factory=list)


# Other notations, each of which leaves a text that is not its own as it is.
_NOTATIONS = (
    read_task_file,
    read_jira,
    read_asciidoc,
    read_restructured,
    read_html,
    read_headings,
    read_indented_lists,
)


def read_markdown(text: str) -> Source:
    """The blocks of ``text``, whatever its notation; line numbers are 1-based lines of it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    front_matter, text, shown = split_front_matter(text)
    asides = [
        Block(BlockKind.PARAGRAPH, line, number, marker="front matter") for number, line in shown
    ]
    feature = _feature(text)
    if feature is not None:
        return Source(front_matter, feature, asides)
    text, comments = _without_comments(text)
    source = Lines.of(text)
    for read in _NOTATIONS:
        read(source)
    blocks = list(_blocks(source))
    return Source(front_matter, blocks, asides + comments + source.asides)


def _feature(text: str) -> list[Block] | None:
    """A file of Gherkin as a heading and one block of code, None for any other text."""
    start = len(text) - len(text.lstrip())
    end = text.find("\n", start)
    first = gherkin.line_of(text[start:end]) if end > 0 else None
    if first is None or first.kind != "feature" or not gherkin.is_gherkin(text):
        return None
    line = 1 + text.count("\n", 0, end)
    heading = Block(BlockKind.HEADING, text[start:end].strip(), line, 1)
    return [heading, Block(BlockKind.CODE, text[end + 1 :], line, language="gherkin")]


# Markdown is parsed in portions, because its tokens take a hundred times the space of the text.
_PORTION = 400
_SAFE = re.compile(r"#{1,6}[ \t]|[-+*] (?=[^\s*_-])|[^\W\d_]")


def _blocks(source: Lines) -> Iterator[Block]:
    reader = _Reader(source)
    start = 0
    for end in [*_portions(source), len(source.lines)]:
        if any(line.strip() for line in source.lines[start:end]):
            yield from reader.read(_parser().parse("\n".join(source.lines[start:end])), start)
        start = end


def _portions(source: Lines) -> Iterator[int]:
    """Lines at which no list, quotation, table or fence is open whatever comes before."""
    if len(source.lines) <= _PORTION:
        return
    fenced = source.fenced()
    last = 0
    for number, line in enumerate(source.lines):
        if number - last < _PORTION or fenced[number] or not line:
            continue
        found = _SAFE.match(line)
        if found is None:
            continue
        blank = not source.lines[number - 1].strip()
        bullet = line[0] in "-+*" and source.lines[number - 1][:2] == line[:2]
        if line[0] == "#" or bullet or blank:
            last = number
            yield number


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable("table")
    # Inline parsing costs more than all else and is not needed: emphasis is removed by rule.
    parser.core.ruler.enableOnly(["normalize", "block"])
    parser.disable(["html_block", "reference", "code"])
    return parser


def _without_comments(text: str) -> tuple[str, list[Block]]:
    """``text`` with its HTML comments blanked, their line breaks kept, and the comments."""
    if "<!--" not in text:
        return text, []
    parts = []
    comments = []
    position = counted = 0
    line = 1
    while (start := text.find("<!--", position)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            break
        line += text.count("\n", counted, start)
        counted = start
        comments.append(
            Block(BlockKind.PARAGRAPH, text[start + 4 : end], line, marker="a comment, not read")
        )
        parts += [text[position:start], "\n" * text.count("\n", start, end)]
        position = end + 3
    parts.append(text[position:])
    return "".join(parts), comments


@dataclass(slots=True)
class _Item:
    marker: str
    fresh: bool = True


class _Reader:
    """Makes blocks of tokens; knows which items and quotations are open."""

    def __init__(self, source: Lines) -> None:
        self._source = source
        self._start = 0
        self._items: list[_Item] = []
        self._quotes = 0
        self._header: tuple[str, ...] = ()
        self._cells: list[str] = []
        self._row_line = 0
        self._rows = 0
        self._in_head = False

    def read(self, tokens: list[Token], start: int) -> Iterator[Block]:
        """The blocks in order, of a portion that begins at line ``start`` from 0."""
        self._start = start
        for token, following in pairwise([*tokens, Token("end", "", 0)]):
            handle = _HANDLERS.get(token.type)
            found = handle(self, token, following) if handle is not None else None
            if isinstance(found, Block):
                yield found
            elif found is not None:
                yield from found

    def open_item(self, token: Token, _: Token) -> None:
        marker = token.info + token.markup if token.info else token.markup
        self._items.append(_Item(marker))

    def close_item(self, _: Token, __: Token) -> None:
        self._items.pop()

    def quote(self, token: Token, _: Token) -> None:
        self._quotes += token.nesting

    def heading(self, token: Token, following: Token) -> Block | list[Block]:
        text = following.content
        if token.markup[:1] in {"-", "="} and _is_sentence(text):
            # A line of dashes right below a sentence was meant to separate.
            return self.paragraph(token, following)
        quoted = bool(self._quotes)
        text = _ANCHOR.sub("", text)
        return Block(BlockKind.HEADING, text, self._line(token), int(token.tag[1]), quoted=quoted)

    def paragraph(self, token: Token, following: Token) -> Block | list[Block]:
        content, line = following.content, self._line(token)
        if self._source.stand_ins and "\ue000" in content:
            return list(self._with_stand_ins(content, line))
        return self._text(content, line)

    def _with_stand_ins(self, content: str, line: int) -> Iterator[Block]:
        """The blocks of a paragraph in which lines stand for other blocks."""
        piece: list[str] = []
        for number, text in enumerate(content.split("\n"), line):
            blocks = self._source.stand_in(text)
            if blocks is None:
                piece.append(text)
                continue
            if piece:
                yield self._text("\n".join(piece), number - len(piece))
            piece = []
            yield from blocks
        if piece:
            yield self._text("\n".join(piece), line + content.count("\n") + 1 - len(piece))

    def _text(self, content: str, line: int) -> Block:
        return _paragraph(content, line, self._items, quoted=bool(self._quotes))

    def _line(self, token: Token) -> int:
        return self._start + (token.map[0] if token.map else 0) + 1

    def code(self, token: Token, _: Token) -> Block | list[Block]:
        language = token.info.split(maxsplit=1)[0].lower() if token.info.strip() else ""
        level, line = len(self._items), self._line(token)
        code = Block(BlockKind.CODE, token.content, line, level, language=language)
        if not self._source.stand_ins or "\ue000" not in token.content:
            return code
        # A table that ran into the code was read already; it stands behind the code.
        lines = token.content.split("\n")
        found = [(self._source.stand_in(text), text) for text in lines]
        code.text = "\n".join("" if blocks else text for blocks, text in found)
        return [code, *(block for blocks, _ in found for block in blocks or ())]

    def table(self, token: Token, _: Token) -> None:
        if token.nesting > 0:
            self._rows, self._header, self._row_line = 0, (), self._line(token)
        elif not self._rows and self._header:
            text = " | ".join(self._header)
            reason = "the head of a table"
            self._source.asides.append(
                Block(BlockKind.PARAGRAPH, text, self._row_line, marker=reason)
            )

    def head(self, token: Token, _: Token) -> None:
        self._in_head = token.nesting > 0

    def open_row(self, token: Token, _: Token) -> None:
        self._cells = []
        self._row_line = self._line(token)

    def cell(self, _: Token, following: Token) -> None:
        self._cells.append(following.content.strip())

    def close_row(self, _: Token, __: Token) -> Block | None:
        cells = tuple(self._cells)
        if self._in_head:
            self._header = cells
            return None
        self._rows += 1
        text = " | ".join(cell for cell in cells if cell)
        return Block(BlockKind.ROW, text, self._row_line, cells=cells, header=self._header)


_HANDLERS: dict[str, Callable[[_Reader, Token, Token], Block | list[Block] | None]] = {
    "list_item_open": _Reader.open_item,
    "list_item_close": _Reader.close_item,
    "blockquote_open": _Reader.quote,
    "blockquote_close": _Reader.quote,
    "heading_open": _Reader.heading,
    "paragraph_open": _Reader.paragraph,
    "fence": _Reader.code,
    "table_open": _Reader.table,
    "table_close": _Reader.table,
    "thead_open": _Reader.head,
    "thead_close": _Reader.head,
    "tr_open": _Reader.open_row,
    "th_open": _Reader.cell,
    "td_open": _Reader.cell,
    "tr_close": _Reader.close_row,
}


_SENTENCE_ENDS = (".", "!", "?", ";", ",", "。", "！", "？", "；")
_LONGEST_HEADING = 120
# Identifiers that exporters put behind headings.
_ANCHOR = re.compile(r"[ \t]{0,3}\{#[\w-]{1,100}\}$")


def _is_sentence(text: str) -> bool:
    return "\n" in text or len(text) > _LONGEST_HEADING or text.endswith(_SENTENCE_ENDS)


_CHECKBOX = re.compile(r"\[(?P<state>[ xX])\]\s+")


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
