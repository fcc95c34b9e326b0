"""The pass for figures: counts, sums, averages and shares by group."""

import re
from dataclasses import replace

from nodewright.language.lexicon import stems
from nodewright.language.word_lists import stems_of_list
from nodewright.reading.accounting import account
from nodewright.reading.demands import Demand, words_of
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of, name_stems, time_field
from nodewright.reading.implied import imply_number, imply_truth
from nodewright.reading.operations import add_operation, named
from nodewright.reading.ordering import TOP, without_ordering
from nodewright.reading.selection import Selection, selection_of
from nodewright.reading.things import Thing, thing_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Aggregate,
    Assign,
    Entity,
    Field,
    Measure,
    Order,
    Reduction,
)
from nodewright.spec.types import Base

_BUCKETS = {
    "day": "date({0})", "date": "date({0})", "week": "start_of_week({0})",
    "month": "start_of_month({0})", "year": "start_of_year({0})", "hour": "hour({0})",
    "weekday": "weekday({0})",
}  # fmt: skip
_AND = re.compile(r"\s*(?:,|\band\b|/)\s*(?:per\s+|by\s+|each\s+)?", re.IGNORECASE)
_NUMBER_OF = re.compile(
    r"(?:the )?(?:total )?(?:number|count|amount) of (?P<unlike>different |distinct |unique )?"
    r"(?P<what>.+)",
    re.IGNORECASE,
)
_SHARE_OF = re.compile(
    r"(?:the )?(?:share|percentage|proportion|ratio) of (?P<what>.+)", re.IGNORECASE
)
_SHOWING = re.compile(r"^(?:showing|with|of|the|a|an|me)\s+", re.IGNORECASE)
_GROUPING = frozenset({"per", "by", "grouped by", "for each"})
REDUCTIONS = {
    "average": Reduction.AVERAGE, "mean": Reduction.AVERAGE, "avg": Reduction.AVERAGE,
    "total": Reduction.SUM, "sum": Reduction.SUM, "overall": Reduction.SUM,
    "highest": Reduction.HIGHEST, "maximum": Reduction.HIGHEST, "max": Reduction.HIGHEST,
    "lowest": Reduction.LOWEST, "minimum": Reduction.LOWEST, "min": Reduction.LOWEST,
    "last": Reduction.LATEST, "latest": Reduction.LATEST,
}  # fmt: skip
_NAMES = {
    Reduction.COUNT: "count", Reduction.AVERAGE: "average", Reduction.LATEST: "latest",
    Reduction.DISTINCT: "count", Reduction.SHARE: "share", Reduction.HIGHEST: "highest",
    Reduction.LOWEST: "lowest",
}  # fmt: skip
_LONGEST_AMOUNT = 2


def read_figures(draft: Draft, demands: list[Demand]) -> None:
    """Counts, sums and averages by group.

    "count sold tickets per event and sum the revenue per day" becomes two ``Aggregate``.
    """
    recent: Thing | None = None
    clause = ""
    for demand in demands:
        if demand.clause.id != clause:
            recent = _without_where(recent)
            clause = demand.clause.id
        thing = thing_of(draft, demand.object) or thing_of(draft, demand.complement("of"))
        recent = thing or recent
        if demand.negated or not _is_figure(demand):
            continue
        made = _aggregate(draft, demand, thing, recent)
        if made is not None:
            add_operation(draft, made)
            account(draft, demand, thing or Thing(draft.entities[made.entity]))


def _without_where(thing: Thing | None) -> Thing | None:
    return replace(thing, where="", words="") if thing is not None else None


def _is_figure(demand: Demand) -> bool:
    said = _SHOWING.sub("", demand.object)
    words = said.lower().split()
    grouped = any(mark in _GROUPING for mark, _ in demand.complements)
    return demand.asks("aggregate") or (
        bool(words)
        and (words[0] in REDUCTIONS or bool(_counted(demand)) or bool(_SHARE_OF.match(said)))
        and (grouped or bool(_counted(demand)))
        and (demand.asks("read") or demand.asks("compute") or demand.verb in _TELLING)
    )


_TELLING = {"report", "track", "provide", "return", "output", "know", "want", "display", "produce"}


def _counted(demand: Demand) -> re.Match[str] | None:
    """As in "number of orders": the object is cut at "of", so the text is looked at."""
    said = _SHOWING.sub("", demand.object)
    of = demand.complement("of")
    return _NUMBER_OF.match(f"{said} of {of}") if of else None


