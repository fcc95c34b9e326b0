"""The score of one specification against the labels of its document."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from benchmarks.clause_elements import Found, elements_of, lines_of
from benchmarks.clause_labels import (
    ClauseLabel,
    Labels,
    OperationLabel,
    align_entities,
    field_is_right,
    find_field,
    name_words,
    same_name,
    type_fits,
)
from nodewright.spec import model
from nodewright.spec.model import Specification
from nodewright.spec.types import INTEGER

_CLASSES = {
    "create": (model.Create, model.Import, model.Workflow),
    "add": (model.Create,),
    "store": (model.Create,),
    "list": (model.Listing, model.Aggregate),
    "read": (model.Read, model.Listing),
    "get": (model.Read, model.Listing, model.Aggregate),
    "update": (model.Update, model.Move),
    "delete": (model.Delete,),
    "import": (model.Import,),
    "export": (model.Export,),
}
_KINDS: tuple[tuple[type[model.Operation], str], ...] = (
    (model.Move, "REDUCER"),
    (model.Aggregate, "REDUCER"),
    (model.Compute, "COMPUTE"),
    (model.Workflow, "ORCHESTRATOR"),
    (model.Operation, "EFFECT"),
)


@dataclass(slots=True)
class Score:
    """The counts of one document, or of all."""

    right: int = 0
    ours: int = 0
    labelled: int = 0
    named: int = 0
    operations: int = 0
    found: int = 0
    entities: int = 0
    clauses: int = 0
    constructs: int = 0
    elements: int = 0
    wrong: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        """Take in the counts of another."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def fields(self) -> float:
        """F1 of the fields."""
        return share(2 * self.right, self.ours + self.labelled)


def share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def score_document(spec: Specification, labels: Labels) -> Score:
    """Compare one specification with the labels of its document."""
    score = Score()
    named = [label.entity for label in labels.operations if label.entity]
    named += [label.entity for label in labels.clauses if label.entity]
    aligned = align_entities(labels.fields, named, spec)
    found = elements_of(spec)
    _score_fields(spec, labels, aligned, found, score)
    _score_operations(spec, labels, aligned, score)
    _score_constructs(spec, labels, aligned, found, score)
    return score


def _score_fields(
    spec: Specification, labels: Labels, aligned: dict[str, str], found: list[Found], score: Score
) -> None:
    taken: set[tuple[str, str]] = set()
    for label in labels.fields:
        entity = spec.entity(aligned.get(label.entity, ""))
        ours = find_field(
            label,
            _open_fields(entity, taken),
            label.entity,
        )
        if ours is not None and entity is not None:
            taken.add((entity.name, ours.name))
            score.named += 1
            right = field_is_right(ours, label, aligned)
            score.notes += (
                []
                if right
                else [
                    f"~ {label.entity}.{label.name} {label.types} {label.required}, not {ours.type}"
                ]
            )
        else:
            right = _answered(label.name, label.types, label.line, found, aligned)
            score.notes += [] if right else [f"- {label.entity}.{label.name} line {label.line}"]
            score.ours += right
        score.right += right
    score.labelled += len(labels.fields)
    for entity in spec.entities:
        for each in entity.fields:
            if each.name == entity.key and each.assumed and (entity.name, each.name) not in taken:
                continue
            score.ours += 1
            if (entity.name, each.name) not in taken:
                score.notes.append(f"+ {entity.name}.{each.name}: {each.type}")


def _open_fields(entity: model.Entity | None, taken: set[tuple[str, str]]) -> Iterator[model.Field]:
    """Fields that no label has been given yet; a key that was assumed is no reading of the text."""
    for each in entity.fields if entity else ():
        assumed_key = (
            entity is not None and each.name == entity.key and each.assumed and not each.clauses
        )
        if entity is not None and (entity.name, each.name) not in taken and not assumed_key:
            yield each


