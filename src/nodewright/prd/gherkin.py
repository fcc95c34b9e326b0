"""Gherkin: features, scenarios and their steps, in files, in fences and in lists."""

from dataclasses import dataclass
from functools import cache

from nodewright.language.vocabulary import load_data

LANGUAGES = frozenset({"gherkin", "feature", "cucumber"})
_HEADS = frozenset({"feature", "background", "scenario", "examples"})
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Line:
    """A line of Gherkin: its kind (a key of ``gherkin.yaml``) and what follows the keyword."""

    kind: str
    rest: str


@cache
def _keywords() -> dict[str, list[tuple[str, str]]]:
    """Keywords with their kinds by their first letters, the longest first."""
    data: dict[str, list[str]] = load_data("gherkin")
    pairs = [(word, kind) for kind, words in data.items() for word in words]
    found: dict[str, list[tuple[str, str]]] = {}
    for word, kind in sorted(pairs, key=lambda pair: -len(pair[0])):
        found.setdefault(word[0], []).append((word, kind))
    return found


def line_of(text: str) -> Line | None:
    """The line of Gherkin that ``text`` is, None for any other.

    >>> line_of("  Scenario: Sell a ticket")
    Line(kind='scenario', rest='Sell a ticket')
    >>> line_of("Given an open crossing").kind
    'given'
    >>> line_of("Givens are listed") is None
    True
    """
    shown = text.strip()
    low = shown[:_LONGEST].lower()
    for word, kind in _keywords().get(low[:1], ()):
        if not low.startswith(word):
            continue
        rest = shown[len(word) :]
        if kind in _HEADS:
            if rest.lstrip()[:1] in {":", "："}:
                return Line(kind, rest.lstrip()[1:].strip())
        elif rest[:1].isspace() or rest[:1] in {",", "，"} or not word.isascii():
            return Line(kind, rest.strip(" \t,，:："))
    return None


def is_gherkin(text: str) -> bool:
    """Whether a text has a scenario with steps."""
    kinds = [line.kind for line in map(line_of, text.split("\n")) if line is not None]
    return "scenario" in kinds and bool({"given", "when", "then"} & set(kinds))