def _aggregate(
    draft: Draft, demand: Demand, thing: Thing | None, recent: Thing | None
) -> Aggregate | None:
    counted = _counted(demand)
    if counted:
        thing = thing_of(draft, counted["what"]) or thing
    measure, entity = _measure(draft, demand, thing, recent)
    if measure is None or entity is None:
        return None
    group = _groups(draft, demand, entity)
    if group is None:
        return None
    chosen = _chosen(draft, demand, thing, entity)
    if thing is None and recent is not None and recent.where and _is_turnover(demand):
        chosen.where.append(recent.where)
        chosen.assumed.append(f"only the {recent.words.split()[0]} ones bring {demand.object}")
    by = f" by {' and '.join(name.name for name in group)}" if group else ""
    order, limit = _ranked(draft, demand, measure)
    return Aggregate(
        name=named(_NAMES.get(measure.reduce, "sum"), f"{_spoken(demand, entity)}{by}"),
        entity=entity.name,
        clauses=(demand.clause.id,),
        inputs=tuple(chosen.inputs.values()),
        where=chosen.expression,
        group=group,
        measures=(measure,),
        order=order,
        limit=limit,
        assumed=chosen.why,
    )


def _chosen(draft: Draft, demand: Demand, thing: Thing | None, entity: Entity) -> Selection:
    """The records that are counted."""
    if thing is None or thing.entity.name != entity.name:
        return Selection()
    own = replace(
        demand,
        complements=tuple(
            each
            for each in demand.complements
            if each[0] not in _GROUPING and not (each[0] == "of" and _counted(demand))
        ),
    )
    chosen = selection_of(draft, own, replace(thing, entity=draft.entities[entity.name]))
    relative = re.search(
        r"\b(?:that|which|who)\s+(?:is|are|was|were)\s+(?P<state>\w+)", demand.text
    )
    if relative and not chosen.said:
        why = f"{demand.object} may be {relative['state']}"
        field = imply_truth(draft, entity, relative["state"], demand.clause.id, why)
        if field is not None:
            chosen.where.append(field.name)
            chosen.said.append(relative[0])
    draft.understand(demand.clause, *chosen.said)
    return chosen


def _is_turnover(demand: Demand) -> bool:
    """Whether an amount is only of what was sold: revenue, sales, turnover, income."""
    return bool(set(stems(demand.object)) & set(stems("revenue sales turnover income earnings")))


def _ranked(draft: Draft, demand: Demand, measure: Measure) -> tuple[tuple[Order, ...], int | None]:
    """The order of "top 5 products by revenue"."""
    found = TOP.search(demand.text)
    if found is None or found["end"].lower() != "top" or not found["number"].isdigit():
        return (), None
    draft.understand(demand.clause, found[0])
    order = Order(by=Expression(measure.name), descending=True, clauses=(demand.clause.id,))
    return (order,), int(found["number"])


def _spoken(demand: Demand, entity: Entity) -> str:
    said = without_ordering(_SHOWING.sub("", demand.object))
    words = [word for word in said.split() if word.lower() not in REDUCTIONS]
    return (
        " ".join(words)
        if 0 < len(words) <= _LONGEST_AMOUNT and not _counted(demand)
        else entity.name
    )


def _measure(
    draft: Draft, demand: Demand, thing: Thing | None, recent: Thing | None
) -> tuple[Measure | None, Entity | None]:
    if _counted(demand) or demand.verb in {"count", "tally"}:
        return _count(draft, demand, thing)
    words = _SHOWING.sub("", demand.object)
    clauses = (demand.clause.id,)
    first = words.lower().split()[0] if words else ""
    reduce = REDUCTIONS.get(demand.verb) or REDUCTIONS.get(first) or Reduction.SUM
    phrase = words.split(" ", 1)[1] if first in REDUCTIONS and " " in words else words
    for entity in _candidates(draft, thing, recent):
        field = field_of(entity, phrase)
        if field is not None and field.type.numeric:
            draft.understand(demand.clause, first, phrase)
            return _reduced(entity, field, reduce, clauses), entity
    guessed = _only_measure(draft, demand, phrase, reduce, recent)
    if guessed is not None and (thing is None or guessed[1].name == thing.entity.name):
        draft.understand(demand.clause, first, phrase)
        return guessed
    if thing is not None and demand.verb in {"aggregate", "group", "summarize", "summarise"}:
        return Measure(name="count", reduce=Reduction.COUNT, clauses=clauses), thing.entity
    return None, None


def _count(
    draft: Draft, demand: Demand, thing: Thing | None
) -> tuple[Measure | None, Entity | None]:
    """The number of records; "different" ones are not counted yet."""
    counted = _counted(demand)
    draft.understand(demand.clause, "number count of total how many")
    if thing is None or (counted and counted["unlike"]):
        return None, None
    clauses = (demand.clause.id,)
    return Measure(name="count", reduce=Reduction.COUNT, clauses=clauses), thing.entity


def _reduced(
    entity: Entity, field: Field, reduce: Reduction, clauses: tuple[str, ...], assumed: str = ""
) -> Measure | None:
    measure = Measure(
        name=field.name,
        reduce=reduce,
        of=Expression(field.name),
        clauses=clauses,
        assumed=assumed,
    )
    if reduce is not Reduction.LATEST:
        return measure
    moment = time_field(entity)
    return replace(measure, by=Expression(moment.name)) if moment is not None else None


