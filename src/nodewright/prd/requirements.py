"""The requirements of a document, in whatever form its author wrote them.

An author's own ids decide where there are any: functional ones before stories, stories before
epics. Without ids, the items, table rows, scenarios and headed paragraphs of the functional
sections are the requirements; without functional sections those of the stories, then those of
any section that speaks about the product.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from nodewright.patterns.lexicon import word_set
from nodewright.prd.identifiers import AuthorId, Rank, author_id
from nodewright.prd.markdown import Block, BlockKind, plain
from nodewright.prd.models import Requirement, Scope
from nodewright.prd.outline import Section
from nodewright.prd.roles import role_of
from nodewright.prd.scopes import scope_of
from nodewright.prd.statements import row_text

_MAX_TEXT = 500
_FUNCTIONAL_ROLES = ("functional", "criteria")
_TIERS = (
    _FUNCTIONAL_ROLES,
    ("stories",),
    ("unknown", "api", "actors", "data", "rules"),
    ("plan",),
    ("goals", "overview", "nonfunctional", "design", "dependencies", "architecture"),
)
# Where an id stands for something else than a requirement of the product.
_FOREIGN_ROLES = word_set(
    "risks success testing plan meta questions references market dependencies"
)


@dataclass(slots=True)
class Entry:
    """A heading or block in the order of the document; ``block`` is None for a heading."""

    order: int
    section: int
    block: Block | None
    text: str
    line: int
    scope: Scope
    id: AuthorId | None = None

    @property
    def kind(self) -> BlockKind:
        """The kind of the block."""
        return BlockKind.HEADING if self.block is None else self.block.kind


@dataclass(slots=True)
class _Seed:
    entry: Entry
    text: str
    code: str | None = None
    functional: bool = True
    priority: str | None = None
    status: str | None = None
    members: list[Entry] = field(default_factory=list)


def entries_of(sections: Sequence[Section]) -> list[Entry]:
    """Headings and blocks of all sections in order."""
    found: list[Entry] = []
    for number, section in enumerate(sections):
        if section.title:
            identity = author_id(section.title)
            found.append(
                Entry(
                    len(found), number, None, section.title, section.line, section.scope, identity
                )
            )
        for block, scope in zip(section.blocks, section.scopes, strict=True):
            text = block.shown
            identity = None if block.kind is BlockKind.CODE else author_id(text)
            found.append(Entry(len(found), number, block, text, block.line, scope, identity))
    return found


def find_requirements(
    sections: Sequence[Section], entries: Sequence[Entry]
) -> tuple[Requirement, ...]:
    """All requirements, functional and not, of every scope, in order."""
    seeds = _seeds_by_id(entries, sections) or _seeds_by_form(entries, sections)
    taken = {seed.entry.order for seed in seeds}
    seeds += [seed for seed in _quality_seeds(entries, sections) if seed.entry.order not in taken]
    seeds += [seed for seed in _outside_seeds(entries, sections) if seed.entry.order not in taken]
    seeds.sort(key=lambda seed: seed.entry.order)
    _assign_members(seeds, entries, sections)
    return tuple(_requirements(seeds, sections))


def _seeds_by_id(entries: Iterable[Entry], sections: Sequence[Section]) -> list[_Seed]:
    groups: dict[tuple[Rank, str], dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        if entry.id is None or entry.id.rank >= Rank.OTHER:
            continue
        role = sections[entry.section].role
        bold = entry.block is not None and entry.block.text.lstrip().startswith(("**", "__", "`"))
        marked = entry.block is None or bold or entry.id.separated
        if not marked or role in _FOREIGN_ROLES:
            continue
        if role == "nonfunctional" and entry.id.rank is not Rank.REQUIREMENT:
            continue
        groups[entry.id.rank, entry.id.prefix].setdefault(entry.id.code, entry)
    for rank in (Rank.REQUIREMENT, Rank.STORY, Rank.EPIC):
        found = {
            code: entry
            for (group_rank, _), members in groups.items()
            if group_rank is rank
            for code, entry in members.items()
        }
        functional = {
            code: entry
            for code, entry in found.items()
            if sections[entry.section].role != "nonfunctional"
        }
        if len(functional) >= 2:
            return [_id_seed(entry) for entry in _leaves(functional)]
    return []


def _leaves(found: dict[str, Entry]) -> Iterator[Entry]:
    """Entries whose id is no other's stem: ``FR-1`` gives way to ``FR-1.1``."""
    stems = {code.rsplit(".", 1)[0] for code in found if "." in code}
    for code, entry in found.items():
        if code not in stems:
            yield entry