def _answered(
    name: str, types: tuple[str, ...], line: int, found: list[Found], aligned: dict[str, str]
) -> bool:
    """Whether an operation answers a figure of that name, read from that line."""
    for each in found:
        element = each.element
        if (
            isinstance(element, model.Result)
            and line in each.lines
            and same_name(name, element.name)
        ):
            return type_fits(element.type, types, aligned)
        if (
            isinstance(element, model.Measure)
            and line in each.lines
            and same_name(name, element.name)
        ):
            counted = element.reduce in {model.Reduction.COUNT, model.Reduction.DISTINCT}
            return (
                type_fits(INTEGER, types, aligned)
                if counted
                else bool({"float", "decimal", "int"} & set(types))
            )
    return False


def kind_of_operation(operation: model.Operation) -> str:
    """The kind of the node that an operation belongs to."""
    return next(kind for cls, kind in _KINDS if isinstance(operation, cls))


def _score_operations(
    spec: Specification, labels: Labels, aligned: dict[str, str], score: Score
) -> None:
    lines = lines_of(spec)
    free = list(spec.operations)
    for label in labels.operations:
        if label.kinds == ("-",):
            continue
        score.operations += 1
        fits = [operation for operation in free if _fits(operation, label, lines)]
        best = max(fits, key=lambda each: _closeness(each, label, aligned), default=None)
        if best is None:
            score.notes.append(f"- operation {label.name} line {label.line}")
            continue
        free.remove(best)
        score.found += 1
        right = _right_entity(best, label.entity, aligned)
        score.entities += right
        score.notes += (
            []
            if right
            else [f"~ operation {label.name}: {best.name} of another entity than {label.entity}"]
        )


def _fits(
    operation: model.Operation, label: OperationLabel, lines: dict[str, frozenset[int]]
) -> bool:
    classes = _CLASSES.get(label.name.split("_")[0])
    if (
        classes is not None
        and kind_of_operation(operation) == "EFFECT"
        and not isinstance(operation, classes)
    ):
        return False
    named = (*operation.clauses, *(clause for _, clause in operation.parts))
    return kind_of_operation(operation) in label.kinds and any(
        label.line in lines.get(clause, ()) for clause in named
    )


def _closeness(operation: model.Operation, label: OperationLabel, aligned: dict[str, str]) -> int:
    shared = len(set(name_words(operation.name)) & set(name_words(label.name)))
    return shared + 10 * _right_entity(operation, label.entity, aligned)


def _right_entity(operation: model.Operation, entity: str, aligned: dict[str, str]) -> bool:
    own = str(getattr(operation, "entity", ""))
    if own:
        return own == aligned.get(entity) or name_words(own) == name_words(entity)
    wanted, said = set(name_words(entity)), name_words(operation.name)[1:]
    return bool(said) and wanted <= set(said)


_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\w)")
_QUOTED = re.compile(r"\"([^\"]{1,60})\"")
_NUMBERED = {"range", "time", "cond", "filter", "nfr", "retry"}
_VALUED = {"enum", "filter", "state", "cond"}
_FIELDS_ENOUGH = 0.8


def _score_constructs(
    spec: Specification, labels: Labels, aligned: dict[str, str], found: list[Found], score: Score
) -> None:
    agreeing: set[int] = set()
    for label in labels.clauses:
        matches = [
            number
            for number, each in enumerate(found)
            if label.construct in each.constructs
            and label.line in each.lines
            and _agrees(each, label, labels, aligned, spec)
        ]
        agreeing.update(matches)
        if label.compilable == "Y":
            score.clauses += 1
            score.constructs += bool(matches)
            score.notes += (
                [] if matches else [f"- {label.construct} line {label.line}: {label.text[:80]}"]
            )
    asked = {label.line for label in labels.clauses}
    asked |= {label.line for label in labels.operations} | {label.line for label in labels.fields}
    constructs = {(label.line, label.construct) for label in labels.clauses}
    for number, each in enumerate(found):
        if isinstance(each.element, model.Field | model.Entity) or not each.lines:
            continue
        score.elements += 1
        if number in agreeing:
            continue
        invented = isinstance(each.element, model.Operation) and not each.lines & asked
        kinds = {(line, kind) for line in each.lines for kind in each.constructs}
        specific = len(each.constructs) <= 2
        if invented or (specific and kinds and kinds <= constructs):
            score.wrong += 1
            score.notes.append(
                f"! {type(each.element).__name__} of {each.entity} lines {sorted(each.lines)}"
            )


