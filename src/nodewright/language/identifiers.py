"""Ids that authors give to requirements, such as ``FR-3``, ``REQ-AUTH-01`` and ``Story 1.2``."""

import re
from dataclasses import dataclass
from enum import IntEnum

_WORDS = (
    r"requirement|requisito|requerimiento|user story|story|feature|epic|use case"
    r"|historia de usuario"
    r"|historia|caso de uso|functional requirement|需求|用户故事|功能|用例|요구사항|기능"
)
_ID = re.compile(
    rf"(?:(?i:{_WORDS})\s*(?i:id)?\s*[:：#]\s*)?"
    r"[\[(]?(?P<code>(?P<prefix>[A-Z]{1,8}(?:[-_.][A-Z][A-Z0-9]{0,11}){0,3})[-_ .]?"
    r"(?P<number>\d{1,4}(?:\.\d{1,3}){0,3}[a-z]?))(?=[\s\])|:：.)–—-]|\Z)[\])]?"
    r"(?P<gap>\s*[:：.|)–—-]*\s*)",
)
_NAMED = re.compile(
    rf"(?P<prefix>{_WORDS})\s*(?P<number>[A-Z]?\d{{1,3}}(?:\.\d{{1,3}}){{0,2}})\s*"
    r"(?P<gap>(?:[:：.)|–—-]+\s*|\Z|(?=\s\S)\s*))",
    re.IGNORECASE,
)


_DIGIT = re.compile(r"\d")


class Rank(IntEnum):
    """How directly an id's prefix says "functional requirement"; lower is more directly."""

    REQUIREMENT = 0
    STORY = 1
    EPIC = 2
    OTHER = 3
    NONFUNCTIONAL = 4


_PREFIXES = {
    Rank.STORY: "US STORY UC USERSTORY HU HDU CU STORIES S",
    Rank.EPIC: "EPIC E EP",
    Rank.NONFUNCTIONAL: "NFR NF RNF NFREQ QR QA QAR PERF PER NREQ",
    Rank.OTHER: (
        "SC AC CA TC T TS TEST RISK RSK A AS ASM ASSUMPTION C CON CONSTRAINT CT D DEP OQ Q G GOAL "
        "OBJ O KPI M MS MILESTONE PHASE SPRINT WEEK STEP TASK ADR DEC BUG NG P V H L RFC ISO SHA "
        "UTF AES TLS HTTP OAUTH EC GPT ES HS RS IPV NIST DAY DAYS INV I X Y Z J PR MM SP PT K N W "
        "BG BO MVP"
    ),
}
_RANKS = {prefix: rank for rank, names in _PREFIXES.items() for prefix in names.split()}
_NAMED_RANKS = {
    "user story": Rank.STORY,
    "story": Rank.STORY,
    "historia de usuario": Rank.STORY,
    "historia": Rank.STORY,
    "用户故事": Rank.STORY,
    "use case": Rank.STORY,
    "caso de uso": Rank.STORY,
    "用例": Rank.STORY,
    "epic": Rank.EPIC,
}


@dataclass(frozen=True, slots=True)
class AuthorId:
    """An id with its prefix, number and the text that follows it."""

    code: str
    prefix: str
    number: str
    rank: Rank
    rest: str
    separated: bool


def author_id(text: str) -> AuthorId | None:
    """The id that ``text`` (without emphasis) begins with, None where there is none."""
    if not _DIGIT.search(text[:60]):
        return None
    found = _ID.match(text[:200])
    if found is not None:
        prefix = found["prefix"]
        rank = _RANKS.get(prefix, _RANKS.get(re.split(r"[-_.]", prefix)[0], Rank.REQUIREMENT))
        if "NFR" in prefix or prefix.startswith("NF"):
            rank = Rank.NONFUNCTIONAL
        if rank is Rank.OTHER and "-" in prefix:
            rank = Rank.REQUIREMENT
        return AuthorId(
            found["code"],
            prefix,
            found["number"],
            rank,
            text[found.end() :].strip(),
            bool(found["gap"].strip()),
        )
    found = _NAMED.match(text[:200])
    if found is None:
        return None
    prefix = found["prefix"].lower()
    return AuthorId(
        f"{found['prefix'].capitalize()} {found['number']}",
        prefix,
        found["number"],
        _NAMED_RANKS.get(prefix, Rank.REQUIREMENT),
        text[found.end() :].strip(),
        bool(found["gap"].strip()),
    )
