"""Rules that the text states for fields, such as ``amount must be greater than 0``.

English sentences only; what is not recognised is left to the handler's author, never guessed.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from nodewright.planning.model import NUMERIC, PlannedField, Trace
from nodewright.prd.models import FieldType, Requirement

Rule = dict[str, Any]

# Longer numbers and texts are slips or traps: samples and tests are made of these.
_NUMBER = r"(-?\d{1,15}(?:\.\d{1,15})?)(?!\.?\d)"
_LONGEST_TEXT = 10_000


def _phrase(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_BOUNDS: list[tuple[re.Pattern[str], str]] = [
    (
        _phrase(
            rf"(?:at least|\bmin(?:imum)?(?: of)?:?|>=|≥|no less than|not less than) ?{_NUMBER}"
        ),
        "min",
    ),
    (_phrase(rf"(?:at most|\bmax(?:imum)?(?: of)?:?|<=|≤|no more than|up to) ?{_NUMBER}"), "max"),
    (_phrase(rf"(?:greater than|more than|above|(?<![-=])>) ?{_NUMBER}"), "above"),
]
_BETWEEN = _phrase(rf"(?:between|range:?|from) {_NUMBER} ?(?:and|to|[-–]|\.\.) ?{_NUMBER}")
_ONE_OF = _phrase(
    r"(?:one of|either|allowed values:?|enum(?:eration)?:?)\s*[(\[]?([\w\s,/|'\"`-]{3,200})"
)
_SEPARATORS = _phrase(r"\s*(?:,|/|\||\bor\b|\band\b)\s*")
_REQUIRED = _phrase(r"\b(?:is|are|be) (?:required|mandatory)|must not be (?:empty|blank)")
_EMAIL = _phrase(r"valid e-?mail|e-?mail format")
_POSITIVE = _phrase(r"\bpositive\b|non-?zero|greater than zero")


def rules_of(
    requirements: Sequence[Requirement],
    fields: Sequence[PlannedField],
    described: Sequence[Trace] = (),
) -> list[Rule]:
    """Rules for ``fields``, one a field and check, in order of lines.

    Args:
        requirements: where rules may be stated.
        fields: of one record.
        described: lines of the text that describe the record and are no requirement.
    """
    stated = [
        (requirement.id, line, text)
        for requirement in requirements
        for line, text in (
            (requirement.line, requirement.text),
            *requirement.details,
            *requirement.acceptance_criteria,
        )
    ]
    stated += [(trace.requirement, trace.line, trace.text) for trace in described]
    found: dict[tuple[str, str], Rule] = {}
    for source, line, text in stated:
        for field in fields:
            for rule in _stated(text, field):
                rule |= {"requirement": source, "line": line}
                found.setdefault((field.name, rule["check"]), rule)
    return [rule for rule in found.values() if _consistent(rule, found)]


def _stated(text: str, field: PlannedField) -> Iterator[Rule]:
    words = field.name.strip("_").replace("_", "[ _-]?")
    match = re.search(rf"\b{words}\b(.{{0,120}})", text, re.IGNORECASE)
    if match is None:
        return
    clause = match[1]
    if field.type is FieldType.STRING:
        yield from _text_rules(field.name, clause)
    elif field.type in NUMERIC:
        yield from _number_rules(field, clause)


def _text_rules(name: str, clause: str) -> Iterator[Rule]:
    if _REQUIRED.search(clause):
        yield {"field": name, "check": "required"}
    if _EMAIL.search(clause):
        yield {"field": name, "check": "email"}
    for pattern, check in _BOUNDS[:2]:
        match = pattern.search(clause)
        if (
            match
            and re.match(r"\s*char", clause[match.end() :], re.IGNORECASE)
            and "." not in match[1]
            and 0 <= int(match[1]) <= _LONGEST_TEXT
        ):
            yield {"field": name, "check": f"{check}_length", "value": int(match[1])}
    match = _ONE_OF.search(clause)
    if match:
        allowed = [value.strip(" '\"`-") for value in _SEPARATORS.split(match[1])]
        allowed = list(dict.fromkeys(value for value in allowed if value and " " not in value))
        if len(allowed) > 1:
            yield {"field": name, "check": "one_of", "allowed": allowed}


def _number_rules(field: PlannedField, clause: str) -> Iterator[Rule]:
    match = _BETWEEN.search(clause)
    if match:
        low, high = (_number(field, value) for value in match.groups())
        yield {"field": field.name, "check": "min", "value": low}
        yield {"field": field.name, "check": "max", "value": high}
        return
    if _POSITIVE.search(clause):
        yield {"field": field.name, "check": "above", "value": 0}
    for pattern, check in _BOUNDS:
        match = pattern.search(clause)
        if match:
            yield {"field": field.name, "check": check, "value": _number(field, match[1])}


def _number(field: PlannedField, text: str) -> float:
    return round(float(text)) if field.type is FieldType.INTEGER else float(text)


def _consistent(rule: Rule, found: dict[tuple[str, str], Rule]) -> bool:
    """Whether some value can keep ``rule`` together with the others of its field."""
    name, check = rule["field"], rule["check"]
    if check in {"min_length", "max_length", "email", "required"}:
        return (name, "one_of") not in found and (check == "max_length") <= (
            rule.get("value", 1) >= max(1, found.get((name, "min_length"), {}).get("value", 1))
            and (name, "email") not in found
        )
    if check == "max":
        low = found.get((name, "min"), {}).get("value", float("-inf"))
        above = found.get((name, "above"), {}).get("value", float("-inf"))
        return bool(low <= rule["value"] and above + 1 <= rule["value"])
    return True
