"""The headings and blocks of a document in one sequence, with the ids that they begin with."""

from collections.abc import Sequence
from dataclasses import dataclass

from nodewright.language.identifiers import AuthorId, author_id
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.columns import row_id
from nodewright.prd.models import Scope
from nodewright.prd.outline import Section


@dataclass(slots=True)
class Entry:
    """A heading or block in the order of the document; ``block`` is None for a heading."""

    order: int
    section: int
    block: Block | None
    text: str
    line: int
    scope: Scope
    id: AuthorId | None = None

    @property
    def kind(self) -> BlockKind:
        """The kind of the block."""
        return BlockKind.HEADING if self.block is None else self.block.kind


def entries_of(sections: Sequence[Section]) -> list[Entry]:
    """Headings and blocks of all sections in order."""
    found: list[Entry] = []
    for number, section in enumerate(sections):
        if section.title:
            identity = author_id(section.title)
            found.append(
                Entry(
                    len(found), number, None, section.title, section.line, section.scope, identity
                )
            )
        for block, scope in zip(section.blocks, section.scopes, strict=True):
            text = block.shown
            identity = _id_of(block)
            found.append(Entry(len(found), number, block, text, block.line, scope, identity))
    return found


def _id_of(block: Block) -> AuthorId | None:
    if block.kind is BlockKind.CODE:
        return None
    return row_id(block) if block.kind is BlockKind.ROW else author_id(block.shown)
