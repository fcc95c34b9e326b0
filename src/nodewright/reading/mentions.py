"""Where a sentence speaks of fields and entities that are known."""

import re
from collections import defaultdict
from dataclasses import dataclass

from nodewright.language.nouns import singular
from nodewright.reading.draft import Draft

_WORD = re.compile(r"[A-Za-z][a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True, slots=True)
class Mention:
    """A field at the words ``start`` to ``end`` (exclusive), ``begin`` to ``finish`` in letters."""

    entity: str
    field: str
    begin: int
    finish: int


class Mentions:
    """Finds the known fields in sentences; made anew when entities have changed."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._fields: dict[str, list[tuple[tuple[str, ...], str, str]]] = defaultdict(list)
        for entity in draft.entities.values():
            for field in entity.fields:
                parts = tuple(singular(part) for part in field.name.split("_") if part)
                if parts:
                    self._fields[parts[0]].append((parts, entity.name, field.name))

    def entities(self, sentence: str) -> list[tuple[int, str]]:
        """Known entities that ``sentence`` names, with the letter that each begins at."""
        spoken = _spoken(sentence)
        found: list[tuple[int, str]] = []
        for name in self._draft.entities:
            own = tuple(singular(word.lower()) for word in _WORD.findall(name))
            found += [(begin, name) for begin, _ in _places(spoken, own)]
        return sorted(found)

    def fields(self, sentence: str, subject: str = "") -> list[Mention]:
        """Known fields that ``sentence`` names, one a place.

        Of several entities with a field of that name the one counts that the sentence names, then
        ``subject``; where neither says which, none does.
        """
        spoken = _spoken(sentence)
        named = [name for _, name in self.entities(sentence)]
        found: list[Mention] = []
        position = 0
        while position < len(spoken):
            best = self._best(spoken, position, named, subject)
            if best is None:
                position += 1
                continue
            size, entity, field = best
            found.append(
                Mention(entity, field, spoken[position][1], spoken[position + size - 1][2])
            )
            position += size
        return found

    def _best(
        self, spoken: list[tuple[str, int, int]], position: int, named: list[str], subject: str
    ) -> tuple[int, str, str] | None:
        """The longest field name at ``position``, with its entity."""
        fits = [
            (len(parts), entity, field)
            for parts, entity, field in self._fields.get(spoken[position][0], ())
            if tuple(word for word, _, _ in spoken[position : position + len(parts)]) == parts
        ]
        if not fits:
            return None
        longest = max(size for size, _, _ in fits)
        fits = [each for each in fits if each[0] == longest]
        for wanted in [*named, subject] if subject else named:
            chosen = next((each for each in fits if each[1] == wanted), None)
            if chosen is not None:
                return chosen
        stored = [each for each in fits if self._draft.entities[each[1]].stored]
        return fits[0] if len(fits) == 1 else stored[0] if len(stored) == 1 else None


def _spoken(sentence: str) -> list[tuple[str, int, int]]:
    text = sentence[:2000]
    return [
        (singular(found[0].lower()), found.start(), found.end()) for found in _WORD.finditer(text)
    ]


def _places(spoken: list[tuple[str, int, int]], own: tuple[str, ...]) -> list[tuple[int, int]]:
    size = len(own)
    return [
        (spoken[start][1], spoken[start + size - 1][2])
        for start in range(len(spoken) - size + 1)
        if tuple(word for word, _, _ in spoken[start : start + size]) == own
    ]
