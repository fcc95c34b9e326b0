"""Passes for figures: counts and sums by group, and formulas from words."""

import re

from nodewright.language.naming import snake
from nodewright.reading.accounting import account
from nodewright.reading.demands import Demand, words_of
from nodewright.reading.draft import Draft
from nodewright.reading.operations import add_operation, named
from nodewright.reading.field_lookup import field_of, time_field
from nodewright.reading.things import Thing, thing_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Aggregate,
    Assign,
    Compute,
    Entity,
    Input,
    Measure,
    Reduction,
    Result,
)
from nodewright.spec.types import NUMBER, Base

_BUCKETS = {
    "day": "date({0})",
    "week": "start_of_week({0})",
    "month": "start_of_month({0})",
    "year": "start_of_year({0})",
    "hour": "hour({0})",
}
_AND = re.compile(r"\s*(?:,|\band\b|/)\s*(?:per\s+|by\s+|each\s+)?", re.IGNORECASE)
_NUMBER_OF = re.compile(r"(?:number|count|total number|amount) of (?P<what>.+)", re.IGNORECASE)
REDUCTIONS = {
    "average": Reduction.AVERAGE,
    "mean": Reduction.AVERAGE,
    "avg": Reduction.AVERAGE,
    "total": Reduction.SUM,
    "sum": Reduction.SUM,
    "highest": Reduction.HIGHEST,
    "maximum": Reduction.HIGHEST,
    "max": Reduction.HIGHEST,
    "lowest": Reduction.LOWEST,
    "minimum": Reduction.LOWEST,
    "min": Reduction.LOWEST,
    "last": Reduction.LATEST,
    "latest": Reduction.LATEST,
}


def read_figures(draft: Draft, demands: list[Demand]) -> None:
    """Counts, sums and averages by group.

    "count sold tickets per event and sum the revenue per day" becomes two ``Aggregate``.
    """
    recent: Entity | None = None
    for demand in demands:
        thing = thing_of(draft, demand.object, None)
        recent = thing.entity if thing else recent
        if demand.negated or not _is_figure(demand):
            continue
        made = _aggregate(draft, demand, thing, recent)
        if made is not None:
            add_operation(draft, made)
            account(draft, demand, thing or Thing(draft.entities[made.entity]))


def _is_figure(demand: Demand) -> bool:
    words = demand.object.lower().split()
    return demand.asks("aggregate") or (
        bool(words) and words[0] in REDUCTIONS and bool(demand.complement("per", "grouped by"))
    )


def _aggregate(
    draft: Draft, demand: Demand, thing: Thing | None, recent: Entity | None
) -> Aggregate | None:
    measure, entity = _measure(draft, demand, thing, recent)
    if measure is None or entity is None:
        return None
    group = _groups(draft, demand, entity)
    if group is None:
        return None
    where = thing.where if thing is not None and thing.entity is entity else ""
    by = f" by {' and '.join(name.name for name in group)}" if group else ""
    return Aggregate(
        name=named(_name_of(measure), f"{_spoken(demand, entity)}{by}"),
        entity=entity.name,
        clauses=(demand.clause.id,),
        where=Expression(where) if where else None,
        group=group,
        measures=(measure,),
    )


def _name_of(measure: Measure) -> str:
    return {Reduction.COUNT: "count", Reduction.AVERAGE: "average", Reduction.LATEST: "latest"}.get(
        measure.reduce, "sum"
    )


def _spoken(demand: Demand, entity: Entity) -> str:
    return demand.object if len(demand.object.split()) <= 2 else entity.name


def _measure(
    draft: Draft, demand: Demand, thing: Thing | None, recent: Entity | None
) -> tuple[Measure | None, Entity | None]:
    words = demand.object
    number = _NUMBER_OF.match(words)
    clauses = (demand.clause.id,)
    if number or demand.verb in {"count", "tally"}:
        counted = thing_of(draft, number["what"]) if number else thing
        if counted is None:
            return None, None
        return Measure(name="count", reduce=Reduction.COUNT, clauses=clauses), counted.entity
    first = words.lower().split()[0] if words else ""
    reduce = REDUCTIONS.get(demand.verb) or REDUCTIONS.get(first) or Reduction.SUM
    phrase = words.split(" ", 1)[1] if first in REDUCTIONS and " " in words else words
    for entity in _candidates(draft, thing, recent):
        field = field_of(entity, phrase)
        if field is not None and field.type.numeric:
            value = Expression(field.name)
            draft.understand(demand.clause, first, field.name.replace("_", " "))
            return (
                Measure(name=field.name, reduce=reduce, of=value, clauses=clauses),
                entity,
            )
    guessed = _only_measure(draft, demand)
    if guessed is not None and thing is None:
        return guessed
    if thing is not None and demand.verb in {"aggregate", "group", "summarize", "summarise"}:
        return Measure(name="count", reduce=Reduction.COUNT, clauses=clauses), thing.entity
    return None, None


