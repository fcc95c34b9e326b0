"""The clauses of a document: every sentence, bullet, table row, step and field note of it.

The sum of the clauses and the headings is the document: nothing that a reader could take for a
demand is left out. What demands nothing is a clause as well, with the reason as its ``context``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from nodewright.language.identifiers import author_id
from nodewright.language.lexicon import stems_of, tokens
from nodewright.language.markup import plain
from nodewright.prd import gherkin
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.contexts import (
    grants,
    reason_of_block,
    reason_of_scope,
    reason_of_text,
    section_reasons,
)
from nodewright.prd.models import Requirement, Scope
from nodewright.prd.outline import Section
from nodewright.prd.scopes import marked_scope, scope_of, struck
from nodewright.prd.spans import Spans
from nodewright.prd.splitting import split_sentences


class ClauseForm(StrEnum):
    """How a clause stands in the document."""

    HEADING = "heading"
    SENTENCE = "sentence"
    ITEM = "item"
    ROW = "row"
    STEP = "step"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, with all that later stages need of it, computed once.

    ``id`` is the requirement's id and a number (``FR-1.2``), outside requirements that of the
    section (``S4.3``). ``line`` is 1-based, ``span`` the place in the document's text. ``text`` is
    free of marks. ``cells`` maps the column's header -> cell for a table row. ``role`` is the kind
    of section (a key of the vocabulary's ``sections``). ``level`` is the depth of a list item.
    ``tokens`` are its words as written, ``stems`` their stems. ``context`` is the reason why it
    demands nothing, empty where it may demand. ``step`` is ``given``, ``when`` or ``then`` for a
    step of a scenario and ``group`` the id of the clause that opens the scenario. ``block`` is
    what it was read from: for code the whole block with its language, for a row its table.
    """

    id: str
    requirement: str
    section: str
    role: str
    line: int
    text: str
    form: ClauseForm
    scope: Scope = Scope.RELEASE
    level: int = 0
    cells: tuple[tuple[str, str], ...] = ()
    tokens: tuple[str, ...] = ()
    stems: tuple[str, ...] = ()
    context: str = ""
    step: str = ""
    group: str = ""
    span: tuple[int, int] = (0, 0)
    block: Block | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: ``clauses`` in order, ``sections`` and ``requirements`` they belong to.

    ``package`` is the import name that the product's own name gives. ``warnings`` say what its
    author should know: an id that is given twice, a language that is not read.
    """

    text: str
    title: str
    product: str
    language: str
    sections: tuple[Section, ...]
    requirements: tuple[Requirement, ...]
    clauses: tuple[Clause, ...]
    package: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Piece:
    """A clause in the making: what its block says of it."""

    text: str
    line: int
    form: ClauseForm
    context: str = ""
    cells: tuple[tuple[str, str], ...] = ()
    step: str = ""
    opens: bool = False
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a clause stands: its section with number, scope and reason, and its block."""

    number: int
    section: Section
    scope: Scope
    reason: str
    block: Block | None = None


def clauses_of(
    sections: Sequence[Section],
    requirements: Sequence[Requirement],
    *,
    asides: Sequence[Block] = (),
    lines: Mapping[int, str] | None = None,
    text: str = "",
) -> tuple[Clause, ...]:
    """All clauses in order; each belongs to the last requirement that begins before it there.

    Args:
        sections: the outline, with its blocks.
        requirements: what the document asks for.
        asides: what is no part of a section, such as comments; their ``marker`` is the reason.
        lines: line -> id where a requirement begins or is taken up again.
        text: the document, for the spans.
    """
    return tuple(_Writer(requirements, lines, text).write(sections, asides))


