"""The pass for classes by thresholds: "Whales: large accounts (50+ euro average order)"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nodewright.language.lexicon import stems
from nodewright.language.naming import snake, unique
from nodewright.prd.clauses import Clause, ClauseForm
from nodewright.reading.demands import Demand, demands_of
from nodewright.reading.draft import Draft
from nodewright.reading.operations import add_operation, named
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Compute, Entity, Field, Input, Result
from nodewright.spec.types import BOOLEAN, NUMBER, Base, enum_of

_LABEL = re.compile(r"(?P<label>[^:(]{1,60}?)\s*[:–—]\s+(?P<rest>.+)", re.DOTALL)
_AT_LEAST = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>%|percent)?\s*\+\s*(?P<what>[A-Za-z][\w /-]{1,40})"
)
_BOUND = re.compile(
    r"(?P<sign><=?|>=?|≤|≥|less than|under|below|more than|over|above|at least|at most)\s*"
    r"(?P<number>\d[\d,]*(?:\.\d+)?)\s?(?P<unit>%|(?:ms|s|h|min)\b)?\s*"
    r"(?P<what>[A-Za-z][\w /-]{1,40})",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"(?P<what>[A-Za-z][\w /-]{1,40}?)\s+(?:of|is)\s+"
    r"(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>%|[\w]+)?\s+or\s+(?P<way>more|less|higher|lower|fewer)",
    re.IGNORECASE,
)
_SIGNS = {
    "<": "<", "<=": "<=", ">": ">", ">=": ">=", "≤": "<=", "≥": ">=", "less than": "<",
    "under": "<", "below": "<", "more than": ">", "over": ">", "above": ">", "at least": ">=",
    "at most": "<=",
}  # fmt: skip
_UNITS = {"s": "seconds", "ms": "milliseconds", "h": "hours", "min": "minutes"}
_WORDS = {"avg": "average", "old": "age", "/month": " per month", "/day": " per day"}


@dataclass(frozen=True, slots=True)
class Threshold:
    """A bound on a measure: ``name sign number``; ``said`` are the words for it."""

    name: str
    sign: str
    number: str
    said: str


def read_classes(draft: Draft, demands: list[Demand]) -> None:
    """Classes that a list tells by thresholds.

    "Whales: large accounts (50+ euro average order)" under "classify accounts into 3 types" becomes
    a result of a ``Compute`` that answers the first class whose threshold holds.
    """
    del demands
    for entity in list(draft.entities.values()):
        for field in entity.fields:
            if field.type.base is Base.ENUM:
                _classify(draft, entity, field)


def _classify(draft: Draft, entity: Entity, field: Field) -> None:
    found = [
        (value, clause, threshold)
        for value, clause, rest in _labelled(draft, field)
        if (threshold := threshold_in(rest)) is not None
    ]
    if not found:
        return
    inputs: dict[str, Input] = {}
    results: list[Result] = []
    text = "None"
    for value, clause, threshold in reversed(found):
        name = unique(f"is_{snake(value)}", {each.name for each in results})
        kind = Input(name=threshold.name, type=NUMBER, clauses=(clause.id,))
        inputs[threshold.name] = kind
        results.append(
            Result(
                name=name,
                type=BOOLEAN,
                value=Expression(f"{threshold.name} {threshold.sign} {threshold.number}"),
                clauses=(clause.id,),
            )
        )
        text = f"{value!r} if {name} else {text}"
        _account(draft, clause, threshold)
    asking = next((each for each in field.clauses if each not in _ids(found)), "")
    clauses = (asking,) if asking else tuple(dict.fromkeys(_ids(found)))
    results.reverse()
    results.append(
        Result(
            name=field.name,
            type=enum_of(*field.type.values, optional=True),
            value=Expression(text),
            clauses=clauses,
        )
    )
    add_operation(
        draft,
        Compute(
            name=named(_verb(draft, asking), entity.name),
            clauses=clauses,
            inputs=tuple(inputs.values()),
            results=tuple(results),
            assumed="the first of the list that fits is taken",
        ),
    )


def _ids(found: list[tuple[str, Clause, Threshold]]) -> list[str]:
    return [clause.id for _, clause, _ in found]


def _labelled(draft: Draft, field: Field) -> Iterator[tuple[str, Clause, str]]:
    """Items that are labelled with a value of the field, and what they say of it."""
    known = {tuple(stems(value)): value for value in field.type.values}
    for clause in draft.document.clauses:
        if clause.form is not ClauseForm.ITEM or clause.context:
            continue
        found = _LABEL.match(" ".join(clause.text.split()))
        value = known.get(tuple(stems(found["label"]))) if found else None
        if found is not None and value is not None:
            yield value, clause, found["rest"]


def threshold_in(text: str) -> Threshold | None:
    """The only threshold that a text names.

    >>> threshold_in("large accounts (50+ euro avg trades)").name
    'average_trades'
    >>> threshold_in("average trade of 50 or more").sign
    '>='
    """
    bounds = list(_BOUND.finditer(text))
    least = list(_AT_LEAST.finditer(text))
    measured = list(_MEASURED.finditer(text))
    if len(bounds) + len(least) + len(measured) != 1:
        return None
    found = (bounds or least or measured)[0]
    if found in bounds:
        sign = _SIGNS[found["sign"].lower()]
    elif found in measured:
        sign = ">=" if found["way"].lower() in {"more", "higher"} else "<="
    else:
        sign = ">="
    name = _name_of(found["what"], found["unit"] or "")
    return Threshold(name, sign, found["number"].replace(",", ""), found[0]) if name else None


def _name_of(what: str, unit: str) -> str:
    """The name of a measure: "SOL avg trades" is ``average_trades``, "days old" is ``age_days``."""
    for short, word in _WORDS.items():
        what = re.sub(
            rf"(?<!\w){re.escape(short)}(?!\w)" if short.isalpha() else re.escape(short), word, what
        )
    words = [word for word in what.split() if not (word.isupper() and len(word) <= 5)]
    words = [word for word in words if word not in _NO_NAMES]
    if "age" in words:
        words = ["age", *(word for word in words if word != "age")]
    if unit in _UNITS:
        words.append(_UNITS[unit])
    return snake(" ".join(words)) if words else ""


_NO_NAMES = {"euro", "eur", "usd", "dollars", "m", "km", "cm", "mm", "kg", "g", "l", "t"}


def _account(draft: Draft, clause: Clause, threshold: Threshold) -> None:
    """Account for the threshold, the label, and a plain description before it."""
    draft.take(clause)
    found = _LABEL.match(" ".join(clause.text.split()))
    draft.understand(clause, threshold.said, found["label"] if found else "")
    rest = re.sub(r"\([^()]*\)", "", found["rest"]) if found else ""
    if "," not in rest and " with " not in rest:
        draft.understand(clause, rest)


def _verb(draft: Draft, clause_id: str) -> str:
    """The verb of the clause that asks for the classes."""
    clause = next((each for each in draft.document.clauses if each.id == clause_id), None)
    demands = demands_of(clause) if clause is not None else ()
    return next((each.verb for each in demands if each.asks("compute")), "classify")
