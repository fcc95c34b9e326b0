"""What belongs to this release, by what sentences, labels and marks say of it."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from nodewright.language.identifiers import author_id
from nodewright.language.lexicon import CLAUSE_ENDS, Lexicon, stems
from nodewright.language.markup import plain
from nodewright.language.vocabulary import load_data
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.models import Scope
from nodewright.prd.roles import role_of

_RANKING = ("excluded", "excluded_at_end", "future", "future_if_vague", "releases")


@cache
def _lexicon() -> tuple[Lexicon, frozenset[str]]:
    """The phrases with the name of their list, and the stems that any of them begins with."""
    data: dict[str, list[str]] = load_data("scope")
    entries = [(term, name) for name in _RANKING for term in data[name]]
    firsts = frozenset(stems(term)[0] for term, name in entries if name != "releases")
    return Lexicon(entries), firsts | {"no", "not", "without"}


@cache
def words_of(name: str) -> frozenset[str]:
    """A list of ``scope.yaml`` in lower case."""
    data: dict[str, list[str]] = load_data("scope")
    return frozenset(str(word).lower() for word in data[name])


_UNWANTED = re.compile(
    r"\W{0,4}no\b[^.;:,]{1,60} (?:is |are )?(?:required|needed)(?=[.;:]|$)", re.IGNORECASE
)
_MOST_BETWEEN = 14


def scope_of(text: str, given: Scope = Scope.RELEASE, words: Sequence[str] | None = None) -> Scope:
    """The scope that a sentence gives itself, within a section of scope ``given``.

    ``words`` are the stems of ``text`` where the caller has them already.

    >>> scope_of("Payment by card is out of scope.").value
    'excluded'
    >>> scope_of("Cancelled orders are excluded from the report.").value
    'release'
    """
    if given is not Scope.RELEASE:
        return given
    words = stems(text) if words is None else words
    lexicon, firsts = _lexicon()
    if firsts.isdisjoint(words):
        return given
    hits = lexicon.find(words, nested=True)
    names = {hit.payload for hit in hits}
    ends = [hit.end for hit in hits if hit.payload == "excluded_at_end"]
    releases = [hit.start for hit in hits if hit.payload == "releases"]
    if (
        "excluded" in names
        or any(_closes(words, end, releases) for end in ends)
        or _denied(words, releases)
        or ("no" in words[:2] and _UNWANTED.match(text))
    ):
        return Scope.EXCLUDED
    if "future" in names or ("future_if_vague" in names and _is_vague(words)):
        return Scope.FUTURE
    return given


def _closes(words: Sequence[str], end: int, releases: Sequence[int]) -> bool:
    """Whether the clause ends at ``end``, or names a release right after it."""
    if end >= len(words) or words[end] in CLAUSE_ENDS or words[end] in {"yet", "initially"}:
        return True
    return any(end < start <= end + 2 for start in releases)


def _denied(words: Sequence[str], releases: Sequence[int]) -> bool:
    """``No photo upload in v1``: a denial before the name of a release, in one clause."""
    for start in releases:
        if start == 0 or words[start - 1] not in {"in", "for"}:
            continue
        before = words[max(0, start - _MOST_BETWEEN) : start]
        for place, word in enumerate(before):
            if word in {"no", "not", "without"} and CLAUSE_ENDS.isdisjoint(before[place:]):
                return True
    return False


def _is_vague(words: Sequence[str]) -> bool:
    """Whether a sentence wishes and does not demand."""
    return not words_of("vague").isdisjoint(words) and words_of("demanding").isdisjoint(words)


_BRACKETED = re.compile(r"[\[(（【](?P<mark>[^\[\]()（）【】]{2,40})[\])）】]")
_LEADING = re.compile(r"(?P<mark>[^:：|—–\n]{1,30}?)\s*(?:[:：]|\s[-—–]\s)")
_OPENING_MARKS = re.compile(r"[\W_]+")
_RAW_STRUCK = re.compile(r"~~(?P<struck>[^~\n]{1,2000})~~")
_AFTER_MARK = re.compile(r"\s{1,3}(?:in|by|since|as of|on|seit|en|desde|из)\b|[,;:—–-]")


@lru_cache(maxsize=4096)
def mark_scope(mark: str, *, certain: bool = True) -> Scope:
    """The scope that a mark or a cell gives: ``Won't``, ``deprecated in v2``, ``later``.

    Words such as "cancelled" are states of records as often; they count where ``certain`` says
    that the mark is about a requirement, or where it is in capitals or names a version.

    >>> mark_scope("Removed in 2.0").value, mark_scope("Could").value
    ('excluded', 'release')
    >>> mark_scope("cancelled", certain=False).value
    'release'
    """
    shown = mark.strip(" *_~.!").replace("’", "'")
    word = _AFTER_MARK.split(shown.lower(), maxsplit=1)[0].strip()
    versioned = len(word) < len(shown) and any(char.isdigit() for char in shown)
    if word in words_of("states") and not (certain or shown.isupper() or versioned):
        return Scope.RELEASE
    if word in words_of("withdrawn"):
        return Scope.EXCLUDED
    return Scope.FUTURE if word in words_of("deferred") else Scope.RELEASE


def marked_scope(text: str) -> Scope:
    """The scope that a mark before, behind or in brackets inside ``text`` gives it.

    >>> marked_scope("FR-2: Export (cancelled)").value, marked_scope("An order (cancelled)").value
    ('excluded', 'release')
    """
    head = text[:400]
    for found in _BRACKETED.finditer(head):
        scope = mark_scope(found["mark"])
        sure = scope is Scope.RELEASE or author_id(text) is not None
        scope = scope if sure else mark_scope(found["mark"], certain=False)
        if scope is not Scope.RELEASE:
            return scope
    lead = _LEADING.match(head)
    if lead is None:
        return Scope.RELEASE
    return mark_scope(_OPENING_MARKS.sub(" ", lead["mark"]), certain=False)


def struck(raw: str) -> tuple[str, ...]:
    """The pieces of a raw text that are struck through."""
    return tuple(_RAW_STRUCK.findall(raw)) if "~~" in raw else ()


def is_struck(raw: str) -> bool:
    """Whether what a block says is struck through, its id and remarks in brackets apart.

    >>> is_struck("FR-1: ~~Sell a ticket~~ (moved)"), is_struck("Sell ~~two~~ three tickets")
    (True, False)
    """
    pieces = struck(raw)
    if not pieces:
        return False
    rest = _BRACKETED.sub(" ", plain(_RAW_STRUCK.sub(" ", raw)))
    kept = sum(len(word) for word in stems(rest) if word[:1].isalpha())
    return kept <= 0.2 * sum(map(len, pieces)) or not kept


_LABEL = re.compile(r"(?P<label>[^:：\n]{2,60})[:：](?:\s+|$|(?=[^\x00-\x7f]))")


def label_scope(text: str) -> Scope:
    """The scope that a leading label such as ``Non-goals:`` gives to a block."""
    head = text[:90]
    if ":" not in head and "：" not in head:
        return Scope.RELEASE
    label = _LABEL.match(plain(head))
    if label is None:
        return Scope.RELEASE
    role = role_of(label["label"])
    return {"excluded": Scope.EXCLUDED, "future": Scope.FUTURE}.get(role or "", Scope.RELEASE)


def block_scopes(blocks: Sequence[Block], given: Scope) -> list[Scope]:
    """The scope of each block of a section: items inherit that of the item above them."""
    if given is not Scope.RELEASE:
        return [given] * len(blocks)
    scopes: list[Scope] = []
    open_items: list[tuple[int, Scope]] = []
    for block in blocks:
        if block.kind is BlockKind.ITEM:
            while open_items and open_items[-1][0] >= block.level:
                open_items.pop()
        elif block.level == 0 and block.kind is not BlockKind.CODE:
            open_items.clear()
        inherited = open_items[-1][1] if open_items else Scope.RELEASE
        if inherited is Scope.RELEASE and block.kind is not BlockKind.CODE:
            inherited = _own_scope(block)
        if block.kind is BlockKind.ITEM or (
            block.kind is BlockKind.PARAGRAPH and inherited is not Scope.RELEASE
        ):
            # A paragraph "Out of scope:" rules the list that follows it.
            level = block.level if block.kind is BlockKind.ITEM else 0
            open_items.append((level, inherited))
        scopes.append(inherited)
    return scopes


def _own_scope(block: Block) -> Scope:
    if is_struck(block.text):
        return Scope.EXCLUDED
    scope = label_scope(block.text)
    return marked_scope(block.shown) if scope is Scope.RELEASE else scope