def _id_seed(entry: Entry) -> _Seed:
    identity = entry.id
    if identity is None:
        raise AssertionError("only entries with an id get here")
    block = entry.block
    if block is not None and block.kind is BlockKind.ROW:
        return _row_seed(entry, identity.code)
    return _Seed(entry, identity.rest.strip(" *:-–—|") or identity.code, identity.code)


def _seeds_by_form(entries: Sequence[Entry], sections: Sequence[Section]) -> list[_Seed]:
    for roles in _TIERS:
        chosen = [entry for entry in entries if sections[entry.section].role in roles]
        seeds = _form_seeds(chosen, sections)
        if seeds and (roles[0] != "functional" or _enough(seeds)):
            return seeds
    return []


def _enough(seeds: list[_Seed]) -> bool:
    return len(seeds) > 1 or len(seeds[0].text.split()) > 3


_SCENARIO = re.compile(
    r"^\s*(?:Scenario(?: Outline)?|Escenario|场景|시나리오)\s*[:：]\s*(.+)$", re.MULTILINE
)
_MODAL = re.compile(
    r"\b(?:shall|must|should|will|needs? to|can|allows?|supports?|provides?|enables?|as an? )\b"
    r"|해야|합니다|한다|必须|应|支持|提供|可以|能够|debe|deber[áa]|permit|podr[áa]",
    re.IGNORECASE,
)


def _form_seeds(chosen: list[Entry], sections: Sequence[Section]) -> list[_Seed]:
    seeds: list[_Seed] = []
    listed = {
        entry.section
        for entry in chosen
        if entry.kind in {BlockKind.ITEM, BlockKind.ROW} and not _is_criterion(entry, sections)
    }
    for entry in chosen:
        block = entry.block
        if block is None or _is_criterion(entry, sections):
            continue
        if block.kind is BlockKind.ITEM and block.level == 1:
            seeds.append(_Seed(entry, entry.text))
        elif block.kind is BlockKind.ROW and not _is_header_row(entry):
            seeds.append(_row_seed(entry, None))
        elif block.kind is BlockKind.CODE:
            seeds += [
                _Seed(entry, found[1].strip(), None) for found in _SCENARIO.finditer(entry.text)
            ]
        elif block.kind is BlockKind.PARAGRAPH and block.level == 0:
            lead_in = entry.text.rstrip().endswith((":", "："))
            if (entry.section not in listed and _MODAL.search(entry.text) and not lead_in) or (
                _STORY.match(entry.text)
            ):
                seeds.append(_Seed(entry, entry.text))
    return seeds


_STORY = re.compile(r"\s*(?:as an? |como (?:un|una|usuario)?|作为)", re.IGNORECASE)


def _is_criterion(entry: Entry, sections: Sequence[Section]) -> bool:
    """Whether the entry is an acceptance criterion of something above it."""
    section = sections[entry.section]
    return section.role == "criteria" and sections[section.parent].role in {"functional", "stories"}


def _is_header_row(entry: Entry) -> bool:
    """Whether a pasted table's row is its header: only short names of columns."""
    block = entry.block
    if block is None or block.header:
        return False
    return all(_COLUMN_NAMES.fullmatch(cell) for cell in block.cells if cell)


