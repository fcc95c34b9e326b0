"""The pass for records that are kept or removed: "retain only stores with type = 'A'"."""

import re

from nodewright.prd.clauses import Clause
from nodewright.reading.conditions import condition_of
from nodewright.reading.demands import Demand, said_in
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of
from nodewright.reading.frames import begins_with_demand
from nodewright.reading.operations import add_operation, named, plural
from nodewright.reading.things import Thing, thing_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Delete, Listing

_SAID = re.compile(
    r"\b(?P<verb>retain|keep|select|include|remove|exclude|discard|drop|delete|filter out)\s+"
    r"(?P<only>only\s+)?(?P<what>[\w ]{2,60}?)\s+"
    r"(?:(?:in|from)\s+(?:the\s+)?(?P<table>[\w ]{2,40}?)\s+)?"
    r"(?:with|where|whose|that have|which have|having)\s+(?P<condition>[^.;]{3,200})",
    re.IGNORECASE,
)
_KEEPING = {"retain", "keep", "select", "include"}
_IN_TABLE = re.compile(
    r"\s+(?:in|from)\s+(?:the\s+)?(?P<table>[\w ]{2,40}?)(?:\s+table)?$", re.IGNORECASE
)
_LABEL = re.compile(r"^[A-Z][^:.]{2,60}:\s+")
_TABLE = re.compile(r"\s+(?:table|dataset|data set|sheet|file|data)$", re.IGNORECASE)


def read_kept(draft: Draft, demands: list[Demand]) -> None:
    """Conditions on what is kept or thrown away.

    "retain only stores with type = 'A'" becomes a ``Listing`` of those stores, "remove records
    where amount is NULL from the sales table" a ``Delete`` of those sales.
    """
    del demands
    for clause in draft.document.clauses:
        if clause.context or clause.id in draft.context or not clause.requirement:
            continue
        text = said_in(clause)
        for found in _SAID.finditer(text):
            thing, condition = _named(draft, found)
            test = condition_of(draft, thing.entity, condition) if thing is not None else None
            if thing is None or test is None:
                continue
            keeps = found["verb"].lower() in _KEEPING
            name = plural(thing.entity.name)
            where, clauses = Expression(test.text), (clause.id,)
            add_operation(
                draft,
                Listing(
                    name=named("filter", name),
                    entity=thing.entity.name,
                    clauses=clauses,
                    where=where,
                    assumed=test.assumed,
                )
                if keeps
                else Delete(
                    name=named("remove", name),
                    entity=thing.entity.name,
                    clauses=clauses,
                    where=where,
                    assumed=test.assumed,
                ),
            )
            draft.take(clause)
            draft.understand(clause, found[0], "identify find detect and", *_labels(text))
        _take_default(draft, clause, text)


_FILLED = re.compile(
    r"\bfill\s+(?:empty|missing|blank|null)\s+(?P<what>[\w ]{2,60}?)\s+"
    r"(?:in\s+(?:the\s+)?[\w ]{2,40}?\s+)?with\s+(?:the\s+)?(?:default\s+)?(?:value\s+)?"
    r"[\"'](?P<value>[^\"']{1,60})[\"']",
    re.IGNORECASE,
)


def _take_default(draft: Draft, clause: Clause, text: str) -> None:
    """Account for "fill empty brand with 'unknown'" where the field has that default."""
    found = _FILLED.search(text)
    for entity in draft.entities.values() if found else ():
        field = field_of(entity, found["what"]) if found else None
        if found and field and field.default and field.default.text == repr(found["value"]):
            draft.take(clause)
            draft.understand(clause, found[0], "missing value handling")
            return


def _labels(text: str) -> list[str]:
    """A label that only names what is done: "Outlier filtering: ..."."""
    label = _LABEL.match(text)
    asks = label is not None and begins_with_demand(text[label.end() :])
    return [label[0]] if label is not None and asks else []


def _named(draft: Draft, found: re.Match[str]) -> tuple[Thing | None, str]:
    """The thing that is kept or removed, by its table where one is named, and the condition."""
    condition = found["condition"].strip()
    table = found["table"]
    after = _IN_TABLE.search(condition)
    if after:
        table, condition = after["table"], condition[: after.start()]
    if table:
        thing = thing_of(draft, _TABLE.sub("", table)) or _first(draft, table)
        if thing is not None:
            return thing, condition
    return thing_of(draft, found["what"]), condition


def _first(draft: Draft, table: str) -> Thing | None:
    """The entity that a table's first word names: "sales detail table"."""
    words = table.split()
    return thing_of(draft, words[0]) if words else None
