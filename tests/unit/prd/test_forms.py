"""Requirements without ids: which items, rows, scenarios and sentences are ones."""

import pytest

from nodewright.prd.document import parse_document
from nodewright.prd.models import Scope


def texts(text: str) -> list[str]:
    found = parse_document(text).requirements
    return [item.text for item in found if item.functional and item.scope is Scope.RELEASE]


@pytest.mark.parametrize(
    "heading",
    [
        "Features",
        "Functional requirements",
        "Must have",
        "Should have",
        "Scope",
        "Anforderungen",
        "Fonctionnalités",
        "Requisitos",
        "Требования",
        "機能要件",
        "功能需求",
        "기능 요구사항",
    ],
)
def test_items_of_functional_sections(heading: str) -> None:
    text = f"# Orchard\n\n## {heading}\n\n- Count trees\n  - by kind\n- Weigh apples\n"
    text += "\n## Risks\n\n- Frost\n"
    assert texts(text) == ["Count trees", "Weigh apples"]


def test_a_heading_of_priority_is_no_requirement() -> None:
    text = "# Orchard\n\n## Must have\n\n- Count trees\n\n## Should have\n\n- Weigh apples\n"
    document = parse_document(text)
    assert [(item.text, item.priority) for item in document.requirements] == [
        ("Count trees", "Must"),
        ("Weigh apples", "Should"),
    ]


def test_rows_without_ids() -> None:
    text = (
        "# Orchard\n\n## Features\n\n| Feature | Description | Priority |\n|---|---|---|\n"
        "| Trees | count them | high |\n| Apples | weigh them | low |\n"
    )
    assert texts(text) == ["Trees: count them", "Apples: weigh them"]


def test_a_pasted_head_is_no_requirement() -> None:
    text = "Orchard\n\nFeatures:\n\nName\tDescription\nTrees\tcount them\nApples\tweigh them\n"
    assert not any("Name" in item for item in texts(text))


@pytest.mark.parametrize(
    "sentence",
    [
        "The orchard app shall count the trees of a row.",
        "La aplicación debe contar los árboles de una fila.",
        "Die App muss die Bäume einer Reihe zählen.",
        "Приложение должно считать деревья.",
        "应用必须统计每一行的果树数量",
        "앱은 나무의 수를 세어야 한다",
        "アプリは木を数えることができる",
    ],
)
def test_a_paragraph_that_asks(sentence: str) -> None:
    assert texts(f"# Orchard\n\n{sentence}\n") == [sentence]


def test_a_little_prose_asks_sentence_by_sentence() -> None:
    text = "# Orchard\n\nThe app shall count the trees. It must weigh the apples of a tree.\n"
    assert texts(text) == [
        "The app shall count the trees.",
        "It must weigh the apples of a tree.",
    ]


@pytest.mark.parametrize(
    "story",
    [
        "As a grower, I want to count trees, so that I can plan.",
        "Como cliente, quiero contar árboles.",
        "Als Gärtner möchte ich Bäume zählen.",
        "作为园丁，我想统计果树。",
    ],
)
def test_stories_are_requirements(story: str) -> None:
    text = f"# Orchard\n\n## User stories\n\n{story}\n\n- A note\n"
    assert story in texts(text)


def test_values_in_backticks_are_none() -> None:
    text = "# Orchard\n\n## Features\n\n- Count trees\n- `apple`\n- `pear`\n- Weigh apples\n"
    assert texts(text) == ["Count trees", "Weigh apples"]


def test_metadata_at_the_head_is_none() -> None:
    text = "# Orchard\n\n- Status: draft\n- Author: Mira\n\n- Count trees\n- Weigh apples\n"
    assert texts(text) == ["Count trees", "Weigh apples"]


def test_criteria_belong_to_the_requirement_above_them() -> None:
    text = (
        "# Orchard\n\n## Features\n\n### Trees\n\n- Count trees\n\n#### Acceptance criteria\n\n"
        "- A stump is no tree\n"
    )
    assert texts(text) == ["Count trees"]


def test_qualities_are_not_functional() -> None:
    text = (
        "# Orchard\n\n## Features\n\n- Count trees\n\n## Non-functional requirements\n\n"
        "- Answers in 2 s\n\n## Business rules\n\n| Rule | Text |\n|---|---|\n| one | no stumps |\n"
    )
    found = {item.text: item.functional for item in parse_document(text).requirements}
    assert found["Count trees"] is True
    assert found["Answers in 2 s"] is False
    assert [functional for text, functional in found.items() if "no stumps" in text] == [False]


def test_what_is_left_out_is_listed() -> None:
    text = (
        "# Orchard\n\n## Features\n\n- Count trees\n\n## Out of scope\n\n- Bees\n\n"
        "## Future\n\n| Feature |\n|---|\n| Drones |\n"
    )
    scopes = {item.text: item.scope for item in parse_document(text).requirements}
    assert scopes == {
        "Count trees": Scope.RELEASE,
        "Bees": Scope.EXCLUDED,
        "Drones": Scope.FUTURE,
    }


@pytest.mark.parametrize(
    "heading", ["Phase 2: Apples", "Phase 3", "Iteration 4", "Sprint 2", "Stage two"]
)
def test_the_number_of_a_phase_defers_nothing(heading: str) -> None:
    text = f"# Orchard\n\n## Features\n\n- Count trees\n\n### {heading}\n\n- Weigh apples\n"
    document = parse_document(text)
    assert all(clause.scope is Scope.RELEASE for clause in document.clauses)


def test_a_box_that_is_checked_is_done() -> None:
    text = "# Orchard\n\n## Features\n\n- [x] Count trees\n- [ ] Weigh apples\n"
    assert [item.status for item in parse_document(text).requirements] == ["done", None]


def test_an_empty_document_asks_for_nothing() -> None:
    for text in ("", "\n\n", "# \n", "---\n", "<!-- -->"):
        document = parse_document(text)
        assert document.requirements == ()
        assert document.warnings == ()
