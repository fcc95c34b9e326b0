"""Why a part of a document demands nothing: reasons by section, by table, by label and by mark.

Only what shows its kind is context. A plain sentence of an overview may demand, and stays.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from nodewright.language.lexicon import Lexicon, stems, word_set
from nodewright.language.vocabulary import load_data
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.models import Scope
from nodewright.prd.outline import Section
from nodewright.prd.roles import MAX_HEADING, role_of
from nodewright.prd.scopes import is_struck, words_of

FINISHED = "finished work"
"""The reason of a checked box, which a requirement may have too."""
_HEADING_COVERAGE = 0.5
_STOP = word_set(
    "the a an of and for to in our this & y de del la los und der die das et le la des"
)
# Sections of these kinds state demands, whatever stands above them.
_DEMANDING = word_set("functional stories criteria rules api nonfunctional data")
# Checked boxes under these are requirements that happen to be done.
_REQUIRED = word_set("functional stories criteria")
# In a section about people, a sentence with one of these words says what they may do.
_GRANTING = frozenset(stems("can may must shall should allowed permission access only cannot"))


@cache
def _headings() -> Lexicon:
    data: dict[str, list[str]] = load_data("contexts")["headings"]
    return Lexicon((term, reason) for reason, terms in data.items() for term in terms)


@cache
def _roles() -> dict[str, str]:
    data: dict[str, list[str]] = load_data("contexts")["roles"]
    return {role: reason for reason, roles in data.items() for role in roles}


@lru_cache(maxsize=4096)
def reason_of_heading(title: str) -> str:
    """Why what stands below ``title`` demands nothing, empty where it may demand.

    >>> reason_of_heading("3. Alternatives considered"), reason_of_heading("Order history")
    ('a rejected option', '')
    """
    if len(title) > MAX_HEADING:
        return ""
    words = stems(title)
    counted = {n for n, word in enumerate(words) if word[0].isalpha() and word not in _STOP}
    covered: dict[str, set[int]] = {}
    for hit in _headings().find(words):
        covered.setdefault(hit.payload, set()).update(range(hit.start, hit.end))
    for reason, places in covered.items():
        if len(places & counted) > _HEADING_COVERAGE * len(counted):
            return reason
    return ""


def section_reasons(sections: Sequence[Section]) -> list[str]:
    """The reason of each section, its own or that of the section it stands in."""
    reasons: list[str] = []
    for section in sections:
        reason = reason_of_heading(section.title)
        if not reason and section.own_role:
            reason = _roles().get(section.role, "")
        if not reason and section.parent >= 0:
            inherited = reasons[section.parent]
            freed = section.own_role and section.role in _DEMANDING
            reason = "" if freed else inherited
        if section.parent >= 0 and not section.path:
            reason = ""
        reasons.append(reason)
    return reasons


@lru_cache(maxsize=1024)
def reason_of_table(header: tuple[str, ...]) -> str:
    """Why the rows of a table with this header demand nothing.

    >>> reason_of_table(("Option", "Pros", "Cons"))
    'a decision matrix'
    """
    names = [" ".join(stems(name)) for name in header]
    tables: dict[str, list[list[str]]] = load_data("contexts")["tables"]
    for reason, sets in tables.items():
        for wanted in sets:
            if all(any(_is_column(name, word) for name in names) for word in wanted):
                return reason
    return ""


def _is_column(name: str, word: str) -> bool:
    return name.startswith(" ".join(stems(word)))


_METADATA = re.compile(r"(?P<label>[^:：|\n]{2,30})[:：|]")
_PLACEHOLDER = re.compile(
    r"\s*(?:\[[^\[\]]{2,400}\]|<[^<>]{2,400}>|\{\{?[^{}]{2,400}\}?\})[.:]?\s*"
)
_ITALIC = re.compile(r"\s*(?P<mark>[*_])(?![*_\s])[^*_]{8,600}(?P=mark)\.?\s*")
_LEAD = re.compile(r"[\s\"'(>]{0,9}(?P<label>[^:：,，\n]{1,30}?)\s{0,3}[:：,，]")
_ANCHOR = re.compile(r"(?:\d{1,2}[.)]\s*)?\[[^\[\]]{1,200}\]\(#[^()\s]{0,200}\)")
_MARKS = " *_`|.()[]:：-–—"


def reason_of_block(block: Block, section: Section, *, first: bool) -> str:
    """Why a whole block demands nothing; ``first`` says that it stands at the document's head."""
    if block.kind is BlockKind.ROW:
        return reason_of_table(block.header)
    if block.kind is BlockKind.CODE:
        return ""
    reason = _reason_of_form(block.text.strip(), block.shown)
    if not reason and first and is_metadata(block.shown):
        reason = "about the document"
    if not reason and block.checked and section.role not in _REQUIRED:
        reason = FINISHED
    return reason


def _reason_of_form(raw: str, shown: str) -> str:
    """Why a block demands nothing, told by the marks around all of it."""
    if _PLACEHOLDER.fullmatch(raw) and "](" not in raw:
        return "a placeholder of a template"
    if _ITALIC.fullmatch(raw) and _is_instruction(shown):
        return "an instruction of a template"
    return "table of contents" if _ANCHOR.fullmatch(raw) else ""


def _is_instruction(text: str) -> bool:
    low = text.lower().lstrip(_MARKS)
    return any(low.startswith(word) for word in words_of("instructions"))


def is_metadata(text: str) -> bool:
    """Whether a line says something of the document itself: ``Status: draft``."""
    found = _METADATA.match(text.lstrip()[:_SHORT])
    known: list[str] = load_data("contexts")["metadata"]
    return found is not None and found["label"].strip().lower() in known


def reason_of_text(text: str) -> str:
    """Why one clause demands nothing, by its label or because its text is still missing.

    >>> reason_of_text("FR-7: TBD"), reason_of_text("For example, two tickets at once.")
    ('to be decided', 'an example')
    """
    if len(text) < _SHORT:
        value = text.rpartition(":")[2] if ":" in text else text.rpartition("：")[2]
        for said in (text, value):
            bare = said.strip().lower().strip(" .*_()[]")
            if bare in words_of("undecided"):
                return "to be decided"
            if said.strip().lower() in words_of("nothing"):
                return "says that there is nothing"
        if text.endswith((":", "：")) and role_of(text) is not None:
            return "a label"
    lead = _LEAD.match(text[:_SHORT])
    if lead is None:
        return ""
    label = lead["label"].strip(_MARKS).lower()
    if label.partition(" ")[0] in {"example", "beispiel"}:
        return _LABELS["example"]
    return next((_LABELS[name] for name in _LABELS if label in words_of(name)), "")


_SHORT = 80
# Reasons by the list of scope.yaml that a label is in.
_LABELS = {"example": "an example", "tip": "a tip", "rejected": "a rejected option"}


def reason_of_scope(scope: Scope, raw: str = "") -> str:
    """What puts a clause out of this release, in words."""
    if scope is Scope.RELEASE:
        return ""
    if is_struck(raw):
        return "struck through"
    return "excluded from this release" if scope is Scope.EXCLUDED else "put off to a later release"


def grants(words: Sequence[str]) -> bool:
    """Whether a sentence about people says what they may or must do."""
    return not _GRANTING.isdisjoint(words)
