"""Sample values for generated tests, as Python source.

A sample keeps every rule that the plan has for its field, so that a generated test may expect
no violation; ``broken_sample`` breaks one.
"""

from collections.abc import Sequence
from typing import Any

from nodewright.planning.model import PlannedField
from nodewright.prd.models import FieldType
from nodewright.templates.quoting import pystr

Rule = dict[str, Any]

_PLAIN: dict[FieldType, tuple[str, str]] = {
    FieldType.BOOLEAN: ("True", "False"),
    FieldType.DATETIME: (
        "datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)",
        "datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)",
    ),
    FieldType.DATE: ("date(2026, 1, 2)", "date(2026, 2, 3)"),
    FieldType.UUID: (
        'UUID("12345678-1234-4678-9234-567812345678")',
        'UUID("87654321-4321-4765-8321-876543218765")',
    ),
    FieldType.STRINGS: ('("first", "second")', '("third",)'),
    FieldType.OBJECT: ('{"key": "value"}', '{"key": "other"}'),
}


def sample(field: PlannedField, rules: Sequence[Rule], *, other: bool = False) -> str:
    """Python source of a value for ``field`` that keeps ``rules``; ``other`` gives another one."""
    if field.type in _PLAIN:
        return _PLAIN[field.type][other]
    if field.type is FieldType.STRING:
        return pystr(_text(field, rules, other=other))
    return _numeral(_number(rules, other=other), field.type)


def broken_sample(field: PlannedField, rule: Rule) -> str:
    """Python source of a value for ``field`` that breaks ``rule``."""
    value = rule.get("value", 0)
    blank = '" "' if field.type is FieldType.STRING else "None"
    sources = {
        "required": lambda: blank,
        "min": lambda: _numeral(value - 1, field.type),
        "above": lambda: _numeral(value, field.type),
        "max": lambda: _numeral(value + 1, field.type),
        "max_length": lambda: f'"x" * {value + 1}',
        "min_length": lambda: f'"x" * {max(value - 1, 0)}',
    }
    return sources.get(rule["check"], lambda: '"none of these"')()


def _text(field: PlannedField, rules: Sequence[Rule], *, other: bool) -> str:
    checks = {rule["check"]: rule for rule in rules}
    if "one_of" in checks:
        allowed = checks["one_of"]["allowed"]
        return str(allowed[min(int(other), len(allowed) - 1)])
    text = field.name.replace("_", " ")
    if "email" in checks or "email" in field.name:
        text = "other@example.com" if other else "person@example.com"
    elif "url" in field.name:
        text = "https://example.com/" + ("other" if other else "page")
    elif other:
        text = f"other {text}"
    text = text.ljust(checks.get("min_length", {}).get("value", 0), "x")
    return text[: checks.get("max_length", {}).get("value", len(text))]


def _number(rules: Sequence[Rule], *, other: bool) -> float:
    number = 4.0 if other else 3.0
    for rule in rules:
        match rule["check"]:
            case "min":
                number = max(number, rule["value"])
            case "above":
                number = max(number, rule["value"] + 1)
    for rule in rules:
        if rule["check"] == "max":
            number = min(number, rule["value"])
    return number


def _numeral(number: float, kind: FieldType) -> str:
    if kind is FieldType.INTEGER:
        return str(round(number))
    if kind is FieldType.DECIMAL:
        return f'Decimal("{number:.2f}")'
    return repr(float(number))