def _agrees(  # noqa: PLR0911 - one case a construct
    each: Found, label: ClauseLabel, labels: Labels, aligned: dict[str, str], spec: Specification
) -> bool:
    """Whether an element speaks of the label's entity and says what it names."""
    element = each.element
    if not _speaks_of(each, label, aligned, spec):
        return False
    if label.construct == "schema":
        return _has_fields(element, label, labels)
    said = each.text.lower()
    if label.construct == "reqopt" and isinstance(element, model.Field):
        asks = "may be null" in label.text or "optional" in label.text
        return element.type.optional == asks and _names(label.text, element.name)
    if label.construct in _NUMBERED:
        numbers = set(_NUMBER.findall(label.text))
        if label.construct == "range" and isinstance(element, model.Field):
            return "iso" in label.text.lower() and _names(label.text, element.name)
        if not all(
            re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.])", said)
            for value in numbers
            if value not in _IDENTIFIERS
        ):
            return _in_other_unit(numbers, said)
    if label.construct in _VALUED:
        return all(value.lower() in said for value in _QUOTED.findall(label.text)) and (
            label.construct != "enum" or _enum_fits(element, label)
        )
    return True


_IDENTIFIERS = frozenset[str]()


def _in_other_unit(numbers: Iterable[str], said: str) -> bool:
    """65 percent as 0.65, 6 hours as 21600 seconds or as ``6:00:00``."""
    shown = set(re.findall(r"\d+(?:\.\d+)?", said))
    values = {float(value) for value in shown}
    return all(
        any(
            abs(float(number) * factor - value) < 1e-9
            for factor in (0.01, 60, 3600, 86400)
            for value in values
        )
        or number in shown
        for number in numbers
    )


def _enum_fits(element: model.Element, label: ClauseLabel) -> bool:
    if not isinstance(element, model.Field):
        return False
    text = " ".join(name_words(label.text))
    named = sum(" ".join(name_words(value)) in text for value in element.type.values)
    return named == len(element.type.values) >= 2


def _names(text: str, name: str) -> bool:
    spoken = set(name_words(text))
    return set(name_words(name)) <= spoken or "".join(name_words(name)) in {
        word.lower() for word in re.findall(r"\w+", text)
    }


def _speaks_of(
    each: Found, label: ClauseLabel, aligned: dict[str, str], spec: Specification
) -> bool:
    if not label.entity or not each.entity:
        return (
            isinstance(each.element, model.Port | model.Store | model.Quality) or not label.entity
        )
    if isinstance(each.element, model.Store) and not each.element.entities:
        return True
    wanted = aligned.get(label.entity, label.entity)
    if each.entity == wanted or same_name(each.entity, label.entity):
        return True
    return spec.entity(each.entity) is None and set(name_words(label.entity)) <= set(
        name_words(each.entity)
    )


def _has_fields(
    element: model.Element,
    label: ClauseLabel,
    labels: Labels,
) -> bool:
    """Whether an entity has the fields that the labels list on this line, or below it."""
    if isinstance(element, model.Field):
        return _names(label.text, element.name) and not isinstance(element, model.Entity)
    entity = element if isinstance(element, model.Entity) else None
    if entity is None:
        return False
    wanted = [
        each
        for each in labels.fields
        if each.entity == label.entity and _names(label.text, each.name)
    ]
    if not wanted:
        wanted = [
            each
            for each in labels.fields
            if each.entity == label.entity and each.line == label.line
        ]
    shared = sum(find_field(each, entity.fields, label.entity) is not None for each in wanted)
    return bool(wanted) and shared >= _FIELDS_ENOUGH * len(wanted)
