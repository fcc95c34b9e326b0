"""Sentences of a document with their place, their scope and how much they count."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nodewright.patterns.lexicon import stems
from nodewright.patterns.models import Statement
from nodewright.prd.markdown import Block, BlockKind, plain
from nodewright.prd.models import Scope
from nodewright.prd.outline import Section, role_of

# How likely a statement in a section of this kind asks for something in this release.
ROLE_WEIGHTS = {
    "functional": 1.0,
    "stories": 1.0,
    "criteria": 0.9,
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
_GHERKIN = frozenset({"gherkin", "feature", "cucumber"})
_SILENT_CODE = frozenset({"html", "css", "mermaid", "svg", "xml", "plantuml", "diff"})
_NOTE_COLUMNS = re.compile(
    r"evidence|note|status|owner|link|comment|estado|notas|备注|状态|비고|상태", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Sentence(Statement):
    """A statement with its section's number and role, its scope and its stems.

    ``quality`` is its weight for capabilities.
    """

    quality: float = 1.0
    section: int = 0
    role: str = "unknown"
    scope: Scope = Scope.RELEASE
    words: tuple[str, ...] = ()


_EXCLUDED = re.compile(
    r"\bout[- ]of[- ]scope|\bnot (?:be )?in(?:cluded in)? scope|outside (?:of )?(?:the |this )?"
    r"(?:scope|prd)|beyond the scope|\bnon-goals?\b|\b(?:is|are) (?:not supported|not included"
    r"|excluded|intentionally excluded|not required|not needed|not part of)"
    r"|\bno [^.;:]{1,60} (?:is |are )?(?:required|needed)\b"
    r"|\b(?:no|not|without)\b[^.;:]{1,80}\b(?:in|for) (?:v1|p0|mvp|the mvp|version 1|this (?:release"
    r"|version|phase|iteration))\b|제외(?:합니다|한다|됩니다|함)|포함하지 않|범위 밖|범위에 포함되지"
    r"|추가하지 않|사용하지 않습니다|不在.{0,8}范围|不包含|不包括|暂不|不支持|fuera de(?:l)? alcance"
    r"|no incluye|no se incluye|queda excluid",
    re.IGNORECASE,
)
_FUTURE = re.compile(
    r"\bin (?:the |a )?future\b|\bfuture (?:release|version|phase|work|enhancement|iteration)"
    r"|\b(?:later|next|subsequent) (?:release|version|phase|iteration|sprint)s?\b|\bpost-(?:mvp|v1)\b"
    r"|\bv(?:ersion )?2(?:\.0)?\+?\)|\bphase [2-9]\)|\bplanned for (?:v|version|phase)|\(future\)"
    r"|\b(?:eventually|down the road)\b|추후|향후|후속 작업|后续可|未来|后期|en el futuro|a futuro"
    r"|próxim[ao]s? (?:versión|fase)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+(?=[A-Z\"'(¿¡\[*])|(?<=[。！？；])|\n(?![a-z])")
_LABEL = re.compile(r"([^:：\n]{2,60})[:：](?:\s+|$|(?=[^\x00-\x7f]))")
_SCOPE_HINT = re.compile(
    r"scope|goal|future|later|exclu|nice|could|stretch|roadmap|post|v2|backlog|defer|guardrail|not "
    r"|제외|범위|향후|추후|不|范围|未来|后续|排除|fuera|futur|forbidden",
    re.IGNORECASE,
)


def scope_of(text: str, given: Scope = Scope.RELEASE) -> Scope:
    """The scope that a sentence gives itself, within a section of scope ``given``."""
    if given is not Scope.RELEASE:
        return given
    if _EXCLUDED.search(text):
        return Scope.EXCLUDED
    return Scope.FUTURE if _FUTURE.search(text) else given


def label_scope(text: str) -> Scope:
    """The scope that a leading label such as ``Non-goals:`` gives to a block."""
    label = _LABEL.match(text)
    if label is None or not _SCOPE_HINT.search(label[1]):
        return Scope.RELEASE
    role = role_of(label[1])
    return {"excluded": Scope.EXCLUDED, "future": Scope.FUTURE}.get(role or "", Scope.RELEASE)


def block_scopes(section: Section) -> list[Scope]:
    """The scope of each block of ``section``: items inherit that of the item above them."""
    if section.scope is not Scope.RELEASE:
        return [section.scope] * len(section.blocks)
    scopes: list[Scope] = []
    open_items: list[tuple[int, Scope]] = []
    for block in section.blocks:
        if block.kind is BlockKind.ITEM:
            while open_items and open_items[-1][0] >= block.level:
                open_items.pop()
        elif block.level == 0 and block.kind is not BlockKind.CODE:
            open_items.clear()
        inherited = open_items[-1][1] if open_items else Scope.RELEASE
        if inherited is Scope.RELEASE and block.kind is not BlockKind.CODE:
            inherited = label_scope(plain(block.text[:80]))
        if block.kind is BlockKind.ITEM or (
            block.kind is BlockKind.PARAGRAPH and inherited is not Scope.RELEASE
        ):
            # A paragraph "Out of scope:" rules the list that follows it.
            level = block.level if block.kind is BlockKind.ITEM else 0
            open_items.append((level, inherited))
        scopes.append(inherited)
    return scopes


def row_text(block: Block) -> str:
    """A table row without the columns that hold notes about it."""
    if not block.header:
        return block.text
    kept = [
        cell
        for number, cell in enumerate(block.cells)
        if cell and not (number < len(block.header) and _NOTE_COLUMNS.search(block.header[number]))
    ]
    return " | ".join(kept)


def sentences_of(sections: Sequence[Section]) -> list[Sentence]:
    """All sentences in order, headings among them; line numbers are those of their blocks."""
    found: list[Sentence] = []
    for number, section in enumerate(sections):
        weight, quality = ROLE_WEIGHTS[section.role], QUALITY_WEIGHTS[section.role]
        if section.title:
            found.append(_heading(section, number))
        for block, scope in zip(section.blocks, block_scopes(section), strict=True):
            for text, line, factor in _pieces(block):
                own = scope_of(text, scope)
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
                        tuple(stems(text)),
                    )
                )
    return found


def _heading(section: Section, number: int) -> Sentence:
    # The name of a kind of section ("Summary", "Search") asks for nothing by itself.
    factor = _SECTION_NAME_WEIGHT if section.own_role else 1.0
    return Sentence(
        section.title,
        section.line,
        ROLE_WEIGHTS[section.role] * factor,
        QUALITY_WEIGHTS[section.role] * factor,
        number,
        section.role,
        section.scope,
        tuple(stems(section.title)),
    )


def _pieces(block: Block) -> Iterator[tuple[str, int, float]]:
    """Sentences of a block with their lines and the factor of their kind."""
    if block.kind is BlockKind.CODE:
        if block.language in _SILENT_CODE:
            return
        factor = 1.0 if block.language in _GHERKIN else _CODE_WEIGHT
        for number, line in enumerate(block.text.split("\n"), block.line + 1):
            if line.strip():
                yield line.strip(), number, factor
        return
    text = plain(row_text(block) if block.kind is BlockKind.ROW else block.text)
    if len(text) < 80 and "\n" not in text:
        if text:
            yield text, block.line, 1.0
        return
    at, position = block.line, 0
    for end in _SENTENCE_END.finditer(text):
        piece = text[position : end.start()]
        if piece.strip():
            yield piece.strip(), at, 1.0
        at += text.count("\n", position, end.end())
        position = end.end()
    rest = text[position:].strip()
    if rest:
        yield rest, at, 1.0
