"""Labels of documents: fields, operations and clauses, and what in a specification they mean.

Names are compared as people would: ``Store ID``, ``storeId`` and ``store_id`` are one, so are
``hold_time`` and ``hold_times``; a name with more words before the same last word is the same
(``historical_purchase_records`` and ``purchase_records``).
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nodewright.language.naming import words
from nodewright.language.nouns import singular
from nodewright.spec.model import Entity, Field, Specification
from nodewright.spec.types import Base, Type

_SAME_WORD = {
    "configuration": "config",
    "avg": "average",
    "qty": "quantity",
    "mail": "email",
    "organisation": "organization",
    "favourite": "favorite",
    "colour": "color",
    "identifier": "id",
    "ident": "id",
    "enrolment": "enrollment",
    "behaviour": "behavior",
}
_PLAIN_TYPES = {
    Base.TEXT: {"str"},
    Base.INTEGER: {"int"},
    Base.NUMBER: {"decimal", "float"},
    Base.BOOLEAN: {"bool"},
    Base.DATE: {"date"},
    Base.DATETIME: {"datetime"},
    Base.DURATION: {"duration", "timedelta"},
    Base.UUID: {"uuid"},
    Base.OBJECT: {"dict"},
    Base.LIST: {"list"},
}
_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class FieldLabel:
    """A field: ``types`` are all that are right, ``required`` is y, n or ? for "not said"."""

    entity: str
    name: str
    types: tuple[str, ...]
    required: str
    line: int


@dataclass(frozen=True, slots=True)
class OperationLabel:
    """An operation: ``kinds`` are all that are right; ``-`` where no node should come of it."""

    requirement: str
    line: int
    name: str
    kinds: tuple[str, ...]
    entity: str


@dataclass(frozen=True, slots=True)
class ClauseLabel:
    """A clause; ``compilable`` is Y, P (partly) or N."""

    line: int
    construct: str
    compilable: str
    text: str
    entity: str


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels of one document."""

    fields: tuple[FieldLabel, ...]
    operations: tuple[OperationLabel, ...]
    clauses: tuple[ClauseLabel, ...]


def read_labels(folder: Path) -> dict[str, Labels]:
    """Document -> its labels, from ``entities.tsv``, ``operations.tsv`` and ``clauses.tsv``."""
    entities = _rows(folder / "entities.tsv")
    operations = _rows(folder / "operations.tsv")
    clauses = _rows(folder / "clauses.tsv")
    names = dict.fromkeys(row["prd"] for row in (*entities, *operations, *clauses))
    return {
        name: Labels(
            tuple(_field(row) for row in entities if row["prd"] == name),
            tuple(_operation(row) for row in operations if row["prd"] == name),
            tuple(_clause(row) for row in clauses if row["prd"] == name),
        )
        for name in names
    }


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [{key: value or "" for key, value in row.items() if key} for row in rows]


def _field(row: Mapping[str, str]) -> FieldLabel:
    types = _alternatives(row["type"])
    return FieldLabel(row["entity"], row["field"], types, row["required"], int(row["line"]))


def _alternatives(text: str) -> tuple[str, ...]:
    """``str|enum(a|b,c)`` at the bars outside parentheses."""
    return tuple(part.strip() for part in re.split(r"\|(?![^()]*\))", text))


def _operation(row: Mapping[str, str]) -> OperationLabel:
    kinds = tuple(row["kind"].split("|"))
    return OperationLabel(
        row["requirement"], int(row["line"]), row["operation"], kinds, row["entity"]
    )


def _clause(row: Mapping[str, str]) -> ClauseLabel:
    return ClauseLabel(
        int(row["line"]), row["construct"], row["compilable"], row["clause"], row.get("entity", "")
    )


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name, singular and in lower case."""
    found = [singular(word.lower()) for word in words(name)]
    return tuple(_SAME_WORD.get(word, word) for word in found)


def same_name(one: str, other: str, owner: str = "") -> bool:
    """Whether two names are one; ``owner`` may stand before either (``Store.store_id``, ``id``).

    >>> same_name("purchaseUrl", "purchase_url"), same_name("hold_time", "hold_times")
    (True, True)
    >>> same_name("start_time", "end_time"), same_name("id", "store_id", "Store")
    (False, True)
    """
    left, right = name_words(one), name_words(other)
    if left == right or not left or not right:
        return left == right
    if left[-1] != right[-1]:
        return "".join(left) == "".join(right)
    if left == (*name_words(owner), *right) or right == (*name_words(owner), *left):
        return True
    # "id" alone says nothing of whose it is.
    shorter = min(left, right, key=len)
    return shorter != ("id",) and (set(left) <= set(right) or set(right) <= set(left))


def type_fits(kind: Type, alternatives: Sequence[str], aligned: Mapping[str, str]) -> bool:
    """Whether a type is one of the labelled ones; ``aligned`` maps labelled entity -> ours."""
    for label in alternatives:
        head, _, inside = label.partition("(")
        inside = inside.rstrip(")")
        if head == "enum":
            if kind.base is Base.ENUM and _texts(kind.values) == _texts(inside.split(",")):
                return True
        elif head == "ref":
            if kind.base is Base.ENTITY and aligned.get(inside, inside) == kind.entity:
                return True
        elif label in _PLAIN_TYPES.get(kind.base, ()):
            return True
    return False


def _texts(values: Iterable[str]) -> set[str]:
    return {"".join(name_words(value)) or value for value in values}


def align_entities(
    labels: Sequence[FieldLabel], named: Iterable[str], spec: Specification
) -> dict[str, str]:
    """Labelled entity -> the specification's, one to one.

    By name first; then by the words of the name with the same last one; then by fields, where at
    least half of the labelled ones are there.
    """
    wanted = list(dict.fromkeys([*(label.entity for label in labels), *named]))
    free = {entity.name: entity for entity in spec.entities}
    found: dict[str, str] = {}
    for same in (_equal, _alike):
        for name in wanted:
            if name in found:
                continue
            match = next((each for each in free if same(name, each)), None)
            if match is not None:
                found[name] = match
                del free[match]
    scored = [
        (_overlap([label for label in labels if label.entity == name], entity), name, entity.name)
        for name in wanted
        if name not in found
        for entity in free.values()
    ]
    for score, name, ours in sorted(scored, reverse=True):
        if score >= _ENOUGH and name not in found and ours in free:
            found[name] = ours
            del free[ours]
    return found


def _equal(one: str, other: str) -> bool:
    return name_words(one) == name_words(other)


def _alike(one: str, other: str) -> bool:
    left, right = name_words(one), name_words(other)
    return (
        bool(left and right)
        and left[-1] == right[-1]
        and (set(left) <= set(right) or set(right) <= set(left))
    )


def _overlap(labels: Sequence[FieldLabel], entity: Entity) -> float:
    if not labels or not entity.fields:
        return 0.0
    shared = sum(
        any(same_name(label.name, field.name, entity.name) for field in entity.fields)
        for label in labels
    )
    return shared / len(labels)


def find_field(label: FieldLabel, fields: Iterable[Field], owner: str) -> Field | None:
    """The field that a label means, the most equal name first."""
    candidates = [field for field in fields if same_name(label.name, field.name, owner)]
    return max(
        candidates,
        key=lambda field: name_words(field.name) == name_words(label.name),
        default=None,
    )


def field_is_right(field: Field, label: FieldLabel, aligned: Mapping[str, str]) -> bool:
    """Whether type and optionality are as labelled."""
    required = {"y": True, "n": False}.get(label.required)
    return type_fits(field.type, label.types, aligned) and (
        required is None or required is not field.type.optional
    )
