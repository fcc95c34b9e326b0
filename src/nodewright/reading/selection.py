"""Which records a demand speaks of, in which order, and how many of them."""

import re
from dataclasses import dataclass, field

from nodewright.language.durations import duration_in, period_in
from nodewright.language.lexicon import stems
from nodewright.language.word_lists import stems_of_list
from nodewright.reading.adjectives import Test
from nodewright.reading.conditions import condition_of
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import (
    field_of,
    is_person,
    name_stems,
    person_field,
    present,
    time_field,
    value_of,
)
from nodewright.reading.ordering import (
    TOP,
    without_ordering,
)
from nodewright.reading.things import Thing
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Entity, Field, Input
from nodewright.spec.types import DATE, Base

_LIST = re.compile(r"\s*(?:,\s*and\b|,\s*or\b|,|\band\b|\bor\b|/)\s*", re.IGNORECASE)
_RANGE = re.compile(
    r"(?P<what>[\w -]{2,30}?)\s*(?:ranges?|intervals?|period|window|span)$", re.IGNORECASE
)
_OWN = re.compile(r"\b(?:(?:their|his|her|my|your|its)\s+(?:own\s+)?|own\s+)(?=\w)", re.IGNORECASE)
_SPANS = {
    "day": "date({0}) == request.day", "week": "start_of_week({0}) == start_of_week(request.day)",
    "month": "start_of_month({0}) == start_of_month(request.day)",
    "year": "start_of_year({0}) == start_of_year(request.day)",
}  # fmt: skip
_NOW = {
    "today": "date({0}) == today()", "the day": "date({0}) == today()",
    "this week": "start_of_week({0}) == start_of_week(today())",
    "this month": "start_of_month({0}) == start_of_month(today())",
    "the current month": "start_of_month({0}) == start_of_month(today())",
    "this year": "start_of_year({0}) == start_of_year(today())",
}  # fmt: skip
_ARTICLE = re.compile(
    r"^(?:an?|the|one|each|any|every|given|selected|specific|certain)\s+", re.IGNORECASE
)
_OWNING = {"of", "for", "from", "in", "on", "at", "about"}
_BY = {"by", "filtered by", "with filtering by"}
_MOST = 8


@dataclass(slots=True)
class Selection:
    """Records that are chosen: by ``where``, which may ask for ``inputs``.

    ``said`` are the words of the text that say so.
    """

    where: list[str] = field(default_factory=list)
    inputs: dict[str, Input] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def add(self, test: Test, *said: str) -> None:
        """Only records for which ``test`` holds too."""
        self.where.append(test.text)
        self.said += said
        if test.assumed:
            self.assumed.append(test.assumed)

    def ask(self, wanted: Input) -> None:
        """Ask the request for an input."""
        self.inputs.setdefault(wanted.name, wanted)

    @property
    def expression(self) -> Expression | None:
        """The condition as a whole, None for all records."""
        if not self.where:
            return None
        if len(self.where) == 1:
            return Expression(self.where[0])
        return Expression(" and ".join(f"({part})" for part in self.where))

    @property
    def why(self) -> str:
        """What was assumed, in one sentence."""
        return "; ".join(dict.fromkeys(self.assumed))


def selection_of(draft: Draft, demand: Demand, thing: Thing) -> Selection:
    """The records that a demand speaks of.

    "list the open tickets of a visitor by seat" chooses those with ``status == 'open'`` of the
    holder in the request, and of the seat where the request gives one.
    """
    chosen = Selection()
    if thing.where:
        chosen.where.append(thing.where)
    tail = _tail(demand, thing.entity)
    test = condition_of(draft, thing.entity, tail) if tail else None
    if test is not None:
        _extend(chosen, test, tail)
        return chosen
    _take_own(draft, chosen, demand, thing.entity)
    complements = demand.complements[:_MOST]
    named = field_of(thing.entity, demand.object) if demand.verb in {"filter", "search"} else None
    if named is not None and not demand.complement("by", "filtered by"):
        _add_filter(chosen, demand, named)
        chosen.said.append(demand.object)
    place = 0
    while place < len(complements):
        place += _take(draft, chosen, demand, thing.entity, complements[place:])
    return chosen


def _extend(chosen: Selection, test: Test, said: str) -> None:
    """Add a test; a state that the noun implies gives way to what is said of the same field."""
    chosen.where = [
        part
        for part in chosen.where
        if _subject(part) not in _subjects(test.text) or part in test.text
    ]
    if test.text in chosen.where:
        chosen.said.append(said)
        return
    chosen.add(test, said)


def _subject(test: str) -> str:
    return test.split(" ", 1)[0].strip("(")


