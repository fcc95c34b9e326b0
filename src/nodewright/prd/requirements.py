"""The requirements of a document with their priorities, details and acceptance criteria."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from nodewright.prd.blocks import BlockKind
from nodewright.prd.entries import Entry
from nodewright.prd.models import Requirement
from nodewright.prd.outline import Section
from nodewright.prd.roles import role_of
from nodewright.prd.scopes import scope_of
from nodewright.prd.seeds import Seed, find_seeds

_MAX_TEXT = 500


def find_requirements(
    sections: Sequence[Section], entries: Sequence[Entry]
) -> tuple[Requirement, ...]:
    """All requirements, functional and not, of every scope, in order."""
    seeds = find_seeds(entries, sections)
    _assign_members(seeds, entries, sections)
    return tuple(_requirements(seeds, sections))


def _assign_members(
    seeds: list[Seed], entries: Sequence[Entry], sections: Sequence[Section]
) -> None:
    """Give each seed the entries up to the next seed that belong to it."""
    ends = [seed.entry.order for seed in seeds[1:]] + [len(entries)]
    for seed, end in zip(seeds, ends, strict=False):
        start = seed.entry
        own_level = sections[start.section].level
        for entry in entries[start.order + 1 : end]:
            section = sections[entry.section]
            if start.block is None:
                if entry.section != start.section and section.level <= own_level:
                    break
            elif entry.block is None:
                bold_part = section.level > sections[start.section].level
                if not (bold_part and start.kind is BlockKind.PARAGRAPH):
                    break
            elif start.kind is BlockKind.ROW or (
                start.kind is BlockKind.ITEM
                and entry.section == start.section
                and entry.block.level < max(1, start.block.level)
            ):
                break
            seed.members.append(entry)


_PRIORITY = re.compile(
    r"\(?\bpriority\s*[:：]?\s*(P?\d|high|medium|low|must|should|could|critical)\b\)?"
    r"|[\[(](P[0-4]|must|should|could|high|medium|low|critical)[\])]",
    re.IGNORECASE,
)
_TIER = re.compile(r"\b(P[0-4])\b|\b(must|should|could|won't)[ -]have", re.IGNORECASE)
_CRITERION = re.compile(
    r"\s*(?:\*\*)?(?:given|when|then|if|while|where|scenario|dado|cuando|entonces)\b", re.IGNORECASE
)


_LEADING_TIER = re.compile(r"[\[(]?(P[0-4])[\])]?(?:\s*[:–—-]\s*|\s+)(?=\S)")


def _priority_in(text: str) -> re.Match[str] | None:
    if "[" not in text and "(" not in text and "riority" not in text:
        return None
    return _PRIORITY.search(text)


@lru_cache(maxsize=1024)
def _tier_of(title: str) -> str | None:
    found = _TIER.search(title)
    return (found[1] or found[2]) if found else None


def _priority(seed: Seed, sections: Sequence[Section]) -> str | None:
    if seed.priority:
        return seed.priority
    heads = (seed.text[:_MAX_TEXT], *(member.text[:80] for member in seed.members[:4]))
    found = next((hit for text in heads if (hit := _priority_in(text))), None)
    if found is not None:
        return found[1] or found[2]
    section: Section | None = sections[seed.entry.section]
    while section is not None:
        tier = _tier_of(section.title)
        if tier:
            return tier
        section = sections[section.parent] if section.parent >= 0 else None
    return None


def _requirements(seeds: Iterable[Seed], sections: Sequence[Section]) -> Iterator[Requirement]:
    used: set[str] = {seed.code for seed in seeds if seed.code}
    given: set[str] = set()
    number = 0
    for seed in seeds:
        text = " ".join(seed.text.split())[:_MAX_TEXT]
        tier = _LEADING_TIER.match(text)
        if tier:
            text, seed.priority = text[tier.end() :], seed.priority or tier[1]
        if not text:
            continue
        number += 1
        code = seed.code
        if code is None or code in given:
            while f"R-{number}" in used:
                number += 1
            code = f"R-{number}"
        given.add(code)
        used.add(code)
        details, criteria = _details(seed, sections)
        checked = seed.entry.block.checked if seed.entry.block is not None else None
        yield Requirement(
            id=code,
            text=text,
            section=sections[seed.entry.section].path,
            line=seed.line or seed.entry.line,
            functional=seed.functional,
            scope=scope_of(text, seed.entry.scope),
            priority=_priority(seed, sections),
            status=seed.status or ("done" if checked else None),
            details=details,
            acceptance_criteria=criteria,
        )


def _is_label(text: str) -> bool:
    """Whether a line only announces what follows: ``Acceptance criteria:``."""
    return text.endswith((":", "：")) and len(text) < 60 and role_of(text) is not None


_Points = tuple[tuple[int, str], ...]


def _details(seed: Seed, sections: Sequence[Section]) -> tuple[_Points, _Points]:
    details: list[tuple[int, str]] = []
    criteria: list[tuple[int, str]] = []
    announced = -1
    for member in seed.members:
        if member.block is None:
            continue
        if _is_label(member.text) and role_of(member.text) == "criteria":
            announced = member.section
        is_criterion = sections[member.section].role == "criteria" or announced == member.section
        if member.kind is BlockKind.CODE:
            lines = [
                (member.line + 1 + n, line.strip())
                for n, line in enumerate(member.text.split("\n"))
            ]
        else:
            lines = [(member.line, " ".join(member.text.split()))]
        for line, text in lines:
            if text and not _is_label(text):
                chosen = criteria if is_criterion or _CRITERION.match(text) else details
                chosen.append((line, text[:_MAX_TEXT]))
    return tuple(details), tuple(criteria)
