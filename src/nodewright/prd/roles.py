"""Kinds of sections, told by the words of their headings."""

import re
from functools import cache, lru_cache

from nodewright.language.lexicon import Lexicon, stems, word_set
from nodewright.language.vocabulary import load_data

MAX_HEADING = 120
_COVERAGE = 0.5
_HEAD_COVERAGE = 0.3
_PHRASE_COVERAGE = 0.39
_SCOPE_COVERAGE = 0.3
_STOP = word_set(
    "the a an of and for to in on our this mandatory optional section v1 "
    "y de del la los 与 和 及 的 과 와"
)


@cache
def _roles() -> tuple[Lexicon, dict[str, int]]:
    data: dict[str, list[str]] = load_data("sections")
    lexicon = Lexicon((term, role) for role, terms in data.items() for term in terms)
    return lexicon, {role: rank for rank, role in enumerate(data)}


_PARENTHESIS = re.compile(r"[(（\[][^()（）\[\]]{0,120}[)）\]]")


@lru_cache(maxsize=4096)
def role_of(heading: str) -> str | None:
    """The kind of section that ``heading`` announces, None where it names a topic."""
    if len(heading) > MAX_HEADING:
        return None
    outside = _PARENTHESIS.sub(" ", heading)
    role = _role_of_words(outside)
    if role is None or role not in {"excluded", "future"}:
        inside = " ".join(part[1:-1] for part in _PARENTHESIS.findall(heading))
        hidden = _role_of_words(inside) if inside else None
        if hidden in {"excluded", "future"}:
            return hidden
    return role


def _role_of_words(text: str) -> str | None:
    lexicon, ranks = _roles()
    words = stems(text)
    covered: dict[str, set[int]] = {}
    phrases: set[str] = set()
    for hit in lexicon.find(words):
        covered.setdefault(hit.payload, set()).update(range(hit.start, hit.end))
        if hit.end - hit.start > 1:
            phrases.add(hit.payload)
    if not covered:
        return None
    counted = {
        position for position, word in enumerate(words) if word[0].isalpha() and word not in _STOP
    } or set(range(len(words)))
    shares = {role: len(spots & counted) / len(counted) for role, spots in covered.items()}
    for role in ("excluded", "future"):
        # Headings such as "Goals and non-goals" speak of both: their subsections decide.
        if shares.get(role, 0.0) > _SCOPE_COVERAGE and not shares.get("goals", 0.0):
            return role
    role = max(shares, key=lambda item: (shares[item], -ranks[item]))
    # "Risk management" is a topic; "Functional requirements for the shop" is a kind of section.
    if shares[role] > (_PHRASE_COVERAGE if role in phrases else _COVERAGE):
        return role
    # "Implemented requirements", "Goals of the team" too: their heads say what stands below.
    last = max(counted)
    first = len(words) > 1 and words[1] in _CONNECTORS and words[0] in _HEADS
    headed = first or (last in covered[role] and words[last] in _HEADS)
    return role if headed and shares[role] >= _HEAD_COVERAGE else None


_HEADS = frozenset(
    stems(
        "requirements features functionality goals objectives stories criteria "
        "questions risks requisitos requerimientos objetivos"
    )
)
_CONNECTORS = word_set("of for de del para")
