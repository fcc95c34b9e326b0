"""Passes for formulas: from words to expressions."""

import re

from nodewright.language.naming import snake
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.figures import group_of
from nodewright.reading.operations import add_operation, named
from nodewright.reading.things import thing_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Aggregate, Assign, Compute, Input, Measure, Reduction, Result
from nodewright.spec.types import NUMBER

_AND = re.compile(r"\s*(?:,|\band\b|/)\s*(?:per\s+|by\s+|each\s+)?", re.IGNORECASE)
_OPERATORS = [
    (re.compile(r"\b(?:multiplied by|times)\b|×|\*", re.IGNORECASE), "*"),
    (re.compile(r"\b(?:divided by|over)\b|÷|/", re.IGNORECASE), "/"),
    (re.compile(r"\b(?:plus|added to)\b|\+", re.IGNORECASE), "+"),
    (re.compile(r"\b(?:minus|less)\b|\u2212|\s-\s", re.IGNORECASE), "-"),
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
    alone = bool(_PERCENT.fullmatch(right.strip(" .")))
    if not mark or not (alone or _OPERATOR.search(right)):
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
        what = re.sub(r"^(?:the|a|an|its)\s+", "", percent["what"] or "", flags=re.IGNORECASE)
        return f"{share} * {snake(what)}" if what else f"({share})"
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
