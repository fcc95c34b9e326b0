"""The pass for qualities: demands with a number on speed, load or share."""

import re

from nodewright.prd.models import Scope
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.spec.model import Quality

_LATENCY = re.compile(
    r"\b(?:p(?P<share>\d{2})\b.{0,40}?)?"
    r"(?:below|under|within|less than|at most|<=?|≤|no more than|in)\s*"
    r"(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>ms|milliseconds?|s|seconds?|minutes?)\b",
    re.IGNORECASE,
)
_LOAD = re.compile(
    r"(?P<value>\d[\d,]*(?:\.\d+)?)\s+(?P<what>[a-z]+)\s*(?:/|per )\s*"
    r"(?P<unit>s|sec|second|minute|hour|day)\b",
    re.IGNORECASE,
)
_SHARE = re.compile(
    r"(?P<value>\d{1,3}(?:\.\d+)?)\s?%\s*(?P<plus>\+\s*)?(?:of\s+)?(?P<what>[a-z]+)", re.IGNORECASE
)
_ROLES = frozenset({"nonfunctional", "success", "goals"})
REASON = "no test measures it"


def read_qualities(draft: Draft, _demands: list[Demand]) -> None:
    """Qualities with numbers.

    "latency p95 below 200 ms" becomes a ``Quality``; its clause stays open, because nothing
    measures it.
    """
    for clause in draft.document.clauses:
        asked = clause.scope is Scope.RELEASE and not clause.context
        if not asked or clause.role not in _ROLES or clause.id in draft.read:
            continue
        found = list(_qualities(" ".join(clause.text.split()), clause.id))
        if found:
            draft.qualities += found
            draft.open.setdefault(clause.id, REASON)


def _qualities(text: str, clause: str) -> list[Quality]:
    found = []
    latency = _LATENCY.search(text)
    if latency:
        share = latency["share"]
        measure = f"latency_p{share}" if share else "latency"
        found.append(_quality(measure, "<=", latency["value"], latency["unit"], clause))
    load = _LOAD.search(text)
    if load:
        unit = f"{load['what']}/{load['unit']}"
        found.append(_quality("throughput", ">=", load["value"].replace(",", ""), unit, clause))
    share = _SHARE.search(text)
    if share and not latency and "within" not in text.lower() and "±" not in text:
        found.append(_quality(share["what"].lower(), ">=", share["value"], "%", clause))
    return found


def _quality(measure: str, sign: str, value: str, unit: str, clause: str) -> Quality:
    return Quality(
        measure=measure, comparison=sign, value=float(value), unit=unit, clauses=(clause,)
    )
