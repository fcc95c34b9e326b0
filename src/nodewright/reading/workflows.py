"""The pass for workflows: steps in the order of the text."""

import re

from nodewright.language.verbs import verb_of
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.records import add_operation, named
from nodewright.reading.things import field_of, thing_of
from nodewright.spec.model import OnEntity, Operation, Step, Workflow

_STEPS = re.compile(
    r",\s*(?:and\s+|then\s+)*|\s+and\s+(?:then\s+)?|\s*→\s*|\s*->\s*|\s+then\s+", re.IGNORECASE
)
_FEWEST = 2


def read_workflows(draft: Draft, demands: list[Demand]) -> None:
    """Workflows whose steps all are operations that were read.

    "coordinate the import: fetch notes, parse them, register movements" becomes a ``Workflow``.
    A step that no operation does leaves the clause open, and names the step.
    """
    for demand in demands:
        if demand.negated or not demand.asks("run") or not demand.details:
            continue
        parts = [part.strip(" .;") for part in _STEPS.split(demand.details) if part.strip(" .;")]
        if len(parts) < _FEWEST:
            continue
        steps, missing = _steps(draft, parts, demand)
        if missing:
            draft.open[demand.clause.id] = f"no operation does the step {missing[0]!r}"
        if len(steps) < _FEWEST or missing:
            continue
        add_operation(
            draft,
            Workflow(
                name=named("run", demand.object or "workflow"),
                clauses=(demand.clause.id,),
                steps=tuple(steps),
            ),
        )
        draft.take(demand.clause)
        draft.understand(demand.clause, demand.text, demand.details)


def _steps(draft: Draft, parts: list[str], demand: Demand) -> tuple[list[Step], list[str]]:
    steps: list[Step] = []
    missing: list[str] = []
    recent = ""
    for part in parts:
        words = part.split()
        verb = verb_of(words[0].lower()) if words else None
        phrase = " ".join(words[1:])
        thing = thing_of(draft, phrase)
        entity = thing.entity.name if thing else recent
        operation = _operation(draft, verb, entity) if verb else None
        if operation is None:
            missing.append(part)
            continue
        recent = entity
        steps.append(
            Step(name=operation.name, operation=operation.name, clauses=(demand.clause.id,))
        )
    return steps, missing


def _operation(draft: Draft, verb: str, entity: str) -> Operation | None:
    for operation in draft.operations.values():
        own = operation.name.split("_", 1)[0]
        if (own == verb or verb_of(own) == verb) and (
            not isinstance(operation, OnEntity) or operation.entity == entity
        ):
            return operation
    return None


__all__ = ["field_of", "read_workflows"]
