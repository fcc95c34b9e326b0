"""Ids that authors give to requirements, such as ``FR-3``, ``REQ-AUTH-01`` and ``Story 1.2``."""

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from unicodedata import category

from nodewright.language.vocabulary import load_data


class Rank(IntEnum):
    """How directly an id's prefix says "functional requirement"; lower is more directly."""

    REQUIREMENT = 0
    STORY = 1
    EPIC = 2
    OTHER = 3
    NONFUNCTIONAL = 4


@dataclass(frozen=True, slots=True)
class AuthorId:
    """An id with its prefix, its number and the text that follows it.

    ``code`` is the whole token with plain hyphens. ``separated`` tells whether a colon, a dash or
    the like stands between the id and the text.
    """

    code: str
    prefix: str
    number: str
    rank: Rank
    rest: str
    separated: bool


_HEAD = 120
_DIGIT = re.compile(r"\d")
_OTHER_HYPHEN = re.compile(r"[\u2010\u2011]|(?<=[A-Z])[\u2012-\u2015\u2212](?=\d)")
_ORDINAL = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,4}[.)]?\s+(?=\S)")
_TOKEN = re.compile(r"[A-Z][A-Z0-9]{0,31}(?:[-_.][A-Za-z0-9]{1,32}){0,6}")
_SPACED = re.compile(
    r"(?P<prefix>[A-Z]{1,24}) (?P<number>\d{1,6}(?:\.\d{1,3}){0,3}[a-z]?)(?![\w-])"
)
_NUMBER = re.compile(r"\s*(?P<number>[A-Z]?\d{1,6}(?:\.\d{1,3}){0,3})(?![\w-])")
_SEGMENT = re.compile(r"(?P<letters>[A-Z]{0,12}[0-9]{0,6}?[A-Z]{0,12})(?P<digits>\d{1,7})[a-zA-Z]?")
_LAST_LETTER = re.compile(r"[A-Za-z]")
_BOUNDARY = re.compile(r"[\s\])）】|:：.–—-]|\Z")
_CLOSING = re.compile(r"[\])）】]?")
_GAP = re.compile(r"\s*[:：.|)–—-]*\s*")
_LABEL_END = re.compile(r"\s*(?:id\s*)?[:：#]?\s*", re.IGNORECASE)
_OPENING = "[(（【<\"'"
_JOINERS = "\ufe0f\u200d\u20e3"


@cache
def _ranks() -> dict[str, Rank]:
    prefixes: dict[str, list[str]] = load_data("ids")["prefixes"]
    return {prefix: Rank[name.upper()] for name, known in prefixes.items() for prefix in known}


@cache
def _labels() -> dict[str, list[tuple[str, Rank]]]:
    """Labels with their ranks by their first letters, the longest first."""
    labels: dict[str, list[str]] = load_data("ids")["labels"]
    pairs = [(label, Rank[name.upper()]) for name, known in labels.items() for label in known]
    found: dict[str, list[tuple[str, Rank]]] = {}
    for label, rank in sorted(pairs, key=lambda pair: -len(pair[0])):
        found.setdefault(label[0], []).append((label, rank))
    return found


def author_id(text: str) -> AuthorId | None:
    """The id that ``text`` (without emphasis) begins with, None where there is none.

    Check marks, ordinals (``8.1 FR-01``) and words such as "Requirement:" may stand before it.

    >>> author_id("FR-3: Sell a ticket").code
    'FR-3'
    >>> author_id("✅ 8.1 INT-DB-001 — Store the tickets").rest
    'Store the tickets'
    >>> author_id("Story 1.2 Refund a ticket").code
    'Story 1.2'
    >>> author_id("Sell 3 tickets") is None
    True
    """
    head = text[:_HEAD]
    if not _DIGIT.search(head):
        return None
    head = _OTHER_HYPHEN.sub("-", head)
    start = _skip_decoration(head, 0)
    starts = [start]
    ordinal = _ORDINAL.match(head, start)
    if ordinal:
        starts.append(_skip_decoration(head, ordinal.end()))
    for place in starts:
        found = _id_at(text, head, place)
        if found is not None:
            return found
    return None


def _skip_decoration(head: str, place: int) -> int:
    """The place after white space, symbols such as check marks, and opening brackets."""
    while place < len(head) and (
        head[place].isspace()
        or head[place] in _OPENING
        or head[place] in _JOINERS
        or category(head[place]) == "So"
    ):
        place += 1
    return place