class _Writer:
    """Numbers clauses and knows the requirement and the scenario that they belong to."""

    def __init__(
        self, requirements: Sequence[Requirement], lines: Mapping[int, str] | None, text: str
    ) -> None:
        self._known = {requirement.id: requirement for requirement in requirements}
        self._starts: dict[int, list[str]] = defaultdict(list)
        for requirement in reversed(requirements):
            self._starts[requirement.line].append(requirement.id)
        for line, taken_up in (lines or {}).items():
            self._starts[line].append(taken_up)
        self._spans = Spans(text)
        self._counts: dict[str, int] = {}
        self._current: Requirement | None = None
        self._home = ""
        self._header: tuple[str, ...] = ()
        self._step = ""
        self._group = ""

    def write(self, sections: Sequence[Section], asides: Sequence[Block]) -> Iterator[Clause]:
        """The clauses of all sections and, in their places, of the asides."""
        waiting = sorted(asides, key=lambda block: block.line, reverse=True)
        reasons = section_reasons(sections)
        for number, section in enumerate(sections):
            place = _Place(number, section, section.scope, reasons[number])
            if self._enter(section) and section.title:
                piece = _Piece(section.title, section.line, ClauseForm.HEADING)
                piece.text = _without_id(piece)
                yield self._clause(piece, place)
            for order, (block, scope) in enumerate(
                zip(section.blocks, section.scopes, strict=True)
            ):
                while waiting and waiting[-1].line <= block.line:
                    yield from self._aside(waiting.pop(), place)
                first = number <= 1 and order < _HEAD
                yield from self._block(block, replace(place, block=block, scope=scope), first=first)
            following = sections[number + 1].line if number + 1 < len(sections) else None
            while waiting and (following is None or waiting[-1].line < following):
                yield from self._aside(waiting.pop(), place)

    @property
    def _id(self) -> str:
        return self._current.id if self._current else ""

    def _enter(self, section: Section) -> bool:
        path, home = section.path, self._home
        if self._current is not None and path != home and not path.startswith(f"{home} > "):
            self._current = None
        self._step = self._group = ""
        return self._begin(section.line, section)

    def _begin(self, line: int, section: Section, text: str = "") -> bool:
        """Whether a requirement begins, or is taken up again, at ``line`` with ``text``."""
        waiting = self._starts.get(line)
        if not waiting:
            return False
        begun = self._known[waiting[-1]]
        if self._current is not None and self._current.line == line:
            # Several sentences of one line, each a requirement of its own.
            opening = begun.text[:_OPENING]
            if not text.startswith(opening):
                return False
        waiting.pop()
        self._current, self._home = begun, section.path
        return True

    def _aside(self, block: Block, place: _Place) -> Iterator[Clause]:
        for text, offset in split_sentences(block.text):
            piece = _Piece(text, block.line + offset, ClauseForm.SENTENCE, block.marker)
            yield self._clause(piece, replace(place, block=block))

    def _block(self, block: Block, place: _Place, *, first: bool) -> Iterator[Clause]:
        own = reason_of_block(block, place.section, first=first)
        if block.header and block.header is not self._header:
            head = _Piece(" | ".join(map(plain, block.header)), block.line - 2, ClauseForm.ROW)
            head.context = "the head of a table"
            yield self._clause(head, place)
        self._header = block.header
        for piece in pieces_of(block):
            if self._begin(piece.line, place.section, piece.text):
                piece.text = _without_id(piece)
            piece.context = piece.context or own
            yield self._clause(piece, place)

    def _clause(self, piece: _Piece, place: _Place) -> Clause:
        section, block = place.section, place.block
        owner = self._id or f"S{place.number}"
        self._counts[owner] = self._counts.get(owner, 0) + 1
        words = tuple(tokens(piece.text))
        clause = Clause(
            id=f"{owner}.{self._counts[owner]}",
            requirement=self._id,
            section=section.path,
            role=section.role,
            line=piece.line,
            text=piece.text,
            form=piece.form,
            level=block.level if block is not None else 0,
            cells=piece.cells,
            tokens=words,
            stems=stems_of(words),
            block=block,
            span=self._spans.find(words, piece.line),
        )
        return self._joined(self._judged(clause, piece, place), piece)

    def _judged(self, clause: Clause, piece: _Piece, place: _Place) -> Clause:
        """With scope and context: what the requirement, the section and its own words say."""
        own = piece.scope or place.scope
        if own is Scope.RELEASE and clause.form is not ClauseForm.CODE:
            own = scope_of(clause.text, marked_scope(clause.text), clause.stems)
        current = self._current
        if own is Scope.RELEASE and current is not None:
            own = current.scope
        if own is Scope.RELEASE and clause.form not in {ClauseForm.CODE, ClauseForm.HEADING}:
            piece.context = piece.context or reason_of_text(clause.text)
        context = piece.context or reason_of_scope(own, clause.block.text if clause.block else "")
        if not context and place.reason and self._is_bound_by(place.reason, clause):
            context = place.reason
        return replace(clause, scope=own, context=context)

    def _is_bound_by(self, reason: str, clause: Clause) -> bool:
        """Whether the section's reason holds: not for requirements that stand in such a section."""
        if self._current is not None and clause.section == self._home:
            return False
        if reason == "an example" and (clause.form is ClauseForm.CODE or clause.step):
            return False
        return not (reason == "a persona" and grants(clause.stems))

    def _joined(self, clause: Clause, piece: _Piece) -> Clause:
        """With its step and the clause that opens its scenario."""
        if piece.opens:
            self._group, self._step = clause.id, ""
            return replace(clause, group=clause.id)
        if not piece.step:
            if clause.form is not ClauseForm.ROW:
                self._step = ""
                self._group = self._group if clause.form is ClauseForm.STEP else ""
            return clause
        step = self._step or "given" if piece.step == "and" else piece.step
        fresh = step in {"given", "when"} and self._step in {"", "then"}
        if not self._group or (fresh and self._step == "then"):
            self._group = clause.id
        # "WHEN ... THEN ..." in one sentence: the next step begins another scenario.
        self._step = "then" if "then" in clause.stems[1:] else step
        return replace(clause, step=step, group=self._group)


