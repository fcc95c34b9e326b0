"""The pass for checks: "validate each reading" checks the rules of readings, and answers."""

import re
from dataclasses import replace

from nodewright.reading.accounting import account
from nodewright.reading.conditions import condition_of
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of
from nodewright.reading.operations import add_operation, named
from nodewright.reading.things import thing_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Compute, Entity, Guard

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
        _take_rules(draft, demand, thing.entity.name)
        before = demand.complement("before")
        if _BEFORE_STORING.search(before):
            # Every operation that creates or changes a record checks the same rules first.
            draft.understand(demand.clause, "before", before)


_PART = re.compile(
    r"(?P<what>[\w' -]{2,40}?)\s+(?:must|shall|should|has to|have to|is|are)\s+"
    r"(?:be\s+|have\s+)?(?P<not>not (?:be\s+)?)?(?P<rest>.+)",
    re.IGNORECASE,
)
_PARTS = re.compile(r";\s*|(?:,\s*(?:and\s+)?|\s+and\s+)(?=[\w -]+ (?:must|is|are|has|shall)\b)")


def _take_rules(draft: Draft, demand: Demand, name: str) -> None:
    """Account for the rules that a check lists; what no field says becomes a guard."""
    for part in _PARTS.split(demand.details.rstrip(" .")):
        found = _PART.match(part)
        entity = draft.entities[name]
        field = field_of(entity, found["what"]) if found else None
        if found is None or field is None:
            continue
        clause = demand.clause.id
        required = found["rest"].lower() in {"required", "mandatory", "given", "present"}
        ruled = any(clause in rule.clauses for rule in field.rules)
        listed = bool(field.type.values) and clause in field.clauses
        if (required and not field.type.optional) or ruled or listed:
            draft.understand(demand.clause, part)
            continue
        test = condition_of(draft, entity, f"{field.name.replace('_', ' ')} is {found['rest']}")
        if test is None:
            continue
        require = test.denied if found["not"] else test
        guard = Guard(
            require=Expression(require.text),
            error=f"{field.name}_invalid",
            clauses=(clause,),
            assumed=require.assumed,
        )
        draft.entities[name] = replace(entity, guards=(*entity.guards, guard))
        draft.understand(demand.clause, part)