def _only_measure(
    draft: Draft, demand: Demand, phrase: str, reduce: Reduction, recent: Thing | None
) -> tuple[Measure | None, Entity] | None:
    """What is measured where no field has its name: the only number, or an implied one.

    "consumption per meter and month" sums the only number of the only entity that has both groups;
    "waiting minutes per practitioner" implies a field.
    """
    words = phrase.lower().split()
    grouped = any(mark in _GROUPING for mark, _ in demand.complements)
    if not words or len(words) > _LONGEST_AMOUNT + 1 or not grouped:
        return None
    fitting = [
        entity for entity in draft.entities.values() if entity.stored and _grouped(entity, demand)
    ]
    if recent is not None and recent.entity.name in {each.name for each in fitting}:
        fitting = [draft.entities[recent.entity.name]]
    clauses = (demand.clause.id,)
    if words[-1] in words_of("amounts") and len(words) <= _LONGEST_AMOUNT:
        numbers = [
            (each, found[0]) for each in fitting if len(found := _measurable(each, demand)) == 1
        ]
        if len(numbers) == 1:
            entity, field = numbers[0]
            why = f"{phrase} is the {reduce.value} of {field.name}"
            return _reduced(entity, field, reduce, clauses, why), entity
        return None
    if len(fitting) != 1 or len(words) < _LONGEST_AMOUNT or words[-1] not in words_of("units"):
        return None
    entity = fitting[0]
    why = f"the {reduce.value} of {phrase} needs it"
    field = imply_number(draft, entity, phrase, demand.clause.id, why)
    return _reduced(draft.entities[entity.name], field, reduce, clauses), entity


def _measurable(entity: Entity, demand: Demand) -> list[Field]:
    """The numbers that an amount may mean: of what is sold, those of money."""
    numbers = _numbers(entity)
    money = stems_of_list("likeness", "money")
    paid = [field for field in numbers if set(name_stems(field.name)) & money]
    return paid if len(numbers) > 1 and _is_turnover(demand) else numbers


def _numbers(entity: Entity) -> list[Field]:
    return [
        field
        for field in entity.fields
        if field.type.numeric and field.name != entity.key and not field.type.entity
    ]


def _grouped(entity: Entity, demand: Demand) -> bool:
    return all(
        group_of(entity, part) is not None
        for mark, phrase in demand.complements
        if mark in _GROUPING
        for part in _AND.split(phrase)
    )


def _candidates(draft: Draft, thing: Thing | None, recent: Thing | None) -> list[Entity]:
    names = [each.entity.name for each in (thing, recent) if each is not None]
    first = [draft.entities[name] for name in dict.fromkeys(names)]
    return [
        *first,
        *(each for each in draft.entities.values() if each.name not in names and each.stored),
    ]


def _groups(draft: Draft, demand: Demand, entity: Entity) -> tuple[Assign, ...] | None:
    """The keys of "per practitioner and day"; None where one is unknown."""
    entity = draft.entities[entity.name]
    found: list[Assign] = []
    for mark, phrase in demand.complements:
        if mark not in _GROUPING:
            continue
        for part in _AND.split(phrase):
            key = group_of(entity, part) or _linked_group(draft, entity, part)
            if key is None:
                return None
            found.append(Assign(name=key[0], value=Expression(key[1]), clauses=(demand.clause.id,)))
        draft.understand(demand.clause, mark, phrase)
    return tuple(found)


def _linked_group(draft: Draft, entity: Entity, part: str) -> tuple[str, str] | None:
    """A key that a record has by a reference: "bookings per trainer" of the session's trainer."""
    for link in entity.fields:
        other = draft.entities.get(link.type.entity)
        if other is None or not other.stored or link.type.optional or link.type.base is Base.LIST:
            continue
        field = field_of(other, part)
        if field is not None and not field.type.optional and field.type.base is not Base.LIST:
            return field.name, f"find({other.name}, {link.name}).{field.name}"
    return None


def group_of(entity: Entity, part: str) -> tuple[str, str] | None:
    """The name and value of a key: "month" is the first day of the month of the record's time."""
    word = re.sub(r"^(?:calendar|each|every|the|a)\s+", "", part.strip().lower())
    if word in _BUCKETS:
        moment = time_field(entity)
        if moment is None or (moment.type.base is Base.DATE and word == "hour"):
            return None
        same = word in {"day", "date"} and moment.type.base is Base.DATE
        inner = ("{0}" if same else _BUCKETS[word]).format(moment.name)
        optional = f"{inner} if {moment.name} is not None else None"
        return word, optional if moment.type.optional else inner
    field = field_of(entity, word) or next(
        (
            each
            for each in entity.fields
            if each.type.entity and set(name_stems(each.type.entity)) & set(stems(word))
        ),
        None,
    )
    if field is None or field.name == entity.key or field.type.base is Base.LIST:
        return None
    return field.name, field.name
