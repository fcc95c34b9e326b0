import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nodewright.planning.field_rules import rules_of
from nodewright.planning.model import PlannedField, Trace
from nodewright.prd.models import FieldType, Requirement
from nodewright.rendering.sample_values import broken_sample, sample

FIELDS = (
    PlannedField("title", FieldType.STRING),
    PlannedField("email", FieldType.STRING),
    PlannedField("level", FieldType.STRING),
    PlannedField("quantity", FieldType.INTEGER),
    PlannedField("unit_price", FieldType.DECIMAL),
)


def found(text: str) -> set[tuple[object, ...]]:
    rules = rules_of([Requirement("FR-1", text, "", 7)], FIELDS)
    assert all(rule["line"] == 7 and rule["requirement"] == "FR-1" for rule in rules)
    return {
        (rule["field"], rule["check"], *rule.get("allowed", ()), rule.get("value", ""))
        for rule in rules
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The title is required.", {("title", "required", "")}),
        ("The title must have at most 80 characters", {("title", "max_length", 80)}),
        ("email must be a valid e-mail address", {("email", "email", "")}),
        (
            "level must be one of beginner, intermediate or advanced",
            {("level", "one_of", "beginner", "intermediate", "advanced", "")},
        ),
        ("quantity must be between 1 and 10", {("quantity", "min", 1), ("quantity", "max", 10)}),
        ("The quantity must be positive", {("quantity", "above", 0)}),
        ("unit price must be greater than 0.5", {("unit_price", "above", 0.5)}),
        ("Quantity is nice to have", set()),
        ("quantity must be between 10 and 1", {("quantity", "min", 10)}),
    ],
)
def test_stated_rules(text: str, expected: set[tuple[object, ...]]) -> None:
    assert found(text) == expected


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text_gives_rules_that_samples_keep_and_break(text: str, more: str) -> None:
    texts = [f"quantity {text}", f"title {text} {more}", f"level {text}", f"unit_price {more}"]
    rules = rules_of([Requirement("R", text, "", 1) for text in texts], FIELDS)
    for field in FIELDS:
        own = [rule for rule in rules if rule["field"] == field.name]
        compile(sample(field, own), "sample", "eval")
        for rule in own:
            compile(broken_sample(field, rule), "broken", "eval")


def test_rules_are_read_from_the_lines_that_describe_a_record() -> None:
    lines = [
        Trace("Data model", "Data model", 12, "| quantity | int | range: 1-500 |"),
        Trace("Data model", "Data model", 13, "- `level`: enum(Low, High)"),
        Trace("Data model", "Data model", 14, "title: string, max 80 characters"),
    ]
    rules = rules_of([], FIELDS, lines)
    assert [(rule["field"], rule["check"], rule["line"]) for rule in rules] == [
        ("quantity", "min", 12),
        ("quantity", "max", 12),
        ("level", "one_of", 13),
        ("title", "max_length", 14),
    ]
    assert rules[2]["allowed"] == ["Low", "High"]


@pytest.mark.parametrize(
    "sentence",
    [
        f"The amount must be at least {'9' * 110}.",
        f"The amount must be between 1 and {'9' * 100}.",
        f"The count must be greater than {'9' * 110}.",
        "The name must be at least 99999999999 characters.",
        f"The name must be at most {'9' * 80} characters.",
    ],
)
def test_numbers_without_measure_are_no_rules(sentence: str) -> None:
    fields = [
        PlannedField("amount", FieldType.NUMBER),
        PlannedField("count", FieldType.INTEGER),
        PlannedField("name", FieldType.STRING),
    ]
    rules = rules_of([Requirement("R-1", sentence, "", 1)], fields)
    assert all(abs(rule["value"]) < 1e6 for rule in rules)
    for field in fields:
        assert len(sample(field, rules)) < 100


@given(st.text(alphabet="ab,/|'\"`- \t\n", max_size=60))
@example('a"-b-"c, d\'e')
def test_samples_of_stated_values_are_single_literals(values: str) -> None:
    field = PlannedField("colour", FieldType.STRING)
    rules = rules_of([Requirement("R-1", f"colour is one of {values}", "", 1)], [field])
    for other in (False, True):
        assert isinstance(ast.literal_eval(sample(field, rules, other=other)), str)