_COLUMN_NAMES = re.compile(
    r"优先级|模块|功能描述|功能|描述|说明|名称|编号|类型|目标类型|用户类型|行为|示例场景|状态|备注|需求"
    r"|id|name|feature|description|priority|status|requirement|module|type|notes",
    re.IGNORECASE,
)
_TEXT_COLUMN = re.compile(
    r"requirement|description|feature|function|capability|behaviou?r|story|name|title|detail"
    r"|requisito|requerimiento|descripci|funcionalidad|功能|描述|需求|说明|요구사항|기능|설명|내용",
    re.IGNORECASE,
)
_PRIORITY_COLUMN = re.compile(r"priorit|moscow|优先级|우선순위|prioridad", re.IGNORECASE)
_STATUS_COLUMN = re.compile(r"status|state|estado|状态|상태", re.IGNORECASE)
_ID_COLUMN = re.compile(r"(?:id|#|no\.?|ref\.?|code|编号|번호)", re.IGNORECASE)


def _row_seed(entry: Entry, code: str | None) -> _Seed:
    block = entry.block
    if block is None:
        raise AssertionError("rows are blocks")
    texts: list[str] = []
    priority = status = None
    for number, cell in enumerate(block.cells):
        column = plain(block.header[number]) if number < len(block.header) else ""
        shown = plain(cell)
        if not shown or shown == code or _ID_COLUMN.fullmatch(column):
            continue
        if _PRIORITY_COLUMN.search(column):
            priority = shown
        elif _STATUS_COLUMN.search(column):
            status = shown
        elif _TEXT_COLUMN.search(column):
            texts.append(shown)
    text = ": ".join(texts[:2]) or plain(row_text(block))
    if code is not None and text.startswith(code):
        text = text[len(code) :].strip(" |:.-")
    return _Seed(entry, text, code, priority=priority, status=status)


def _quality_seeds(entries: Iterable[Entry], sections: Sequence[Section]) -> Iterator[_Seed]:
    """Non-functional requirements: with ids of their own, or items of such sections."""
    entries = list(entries)
    with_id = {
        entry.id.code: entry
        for entry in reversed(entries)
        if entry.id is not None
        and entry.id.rank is Rank.NONFUNCTIONAL
        and sections[entry.section].role not in _FOREIGN_ROLES
    }
    if with_id:
        for entry in with_id.values():
            seed = _id_seed(entry)
            seed.functional = False
            yield seed
        return
    for entry in entries:
        block = entry.block
        if block is None or sections[entry.section].role not in {
            "nonfunctional",
            "observability",
            "rules",
        }:
            continue
        if block.kind is BlockKind.ITEM and block.level == 1:
            yield _Seed(entry, entry.text, functional=False)
        elif block.kind is BlockKind.ROW:
            yield _Seed(entry, plain(row_text(block)), functional=False)


def _outside_seeds(entries: Iterable[Entry], sections: Sequence[Section]) -> Iterator[_Seed]:
    """What the document excludes or defers: the items of such sections."""
    for entry in entries:
        block = entry.block
        if block is not None and sections[entry.section].scope is not Scope.RELEASE:
            if block.kind is BlockKind.ITEM and block.level == 1:
                yield _Seed(entry, entry.text)
            elif block.kind is BlockKind.ROW:
                yield _Seed(entry, plain(row_text(block)))


def _assign_members(
    seeds: list[_Seed], entries: Sequence[Entry], sections: Sequence[Section]
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


def _priority(seed: _Seed, sections: Sequence[Section]) -> str | None:
    if seed.priority:
        return seed.priority
    found = _PRIORITY.search(seed.text[:_MAX_TEXT])
    if found is None:
        head = (member.text[:80] for member in seed.members[:4])
        found = next((hit for text in head if (hit := _PRIORITY.search(text))), None)
    if found is not None:
        return found[1] or found[2]
    section: Section | None = sections[seed.entry.section]
    while section is not None:
        tier = _TIER.search(section.title)
        if tier:
            return tier[1] or tier[2]
        section = sections[section.parent] if section.parent >= 0 else None
    return None


def _requirements(seeds: Iterable[_Seed], sections: Sequence[Section]) -> Iterator[Requirement]:
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
            line=seed.entry.line,
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


def _details(seed: _Seed, sections: Sequence[Section]) -> tuple[_Points, _Points]:
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
