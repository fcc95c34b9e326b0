"""Headings, paragraphs, list items, table rows and code: what a document is made of."""

from dataclasses import dataclass
from enum import StrEnum

from nodewright.language.markup import plain


class BlockKind(StrEnum):
    """What a block is in the document."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(slots=True)
class Block:
    """A heading, paragraph, list item, table row or code block.

    ``level`` is the heading's level or the item's depth (1 at the top, 0 outside lists).
    ``marker`` is the item's bullet or number, ``checked`` the state of its check box, ``cells``
    and ``header`` a table row's cells and its column names, ``language`` a code block's.
    """

    kind: BlockKind
    text: str
    line: int
    level: int = 0
    marker: str = ""
    checked: bool | None = None
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    language: str = ""
    quoted: bool = False
    _shown: str | None = None

    @property
    def shown(self) -> str:
        """The text without Markdown's marks; that of code as it is."""
        if self._shown is None:
            self._shown = self.text if self.kind is BlockKind.CODE else plain(self.text)
        return self._shown