def _subjects(test: str) -> set[str]:
    return {_subject(part) for part in re.split(r" and | or ", test)}


def _tail(demand: Demand, entity: Entity) -> str:
    """What the text says after the thing: "older than 30 days" of "orders older than 30 days"."""
    text = without_ordering(demand.text)
    period = period_in(text)
    text = text.replace(period.words, "") if period is not None else text
    own = name_stems(entity.name)[-1]
    for word in re.finditer(r"\w+", text):
        if stems(word[0]) == [own]:
            return re.sub(r"^\s*(?:that|which|who|where|whose)\s+", "", text[word.end() :]).strip()
    return ""


def _take(
    draft: Draft,
    chosen: Selection,
    demand: Demand,
    entity: Entity,
    complements: tuple[tuple[str, str], ...],
) -> int:
    """Read the complements at the start; how many were used, at least one."""
    mark, phrase = complements[0]
    if mark in _BY and TOP.search(demand.text):
        return 1
    if mark in _BY:
        _take_filters(chosen, demand, entity, mark, without_ordering(phrase))
        return 1
    for size in range(len(complements), 0, -1):
        words = " ".join(f"{mark} {phrase}" for mark, phrase in complements[:size])
        said = re.sub(r"^(?:that|which|who|where)\s+", "", words)
        test = condition_of(draft, entity, said)
        if test is not None:
            _extend(chosen, test, words)
            return size
    if mark in _OWNING:
        _take_owner(chosen, demand, entity, mark, without_ordering(phrase))
    return 1


def _take_own(draft: Draft, chosen: Selection, demand: Demand, entity: Entity) -> None:
    """Records of the caller: "their own orders".

    Where a record refers to its owner, the request says who that is. Where nothing says whose a
    record is, the clause stays open.
    """
    found = _OWN.search(demand.text)
    if found is None or not demand.actor:
        return
    owner = person_field(entity) or _linked_person(entity, demand.actor)
    if owner is None:
        draft.open.setdefault(demand.clause.id, f"no field says whose a {entity.name} is")
        return
    if owner.type.base is Base.TEXT:
        test = f"{owner.name} == caller.id"
        chosen.add(Test(present(owner, test), f"{owner.name} is who asks"), found[0], demand.actor)
        return
    test = present(owner, f"{owner.name} == request.{owner.name}")
    chosen.add(Test(test, "the request says who asks"), found[0], demand.actor)
    clauses = (demand.clause.id,)
    chosen.ask(Input(name=owner.name, type=owner.type.required, clauses=clauses))


def _linked_person(entity: Entity, actor: str) -> Field | None:
    """The field that refers to who asks, or to the only person."""
    links = [field for field in entity.fields if field.type.entity]
    people = [field for field in links if _names(field, actor)] or [
        field for field in links if is_person(field.type.entity)
    ]
    return people[0] if len(people) == 1 else None


def _take_filters(
    chosen: Selection, demand: Demand, entity: Entity, mark: str, phrase: str
) -> None:
    """Filters that a request may give: "by title, level and price range"."""
    parts = [part for part in _LIST.split(phrase) if part]
    if not all(_filter(entity, part) for part in parts):
        return
    for part in parts:
        wanted = _filter(entity, part)
        if wanted is not None and wanted[1]:
            _add_range(chosen, demand, wanted[0])
        elif wanted is not None:
            _add_filter(chosen, demand, wanted[0])
    chosen.said += [mark, phrase]


def _filter(entity: Entity, part: str) -> tuple[Field, bool] | None:
    """The field that a part names, and whether by a range of values."""
    ranged = _RANGE.fullmatch(part)
    if ranged:
        what = ranged["what"]
        field = field_of(entity, what)
        if field is None and set(stems(what)) & stems_of_list("likeness", "moments"):
            field = time_field(entity)
        return (field, True) if field is not None and _ordered_type(field) else None
    field = field_of(entity, part)
    if field is None and set(stems(part)) <= stems_of_list("likeness", "moments"):
        field = time_field(entity)
    return (field, False) if field is not None else None


def _ordered_type(field: Field) -> bool:
    return field.type.numeric or field.type.base in {Base.DATE, Base.DATETIME}


def _add_range(chosen: Selection, demand: Demand, field: Field) -> None:
    clauses = (demand.clause.id,)
    for end, sign in (("from", ">="), ("to", "<=")):
        name = f"{field.name}_{end}"
        test = present(field, f"{field.name} {sign} request.{name}")
        chosen.where.append(f"request.{name} is None or ({test})")
        chosen.ask(Input(name=name, type=field.type.maybe, clauses=clauses))