def _only_measure(draft: Draft, demand: Demand) -> tuple[Measure, Entity] | None:
    """The only number of the only entity that has all groups: "consumption per meter and month"."""
    fitting = [
        (entity, numbers[0])
        for entity in draft.entities.values()
        if len(numbers := [field for field in entity.fields if field.type.numeric]) == 1
        and _grouped(entity, demand)
    ]
    words = demand.object.lower().split()
    if not words or words[-1] not in words_of("amounts") or len(words) > _LONGEST_AMOUNT:
        return None
    if len(fitting) != 1 or not demand.complement("per", "by", "grouped by"):
        return None
    entity, field = fitting[0]
    draft.understand(demand.clause, demand.object)
    measure = Measure(
        name=field.name,
        reduce=Reduction.SUM,
        of=Expression(field.name),
        clauses=(demand.clause.id,),
        assumed=f"{demand.object} is the sum of {field.name}",
    )
    return measure, entity


_LONGEST_AMOUNT = 2


def _grouped(entity: Entity, demand: Demand) -> bool:
    return all(
        group_of(entity, part) is not None
        for mark, phrase in demand.complements
        if mark in {"per", "by", "grouped by"}
        for part in _AND.split(phrase)
    )


def _candidates(draft: Draft, thing: Thing | None, recent: Entity | None) -> list[Entity]:
    first = [each for each in (thing.entity if thing else None, recent) if each is not None]
    return [
        *first,
        *(each for each in draft.entities.values() if each not in first and each.stored),
    ]


def _groups(draft: Draft, demand: Demand, entity: Entity) -> tuple[Assign, ...] | None:
    """The keys of "per practitioner and day"; None where one is unknown."""
    found: list[Assign] = []
    for mark, phrase in demand.complements:
        if mark not in {"per", "by", "grouped by"}:
            continue
        for part in _AND.split(phrase):
            key = group_of(entity, part)
            if key is None:
                return None
            found.append(Assign(name=key[0], value=Expression(key[1]), clauses=(demand.clause.id,)))
        draft.understand(demand.clause, mark, phrase)
    return tuple(found)


def group_of(entity: Entity, part: str) -> tuple[str, str] | None:
    """The name and value of a key: "month" is the first day of the month of the record's time."""
    word = part.strip().lower().removeprefix("calendar ")
    if word in _BUCKETS:
        moment = time_field(entity)
        if moment is None or (moment.type.base is Base.DATE and word == "hour"):
            return None
        shape = "{0}" if word == "day" and moment.type.base is Base.DATE else _BUCKETS[word]
        inner = shape.format(moment.name)
        return (
            word,
            f"{inner} if {moment.name} is not None else None" if moment.type.optional else inner,
        )
    field = field_of(entity, part)
    return (field.name, field.name) if field is not None else None


_OPERATORS = [
    (re.compile(r"\b(?:multiplied by|times)\b|×|\*", re.IGNORECASE), "*"),
    (re.compile(r"\b(?:divided by|over)\b|÷|/", re.IGNORECASE), "/"),
    (re.compile(r"\b(?:plus|added to)\b|\+", re.IGNORECASE), "+"),
    (re.compile(r"\b(?:minus|less)\b|−|\s-\s", re.IGNORECASE), "-"),
]
_OPERATOR = re.compile(
    "|".join(f"(?:{pattern.pattern})" for pattern, _ in _OPERATORS), re.IGNORECASE
)
_EQUALS = re.compile(
    r"\s*(?:=|\bis (?:calculated|computed) as\b|\bequals\b|\bas\b)\s*", re.IGNORECASE
)
_PERCENT = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)\s*(?:%|percent)(?:\s+of\s+(?P<what>.+))?", re.IGNORECASE
)
_TAKEN_AWAY = {"discount", "rebate", "deduction", "reduction", "credit", "refund", "coupon"}


