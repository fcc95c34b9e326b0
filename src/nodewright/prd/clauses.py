"""The clauses of a document: every sentence, bullet, table row, step and field note of it.

The sum of the clauses and the headings is the document: nothing that a reader could take for a
demand is left out. What demands nothing is a clause as well, with the reason as its ``context``.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nodewright.language.identifiers import author_id
from nodewright.language.lexicon import stems_of, tokens
from nodewright.language.markup import plain
from nodewright.prd.blocks import Block
from nodewright.prd.contexts import (
    FINISHED,
    grants,
    reason_of_block,
    reason_of_scope,
    reason_of_text,
    section_reasons,
)
from nodewright.prd.entries import Entry
from nodewright.prd.models import Requirement, Scope
from nodewright.prd.outline import Section
from nodewright.prd.pieces import ClauseForm, Piece, pieces_of
from nodewright.prd.scopes import marked_scope, scope_of
from nodewright.prd.spans import Spans
from nodewright.prd.splitting import split_sentences

__all__ = ["Clause", "ClauseForm", "Document", "clauses_of"]


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
    author should know: an id that is given twice, a language that is not read. ``entries`` are its
    headings and blocks in one sequence.
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
    entries: tuple[Entry, ...] = field(default=(), compare=False, repr=False)


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
                piece = Piece(section.title, section.line, ClauseForm.HEADING)
                piece.text = _without_id(piece, self._id)
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
            piece = Piece(text, block.line + offset, ClauseForm.SENTENCE, block.marker)
            yield self._clause(piece, replace(place, block=block))

    def _block(self, block: Block, place: _Place, *, first: bool) -> Iterator[Clause]:
        own = reason_of_block(block, place.section, first=first)
        if block.header and block.header is not self._header:
            head = Piece(" | ".join(map(plain, block.header)), block.line - 2, ClauseForm.ROW)
            head.context = "the head of a table"
            yield self._clause(head, place)
        self._header = block.header
        for piece in pieces_of(block):
            if self._begin(piece.line, place.section, piece.text):
                piece.text = _without_id(piece, self._id)
            required = own == FINISHED and self._current is not None
            piece.context = piece.context or ("" if required else own)
            yield self._clause(piece, place)

    def _clause(self, piece: Piece, place: _Place) -> Clause:
        section, block = place.section, place.block
        owner = self._id or f"S{place.number}"
        self._counts[owner] = self._counts.get(owner, 0) + 1
        words = tuple(tokens(piece.text))
        stems = stems_of(words)
        scope = self._scope(piece, place, stems)
        code = f"{owner}.{self._counts[owner]}"
        step, group = self._joined(piece, code, stems)
        return Clause(
            id=code,
            requirement=self._id,
            section=section.path,
            role=section.role,
            line=piece.line,
            text=piece.text,
            form=piece.form,
            scope=scope,
            level=block.level if block is not None else 0,
            cells=piece.cells,
            tokens=words,
            stems=stems,
            context=self._context(piece, place, scope, stems),
            step=step,
            group=group,
            span=self._spans.find(words, piece.line),
            block=block,
        )

    def _scope(self, piece: Piece, place: _Place, stems: tuple[str, ...]) -> Scope:
        """What the place, the requirement and its own words say."""
        own = piece.scope or place.scope
        if own is Scope.RELEASE and piece.form is not ClauseForm.CODE:
            own = scope_of(piece.text, marked_scope(piece.text), stems)
        if own is Scope.RELEASE and self._current is not None:
            own = self._current.scope
        return own

    def _context(self, piece: Piece, place: _Place, scope: Scope, stems: tuple[str, ...]) -> str:
        """Why it demands nothing: its own words, its scope or its section."""
        reason = piece.context
        if not reason and scope is Scope.RELEASE and piece.form not in _UNLABELLED:
            reason = reason_of_text(piece.text)
        if not reason:
            reason = reason_of_scope(scope, place.block.text if place.block else "")
        if not reason and place.reason and self._is_bound(piece, place, stems):
            reason = place.reason
        return reason

    def _is_bound(self, piece: Piece, place: _Place, stems: tuple[str, ...]) -> bool:
        """Whether the section's reason holds: not for requirements that stand in such a section."""
        if self._current is not None and place.section.path == self._home:
            return False
        if place.reason == "an example" and (piece.form is ClauseForm.CODE or piece.step):
            return False
        return not (place.reason == "a persona" and grants(stems))

    def _joined(self, piece: Piece, code: str, stems: tuple[str, ...]) -> tuple[str, str]:
        """Its step, and the id of the clause that opens its scenario."""
        if piece.opens:
            self._group, self._step = code, ""
            return "", code
        if not piece.step:
            if piece.form is not ClauseForm.ROW:
                self._step = ""
                self._group = self._group if piece.form is ClauseForm.STEP else ""
            return "", ""
        step = self._step or "given" if piece.step == "and" else piece.step
        if not self._group or (self._step == "then" and step in {"given", "when"}):
            self._group = code
        # "WHEN ... THEN ..." in one sentence: the next step begins another scenario.
        self._step = "then" if "then" in stems[1:] else step
        return step, self._group


_UNLABELLED = frozenset({ClauseForm.CODE, ClauseForm.HEADING})


def _without_id(piece: Piece, code: str) -> str:
    """The text without the author's id where that is the requirement's ``code``."""
    found = author_id(piece.text)
    if found is None or not (code == found.code or code.startswith(f"{found.code}-")):
        return piece.text
    return found.rest.strip(_AROUND_ID) or piece.text


_OPENING = 20
_AROUND_ID = " *:-–—|"
_HEAD = 12
