"""Tables, lists and headings of HTML inside a text."""

import re
from html.parser import HTMLParser

from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.lines import Cell, Lines, table

_HEADING = re.compile(
    r"\s*<h(?P<level>[1-6])\b[^<>]{0,200}>(?P<text>.*?)(?:</h[1-6]>\s*)?$", re.IGNORECASE
)
_START = re.compile(r"<(?P<tag>table|ul|ol)\b[^<>]{0,200}>", re.IGNORECASE)
_TAG = re.compile(r"</?(?P<tag>table|ul|ol)\b", re.IGNORECASE)


def read_html(source: Lines) -> None:
    """Put the rows and items of HTML in the place of its lines."""
    if not any("<" in line for line in source.lines):
        return
    fenced = source.fenced()
    ends = _ends(source.lines, fenced)
    number = 0
    while number < len(source.lines):
        line = source.lines[number]
        if "<" not in line or fenced[number]:
            number += 1
            continue
        heading = _HEADING.match(line)
        if heading:
            source.lines[number] = f"{'#' * int(heading['level'])} {heading['text'].strip()}"
        start = _START.search(line)
        end = ends.get((number, start.start())) if start else None
        if start and end:
            _read_region(source, number, end, start)
            number = end
        else:
            number += 1


def _ends(lines: list[str], fenced: list[bool]) -> dict[tuple[int, int], int]:
    """Where an element begins, as line and column -> the line after the one that closes it."""
    ends: dict[tuple[int, int], int] = {}
    open_tags: list[tuple[int, int]] = []
    for number, line in enumerate(lines):
        if "<" not in line or fenced[number]:
            continue
        for tag in _TAG.finditer(line):
            if line[tag.start() + 1] != "/":
                open_tags.append((number, tag.start()))
            elif open_tags:
                ends[open_tags.pop()] = number + 1
    return ends


def _read_region(source: Lines, number: int, end: int, start: re.Match[str]) -> None:
    before = source.lines[number][: start.start()]
    first = source.lines[number][start.start() :]
    reader = _Reader(number + 1)
    reader.feed("\n".join([first, *source.lines[number + 1 : end]]))
    reader.close()
    blocks = reader.finish()
    if before.strip():
        blocks.insert(0, Block(BlockKind.PARAGRAPH, before.strip(), number + 1))
    source.replace(number, end, blocks)


class _Reader(HTMLParser):
    """Collects cells, items and loose text with their lines."""

    def __init__(self, line: int) -> None:
        super().__init__(convert_charrefs=True)
        self._first = line
        self._blocks: list[Block] = []
        self._rows: list[list[Cell]] = []
        self._headed = False
        self._text: list[str] = []
        self._line = line
        self._lists = 0
        self._cell = False

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        if tag in {"td", "th", "li", "tr", "table", "ul", "ol"}:
            self._flush()
        if tag == "table":
            self._rows, self._headed = [], False
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._headed = self._headed or (tag == "th" and len(self._rows) <= 1)
            self._cell = True
        elif tag in {"ul", "ol"}:
            self._lists += 1
        elif tag == "br":
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "li", "ul", "ol", "table", "tr"}:
            self._flush()
        if tag in {"ul", "ol"}:
            self._lists = max(0, self._lists - 1)
        elif tag == "table":
            self._close_table()

    def handle_data(self, data: str) -> None:
        if data.strip() and not "".join(self._text).strip():
            leading = data[: len(data) - len(data.lstrip())].count("\n")
            self._line = self._first + self.getpos()[0] - 1 + leading
        self._text.append(data)

    def _flush(self) -> None:
        text = " ".join("".join(self._text).split())
        self._text.clear()
        if self._cell:
            if not self._rows:
                self._rows.append([])
            self._rows[-1].append((text, self._line))
            self._cell = False
        elif text and self._lists:
            self._blocks.append(Block(BlockKind.ITEM, text, self._line, self._lists, "-"))
        elif text:
            self._blocks.append(Block(BlockKind.PARAGRAPH, text, self._line))

    def _close_table(self) -> None:
        rows = [row for row in self._rows if row]
        self._blocks += table(rows, headed=self._headed and len(rows) > 0)
        self._rows = []

    def finish(self) -> list[Block]:
        """All blocks, with those of elements that nothing closed."""
        self._flush()
        self._close_table()
        return self._blocks
