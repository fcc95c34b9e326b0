"""What a table's columns hold, told by their names, and what its rows say beside their text."""

from dataclasses import dataclass
from functools import cache, lru_cache

from nodewright.language.identifiers import AuthorId, author_id
from nodewright.language.markup import plain
from nodewright.language.vocabulary import load_data
from nodewright.prd.blocks import Block
from nodewright.prd.models import Scope
from nodewright.prd.scopes import is_struck, mark_scope

_LONGEST = 60


@cache
def _kinds() -> dict[str, dict[str, list[str]]]:
    data: dict[str, dict[str, list[str]]] = load_data("columns")
    return data


@lru_cache(maxsize=4096)
def holds(name: str, kind: str) -> bool:
    """Whether a column called ``name`` holds ``kind``, a key of ``columns.yaml``.

    >>> holds("Requirement ID", "id"), holds("MoSCoW", "priority"), holds("Story points", "text")
    (True, True, False)
    """
    rules = _kinds()[kind]
    low = " ".join(plain(name).lower().split())[:_LONGEST]
    if low in rules.get("whole", ()):
        return True
    if any(low.startswith(term) for term in rules.get("not", ())):
        return False
    return any(
        term in low if ord(term[0]) >= _ASIAN else f" {term}" in f" {low}"
        for term in rules.get("begins", ())
    )


_ASIAN = 0x1100


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says: the text of a requirement, and what stands beside it."""

    text: str
    priority: str | None = None
    status: str | None = None
    scope: Scope = Scope.RELEASE


def row_id(block: Block) -> AuthorId | None:
    """The id of a row: in its id column, else in its first cell, if that is none that groups."""
    for number, cell in enumerate(block.cells):
        name = block.header[number] if number < len(block.header) else ""
        if number and not holds(name, "id"):
            continue
        if number == 0 and holds(name, "group") and not holds(name, "id"):
            continue
        shown = plain(cell)
        found = author_id(f"{shown} | {_rest(block, number)}") if shown else None
        if found is not None:
            return found
    return None


def _rest(block: Block, number: int) -> str:
    return " | ".join(plain(cell) for cell in block.cells[number + 1 :] if cell)


def row_text(block: Block) -> str:
    """A table row without the columns that hold notes about it."""
    if not block.header:
        return block.text
    names = [*block.header, *[""] * len(block.cells)]
    return " | ".join(
        cell
        for cell, name in zip(block.cells, names, strict=False)
        if cell and not holds(name, "note")
    )


def read_row(block: Block, code: str | None) -> Row:
    """The texts of a row's columns; ``code`` is its id, which is no text."""
    texts: list[str] = []
    priority = status = None
    scope = Scope.EXCLUDED if any(is_struck(cell) for cell in block.cells) else Scope.RELEASE
    for number, cell in enumerate(block.cells):
        name = plain(block.header[number]) if number < len(block.header) else ""
        shown = plain(cell)
        if not shown or shown == code or holds(name, "id"):
            continue
        if holds(name, "priority"):
            priority = shown
        elif holds(name, "status"):
            status = shown
        elif holds(name, "text"):
            texts.append(shown)
        # A first column of states lists states of records, not of requirements.
        if scope is Scope.RELEASE and (
            holds(name, "priority") or (number and holds(name, "status"))
        ):
            scope = mark_scope(shown)
    text = ": ".join(texts[:2]) or plain(row_text(block))
    if code is not None and text.startswith(code):
        text = text[len(code) :].strip(" |:.-")
    return Row(text, priority, status, scope)


def is_head(block: Block) -> bool:
    """Whether a pasted table's row is its head: only short names of columns."""
    return not block.header and all(holds(cell, "header") for cell in block.cells if cell)
