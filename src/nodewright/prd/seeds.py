"""Which entries of a document are its requirements, in whatever form its author wrote them.

An author's own ids decide where there are any: functional ones before stories, stories before
epics; then headings that say that they are requirements. Without either, the forms of the text
decide (``forms.py``).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from nodewright.language.identifiers import AuthorId, Rank
from nodewright.language.lexicon import stems, word_set
from nodewright.language.markup import plain
from nodewright.language.vocabulary import load_data
from nodewright.prd.blocks import BlockKind
from nodewright.prd.columns import holds, row_text
from nodewright.prd.entries import Entry
from nodewright.prd.forms import FOREIGN_ROLES, Seed, row_seed, seeds_by_form
from nodewright.prd.models import Scope
from nodewright.prd.outline import Section


def find_seeds(entries: Sequence[Entry], sections: Sequence[Section]) -> list[Seed]:
    """All requirements in order: functional ones, then qualities and what is left out."""
    seeds = (
        _seeds_by_id(entries, sections)
        or _seeds_by_name(entries, sections)
        or seeds_by_form(entries, sections)
    )
    taken = {seed.entry.order for seed in seeds}
    taken |= {entry.order for seed in seeds for entry in seed.repeats}
    seeds += [seed for seed in _quality_seeds(entries, sections) if seed.entry.order not in taken]
    taken |= {seed.entry.order for seed in seeds}
    seeds += [seed for seed in _outside_seeds(entries, sections) if seed.entry.order not in taken]
    seeds.sort(key=lambda seed: seed.entry.order)
    return seeds


_Groups = dict[tuple[Rank, str], list[tuple[AuthorId, Entry]]]


def _seeds_by_id(entries: Sequence[Entry], sections: Sequence[Section]) -> list[Seed]:
    groups = _groups(entries, sections)
    for rank in (Rank.REQUIREMENT, Rank.STORY, Rank.EPIC):
        found = [
            pair
            for (group_rank, _), pairs in groups.items()
            if group_rank is rank
            for pair in pairs
        ]
        found.sort(key=lambda pair: pair[1].order)
        functional = [pair for pair in found if sections[pair[1].section].role != "nonfunctional"]
        codes = {identity.code for identity, _ in functional}
        if len(codes) >= _FEWEST or any(_is_certain(*pair) for pair in functional):
            return list(_distinct(_leaves(functional)))
    return []


# Fewer ids may be names of things: "S3: the bucket".
_FEWEST = 2


def _is_certain(identity: AuthorId, entry: Entry) -> bool:
    """Whether a single id is one of a requirement without doubt."""
    strong: list[str] = load_data("ids")["strong"]
    named = identity.prefix in strong or identity.prefix.islower()
    return named and (identity.separated or entry.block is None)


def _groups(entries: Iterable[Entry], sections: Sequence[Section]) -> _Groups:
    """Entries with an id that may be one of a requirement, by rank and prefix."""
    groups: _Groups = defaultdict(list)
    for entry in entries:
        identity = entry.id
        if identity is None or (identity.rank >= Rank.OTHER and not _is_function_row(entry)):
            continue
        role = sections[entry.section].role
        if role in FOREIGN_ROLES or not _is_marked(entry, identity):
            continue
        if role == "nonfunctional" and identity.rank is not Rank.REQUIREMENT:
            continue
        rank = Rank.REQUIREMENT if identity.rank is Rank.OTHER else identity.rank
        groups[rank, identity.prefix].append((identity, entry))
    return groups


def _is_marked(entry: Entry, identity: AuthorId) -> bool:
    """Whether the id stands out: in a heading, in bold, or before a colon or a dash."""
    block = entry.block
    if block is None or identity.separated:
        return True
    return block.text.lstrip().startswith(("**", "__", "`", "[", "✅", "☑"))


def _is_function_row(entry: Entry) -> bool:
    """Whether a table of functions gives the id, which then stands for one whatever its letter."""
    block = entry.block
    if entry.id is None or entry.id.rank is not Rank.OTHER or block is None:
        return False
    return any(holds(name, "function") for name in block.header)


def _leaves(found: Sequence[tuple[AuthorId, Entry]]) -> Iterator[tuple[AuthorId, Entry]]:
    """Entries whose id is no other's stem: ``FR-1`` gives way to ``FR-1.1``."""
    roots = {identity.code.rsplit(".", 1)[0] for identity, _ in found if "." in identity.code}
    for identity, entry in found:
        if identity.code not in roots:
            yield identity, entry


def _distinct(found: Iterable[tuple[AuthorId, Entry]]) -> Iterator[Seed]:
    """One seed a requirement: an id that comes again is a repetition or another requirement."""
    known: dict[str, list[Seed]] = defaultdict(list)
    for identity, entry in found:
        seed = id_seed(identity, entry)
        first = next((one for one in known[identity.code][:_FEW] if _repeats(seed, one)), None)
        if first is not None:
            first.repeats.append(entry)
            continue
        known[identity.code].append(seed)
        yield seed


_ALIKE = 0.5
# So many texts under one id are compared with a new one.
_FEW = 8


def _repeats(seed: Seed, first: Seed) -> bool:
    """Whether a second text under one id is about the same: in another form, or alike."""
    if seed.entry.kind is not first.entry.kind:
        return True
    ours, theirs = _content(seed.text), _content(first.text)
    smaller = min(len(ours), len(theirs))
    return seed.text == seed.code or len(ours & theirs) > _ALIKE * smaller


def _content(text: str) -> set[str]:
    """The stems that tell one requirement from another."""
    fillers: list[str] = load_data("forms")["fillers"]
    return set(stems(text)).difference(*map(stems, fillers))


def id_seed(identity: AuthorId, entry: Entry) -> Seed:
    """The seed of an entry with an id."""
    block = entry.block
    if block is not None and block.kind is BlockKind.ROW:
        return row_seed(entry, identity.code)
    return Seed(entry, identity.rest.strip(" *:-–—|") or identity.code, identity.code)


_NAMED = re.compile(r"\s*(?P<word>[^\W\d][^:：\n]{1,30}?)\s*[:：]\s*(?P<name>\S.*)", re.DOTALL)


_LONGEST = 200


def _seeds_by_name(entries: Iterable[Entry], sections: Sequence[Section]) -> list[Seed]:
    """Headings such as ``Requirement: Orders are confirmed``, all of the commonest such word."""
    labels = {label for known in load_data("ids")["labels"].values() for label in known}
    groups: dict[str, list[Seed]] = defaultdict(list)
    for entry in entries:
        named = _NAMED.match(entry.text[:_LONGEST]) if entry.block is None else None
        if named is None or sections[entry.section].role in FOREIGN_ROLES:
            continue
        word = named["word"].lower()
        if word in labels:
            groups[word].append(Seed(entry, entry.text[named.start("name") :]))
    largest = max(groups.values(), key=len, default=[])
    return largest if len(largest) > 1 else []


_QUALITY_ROLES = word_set("nonfunctional observability rules")


def _quality_seeds(entries: Sequence[Entry], sections: Sequence[Section]) -> Iterator[Seed]:
    """Non-functional requirements: with ids of their own, or items of such sections."""
    with_id = [
        (entry.id, entry)
        for entry in entries
        if entry.id is not None
        and entry.id.rank is Rank.NONFUNCTIONAL
        and sections[entry.section].role not in FOREIGN_ROLES
    ]
    if with_id:
        for seed in _distinct(with_id):
            seed.functional = False
            yield seed
        return
    for entry in entries:
        block = entry.block
        if block is None or sections[entry.section].role not in _QUALITY_ROLES:
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
