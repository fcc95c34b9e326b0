"""The requirements of a document with their priorities, details and acceptance criteria."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from nodewright.prd import gherkin
from nodewright.prd.blocks import BlockKind
from nodewright.prd.entries import Entry
from nodewright.prd.forms import Seed
from nodewright.prd.models import Requirement, Scope
from nodewright.prd.outline import Section
from nodewright.prd.roles import role_of
from nodewright.prd.scopes import mark_scope, marked_scope, scope_of
from nodewright.prd.seeds import find_seeds

_MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a document asks for.

    ``items`` are in order, functional and not, of every scope. ``taken_up`` maps a line -> the id
    of the requirement that is said again there. ``warnings`` name the ids that were given twice.
    """

    items: tuple[Requirement, ...]
    taken_up: dict[int, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def find_requirements(sections: Sequence[Section], entries: Sequence[Entry]) -> Requirements:
    """All requirements; of two with one id, the later one gets a suffix."""
    seeds = find_seeds(entries, sections)
    _assign_members(seeds, entries, sections)
    warnings: list[str] = []
    taken_up: dict[int, str] = {}
    items: list[Requirement] = []
    for seed, code, text in _named(seeds, warnings):
        items.append(_requirement(seed, code, text, sections))
        taken_up |= {entry.line: code for entry in seed.repeats}
    return Requirements(tuple(items), taken_up, tuple(warnings))


def _assign_members(
    seeds: list[Seed], entries: Sequence[Entry], sections: Sequence[Section]
) -> None:
    """Give each seed the entries up to the next seed that belong to it, and to its repetitions."""
    starts = [(seed.entry, seed) for seed in seeds]
    starts += [(entry, seed) for seed in seeds for entry in seed.repeats]
    starts.sort(key=lambda pair: pair[0].order)
    ends = [entry.order for entry, _ in starts[1:]] + [len(entries)]
    for (start, seed), end in zip(starts, ends, strict=False):
        seed.members += _members(start, end, entries, sections)


def _members(
    start: Entry, end: int, entries: Sequence[Entry], sections: Sequence[Section]
) -> Iterator[Entry]:
    """The entries below ``start``, up to number ``end``, that belong to it."""
    own = sections[start.section]
    for number in range(start.order + 1, end):
        entry = entries[number]
        section = sections[entry.section]
        if start.block is None:
            if entry.section != start.section and section.level <= own.level:
                return
        elif entry.block is None:
            bold_part = section.level > own.level
            if not (bold_part and start.kind is BlockKind.PARAGRAPH):
                return
        elif start.kind is BlockKind.ROW or (
            start.kind is BlockKind.ITEM
            and entry.section == start.section
            and entry.block.level < max(1, start.block.level)
        ):
            return
        yield entry


_LEVELS = r"P?\d|high|medium|low|must|should|could|critical"
_PRIORITY = re.compile(rf"\(?\bpriority\s*[:：]?\s*(?P<level>{_LEVELS})\b\)?", re.IGNORECASE)
_PRIORITY_MARK = re.compile(
    r"[\[(](?P<level>P[0-4]|must|should|could|high|medium|low|critical)[\])]", re.IGNORECASE
)
_TIER = re.compile(
    r"\b(?:(?P<tier>P[0-4])\b|(?P<wish>must|should|could|won't)[ -]have)", re.IGNORECASE
)
_LEADING_TIER = re.compile(r"[\[(]?(?P<tier>P[0-4])[\])]?(?:\s*[:–—-]\s*|\s+)(?=\S)")


def _priority_in(text: str) -> str | None:
    if "[" not in text and "(" not in text and "riority" not in text:
        return None
    found = _PRIORITY.search(text) or _PRIORITY_MARK.search(text)
    return found["level"] if found else None


@lru_cache(maxsize=1024)
def _tier_of(title: str) -> str | None:
    found = _TIER.search(title.replace("’", "'"))
    return (found["tier"] or found["wish"]) if found else None


def _priority(seed: Seed, sections: Sequence[Section]) -> str | None:
    if seed.priority:
        return seed.priority
    heads = (seed.text[:_MAX_TEXT], *(member.text[:80] for member in seed.members[:4]))
    found = next((level for text in heads if (level := _priority_in(text))), None)
    if found is not None:
        return found
    section: Section | None = sections[seed.entry.section]
    while section is not None:
        tier = _tier_of(section.title)
        if tier:
            return tier
        section = sections[section.parent] if section.parent >= 0 else None
    return None


def _named(seeds: Iterable[Seed], warnings: list[str]) -> Iterator[tuple[Seed, str, str]]:
    """Seeds with their ids, the author's own or a number, and their texts."""
    seeds = list(seeds)
    used = {seed.code for seed in seeds if seed.code}
    given: set[str] = set()
    copies: Counter[str] = Counter(used)
    number = 0
    for seed in seeds:
        text = " ".join(seed.text.split())[:_MAX_TEXT]
        tier = _LEADING_TIER.match(text)
        if tier:
            text, seed.priority = text[tier.end() :], seed.priority or tier["tier"]
        if not text:
            continue
        number += 1
        code = seed.code
        if code is None:
            while f"R-{number}" in used:
                number += 1
            code = f"R-{number}"
        elif code in given:
            copies[code] += 1
            while f"{code}-{copies[code]}" in used:
                copies[code] += 1
            code = f"{code}-{copies[code]}"
            warnings.append(
                f"line {seed.line or seed.entry.line}: the id {seed.code} is given twice; "
                f"this one is read as {code}"
            )
        given.add(code)
        used.add(code)
        yield seed, code, text


def _requirement(seed: Seed, code: str, text: str, sections: Sequence[Section]) -> Requirement:
    details, criteria = _details(seed, sections)
    block = seed.entry.block
    return Requirement(
        id=code,
        text=text,
        section=sections[seed.entry.section].path,
        line=seed.line or seed.entry.line,
        functional=seed.functional,
        scope=_scope(seed, text),
        priority=_priority(seed, sections),
        status=seed.status or ("done" if block is not None and block.checked else None),
        details=details,
        acceptance_criteria=criteria,
    )


_STATUS_LINE = re.compile(
    r"\s*(?:status|state|estado|statut)\s*[:：]\s*(?P<mark>.{2,40})", re.IGNORECASE
)


def _scope(seed: Seed, text: str) -> Scope:
    """What the section, the row, the words and a line ``Status: withdrawn`` say, in this order."""
    for scope in (seed.entry.scope, seed.scope, marked_scope(seed.entry.text[:_MAX_TEXT])):
        if scope is not Scope.RELEASE:
            return scope
    for member in seed.members[:_FIRST_LINES]:
        found = _STATUS_LINE.match(member.text[:80])
        if found:
            return mark_scope(found["mark"])
    return scope_of(text)


_FIRST_LINES = 4


def _is_label(text: str) -> bool:
    """Whether a line only announces what follows: ``Acceptance criteria:``."""
    return text.endswith((":", "：")) and len(text) < 60 and role_of(text) is not None


_Points = tuple[tuple[int, str], ...]
_CONDITION = re.compile(r"\s*(?:if|while|where)\b", re.IGNORECASE)
_STEPS = frozenset({"given", "when", "then", "scenario"})


def _is_criterion(text: str) -> bool:
    """Whether a line is an acceptance criterion by its first word."""
    line = gherkin.line_of(text.replace("*", ""))
    return (line is not None and line.kind in _STEPS) or _CONDITION.match(text[:20]) is not None


def _details(seed: Seed, sections: Sequence[Section]) -> tuple[_Points, _Points]:
    details: list[tuple[int, str]] = []
    criteria: list[tuple[int, str]] = []
    announced = -1
    for member in seed.members:
        if member.block is None:
            continue
        if _is_label(member.text) and role_of(member.text) == "criteria":
            announced = member.section
        under = sections[member.section].role == "criteria" or announced == member.section
        for line, text in _lines(member):
            if text and not _is_label(text):
                chosen = criteria if under or _is_criterion(text) else details
                chosen.append((line, text[:_MAX_TEXT]))
    return tuple(details), tuple(criteria)


def _lines(member: Entry) -> list[tuple[int, str]]:
    if member.kind is not BlockKind.CODE:
        return [(member.line, " ".join(member.text.split()))]
    return [
        (number, line.strip())
        for number, line in enumerate(member.text.split("\n"), member.line + 1)
    ]
