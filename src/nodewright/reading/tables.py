"""Passes for tables that are shown, and texts that are made after a template."""

import re

from nodewright.language.naming import snake
from nodewright.reading.demands import Demand, said_in
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of
from nodewright.reading.operations import add_operation, named, plural
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Compute, Entity, Field, Input, Listing, Order, Result
from nodewright.spec.types import TEXT

_ROWS = re.compile(
    r"\b(?:rows|results|entries|lines|the table)\s+(?:are\s+|is\s+|shall be\s+|must be\s+)?"
    r"(?:organi[sz]ed|sorted|ordered|arranged|grouped)\s+by\s+(?P<keys>[^;.]{3,120}?)"
    r"(?=,?\s+with\b|[;.]|$)",
    re.IGNORECASE,
)
_AND = re.compile(r"\s*(?:,\s*and\b|,|\band\b|\bthen by\b)\s*", re.IGNORECASE)
_TEMPLATE = re.compile(
    r"\b(?:formatted as|in the format|of the form|with the format|format:)\s*[:=]?\s*"
    r"[\"'“`](?P<shape>[^\"'”`]{3,200})[\"'”`]",
    re.IGNORECASE,
)
_SLOT = re.compile(r"\{(?P<name>[A-Za-z_][A-Za-z0-9_]{0,40})\}")
_ASIDE = re.compile(r"\s*\([^()]*\)")


def read_tables(draft: Draft, demands: list[Demand]) -> None:
    """Rows in an order: "rows organized by group and date" lists the entity of that table.

    A text after a template, "formatted as 'repo://{store}/{day}'", becomes a ``Compute``.
    """
    del demands
    for clause in draft.document.clauses:
        if clause.context or clause.id in draft.context or not clause.requirement:
            continue
        text = said_in(clause)
        rows = _ROWS.search(text)
        entity = _described(draft, clause.id)
        if rows and entity is not None:
            order = _order(entity, rows["keys"], clause.id)
            if order:
                name = named("list", plural(entity.name))
                add_operation(
                    draft,
                    Listing(name=name, entity=entity.name, order=order, clauses=(clause.id,)),
                )
                draft.take(clause)
        _read_template(draft, clause.id, text)


def _described(draft: Draft, clause: str) -> Entity | None:
    """The stored entity that a clause describes by at least two fields."""
    best = [
        entity
        for entity in draft.entities.values()
        if entity.stored and sum(clause in field.clauses for field in entity.fields) > 1
    ]
    return best[0] if len(best) == 1 else None


def _order(entity: Entity, keys: str, clause: str) -> tuple[Order, ...]:
    fields = [_key(entity, part) for part in _AND.split(keys) if part]
    known = [field for field in fields if field is not None]
    if not known or len(known) < len(fields):
        return ()
    return tuple(Order(by=Expression(field.name), clauses=(clause,)) for field in known)


def _key(entity: Entity, part: str) -> Field | None:
    """The field of a key: by its name in parentheses, else by its words."""
    aside = re.search(r"\((?P<name>[\w ]{1,60})\)", part)
    named = field_of(entity, aside["name"]) if aside else None
    return named or field_of(entity, _ASIDE.sub("", part))


def _read_template(draft: Draft, clause: str, text: str) -> None:
    found = _TEMPLATE.search(text)
    slots = (
        list(dict.fromkeys(each["name"] for each in _SLOT.finditer(found["shape"])))
        if found
        else []
    )
    if found is None or not slots:
        return
    subject = _made_of(draft, clause, text)
    shape = found["shape"].replace("\\", "")
    shape = _SLOT.sub(lambda each: "{" + snake(each["name"]) + "}", shape)
    if set(re.sub(r"\{[a-z0-9_]+\}", "", shape)) & {"{", "}"}:
        return
    inputs = [Input(name=snake(slot), type=TEXT, clauses=(clause,)) for slot in slots]
    add_operation(
        draft,
        Compute(
            name=named("build", subject),
            clauses=(clause,),
            inputs=tuple(inputs),
            results=(
                Result(
                    name=snake(subject),
                    type=TEXT,
                    value=Expression("f" + repr(shape)),
                    clauses=(clause,),
                ),
            ),
        ),
    )
    draft.read.add(clause)


_QUOTED = re.compile(r"[\"'“](?P<name>[A-Z][\w ]{2,40})[\"'”]")


def _made_of(draft: Draft, clause: str, text: str) -> str:
    """What the text names: a quoted title before the template, or the entity it stands in."""
    quoted = _QUOTED.search(text)
    if quoted:
        return quoted["name"]
    entity = _described(draft, clause)
    return entity.name if entity is not None else "text"
