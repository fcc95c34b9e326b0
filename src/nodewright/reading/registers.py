"""The pass for registers: "maintain the register of each meter: last value, number of readings"."""

import re
from dataclasses import replace

from nodewright.language.naming import snake
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of, time_field
from nodewright.reading.figures import REDUCTIONS, group_of
from nodewright.reading.operations import add_operation, named
from nodewright.reading.things import thing_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Aggregate, Assign, Entity, Measure, Reduction

_AND = re.compile(r"\s*(?:,\s*and\b|,|\band\b|;)\s*", re.IGNORECASE)
_EACH = re.compile(r"^(?:each|every|an?|the)\s+", re.IGNORECASE)
_COUNTED = re.compile(r"(?:number|count) of (?P<what>.+)", re.IGNORECASE)
_KEEPING = {"maintain", "keep", "track", "hold", "provide", "show", "report"}


def read_registers(draft: Draft, demands: list[Demand]) -> None:
    """One row for each of a thing, with the figures that the text lists."""
    for demand in demands:
        owner = demand.complement("of", "per", "for")
        if demand.verb not in _KEEPING or not demand.details or not owner:
            continue
        for entity in draft.entities.values():
            key = group_of(entity, _EACH.sub("", owner))
            measures = _measures(draft, entity, demand) if key and entity.stored else []
            if key is None or not measures:
                continue
            clauses = (demand.clause.id,)
            add_operation(
                draft,
                Aggregate(
                    name=named("get", demand.object),
                    entity=entity.name,
                    clauses=clauses,
                    group=(Assign(name=key[0], value=Expression(key[1]), clauses=clauses),),
                    measures=tuple(measures),
                ),
            )
            draft.take(demand.clause)
            draft.understand(demand.clause, demand.text, demand.details, demand.actor)
            break


def _measures(draft: Draft, entity: Entity, demand: Demand) -> list[Measure]:
    """The figures of a list; empty where one of them is not understood."""
    parts = [part for part in _AND.split(demand.details.rstrip(" .")) if part]
    found = [_measure(draft, entity, part, demand.clause.id) for part in parts]
    return [each for each in found if each is not None] if all(found) else []


def _measure(draft: Draft, entity: Entity, part: str, clause: str) -> Measure | None:
    name, clauses = snake(part), (clause,)
    counted = _COUNTED.match(part)
    if counted:
        thing = thing_of(draft, counted["what"])
        if thing is None or thing.entity.name != entity.name:
            return None
        return Measure(name=name, reduce=Reduction.COUNT, clauses=clauses)
    first, _, rest = part.partition(" ")
    reduce = REDUCTIONS.get(first.lower())
    if reduce is None:
        return None
    field = field_of(entity, rest)
    numbers = [each for each in entity.fields if each.type.numeric]
    assumed = ""
    if field is None and len(numbers) == 1:
        field, assumed = numbers[0], f"{rest} is {numbers[0].name}"
    if field is None:
        return None
    measure = Measure(
        name=name, reduce=reduce, of=Expression(field.name), clauses=clauses, assumed=assumed
    )
    if reduce is not Reduction.LATEST:
        return measure
    moment = time_field(entity)
    return replace(measure, by=Expression(moment.name)) if moment is not None else None
