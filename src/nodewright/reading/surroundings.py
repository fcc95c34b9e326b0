"""Passes for what surrounds operations: stores, schedules, access, limits."""

import re
from dataclasses import replace

from nodewright.language.durations import duration_in, period_in
from nodewright.language.lexicon import stems
from nodewright.language.naming import snake
from nodewright.language.vocabulary import load_data
from nodewright.prd.models import Scope
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import name_stems
from nodewright.spec.model import OnEntity, Operation, RateLimit, Roles, Schedule, Store

_STORED = re.compile(
    r"\b(?:stored?|persist(?:ed)?|saved?|kept|writes?|database|archived?)\b", re.IGNORECASE
)
_ONLY = re.compile(
    r"\bonly\s+(?:the\s+)?(?P<role>[\w -]{3,30}?)s?\s+"
    r"(?:can|may|must|shall|should|are allowed to)\s+",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"\b(?P<calls>\d+)\s+(?:requests?|calls?|attempts?|times)\s+(?:per|a|an|each|every|within|in)\s+"
    r"(?P<per>\d*\s*\w+)",
    re.IGNORECASE,
)


_FILES = re.compile(
    r"\b(?:to|in|into|as)\s+(?:a\s+|the\s+)?"
    r"(?P<kind>CSV|JSON|local|YAML|Excel|plain text)\s+files?\b",
    re.IGNORECASE,
)


def read_stores(draft: Draft, _demands: list[Demand]) -> None:
    """Where records are kept: "all writes are stored in PostgreSQL", "to CSV files"."""
    names: list[str] = load_data("channels")["database"]["systems"]
    shape = re.compile(rf"\b(?P<system>{'|'.join(map(re.escape, names))})\b")
    for clause in draft.document.clauses:
        asked = clause.scope is Scope.RELEASE and clause.id not in draft.context
        if not asked or clause.context or not _STORED.search(clause.text):
            continue
        named = shape.search(clause.text)
        files = _FILES.search(clause.text)
        if named is None and files is None:
            continue
        system = named["system"] if named else f"{files['kind'] if files else ''} files"
        said = named[0] if named else files[0] if files else ""
        made = tuple(
            each.entity
            for each in draft.operations.values()
            if isinstance(each, OnEntity) and clause.id in each.clauses
        )
        entities = tuple(dict.fromkeys(made))
        draft.stores.append(Store(system=system, entities=entities, clauses=(clause.id,)))
        draft.understand(clause, said, "store in database write persist save keep")
        draft.take(clause)


def read_schedules(draft: Draft, demands: list[Demand]) -> None:
    """How often something runs by itself: "schedule reminders every 15 minutes"."""
    for demand in demands:
        period = period_in(demand.text)
        host = _scheduled(draft, demand) if period is not None else None
        if period is None or host is None or demand.complement("per"):
            continue
        schedule = Schedule(every=period.every, at=period.at, clauses=(demand.clause.id,))
        draft.change(replace(host, schedule=schedule))
        draft.take(demand.clause)
        draft.understand(
            demand.clause, demand.verb, demand.object, demand.actor, period.words, "schedule"
        )


def _scheduled(draft: Draft, demand: Demand) -> Operation | None:
    """The operation of the same clause, or the one of the requirement that the object names."""
    own = [each for each in draft.operations.values() if demand.clause.id in each.clauses]
    if own:
        return own[-1]
    wanted = set(stems(demand.object))
    requirement = demand.clause.id.rsplit(".", 1)[0]
    return next(
        (
            each
            for each in draft.operations.values()
            if wanted & set(name_stems(each.name))
            and any(clause.rsplit(".", 1)[0] == requirement for clause in each.clauses)
        ),
        None,
    )


def read_access(draft: Draft, demands: list[Demand]) -> None:
    """Who may: "only administrators can delete products"."""
    for demand in demands:
        found = _ONLY.search(demand.clause.text)
        if not found:
            continue
        for operation in list(draft.operations.values()):
            if demand.clause.id in operation.clauses:
                roles = Roles(roles=(snake(found["role"]),), clauses=(demand.clause.id,))
                draft.change(replace(operation, roles=roles))
                draft.understand(demand.clause, found[0])


def read_limits(draft: Draft, demands: list[Demand]) -> None:
    """How often one may ask: "at most 5 attempts per minute"."""
    for demand in demands:
        found = _LIMIT.search(demand.clause.text)
        length = (
            duration_in(f"a {found['per']}" if found and found["per"].isalpha() else found["per"])
            if found
            else None
        )
        if found is None or length is None:
            continue
        for operation in list(draft.operations.values()):
            if demand.clause.id in operation.clauses:
                limit = RateLimit(
                    calls=int(found["calls"]), per=length.value, clauses=(demand.clause.id,)
                )
                draft.change(replace(operation, rate=limit))
                draft.understand(demand.clause, found[0], "limit at most maximum rate")
