"""Which entries of a document are its requirements, in whatever form its author wrote them.

An author's own ids decide where there are any: functional ones before stories, stories before
epics; then headings that say that they are requirements. Without either, the items, table rows,
scenarios and headed paragraphs of the functional sections are the requirements; without
functional sections those of the stories, then those of any section that speaks about the product.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from nodewright.language.identifiers import Rank
from nodewright.language.lexicon import word_set
from nodewright.language.markup import plain
from nodewright.language.verbs import NO_VERB, operation_of, verb_of
from nodewright.prd.entries import Entry
from nodewright.prd.markdown import BlockKind
from nodewright.prd.models import Scope
from nodewright.prd.outline import Section
from nodewright.prd.roles import role_of
from nodewright.prd.sentences import row_text, sentences_in

_TIERS = (
    ("functional",),
    ("stories",),
    ("unknown", "api", "rules"),
    ("criteria",),
    ("actors", "data", "plan"),
    ("goals", "overview", "nonfunctional", "design", "dependencies", "architecture"),
)
# Where an id stands for something else than a requirement of the product.
_FOREIGN_ROLES = word_set("risks success testing plan meta questions references market")
_FEW = 4
_MANY_MORE = 3


@dataclass(slots=True)
class Seed:
    """The entry that a requirement is made of, and what its author says beside its text.

    ``members`` are the entries below it that belong to it; ``line`` is where it stands within a
    longer entry, 0 where it is the whole of it.
    """

    entry: Entry
    text: str
    code: str | None = None
    functional: bool = True
    priority: str | None = None
    status: str | None = None
    members: list[Entry] = field(default_factory=list)
    line: int = 0


def find_seeds(entries: Sequence[Entry], sections: Sequence[Section]) -> list[Seed]:
    """All requirements in order: functional ones, then qualities and what is left out."""
    seeds = (
        _seeds_by_id(entries, sections)
        or _seeds_by_name(entries, sections)
        or _seeds_by_form(entries, sections)
    )
    taken = {seed.entry.order for seed in seeds}
    seeds += [seed for seed in _quality_seeds(entries, sections) if seed.entry.order not in taken]
    seeds += [seed for seed in _outside_seeds(entries, sections) if seed.entry.order not in taken]
    seeds.sort(key=lambda seed: seed.entry.order)
    return seeds


def _seeds_by_id(entries: Iterable[Entry], sections: Sequence[Section]) -> list[Seed]:
    groups: dict[tuple[Rank, str], dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        if entry.id is None or (entry.id.rank >= Rank.OTHER and not _is_function_row(entry)):
            continue
        role = sections[entry.section].role
        bold = entry.block is not None and entry.block.text.lstrip().startswith(("**", "__", "`"))
        marked = entry.block is None or bold or entry.id.separated
        if not marked or role in _FOREIGN_ROLES:
            continue
        rank = Rank.REQUIREMENT if entry.id.rank is Rank.OTHER else entry.id.rank
        key = rank, entry.id.prefix
        if role == "dependencies" and key not in groups:
            continue
        if role == "nonfunctional" and entry.id.rank is not Rank.REQUIREMENT:
            continue
        groups[key].setdefault(entry.id.code, entry)
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


_FUNCTION_COLUMN = re.compile(
    r"requirement|feature|function|requisito|requerimiento|funcionalidad|기능|요구사항|功能|需求",
    re.IGNORECASE,
)


def _is_function_row(entry: Entry) -> bool:
    """Whether a table of functions gives the id, which then stands for one whatever its letter."""
    block = entry.block
    if entry.id is None or entry.id.rank is not Rank.OTHER or block is None:
        return False
    return any(_FUNCTION_COLUMN.search(name) for name in block.header)


_NAMED = re.compile(
    r"(?P<word>requirement|feature|user story|story|use case|epic|requisito|historia de usuario"
    r"|需求|用户故事|功能|요구사항|기능)\s*[:：]\s*(?P<name>\S.*)",
    re.IGNORECASE,
)


def _seeds_by_name(entries: Iterable[Entry], sections: Sequence[Section]) -> list[Seed]:
    """Headings such as ``Requirement: Orders are confirmed``, all of the commonest such word."""
    groups: dict[str, list[Seed]] = defaultdict(list)
    for entry in entries:
        named = _NAMED.match(entry.text) if entry.block is None else None
        if named and sections[entry.section].role not in _FOREIGN_ROLES:
            groups[named["word"].lower()].append(Seed(entry, named["name"]))
    largest = max(groups.values(), key=len, default=[])
    return largest if len(largest) > 1 else []


def _leaves(found: dict[str, Entry]) -> Iterator[Entry]:
    """Entries whose id is no other's stem: ``FR-1`` gives way to ``FR-1.1``."""
    stems = {code.rsplit(".", 1)[0] for code in found if "." in code}
    for code, entry in found.items():
        if code not in stems:
            yield entry