def _add_filter(chosen: Selection, demand: Demand, field: Field) -> None:
    value = f"request.{field.name}"
    if field.type.base is Base.TEXT and demand.verb in {"search", "find"}:
        test = f"contains(lower({field.name}), lower({value}))"
    elif field.type.base is Base.LIST:
        test = f"contains({field.name}, {value})"
    else:
        test = f"{field.name} == {value}"
    kind = field.type.item if field.type.item is not None else field.type
    chosen.where.append(f"{value} is None or ({present(field, test)})")
    chosen.ask(Input(name=field.name, type=kind.maybe, clauses=(demand.clause.id,)))


def _take_owner(chosen: Selection, demand: Demand, entity: Entity, mark: str, phrase: str) -> None:
    """Records that belong to something: "of a visitor", "of a day", "of this month"."""
    bare = _ARTICLE.sub("", phrase.strip())
    clauses = (demand.clause.id,)
    moment = time_field(entity)
    if moment is not None and phrase.lower() in _NOW:
        test = present(moment, _day(moment, _NOW[phrase.lower()]))
        chosen.add(Test(test, f"the time is {moment.name}"), mark, phrase)
        return
    if moment is not None and bare.lower() in {*_SPANS, "date"}:
        shape = _SPANS.get(bare.lower(), _SPANS["day"])
        chosen.add(
            Test(present(moment, _day(moment, shape)), f"the time is {moment.name}"), mark, phrase
        )
        chosen.ask(Input(name="day", type=DATE, clauses=clauses))
        return
    owner, why = owner_of(entity, bare)
    if owner is None or owner.name == entity.key:
        return
    chosen.add(Test(present(owner, f"{owner.name} == request.{owner.name}"), why), mark, phrase)
    chosen.ask(Input(name=owner.name, type=owner.type.required, clauses=clauses))


def _day(moment: Field, shape: str) -> str:
    """A test of days; a field that is a day already is taken as it is."""
    text = shape.format(moment.name)
    if moment.type.base is Base.DATE:
        text = text.replace(f"date({moment.name})", moment.name)
    return text


def owner_of(entity: Entity, phrase: str) -> tuple[Field | None, str]:
    """The field by which a record belongs to what ``phrase`` names, and what was assumed."""
    field = field_of(entity, phrase)
    if field is not None:
        return field, ""
    linked = [each for each in entity.fields if each.type.entity and _names(each, phrase)]
    if linked:
        return linked[0], ""
    words = phrase.split()
    person = person_field(entity)
    if person is not None and words and is_person(words[-1]):
        return person, f"{phrase} is known by {person.name}"
    return None, ""


def _names(field: Field, phrase: str) -> bool:
    return bool(set(name_stems(field.type.entity)) & set(stems(phrase)))


def filters_of(draft: Draft, demand: Demand, thing: Thing) -> tuple[str, tuple[Input, ...], str]:
    """The ``where``, the inputs that it asks for, and what was assumed; accounts for the words."""
    chosen = selection_of(draft, demand, thing)
    draft.understand(demand.clause, *chosen.said)
    where = chosen.expression
    return where.text if where else "", tuple(chosen.inputs.values()), chosen.why


def fields_in(entity: Entity, phrase: str) -> list[Field]:
    """The fields that a list names: "title, level and language"; empty where one is unknown."""
    found = [field_of(entity, part) for part in _LIST.split(phrase) if part]
    return [each for each in found if each is not None] if all(found) else []


def chosen_records(draft: Draft, demand: Demand, thing: Thing) -> tuple[str, str]:
    """The ``where`` of records that are chosen by what is said of them, and what was assumed.

    "a reservation that was not paid within 15 minutes": in the state of a reservation, and its
    time longer ago than that.
    """
    relative = demand.complement("that", "which")
    span = duration_in(demand.complement("within", "after", "for"))
    denied = re.search(r"\bnot\s+(?P<what>\w+)\b", relative) if relative else None
    moment = time_field(thing.entity, thing.words)
    if span is None or moment is None or not denied:
        where, _, assumed = filters_of(draft, demand, thing)
        return where, assumed
    named = value_of(thing.entity, denied["what"])
    parts = [thing.where] if thing.where else []
    if named is not None and not parts:
        parts.append(f"{named[0].name} != {named[1]!r}")
    if named is None and not parts:
        return "", ""
    draft.understand(demand.clause, relative)
    draft.understand(demand.clause, *(f"{mark} {text}" for mark, text in demand.complements))
    parts.append(present(moment, f"now() - {moment.name} > {span.text}"))
    return " and ".join(f"({part})" for part in parts), f"the time runs from {moment.name}"
