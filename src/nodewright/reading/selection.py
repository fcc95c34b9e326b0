"""Which records: filters, owners, states and times of a phrase, as expressions; and their order."""

import re

from nodewright.language.durations import duration_in
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.things import (
    Thing,
    field_of,
    is_person,
    person_field,
    present,
    time_field,
    value_of,
)
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Entity, Field, Input, Order
from nodewright.spec.types import Base

_LIST = re.compile(r"\s*(?:,|\band\b|\bor\b|/)\s*", re.IGNORECASE)
_LATEST = re.compile(
    r"\b(?:newest|latest|most recent)(?:\s+\w+)?\s+first\b|\breverse chronological", re.IGNORECASE
)
_OLDEST = re.compile(r"\boldest(?:\s+\w+)?\s+first\b|\bchronological", re.IGNORECASE)
_FIRST = re.compile(
    r"\b(?P<extreme>highest|lowest|largest|smallest|cheapest|most|best)\s+(?P<what>[\w ]{0,30}?)\s*first\b",
    re.IGNORECASE,
)
_SORTED = re.compile(
    r"\b(?:sorted|ordered|sort|order|ranked)\s+by\s+(?P<what>[\w -]{2,40}?)(?P<down>\s*(?:in\s+)?desc\w*(?:\s+order)?)?(?:$|[,.;)]|\s+in\s+asc)",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"\bnot\s+(?P<what>\w+)\b", re.IGNORECASE)


def filters_of(draft: Draft, demand: Demand, thing: Thing) -> tuple[str, tuple[Input, ...], str]:
    """The ``where``, the inputs that it asks for, and what was assumed.

    "of a visitor" asks for the visitor, "by title and level" for any of the two.
    """
    where = [thing.where] if thing.where else []
    inputs: dict[str, Input] = {}
    assumed: list[str] = []
    for mark, said in demand.complements:
        phrase = _without_order(said)
        if mark in {"by", "filtered by"}:
            for field in fields_in(thing.entity, phrase):
                where.append(_maybe(field, demand.verb == "search"))
                inputs[field.name] = Input(
                    name=field.name, type=field.type.maybe, clauses=(demand.clause.id,)
                )
                draft.understand(demand.clause, mark, phrase)
        elif mark in {"of", "for", "from", "in", "on"}:
            owner, why = owner_of(thing.entity, phrase)
            if owner is None:
                continue
            compare = f"{owner.name} == request.{owner.name}"
            where.append(present(owner, compare))
            inputs[owner.name] = Input(
                name=owner.name, type=owner.type.required, clauses=(demand.clause.id,)
            )
            assumed += [why] if why else []
            draft.understand(demand.clause, mark, phrase)
    return " and ".join(f"({part})" for part in where), tuple(inputs.values()), "; ".join(assumed)


def fields_in(entity: Entity, phrase: str) -> list[Field]:
    """The fields that a list names: "title, level and language"; empty where one is unknown."""
    found = [field_of(entity, part) for part in _LIST.split(phrase) if part]
    return [field for field in found if field is not None] if all(found) else []


def _maybe(field: Field, search: bool) -> str:
    value = f"request.{field.name}"
    if field.type.base is Base.TEXT and search:
        test = f"contains(lower({field.name}), lower({value}))"
    else:
        test = f"{field.name} == {value}"
    return f"{value} is None or ({present(field, test)})"


def owner_of(entity: Entity, phrase: str) -> tuple[Field | None, str]:
    """The field by which a record belongs to what ``phrase`` names, and what was assumed."""
    field = field_of(entity, phrase)
    if field is not None:
        return field, ""
    words = phrase.split()
    person = person_field(entity)
    if person is not None and words and is_person(words[-1]):
        return person, f"{phrase} is known by {person.name}"
    return None, ""


def _without_order(phrase: str) -> str:
    for pattern in (_LATEST, _OLDEST, _FIRST, _SORTED):
        phrase = pattern.sub("", phrase)
    return phrase.strip(" ,")


def order_of(draft: Draft, demand: Demand, entity: Entity) -> tuple[Order, ...]:
    """The order that a clause asks for: "newest first", "sorted by price, descending"."""
    text = demand.text
    for pattern, down in ((_LATEST, True), (_OLDEST, False)):
        found = pattern.search(text)
        if found:
            field = time_field(entity)
            return _ordered(draft, demand, field, found[0], descending=down)
    found = _FIRST.search(text)
    if found:
        field = field_of(entity, found["what"])
        down = found["extreme"].lower() not in {"lowest", "smallest", "cheapest"}
        return _ordered(draft, demand, field, found[0], descending=down)
    found = _SORTED.search(text)
    if found:
        field = field_of(entity, found["what"])
        return _ordered(draft, demand, field, found[0], descending=bool(found["down"]))
    return ()


def _ordered(
    draft: Draft, demand: Demand, field: Field | None, words: str, *, descending: bool
) -> tuple[Order, ...]:
    if field is None:
        return ()
    draft.understand(demand.clause, words)
    return (Order(by=Expression(field.name), descending=descending, clauses=(demand.clause.id,)),)


def selection_of(draft: Draft, demand: Demand, thing: Thing) -> tuple[str, str]:
    """The ``where`` of records that are chosen by what is said of them, and what was assumed.

    "a reservation that was not paid within 15 minutes": in the state of a reservation, and its
    time longer ago than that.
    """
    parts = [thing.where] if thing.where else []
    assumed = ""
    span = duration_in(demand.complement("within", "after", "for"))
    relative = demand.complement("that", "which")
    if relative:
        denied = _WITHIN.search(relative)
        named = value_of(thing.entity, denied["what"] if denied else relative.split()[-1])
        if named is not None:
            field, value = named
            test = f"{field.name} != {value!r}" if denied else f"{field.name} == {value!r}"
            if not parts:
                parts.append(test)
            draft.understand(demand.clause, relative)
    if span is not None:
        moment = time_field(thing.entity, thing.words)
        if moment is not None:
            parts.append(present(moment, f"now() - {moment.name} > {span.text}"))
            assumed = f"the time runs from {moment.name}"
            draft.understand(
                demand.clause, *(f"{mark} {text}" for mark, text in demand.complements)
            )
    return " and ".join(f"({part})" for part in parts), assumed