def _id_seed(entry: Entry) -> Seed:
    identity = entry.id
    if identity is None:
        raise AssertionError("only entries with an id get here")
    block = entry.block
    if block is not None and block.kind is BlockKind.ROW:
        return _row_seed(entry, identity.code)
    return Seed(entry, identity.rest.strip(" *:-–—|") or identity.code, identity.code)


def _seeds_by_form(entries: Sequence[Entry], sections: Sequence[Section]) -> list[Seed]:
    few: list[Seed] = []
    for roles in _TIERS:
        chosen = [entry for entry in entries if sections[entry.section].role in roles]
        seeds = _form_seeds(chosen, sections)
        if roles[0] == "criteria":
            seeds = [*few, *seeds]
        if few and len(seeds) < _MANY_MORE * len(few):
            continue
        if len(seeds) >= _FEW or (seeds and roles[0] not in {"functional", "unknown"}):
            known = {seed.entry.order for seed in seeds}
            return sorted(
                [*seeds, *(seed for seed in few if seed.entry.order not in known)], key=_order
            )
        few = few or seeds
    return few


def _order(seed: Seed) -> int:
    return seed.entry.order


_SCENARIO = re.compile(
    r"^[ \t]*(?:Scenario(?: Outline)?|Escenario|场景|시나리오)[ \t]*[:：][ \t]*(\S.*)$",
    re.MULTILINE,
)
_MODAL = re.compile(
    r"\b(?:shall|must|should|will|needs? to|can|allows?|supports?|provides?|enables?|as an? )\b"
    r"|해야|합니다|한다|必须|应|支持|提供|可以|能够|debe|deber[áa]|permit|podr[áa]",
    re.IGNORECASE,
)


def _scenarios(entry: Entry) -> Iterator[Seed]:
    """The Gherkin scenarios of a block of code or a paragraph, each with its own line."""
    line = entry.line + (entry.kind is BlockKind.CODE)
    counted = 0
    for found in _SCENARIO.finditer(entry.text):
        line += entry.text.count("\n", counted, found.start(1))
        counted = found.start(1)
        yield Seed(entry, found[1].strip(), line=line)


# What heads of documents say of themselves: "Status: draft".
_METADATA = re.compile(
    r"(?:status|authors?|owners?|version|date|created|(?:last )?updated?|reviewers?|target|team"
    r"|stage|priority|stakeholders?|estado|autor(?:es)?|fecha|versi[oó]n|작성자|작성일|버전|상태"
    r"|版本|作者|日期|状态)\s*(?:[:：|]|$)",
    re.IGNORECASE,
)


