"""The pass for imports and exports: "export the orders as CSV"."""

import re
from bisect import bisect_left

from nodewright.language.lexicon import stems
from nodewright.language.word_lists import stems_of_list
from nodewright.prd.clauses import ClauseForm
from nodewright.reading.accounting import account
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.operations import add_operation, named, plural
from nodewright.reading.selection import filters_of
from nodewright.reading.things import Thing, thing_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Entity, Export, FileFormat, Import
from nodewright.spec.types import Base

_FORMATS = {
    FileFormat.CSV: re.compile(r"\bCSV\b", re.IGNORECASE),
    FileFormat.JSON_LINES: re.compile(r"\bJSON ?L(?:ines)?\b|\bNDJSON\b", re.IGNORECASE),
    FileFormat.JSON: re.compile(r"\bJSON\b(?! ?L)", re.IGNORECASE),
}
_IN = {"import", "load", "ingest", "parse", "read", "upload", "accept"}
_OUT = {"export", "download", "dump", "output", "generate"}


def read_files(draft: Draft, demands: list[Demand]) -> None:
    """An ``Import`` or ``Export`` for each format that a clause names."""
    for demand in demands:
        thing = thing_of(draft, demand.object) or _heading(draft, demand)
        formats = [each for each, shape in _FORMATS.items() if shape.search(demand.text)]
        if not formats and thing is not None and demand.verb in {"import", "export"}:
            formats = _sibling_formats(draft, demand, thing.entity)
        if demand.negated or thing is None or not formats:
            continue
        clauses = (demand.clause.id,)
        where, inputs, assumed = (
            filters_of(draft, demand, thing) if demand.verb in _OUT else ("", (), "")
        )
        for each in formats:
            subject = f"{plural(thing.entity.name)} {each.value}"
            if demand.verb in _IN:
                add_operation(
                    draft,
                    Import(
                        name=named("import", subject),
                        entity=thing.entity.name,
                        format=each,
                        clauses=clauses,
                    ),
                )
            elif demand.verb in _OUT:
                add_operation(
                    draft,
                    Export(
                        name=named("export", subject),
                        entity=thing.entity.name,
                        format=each,
                        where=Expression(where) if where else None,
                        inputs=inputs,
                        assumed=assumed,
                        clauses=clauses,
                    ),
                )
            else:
                continue
            account(draft, demand, thing)
            draft.understand(demand.clause, "csv json lines jsonl file files format as into common")


def _heading(draft: Draft, demand: Demand) -> Thing | None:
    """The thing of the heading above: "import and export" under "User management"."""
    if demand.object and set(stems(demand.object)) - stems_of_list("demands", "filler"):
        return None
    clauses = draft.document.clauses
    place = bisect_left(clauses, demand.clause.line, key=lambda each: each.line)
    for above in reversed(clauses[max(0, place - _FAR) : place]):
        if above.level < demand.clause.level and above.form is ClauseForm.ITEM:
            return thing_of(draft, above.text)
    return thing_of(draft, demand.clause.section.rsplit(" > ", 1)[-1])


_FAR = 12


def _sibling_formats(draft: Draft, demand: Demand, entity: Entity) -> list[FileFormat]:
    """The formats that clauses near by name; a list cannot stand in CSV."""
    clauses = draft.document.clauses
    place = bisect_left(clauses, demand.clause.line, key=lambda each: each.line)
    near = clauses[max(0, place - _FAR) : place + _FAR]
    texts = " ".join(
        each.text
        for each in near
        if demand.clause.requirement and each.requirement == demand.clause.requirement
    )
    found = [each for each, shape in _FORMATS.items() if shape.search(texts)]
    if any(field.type.base is Base.LIST for field in entity.fields):
        found = [FileFormat.JSON if each is FileFormat.CSV else each for each in found]
    return list(dict.fromkeys(found))
