"""The lines of a document on their way to Markdown: line numbers stay, whatever is replaced."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nodewright.prd.blocks import Block, BlockKind

_FENCE = re.compile(r"\s*(?:[-*+>]\s+)?(?P<mark>`{3,}|~{3,})(?P<info>[^`\n]*)")
# Private characters around the number of what stands in a line's place.
_OPEN, _CLOSE = "\ue000", "\ue001"
_STAND_IN = re.compile(rf"{_OPEN}(?P<number>\d{{1,7}}){_CLOSE}")


@dataclass(slots=True)
class Lines:
    """Lines that readers of other notations rewrite.

    ``stand_ins`` are blocks that replace lines, ``asides`` what is no part of a section. Lines in
    this class are counted from 0, those of blocks from 1.
    """

    lines: list[str]
    stand_ins: list[list[Block]] = field(default_factory=list)
    asides: list[Block] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> "Lines":
        """The lines of ``text`` without the characters that this class uses itself."""
        return cls(text.replace(_OPEN, "\ufffd").replace(_CLOSE, "\ufffd").split("\n"))

    def replace(self, start: int, end: int, blocks: Iterable[Block]) -> None:
        """Let ``blocks`` stand for the lines from ``start`` to before ``end``."""
        self.blank(start, end)
        self.lines[start] = f"{_OPEN}{len(self.stand_ins)}{_CLOSE}"
        self.stand_ins.append(list(blocks))

    def blank(self, start: int, end: int) -> None:
        """Empty lines."""
        self.lines[start:end] = [""] * (end - start)

    def set_aside(self, start: int, end: int, reason: str) -> None:
        """Take lines out of the document, for ``reason``."""
        text = "\n".join(self.lines[start:end])
        if text.strip():
            self.asides.append(Block(BlockKind.PARAGRAPH, text, start + 1, marker=reason))
        self.blank(start, end)

    def fenced(self, *, tildes: bool = True) -> list[bool]:
        """For each line whether it belongs to a fence of code, marks included.

        Without ``tildes`` a line of these is no fence: it may underline a title.
        """
        inside: list[bool] = []
        mark = ""
        for line in self.lines:
            fences = "```" in line or (tildes and "~~~" in line)
            found = _FENCE.match(line) if fences else None
            if found and not mark:
                mark = found["mark"]
                inside.append(True)
                continue
            inside.append(bool(mark))
            closes = found and found["mark"].startswith(mark) and not found["info"].strip()
            if mark and closes:
                mark = ""
        return inside

    def stand_in(self, line: str) -> list[Block] | None:
        """The blocks that ``line`` stands for."""
        found = _STAND_IN.fullmatch(line.strip()) if _OPEN in line else None
        return self.stand_ins[int(found["number"])] if found else None


Cell = tuple[str, int]
"""The text of a cell and its line, from 1."""


def table(rows: Sequence[Sequence[Cell]], *, headed: bool) -> list[Block]:
    """The rows of a table as blocks; the first is its head where ``headed`` says so."""
    header = tuple(text for text, _ in rows[0]) if headed and rows else ()
    blocks = []
    for row in rows[1 if headed else 0 :]:
        cells = tuple(text for text, _ in row)
        text = " | ".join(cell for cell in cells if cell)
        if text:
            blocks.append(Block(BlockKind.ROW, text, row[0][1], cells=cells, header=header))
    if headed and not blocks:
        return [Block(BlockKind.ROW, " | ".join(filter(None, header)), rows[0][0][1], cells=header)]
    return blocks
