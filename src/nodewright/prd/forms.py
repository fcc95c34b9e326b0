"""Requirements without ids: items, rows, scenarios and paragraphs of the sections that ask.

Functional sections come first; without them those of the stories, then those of any section that
speaks about the product.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from nodewright.language.identifiers import Rank
from nodewright.language.lexicon import Lexicon, stems, word_set
from nodewright.language.modals import demands
from nodewright.language.scripts import EAST_ASIAN
from nodewright.language.verbs import NO_VERB, operation_of, verb_of
from nodewright.language.vocabulary import load_data
from nodewright.prd import gherkin
from nodewright.prd.blocks import BlockKind
from nodewright.prd.columns import is_head, read_row
from nodewright.prd.contexts import is_metadata
from nodewright.prd.entries import Entry
from nodewright.prd.models import Scope
from nodewright.prd.outline import Section
from nodewright.prd.roles import role_of
from nodewright.prd.sentences import sentences_in

_TIERS = (
    ("functional",),
    ("stories",),
    ("unknown", "api", "rules"),
    ("criteria",),
    ("actors", "data", "plan"),
    ("goals", "overview", "nonfunctional", "design", "dependencies", "architecture"),
)
# Where an id stands for something else than a requirement of the product.
FOREIGN_ROLES = word_set("risks success testing plan meta questions references market")
_FEW = 4
_MANY_MORE = 3


@dataclass(slots=True)
class Seed:
    """The entry that a requirement is made of, and what its author says beside its text.

    ``members`` are the entries below it that belong to it, ``repeats`` other entries with its id.
    ``line`` is where it stands within a longer entry, 0 where it is the whole of it.
    """

    entry: Entry
    text: str
    code: str | None = None
    functional: bool = True
    priority: str | None = None
    status: str | None = None
    scope: Scope = Scope.RELEASE
    members: list[Entry] = field(default_factory=list)
    repeats: list[Entry] = field(default_factory=list)
    line: int = 0


def row_seed(entry: Entry, code: str | None) -> Seed:
    """The seed of a table's row."""
    block = entry.block
    if block is None:
        raise AssertionError("rows are blocks")
    row = read_row(block, code)
    return Seed(entry, row.text, code, priority=row.priority, status=row.status, scope=row.scope)


def seeds_by_form(entries: Sequence[Entry], sections: Sequence[Section]) -> list[Seed]:
    """The requirements of the first kinds of sections that have enough of them."""
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
            kept = [seed for seed in few if seed.entry.order not in known]
            return _with_codes(sorted([*seeds, *kept], key=lambda seed: seed.entry.order))
        few = few or seeds
    return _with_codes(few)


def _with_codes(seeds: list[Seed]) -> list[Seed]:
    """With the ids that stand before their texts, where these tell them apart."""
    found = [seed.entry.id for seed in seeds]
    counts = Counter(identity.code for identity in found if identity is not None)
    for seed, identity in zip(seeds, found, strict=True):
        if identity is None or seed.code or counts[identity.code] > 1 or seed.line:
            continue
        block = seed.entry.block
        if not identity.separated or identity.rank is Rank.NONFUNCTIONAL:
            continue
        row = block is not None and block.kind is BlockKind.ROW
        if row or seed.text == seed.entry.text:
            text = read_row(block, identity.code).text if block and row else identity.rest
            seed.text, seed.code = text.strip(" *:-–—|") or identity.code, identity.code
    return seeds


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
        if block is None or _is_criterion(entry, sections):
            continue
        if entry.section <= 1 and is_metadata(entry.text):
            continue
        scenarios = list(_scenarios(entry))
        if scenarios and block.kind in {BlockKind.CODE, BlockKind.PARAGRAPH}:
            seeds += scenarios
        elif block.kind is BlockKind.ITEM and block.level == 1 and not _is_value(block.text):
            seeds.append(Seed(entry, entry.text))
        elif block.kind is BlockKind.ROW and not is_head(block):
            seeds.append(row_seed(entry, None))
        elif block.kind is BlockKind.PARAGRAPH and block.level == 0:
            alone = entry.section not in listed and not (listed and entry.section <= 1)
            leaf = entry.section not in parents
            if _is_story(entry.text) or (alone and _asks(entry, sections, leaf=leaf)):
                seeds.append(Seed(entry, entry.text))
    return _one_a_sentence(seeds)


_LITTLE_PROSE = 6
_MIN_WORDS = 5


def _one_a_sentence(seeds: list[Seed]) -> list[Seed]:
    """A little prose, and nothing else, asks sentence by sentence."""
    if len(seeds) >= _LITTLE_PROSE:
        return seeds
    if any(seed.entry.kind is not BlockKind.PARAGRAPH or seed.line for seed in seeds):
        return seeds
    return [
        Seed(seed.entry, text) for seed in seeds for text in sentences_in(seed.text, _MIN_WORDS)
    ]


def _scenarios(entry: Entry) -> Iterator[Seed]:
    """The Gherkin scenarios of a block of code or a paragraph, each with its own line."""
    start = entry.line + (entry.kind is BlockKind.CODE)
    for number, text in enumerate(entry.text.split("\n"), start):
        line = gherkin.line_of(text)
        if line is not None and line.kind == "scenario" and line.rest:
            yield Seed(entry, line.rest, line=number)


_VALUE = re.compile(r"\s*`[^`\n]{1,60}`[.,;]?\s*")


def _is_value(text: str) -> bool:
    """Whether an item is nothing but a name in backticks: one of the values of something."""
    return _VALUE.fullmatch(text) is not None


_MIN_CHARACTERS = 8
_WORD = re.compile(r"[^\W\d_]+")
_OPENING = 25
_DRAWN = re.compile(r"\s*[\u2500-\u257f]")
_TELLING_ROLES = word_set("overview background goals")


@cache
def _asking() -> tuple[Lexicon, tuple[str, ...]]:
    """Words that ask: as stems, and as parts of words in East Asian scripts."""
    words: list[str] = load_data("forms")["asking"]
    asian = tuple(word for word in words if EAST_ASIAN.match(word))
    return Lexicon((word, True) for word in words if word not in asian), asian


def _asks(entry: Entry, sections: Sequence[Section], *, leaf: bool) -> bool:
    """Whether a paragraph that no list follows says what the product does."""
    text = entry.text.strip()
    if text.endswith((":", "：")) or _DRAWN.match(text):
        return False
    lexicon, asian = _asking()
    if demands(text) or lexicon.find(stems(text)) or any(word in text for word in asian):
        return True
    long = len(text.split()) >= _MIN_WORDS or len(EAST_ASIAN.findall(text)) >= _MIN_CHARACTERS
    section = sections[entry.section]
    if not leaf or not long or role_of(section.title) in _TELLING_ROLES:
        return False
    told = (verb_of(word.lower()) for word in _WORD.findall(text)[:_OPENING])
    return section.role == "functional" or any(told) or operation_of(text).verb != NO_VERB


def _is_story(text: str) -> bool:
    low = text.lstrip()[:20].lower()
    stories: list[str] = load_data("forms")["stories"]
    return any(
        low.startswith(word)
        and (not word.isascii() or not low[len(word) : len(word) + 1].isalpha())
        for word in stories
    )


def _is_criterion(entry: Entry, sections: Sequence[Section]) -> bool:
    """Whether the entry is an acceptance criterion of something above it."""
    section = sections[entry.section]
    return section.role == "criteria" and sections[section.parent].role in {"functional", "stories"}