def _without_id(piece: _Piece) -> str:
    """The text without the author's id, which stands in the clause's ``requirement``."""
    found = author_id(piece.text)
    rest = found.rest.strip(_AROUND_ID) if found is not None else ""
    return rest or piece.text


_OPENING = 20
_AROUND_ID = " *:-–—|"
_HEAD = 12
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
    r"[{};]\s*$|^\s*[\w.]+\(|^\s*(?:def|class|const|import|SELECT|CREATE)\b", re.MULTILINE
)
_COUNTED = re.compile(r"\w")


def pieces_of(block: Block) -> Iterable[_Piece]:
    """The clauses of a block: sentences, a row, steps, or code as a whole."""
    if block.kind is BlockKind.CODE:
        return _code(block)
    if block.kind is BlockKind.ROW:
        return _row(block)
    return _prose(block)


def _row(block: Block) -> Iterator[_Piece]:
    shown = [plain(cell) for cell in block.cells]
    text = " | ".join(cell for cell in shown if cell) or block.shown
    if not _COUNTED.search(text):
        return
    names = [plain(name) for name in block.header] + [""] * len(shown)
    cells = tuple(zip(names, shown, strict=False)) if block.header else ()
    yield _Piece(text, block.line, ClauseForm.ROW, cells=cells)


def _prose(block: Block) -> Iterator[_Piece]:
    form = ClauseForm.ITEM if block.kind is BlockKind.ITEM else ClauseForm.SENTENCE
    gone = struck(block.text)
    for text, offset in split_sentences(block.shown):
        if not _COUNTED.search(text):
            continue
        line = gherkin.line_of(text)
        piece = _Piece(text, block.line + offset, form)
        if line is not None and line.kind in {"scenario", "background", "feature"}:
            piece.opens = True
        elif line is not None and line.kind != "examples":
            piece.step = line.kind
        if gone and any(text in " ".join(plain(part).split()) for part in gone):
            piece.scope, piece.context = Scope.EXCLUDED, "struck through"
        yield piece


def _code(block: Block) -> Iterator[_Piece]:
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
        yield _Piece(block.text.strip("\n"), block.line + 1, ClauseForm.CODE, context)
        return
    for number, line in enumerate(block.text.split("\n"), block.line + 1):
        if _COUNTED.search(line):
            yield _Piece(line.strip(), number, ClauseForm.CODE)


def _steps(block: Block) -> Iterator[_Piece]:
    for number, shown in enumerate(block.text.split("\n"), block.line + 1):
        text = shown.strip()
        if not _COUNTED.search(text):
            continue
        if text.startswith("#"):
            yield _Piece(text, number, ClauseForm.STEP, "a comment")
            continue
        if text.startswith("|"):
            cells = " | ".join(cell.strip() for cell in text.strip("|").split("|"))
            yield _Piece(cells, number, ClauseForm.ROW)
            continue
        line = gherkin.line_of(text)
        kind = line.kind if line is not None else ""
        if kind in {"scenario", "background", "feature"}:
            yield _Piece(text, number, ClauseForm.STEP, opens=True)
        else:
            step = "" if kind == "examples" else kind
            yield _Piece(text, number, ClauseForm.STEP, step=step)
