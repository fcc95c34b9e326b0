"""Endpoints, quantities and actors that a document names."""

import re
from collections.abc import Iterable, Iterator, Sequence

from nodewright.prd.blocks import BlockKind
from nodewright.prd.entries import Entry
from nodewright.prd.models import Endpoint, Quantity, Scope
from nodewright.prd.outline import Section
from nodewright.prd.sentences import Sentence

_MAX_FOUND = 500
_MAX_LINE = 4000
_ROUTE = re.compile(
    r"\b(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\b[`*\s|:]{1,6}(/[\w/{}:<>.?=&\[\]*-]{0,200})"
)
_ROUTE_BEFORE = re.compile(r"(/[\w/{}:<>.-]{1,200})[`*\s|]{1,6}(GET|POST|PUT|PATCH|DELETE)\b")


def find_endpoints(entries: Iterable[Entry]) -> tuple[Endpoint, ...]:
    """HTTP routes, each once, with the words that stand beside them."""
    found: dict[tuple[str, str], Endpoint] = {}
    for entry in entries:
        text = entry.text if entry.block is None else entry.block.text
        if "/" not in text or entry.scope is not Scope.RELEASE:
            continue
        if entry.kind is BlockKind.ROW and entry.block is not None:
            text = " | ".join(entry.block.cells)
        for number, line in enumerate(text.split("\n")):
            at = entry.line + number + (entry.kind is BlockKind.CODE)
            for match in _ROUTE.finditer(line[:_MAX_LINE]):
                key = (match[1], match[2].rstrip("`.:"))
                rest = re.sub(r"[`*|#]+", " ", line[match.end() : match.end() + 300])
                described = " ".join(rest.strip(" -–—:").split())[:200]
                found.setdefault(key, Endpoint(*key, described, at))
            for match in _ROUTE_BEFORE.finditer(line[:_MAX_LINE]):
                key = (match[2], match[1])
                found.setdefault(key, Endpoint(*key, "", at))
        if len(found) > _MAX_FOUND:
            break
    return tuple(found.values())


_UNITS = (
    r"ms|milliseconds?|seconds?|secs?|s|minutes?|mins?|hours?|days?|weeks?|months?|years?|%|percent"
    r"|[kmgt]i?b(?:/s)?|bytes?|rps|qps|tps|req(?:uests)?/(?:s|sec|second|min|minute)"
    r"|(?:\w+ )?(?:events|requests|messages|users|records|transactions|orders|jobs|signals|calls"
    r"|connections|characters|files|items|rows|retries|times|attempts)(?: ?/ ?(?:s|sec|second|min"
    r"|minute|hour|day)| per (?:second|minute|hour|day))?|秒|毫秒|分钟|小时|天|초|분|시간|일|회"
)
_QUANTITY = re.compile(
    r"(?<![\w.])(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,12}(?:\.\d{1,6})?)\s?"
    r"(?P<scale>[kKM](?=\b|\+))?\+?\s?"
    rf"(?P<unit>{_UNITS})(?![\w])",
    re.IGNORECASE,
)
_COMPARISON = re.compile(
    r"(?P<comparison><=|>=|≤|≥|<|>|~|under|below|less than|at most|up to|within|at least|more than"
    r"|over|greater than|minimum|maximum|max|min|no more than|hasta|menos de|más de"
    r"|至少|不超过|超过"
    r"|최소|최대)\s*$",
    re.IGNORECASE,
)
_COMPARISONS = {
    "under": "<", "below": "<", "less than": "<", "menos de": "<", "<": "<", "within": "<=",
    "at most": "<=", "up to": "<=", "maximum": "<=", "max": "<=", "no more than": "<=", "≤": "<=",
    "<=": "<=", "hasta": "<=", "不超过": "<=", "최대": "<=", "at least": ">=", "minimum": ">=",
    "min": ">=", "≥": ">=", ">=": ">=", "至少": ">=", "최소": ">=", "more than": ">", "over": ">",
    "greater than": ">", "más de": ">", "超过": ">", ">": ">", "~": "~",
}  # fmt: skip
_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6}
_DIGIT = re.compile(r"\d")
_SUBJECT_WORDS = 6


def find_quantities(sentences: Iterable[Sentence]) -> tuple[Quantity, ...]:
    """Numbers with units in this release's sentences; ``subject`` is what stands before them."""
    found: list[Quantity] = []
    for sentence in sentences:
        if sentence.weight <= 0 or not _DIGIT.search(sentence.text):
            continue
        for match in _QUANTITY.finditer(sentence.text[:2000]):
            before = re.split(
                r"[|.;,(]", sentence.text[max(0, match.start() - 120) : match.start()]
            )[-1]
            compared = _COMPARISON.search(before)
            if compared:
                before = before[: compared.start()]
            subject = " ".join(before.split()[-_SUBJECT_WORDS:]).strip(" :-–—*≤≥<>")
            value = float(match["value"].replace(",", "")) * _SCALES.get(match["scale"] or "", 1.0)
            comparison = _COMPARISONS.get(compared["comparison"].lower() if compared else "", "=")
            found.append(Quantity(subject, comparison, value, match["unit"], sentence.line))
        if len(found) > _MAX_FOUND:
            break
    return tuple(found)


_AS_A = re.compile(
    r"\bas an? \*{0,2}([a-z][\w /&-]{1,40}?)\*{0,2}(?=,|\n| i\b|\s*\*|\s+when\b|$)", re.IGNORECASE
)
_COMO = re.compile(
    r"\bcomo (?:un |una )?([a-zà-ÿ][\wà-ÿ ]{2,40}?)(?=,| quiero| necesito)", re.IGNORECASE
)
_NOT_ACTORS = frozenset(("result", "service", "single", "whole", "part", "json"))


def find_actors(sections: Sequence[Section], sentences: Iterable[Sentence]) -> tuple[str, ...]:
    """Who uses the product: ``As a ...`` and the items of sections on users."""
    found: dict[str, str] = {}
    for sentence in sentences:
        head = sentence.text[:200]
        if "s a" in head or "omo " in head:
            for match in (*_AS_A.finditer(head), *_COMO.finditer(head)):
                name = " ".join(match[1].split())
                if len(name.split()) <= 4 and name.lower() not in _NOT_ACTORS:
                    found.setdefault(name.lower(), name)
        if len(found) > _MAX_FOUND:
            break
    for section in sections:
        if section.role == "actors" and section.scope is Scope.RELEASE:
            for name in _listed_actors(section):
                found.setdefault(name.lower(), name)
    return tuple(found.values())


def _listed_actors(section: Section) -> Iterator[str]:
    for block in section.blocks:
        label = re.match(r"\s*(?:\*\*|__)?([^:*_\n(–—|]{2,40})", block.text)
        marked = "**" in block.text[:4] or ":" in block.text[:42] or len(block.text) < 40
        if block.kind is BlockKind.ITEM and block.level == 1 and label and marked:
            yield " ".join(label[1].split())
