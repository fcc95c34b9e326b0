"""Sentences of a document with their place, their scope and how much they count."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nodewright.language.lexicon import stems_of, tokens
from nodewright.language.markup import plain
from nodewright.patterns.models import Statement
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.columns import row_text
from nodewright.prd.models import Scope
from nodewright.prd.outline import Section
from nodewright.prd.scopes import scope_of

# How likely a statement in a section of this kind asks for something in this release.
ROLE_WEIGHTS = {
    "functional": 1.0,
    "stories": 1.0,
    "criteria": 0.9,
    "rules": 0.9,
    "api": 0.8,
    "nonfunctional": 0.5,
    "observability": 0.25,
    "background": 0.25,
    "architecture": 0.7,
    "unknown": 0.75,
    "data": 0.7,
    "overview": 0.6,
    "goals": 0.6,
    "dependencies": 0.3,
    "actors": 0.4,
    "design": 0.45,
    "success": 0.35,
    "plan": 0.3,
    "testing": 0.05,
    "risks": 0.05,
    "market": 0.0,
    "questions": 0.0,
    "references": 0.0,
    "meta": 0.0,
    "excluded": 0.0,
    "future": 0.0,
}
# For capabilities, what is said of qualities and operation counts in full.
QUALITY_WEIGHTS = ROLE_WEIGHTS | {
    "nonfunctional": 1.0,
    "observability": 1.0,
    "architecture": 0.75,
    "dependencies": 0.4,
}
_CODE_WEIGHT = 0.3
_SECTION_NAME_WEIGHT = 0.3
_ASKING = ("functional", "stories", "criteria", "api", "rules", "unknown")
_NAMED = ("functional", "stories", "rules")
_FEW = 0.15
_PLAN_WEIGHT = 0.8
_GHERKIN = frozenset({"gherkin", "feature", "cucumber"})
_SILENT_CODE = frozenset({"html", "css", "mermaid", "svg", "xml", "plantuml", "diff"})


@dataclass(frozen=True, slots=True)
class Sentence(Statement):
    """A statement with its section's number and role, its scope, its stems and its tokens.

    ``quality`` is its weight for capabilities, ``lower`` are its tokens in lower case.
    """

    quality: float = 1.0
    section: int = 0
    role: str = "unknown"
    scope: Scope = Scope.RELEASE
    words: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    lower: tuple[str, ...] = ()


# Begins with what it looks for, which the regular expression engine finds fastest.
_SENTENCE_END = re.compile(r"[.!?;]\s+(?=[A-Z\"'(¿¡\[*])|[。！？；]|\n(?![a-z])")


def sentences_of(sections: Sequence[Section]) -> list[Sentence]:
    """All sentences in order, headings among them; line numbers are those of their blocks."""
    found: list[Sentence] = []
    by_plan = _asks_by_plan(sections)
    by_default = _asks_by_default(sections)
    for number, section in enumerate(sections):
        weight, quality = ROLE_WEIGHTS[section.role], QUALITY_WEIGHTS[section.role]
        if by_plan and section.role == "plan":
            weight = quality = _PLAN_WEIGHT
        if by_default and section.role == "unknown":
            weight = quality = 1.0
        if section.title:
            found.append(_heading(section, number, weight, quality))
        for block, scope in zip(section.blocks, section.scopes, strict=True):
            for text, line, factor in pieces_of(block):
                raw = tuple(tokens(text))
                words = stems_of(raw)
                own = scope_of(text, scope, words)
                counts = factor if own is Scope.RELEASE else 0.0
                found.append(
                    Sentence(
                        text,
                        line,
                        weight * counts,
                        quality * counts,
                        number,
                        section.role,
                        own,
                        words,
                        raw,
                        tuple(map(str.lower, raw)),
                    )
                )
    return found


def _asks_by_plan(sections: Sequence[Section]) -> bool:
    """Whether the document says what is wanted as a list of tasks instead of requirements."""
    sizes: dict[str, int] = defaultdict(int)
    for section in sections:
        sizes[section.role] += len(section.blocks)
    asking = sum(sizes[role] for role in _ASKING)
    return sizes["plan"] > 0 and asking < _FEW * sum(sizes.values())


def _asks_by_default(sections: Sequence[Section]) -> bool:
    """Whether no section is named as one of requirements, so that the unnamed ones hold them."""
    named = sum(len(section.blocks) for section in sections if section.role in _NAMED)
    unnamed = sum(len(section.blocks) for section in sections if section.role == "unknown")
    return named < _FEW * (named + unnamed)


def _heading(section: Section, number: int, weight: float, quality: float) -> Sentence:
    # The name of a kind of section ("Summary", "Search") asks for nothing by itself.
    factor = _SECTION_NAME_WEIGHT if section.own_role else 1.0
    raw = tuple(tokens(section.title))
    return Sentence(
        section.title,
        section.line,
        weight * factor,
        quality * factor,
        number,
        section.role,
        section.scope,
        stems_of(raw),
        raw,
        tuple(map(str.lower, raw)),
    )


def pieces_of(block: Block) -> Iterator[tuple[str, int, float]]:
    """Sentences of a block with their lines and the factor of their kind."""
    if block.kind is BlockKind.CODE:
        if block.language in _SILENT_CODE:
            return
        factor = 1.0 if block.language in _GHERKIN else _CODE_WEIGHT
        for number, line in enumerate(block.text.split("\n"), block.line + 1):
            if line.strip():
                yield line.strip(), number, factor
        return
    text = plain(row_text(block)) if block.kind is BlockKind.ROW else block.shown
    if len(text) < 80 and "\n" not in text:
        if text:
            yield text, block.line, 1.0
        return
    yield from ((piece, block.line + offset, 1.0) for piece, offset in _split(text))


def _split(text: str) -> Iterator[tuple[str, int]]:
    """Sentences with the number of the line, from 0, that each begins on."""
    line = position = 0
    for end in _SENTENCE_END.finditer(text):
        piece = text[position : end.start() + (end[0][0] != "\n")]
        if piece.strip():
            yield piece.strip(), line
        line += text.count("\n", position, end.end())
        position = end.end()
    rest = text[position:].strip()
    if rest:
        yield rest, line


def sentences_in(text: str, least: int) -> list[str]:
    """The sentences of a paragraph, those of fewer than ``least`` words with the one before."""
    found: list[str] = []
    for piece, _ in _split(" ".join(text.split())):
        if found and piece.isascii() and len(piece.split()) < least:
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return found
