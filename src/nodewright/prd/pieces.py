"""The pieces of a block that become clauses: sentences, a row, steps, or code as a whole."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from nodewright.language.markup import plain
from nodewright.prd import gherkin
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.models import Scope
from nodewright.prd.scopes import struck
from nodewright.prd.splitting import split_sentences


class ClauseForm(StrEnum):
    """How a clause stands in the document."""

    HEADING = "heading"
    SENTENCE = "sentence"
    ITEM = "item"
    ROW = "row"
    STEP = "step"
    CODE = "code"


@dataclass(slots=True)
class Piece:
    """A clause in the making: what its block says of it."""

    text: str
    line: int
    form: ClauseForm
    context: str = ""
    cells: tuple[tuple[str, str], ...] = ()
    step: str = ""
    opens: bool = False
    scope: Scope | None = None


# Code that draws, styles or runs, but states nothing about the product.
_SILENT_CODE = {
    "html": "markup",
    "css": "a style sheet",
    "scss": "a style sheet",
    "svg": "a picture",
    "diff": "a change of code",
    "bash": "commands for a terminal",
    "sh": "commands for a terminal",
    "shell": "commands for a terminal",
    "console": "commands for a terminal",
    "powershell": "commands for a terminal",
}
_DRAWN = re.compile(r"[\u2500-\u257f]")
_PROSE_FENCES = frozenset({"", "text", "txt", "plaintext", "md", "markdown"})
_CODE_LIKE = re.compile(
    r"[{};][ \t]*$|^[ \t]*[\w.]+\(|^[ \t]*(?:def|class|const|import|SELECT|CREATE)\b", re.MULTILINE
)
_COUNTED = re.compile(r"\w")


def pieces_of(block: Block) -> Iterable[Piece]:
    """The clauses of a block: sentences, a row, steps, or code as a whole."""
    if block.kind is BlockKind.CODE:
        return _code(block)
    if block.kind is BlockKind.ROW:
        return _row(block)
    return _prose(block)


def _row(block: Block) -> Iterator[Piece]:
    shown = [plain(cell) for cell in block.cells]
    text = " | ".join(cell for cell in shown if cell) or block.shown
    if not _COUNTED.search(text):
        return
    names = [plain(name) for name in block.header] + [""] * len(shown)
    cells = tuple(zip(names, shown, strict=False)) if block.header else ()
    yield Piece(text, block.line, ClauseForm.ROW, cells=cells)


def _prose(block: Block) -> Iterator[Piece]:
    form = ClauseForm.ITEM if block.kind is BlockKind.ITEM else ClauseForm.SENTENCE
    gone = struck(block.text)
    for text, offset in split_sentences(block.shown):
        if not _COUNTED.search(text):
            continue
        line = gherkin.line_of(text)
        piece = Piece(text, block.line + offset, form)
        if line is not None and line.kind in {"scenario", "background", "feature"}:
            piece.opens = True
        elif line is not None and line.kind != "examples":
            piece.step = line.kind
        if gone and any(text in " ".join(plain(part).split()) for part in gone):
            piece.scope, piece.context = Scope.EXCLUDED, "struck through"
        yield piece


def _code(block: Block) -> Iterator[Piece]:
    if block.language in gherkin.LANGUAGES or (
        block.language in _PROSE_FENCES and gherkin.is_gherkin(block.text)
    ):
        yield from _steps(block)
        return
    if not _COUNTED.search(block.text):
        return
    context = _SILENT_CODE.get(block.language, "")
    prose = block.language in _PROSE_FENCES and not _CODE_LIKE.search(block.text)
    if prose and _DRAWN.search(block.text):
        context, prose = "a drawing", False
    if not prose:
        yield Piece(block.text.strip("\n"), block.line + 1, ClauseForm.CODE, context)
        return
    for number, line in enumerate(block.text.split("\n"), block.line + 1):
        if _COUNTED.search(line):
            yield Piece(line.strip(), number, ClauseForm.CODE)


def _steps(block: Block) -> Iterator[Piece]:
    for number, shown in enumerate(block.text.split("\n"), block.line + 1):
        text = shown.strip()
        if not _COUNTED.search(text):
            continue
        if text.startswith("#"):
            yield Piece(text, number, ClauseForm.STEP, "a comment")
            continue
        if text.startswith("|"):
            cells = " | ".join(cell.strip() for cell in text.strip("|").split("|"))
            yield Piece(cells, number, ClauseForm.ROW)
            continue
        line = gherkin.line_of(text)
        kind = line.kind if line is not None else ""
        if kind in {"scenario", "background", "feature"}:
            yield Piece(text, number, ClauseForm.STEP, opens=True)
        else:
            step = "" if kind == "examples" else kind
            yield Piece(text, number, ClauseForm.STEP, step=step)