def read_formulas(draft: Draft, demands: list[Demand]) -> None:
    """Formulas from words.

    "calculate the total as quantity times unit price minus discount" becomes a ``Compute`` with
    the inputs quantity, unit_price and discount.
    """
    for demand in demands:
        if demand.negated or not demand.asks("compute") or not demand.object:
            continue
        made = _formula(draft, demand) or _sum_of_parts(draft, demand) or _balance(draft, demand)
        if made is not None:
            add_operation(draft, made)
            draft.take(demand.clause)
            draft.understand(demand.clause, demand.text, demand.details)


def _formula(draft: Draft, demand: Demand) -> Compute | None:
    _, mark, right = _parted(f"{demand.text} {demand.details}".strip())
    if not mark or not _OPERATOR.search(right):
        return None
    pieces = _OPERATOR.split(right)
    signs = [_sign(found[0]) for found in _OPERATOR.finditer(right)]
    terms = [_term(piece) for piece in pieces]
    if not all(terms) or len(pieces) != len(signs) + 1:
        return None
    text = terms[0] or ""
    for sign, term in zip(signs, terms[1:], strict=True):
        text += f" {sign} {term}"
    return _computation(draft, demand, text, "")


def _parted(text: str) -> tuple[str, str, str]:
    found = _EQUALS.search(text)
    return (text[: found.start()], found[0], text[found.end() :]) if found else (text, "", "")


def _sign(words: str) -> str:
    return next(sign for pattern, sign in _OPERATORS if pattern.search(words))


def _term(words: str) -> str:
    """A term as an expression; empty where it is none."""
    words = words.strip(" .,()")
    percent = _PERCENT.fullmatch(words)
    if percent:
        share = f"{percent['number']} / 100"
        return f"{share} * {snake(percent['what'])}" if percent["what"] else f"({share})"
    if re.fullmatch(r"\d+(?:\.\d+)?", words):
        return words
    bare = re.sub(r"^(?:the|a|an|its|their)\s+", "", words, flags=re.IGNORECASE)
    return snake(bare) if bare and len(bare.split()) <= 4 else ""


def _sum_of_parts(draft: Draft, demand: Demand) -> Compute | None:
    """Parts that are added, and discounts taken away: "the total from price, fees and discount"."""
    parts = [part for part in _AND.split(demand.complement("from")) if part]
    first = demand.object.lower().split()[0]
    if len(parts) < 2 or first not in {"total", "sum", "overall", "final", "net", "gross"}:
        return None
    terms = [_term(part) for part in parts]
    if not all(terms):
        return None
    text = terms[0]
    for term in terms[1:]:
        text += f" {'-' if term.split('_')[-1] in _TAKEN_AWAY else '+'} {term}"
    away = [term for term in terms if term.split("_")[-1] in _TAKEN_AWAY]
    why = f"parts are added{', ' + ' and '.join(away) + ' taken away' if away else ''}"
    return _computation(draft, demand, text, why)


def _balance(draft: Draft, demand: Demand) -> Aggregate | None:
    """A sum over the records: "the stock level of a product from its movements"."""
    source = thing_of(draft, demand.complement("from"))
    owner = demand.complement("of")
    if source is None or not owner:
        return None
    numbers = [field for field in source.entity.fields if field.type.numeric]
    key = group_of(source.entity, re.sub(r"^(?:an?|the|each|every)\s+", "", owner))
    if len(numbers) != 1 or key is None:
        return None
    name = snake(demand.object)
    clauses = (demand.clause.id,)
    return Aggregate(
        name=named(demand.verb, demand.object),
        entity=source.entity.name,
        clauses=clauses,
        group=(Assign(name=key[0], value=Expression(key[1]), clauses=clauses),),
        measures=(
            Measure(
                name=name,
                reduce=Reduction.SUM,
                of=Expression(numbers[0].name),
                clauses=clauses,
                assumed=f"{demand.object} is the sum of {numbers[0].name}",
            ),
        ),
    )


def _computation(draft: Draft, demand: Demand, text: str, assumed: str) -> Compute:
    value = Expression(text)
    clauses = (demand.clause.id,)
    known = thing_of(draft, demand.complement("of") or demand.object)
    inputs = []
    for name in sorted(value.names(), key=text.find):
        field = known.entity.field(name) if known is not None else None
        inputs.append(
            Input(
                name=name,
                type=field.type if field is not None and field.type.numeric else NUMBER,
                clauses=clauses,
            )
        )
    name = snake(demand.object, "result")
    return Compute(
        name=named(demand.verb, demand.object),
        clauses=clauses,
        inputs=tuple(inputs),
        results=(Result(name=name, type=NUMBER, value=value, clauses=clauses),),
        assumed=assumed,
    )
