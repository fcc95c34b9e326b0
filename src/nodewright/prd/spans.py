"""Where words of a clause stand in the text of the document."""

from collections.abc import Sequence
from functools import cached_property

# Marks between two words of a clause are short, but a link's target may stand there.
_FARTHEST = 400


class Spans:
    """Finds clauses in ``text`` by their lines and words."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._cursor = 0

    @cached_property
    def _starts(self) -> list[int]:
        """The offset that each line begins at."""
        starts = [0]
        position = self._text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = self._text.find("\n", position + 1)
        return starts

    def find(self, words: Sequence[str], line: int) -> tuple[int, int]:
        """The offsets from the first to the last of ``words`` that begin on ``line``.

        Without a text the span is empty.
        """
        if not self._text or not 0 < line <= len(self._starts):
            return (0, 0)
        position = self._starts[line - 1]
        ends = self._starts[line] if line < len(self._starts) else len(self._text)
        if position < self._cursor < ends:
            # The second sentence of a line begins behind the first.
            position = self._cursor
        start = end = position
        found = False
        for word in words:
            place = self._text.find(word, position, position + len(word) + _FARTHEST)
            if place < 0:
                continue
            start = start if found else place
            found = True
            position = end = place + len(word)
        self._cursor = end
        return (start, end)
