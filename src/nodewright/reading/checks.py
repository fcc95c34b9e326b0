"""The pass for checks: "validate each reading" checks the rules of readings, and answers."""

import re

from nodewright.reading.accounting import account
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.operations import add_operation, named
from nodewright.reading.things import thing_of
from nodewright.spec.model import Compute, Entity

_BEFORE_STORING = re.compile(
    r"\b(?:it is|they are|being)\s+(?:stored|saved|created|registered|accepted)\b"
)


def read_checks(draft: Draft, demands: list[Demand]) -> None:
    """Checks of the rules of an entity.

    "The system must validate every stock movement: quantity must not be zero" becomes a ``Compute``
    with ``entity`` StockMovement; the rules themselves are read with the entity.
    """
    recent: Entity | None = None
    for demand in demands:
        thing = thing_of(draft, demand.object, recent)
        recent = thing.entity if thing else recent
        if demand.negated or not demand.asks("check") or thing is None:
            continue
        add_operation(
            draft,
            Compute(
                name=named(demand.verb, thing.entity.name),
                entity=thing.entity.name,
                clauses=(demand.clause.id,),
            ),
        )
        account(draft, demand, thing)
        before = demand.complement("before")
        if _BEFORE_STORING.search(before):
            # Every operation that creates or changes a record checks the same rules first.
            draft.understand(demand.clause, "before", before)