def _form_seeds(chosen: list[Entry], sections: Sequence[Section]) -> list[Seed]:
    seeds: list[Seed] = []
    listed = {
        entry.section
        for entry in chosen
        if entry.kind in {BlockKind.ITEM, BlockKind.ROW} and not _is_criterion(entry, sections)
    }
    parents = {section.parent for section in sections}
    for entry in chosen:
        block = entry.block
        if block is None or _is_criterion(entry, sections) or _is_metadata(entry):
            continue
        scenarios = list(_scenarios(entry))
        if scenarios and block.kind in {BlockKind.CODE, BlockKind.PARAGRAPH}:
            seeds += scenarios
        elif block.kind is BlockKind.ITEM and block.level == 1 and not _is_value(block.text):
            seeds.append(Seed(entry, entry.text))
        elif block.kind is BlockKind.ROW and not _is_header_row(entry):
            seeds.append(_row_seed(entry, None))
        elif block.kind is BlockKind.PARAGRAPH and block.level == 0:
            alone = entry.section not in listed and not (listed and entry.section <= 1)
            if _STORY.match(entry.text) or (
                alone and _asks(entry, sections, leaf=entry.section not in parents)
            ):
                seeds.append(Seed(entry, entry.text))
    if len(seeds) < _LITTLE_PROSE and all(seed.entry.kind is BlockKind.PARAGRAPH for seed in seeds):
        return [
            Seed(seed.entry, text) for seed in seeds for text in sentences_in(seed.text, _MIN_WORDS)
        ]
    return seeds


def _is_value(text: str) -> bool:
    """Whether an item is nothing but a name in backticks: one of the values of something."""
    return _VALUE.fullmatch(text) is not None


_VALUE = re.compile(r"\s*`[^`\n]{1,60}`[.,;]?\s*")
_MIN_WORDS = 5
_LITTLE_PROSE = 6
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_MIN_CHARACTERS = 8
_WORD = re.compile(r"[^\W\d_]+")
_OPENING = 25
_DRAWN = re.compile(r"\s*[\u2500-\u257f]")
_TELLING_ROLES = word_set("overview background goals")


def _asks(entry: Entry, sections: Sequence[Section], *, leaf: bool) -> bool:
    """Whether a paragraph that no list follows says what the product does."""
    text = entry.text.strip()
    if text.endswith((":", "：")) or _DRAWN.match(text):
        return False
    if _MODAL.search(text):
        return True
    long = len(text.split()) >= _MIN_WORDS or len(_EAST_ASIAN.findall(text)) >= _MIN_CHARACTERS
    section = sections[entry.section]
    if not leaf or not long or role_of(section.title) in _TELLING_ROLES:
        return False
    told = (verb_of(word.lower()) for word in _WORD.findall(text)[:_OPENING])
    return section.role == "functional" or any(told) or operation_of(text).verb != NO_VERB


def _is_metadata(entry: Entry) -> bool:
    return entry.section <= 1 and _METADATA.match(entry.text) is not None


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
    r"requirement|description|feature|function|capability|behaviou?r|story(?! points?)|name|title"
    r"|detail|summary|i want|task"
    r"|requisito|requerimiento|descripci|funcionalidad|功能|描述|需求|说明|요구사항|기능|설명|내용",
    re.IGNORECASE,
)
_PRIORITY_COLUMN = re.compile(r"priorit|moscow|优先级|우선순위|prioridad", re.IGNORECASE)
_STATUS_COLUMN = re.compile(r"status|state|estado|状态|상태", re.IGNORECASE)
_ID_COLUMN = re.compile(r"(?:id|#|no\.?|ref\.?|code|编号|번호)", re.IGNORECASE)


def _row_seed(entry: Entry, code: str | None) -> Seed:
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
    return Seed(entry, text, code, priority=priority, status=status)


def _quality_seeds(entries: Iterable[Entry], sections: Sequence[Section]) -> Iterator[Seed]:
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
            yield Seed(entry, entry.text, functional=False)
        elif block.kind is BlockKind.ROW:
            yield Seed(entry, plain(row_text(block)), functional=False)


def _outside_seeds(entries: Iterable[Entry], sections: Sequence[Section]) -> Iterator[Seed]:
    """What the document excludes or defers: the items of such sections."""
    for entry in entries:
        block = entry.block
        if block is not None and sections[entry.section].scope is not Scope.RELEASE:
            if block.kind is BlockKind.ITEM and block.level == 1:
                yield Seed(entry, entry.text)
            elif block.kind is BlockKind.ROW:
                yield Seed(entry, plain(row_text(block)))
