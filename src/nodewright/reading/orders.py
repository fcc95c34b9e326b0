"""In which order records come, and how many: "newest first", "top 10", "20 per page"."""

from nodewright.language.lexicon import stems
from nodewright.language.word_lists import stems_of_list
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import (
    field_of,
    time_field,
)
from nodewright.reading.ordering import (
    FIRST,
    LATEST,
    OLDEST,
    PAGED,
    PER_PAGE,
    SORTED,
    TOP,
    TOP_BY,
)
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Entity, Field, Order

_NUMBERS = {"three": 3, "five": 5, "ten": 10}


def order_of(draft: Draft, demand: Demand, entity: Entity) -> tuple[Order, ...]:
    """The order that a clause asks for: "newest first", "sorted by price, descending"."""
    text = demand.text
    for pattern, down in ((LATEST, True), (OLDEST, False)):
        found = pattern.search(text)
        if found:
            return _ordered(draft, demand, time_field(entity), found[0], descending=down)
    found = FIRST.search(text)
    if found:
        field = field_of(entity, found["what"]) or _priced(entity, found["extreme"])
        down = found["extreme"].lower() not in {"lowest", "smallest", "cheapest", "shortest"}
        return _ordered(draft, demand, field, found[0], descending=down)
    found = SORTED.search(text) or TOP_BY.search(text)
    if found:
        field = field_of(entity, found["what"]) or _dated(entity, found["what"])
        way = found.groupdict().get("way") or ""
        down = "desc" in way.lower() or found.re is TOP_BY
        return _ordered(draft, demand, field, found[0], descending=down)
    newest = TOP.search(text)
    if newest and newest["end"].lower() in {"last", "latest", "newest", "most recent"}:
        return _ordered(draft, demand, time_field(entity), newest["end"], descending=True)
    return ()


def _priced(entity: Entity, extreme: str) -> Field | None:
    """The price that "cheapest first" means."""
    named = "cheapest" in extreme.lower() or "expensive" in extreme.lower()
    return field_of(entity, "price") or field_of(entity, "cost") if named else None


def _dated(entity: Entity, what: str) -> Field | None:
    known = set(stems(what)) <= stems_of_list("likeness", "moments")
    return time_field(entity) if known else None


def _ordered(
    draft: Draft, demand: Demand, field: Field | None, words: str, *, descending: bool
) -> tuple[Order, ...]:
    if field is None:
        return ()
    draft.understand(demand.clause, words)
    return (Order(by=Expression(field.name), descending=descending, clauses=(demand.clause.id,)),)


def limit_of(draft: Draft, demand: Demand) -> tuple[int | None, bool]:
    """How many records at most, and whether they come in pages: "top 10", "20 per page"."""
    top = TOP.search(demand.text)
    limit = None
    if top and top["number"] != "N":
        number = top["number"].lower()
        limit = _NUMBERS.get(number) or int(number)
        draft.understand(demand.clause, top[0])
    page = PER_PAGE.search(demand.text)
    paged = page or PAGED.search(demand.text)
    if paged:
        draft.understand(demand.clause, paged[0])
    return limit, paged is not None
