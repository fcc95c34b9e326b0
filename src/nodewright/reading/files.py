"""The pass for imports and exports: "export the orders as CSV"."""

import re

from nodewright.reading.accounting import account
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.operations import add_operation, named, plural
from nodewright.reading.things import thing_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Export, FileFormat, Import

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
        thing = thing_of(draft, demand.object)
        formats = [each for each, shape in _FORMATS.items() if shape.search(demand.text)]
        if demand.negated or thing is None or not formats:
            continue
        clauses = (demand.clause.id,)
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
                        where=Expression(thing.where) if thing.where else None,
                        clauses=clauses,
                    ),
                )
            else:
                continue
            account(draft, demand, thing)
            draft.understand(demand.clause, "csv json lines jsonl file files format as into common")