def _id_at(text: str, head: str, place: int) -> AuthorId | None:
    low = head[place : place + 40].lower()
    for label, rank in _labels().get(low[:1], ()):
        if not low.startswith(label):
            continue
        after = place + len(label)
        end = _LABEL_END.match(head, after)
        found = _code_at(text, head, end.end() if end else after)
        found = found or _numbered(text, head, after, label, rank)
        if found is not None:
            return found
    return _code_at(text, head, place)


def _numbered(text: str, head: str, after: int, label: str, rank: Rank) -> AuthorId | None:
    """``Requirement 1: Apply``: a label with a number of its own."""
    number = _NUMBER.match(head, after)
    if number is None:
        return None
    gap = _GAP.match(head, number.end())
    end = gap.end() if gap else number.end()
    if end == number.end() and end < len(head):
        return None
    code = f"{head[after - len(label) : after].capitalize()} {number['number']}"
    separated = bool(head[number.end() : end].strip())
    return AuthorId(code, label, number["number"], rank, text[end:].strip(), separated)


def _code_at(text: str, head: str, place: int) -> AuthorId | None:
    """An id in capitals and digits at ``place``."""
    if place < len(head) and head[place] in _OPENING:
        place += 1
    spaced = _SPACED.match(head, place)
    if spaced and _BOUNDARY.match(head, spaced.end()):
        return _made(text, head, spaced.span(), spaced["prefix"], spaced["number"])
    token = _TOKEN.match(head, place)
    if token is None or not _DIGIT.search(token[0]):
        return None
    end = token.end()
    while end > place:
        parts = _parts(head[place:end])
        if parts is not None and _BOUNDARY.match(head, end):
            return _made(text, head, (place, end), *parts)
        cut = max(head.rfind(joiner, place, end) for joiner in "-_.")
        end = max(place, cut)
    return None


def _parts(code: str) -> tuple[str, str] | None:
    """Prefix and number of a token, None where it is no id: ``T-1.1.a`` gives ``T``, ``1.1.a``."""
    segments = re.split(r"[-_.]", code)
    numbers: list[str] = []
    while segments and (segments[-1].isdigit() or (numbers == [] and _is_letter_part(segments))):
        numbers.insert(0, segments.pop())
        if numbers[0].isdigit() and segments and not _joined_by_dot(code, segments):
            break
    if not segments:
        return None
    last = _SEGMENT.fullmatch(segments[-1])
    if not numbers or (_joined_by_dot(code, segments) and last is not None and last["letters"]):
        if last is None or len(segments[-1]) > 12 or segments[-1][-1:].isupper():
            return None
        numbers.insert(0, segments[-1][len(last["letters"]) :])
        segments[-1] = last["letters"]
    if any(segment != segment.upper() for segment in segments):
        return None
    prefix = "-".join(segment for segment in segments if segment)
    return (prefix, ".".join(numbers)) if prefix and prefix[0].isalpha() else None


def _is_letter_part(segments: list[str]) -> bool:
    """Whether the last of ``segments`` is a number's letter, as in ``1.1.a`` and ``1a``."""
    last = segments[-1]
    if re.fullmatch(r"\d{1,6}[A-Za-z]", last):
        return True
    counted = len(segments) > 1 and segments[-2][-1:].isdigit()
    return counted and _LAST_LETTER.fullmatch(last) is not None


def _joined_by_dot(code: str, segments: list[str]) -> bool:
    """Whether a dot follows the first ``segments`` of ``code``."""
    length = sum(map(len, segments)) + len(segments) - 1
    return code[length : length + 1] == "."


def _made(text: str, head: str, place: tuple[int, int], prefix: str, number: str) -> AuthorId:
    start, end = place
    closing = _CLOSING.match(head, end)
    inner = closing.end() if closing else end
    gap = _GAP.match(head, inner)
    after = gap.end() if gap else inner
    return AuthorId(
        code=head[start:end],
        prefix=prefix,
        number=number,
        rank=_rank(prefix),
        rest=text[after:].strip(),
        separated=bool(head[inner:after].strip()),
    )


def _rank(prefix: str) -> Rank:
    ranks = _ranks()
    segments = [segment.rstrip("0123456789") for segment in prefix.split("-")]
    if "NFR" in prefix or prefix.startswith("NF"):
        return Rank.NONFUNCTIONAL
    if len(segments) > 1 and ranks.get(segments[-1]) is Rank.STORY:
        return Rank.STORY
    rank = ranks.get(prefix, ranks.get(segments[0], Rank.REQUIREMENT))
    tiered = rank is Rank.OTHER and (len(segments) > 1 or prefix != segments[0])
    return Rank.REQUIREMENT if tiered else rank
