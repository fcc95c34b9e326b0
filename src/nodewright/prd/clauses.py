"""The clauses of a document: every sentence, bullet, table row, step and field note of it.

The sum of the clauses is the document: nothing that a reader could take for a demand is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nodewright.language.lexicon import stems_of, tokens
from nodewright.prd.markdown import Block, BlockKind
from nodewright.prd.models import Requirement, Scope
from nodewright.prd.outline import Section
from nodewright.prd.sentences import pieces_of


class ClauseForm(StrEnum):
    """How a clause stands in the document."""

    HEADING = "heading"
    SENTENCE = "sentence"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, with all that later stages need of it, computed once.

    ``id`` is the requirement's id and a number (``FR-1.2``), outside requirements that of the
    section (``S4.3``). ``line`` is 1-based. ``text`` is free of marks. ``cells`` maps the column's
    header -> cell for a table row. ``role`` is the kind of section (a key of the vocabulary's
    ``sections``). ``level`` is the depth of a list item. ``tokens`` are its words as written,
    ``stems`` their stems.
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


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: ``clauses`` in order, ``sections`` and ``requirements`` they belong to."""

    text: str
    title: str
    product: str
    language: str
    sections: tuple[Section, ...]
    requirements: tuple[Requirement, ...]
    clauses: tuple[Clause, ...]


_FORMS = {
    BlockKind.ITEM: ClauseForm.ITEM,
    BlockKind.ROW: ClauseForm.ROW,
    BlockKind.CODE: ClauseForm.CODE,
}


def clauses_of(
    sections: Sequence[Section], requirements: Sequence[Requirement]
) -> tuple[Clause, ...]:
    """All clauses in order; each belongs to the last requirement that begins before it there."""
    starts = {requirement.line: requirement for requirement in requirements}
    found: list[Clause] = []
    counts: dict[str, int] = {}
    current: Requirement | None = None
    for number, section in enumerate(sections):
        if current is not None and not _within(section, current):
            current = None
        current = starts.get(section.line, current)
        for block, scope in zip(section.blocks, section.scopes, strict=True):
            for text, line, form in _texts(block):
                current = starts.get(line, current)
                owner = current.id if current else f"S{number}"
                counts[owner] = counts.get(owner, 0) + 1
                words = tuple(tokens(text))
                found.append(
                    Clause(
                        id=f"{owner}.{counts[owner]}",
                        requirement=current.id if current else "",
                        section=section.path,
                        role=section.role,
                        line=line,
                        text=text,
                        form=form,
                        scope=scope,
                        level=block.level,
                        cells=tuple(zip(block.header, block.cells, strict=False)),
                        tokens=words,
                        stems=stems_of(words),
                    )
                )
    return tuple(found)


def _within(section: Section, requirement: Requirement) -> bool:
    return section.path == requirement.section or section.path.startswith(
        f"{requirement.section} > "
    )


def _texts(block: Block) -> Iterator[tuple[str, int, ClauseForm]]:
    form = _FORMS.get(block.kind, ClauseForm.SENTENCE)
    for text, line, _ in pieces_of(block):
        yield text, line, form
