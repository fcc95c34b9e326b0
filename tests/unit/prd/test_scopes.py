"""What is asked for in this release, and what is not, in any supported language."""

import pytest

from nodewright.prd.document import parse_document
from nodewright.prd.models import Scope
from nodewright.prd.scopes import is_struck, label_scope, mark_scope, marked_scope, scope_of


@pytest.mark.parametrize(
    "sentence",
    [
        "Payment by card is out of scope.",
        "Refunds are not supported.",
        "A login is not required in v1",
        "No login is needed.",
        "No photo upload in v1",
        "There is no mobile app for the MVP.",
        "Labels are excluded from this release.",
        "Mobile devices are not included",
        "在线支付不在范围内",
        "本期暂不支持退款",
        "결제는 범위에 포함되지 않습니다",
        "決済は対象外です",
        "El pago en línea queda excluido",
        "O pagamento fica fora do escopo",
        "Le paiement est hors périmètre",
        "Zahlung ist nicht im Umfang",
        "Оплата картой не входит в проект",
    ],
)
def test_sentences_exclude(sentence: str) -> None:
    assert scope_of(sentence) is Scope.EXCLUDED


@pytest.mark.parametrize(
    "sentence",
    [
        "Refunds come in a future release.",
        "Deferred to the next version",
        "In the future, guests may pay by phone.",
        "Labels could eventually be printed.",
        "환불은 추후 제공한다",
        "退款功能后续版本提供",
        "返金は今後対応する",
        "El reembolso llega en la próxima versión",
        "Le remboursement viendra dans une version ultérieure",
        "Erstattungen folgen in einer späteren Version",
        "Возврат появится в следующей версии",
    ],
)
def test_sentences_defer(sentence: str) -> None:
    assert scope_of(sentence) is Scope.FUTURE


@pytest.mark.parametrize(
    "sentence",
    [
        "Cancelled orders are excluded from the report.",
        "A password is not required for guests who pay cash.",
        "The system shall not store card numbers.",
        "Reject a departure date in the future.",
        "The date must not be in the future.",
        "Phase 2: print labels",
        "No seat is sold twice.",
        "Drafts are not included in the total.",
        "Out of stock items are hidden.",
        "Train on a laptop, no graphics card required",
    ],
)
def test_sentences_that_demand_stay(sentence: str) -> None:
    assert scope_of(sentence) is Scope.RELEASE


@pytest.mark.parametrize(
    ("mark", "scope"),
    [
        ("Won't", Scope.EXCLUDED),
        ("Won’t have", Scope.EXCLUDED),
        ("Deprecated since 2.1", Scope.EXCLUDED),
        ("withdrawn", Scope.EXCLUDED),
        ("废弃", Scope.EXCLUDED),
        ("Deferred", Scope.FUTURE),
        ("Nice to have", Scope.FUTURE),
        ("Could", Scope.RELEASE),
        ("Must", Scope.RELEASE),
        ("Done", Scope.RELEASE),
        ("Phase 2", Scope.RELEASE),
    ],
)
def test_cells_of_priority_and_status(mark: str, scope: Scope) -> None:
    assert mark_scope(mark) is scope


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("FR-4: Print a label (deprecated)", Scope.EXCLUDED),
        ("[WITHDRAWN] Print a label", Scope.EXCLUDED),
        ("Deprecated: print a label", Scope.EXCLUDED),
        ("FR-4: Print a label (removed in v2)", Scope.EXCLUDED),
        ("FR-4: Print a label [later]", Scope.FUTURE),
        ("Cancelled: the guest gave the order back", Scope.RELEASE),
        ("The order is void (cancelled)", Scope.RELEASE),
        ("Print a label (PDF)", Scope.RELEASE),
    ],
)
def test_marks_in_a_text(text: str, scope: Scope) -> None:
    assert marked_scope(text) is scope


@pytest.mark.parametrize(
    ("raw", "struck"),
    [
        ("~~Print a label~~", True),
        ("**FR-4**: ~~Print a label~~ (see FR-9)", True),
        ("Print ~~two~~ three labels", False),
        ("Print a label", False),
    ],
)
def test_what_is_struck_through(raw: str, struck: bool) -> None:
    assert is_struck(raw) is struck


def test_a_label_rules_the_list_below_it() -> None:
    assert label_scope("Out of scope: cakes") is Scope.EXCLUDED
    assert label_scope("Nice to have:") is Scope.FUTURE
    assert label_scope("Must have:") is Scope.RELEASE
    text = "# Bakery\n\n## Features\n\n- Sell bread\n\nOut of scope:\n\n- Cakes\n  - with cream\n"
    scopes = {clause.text: clause.scope for clause in parse_document(text).clauses}
    assert scopes["Sell bread"] is Scope.RELEASE
    assert scopes["Cakes"] is scopes["with cream"] is Scope.EXCLUDED


SECTIONS = [
    ("## Features", "## Out of scope", "## Nice to have"),
    ("## Must have", "## Won't have", "## Future"),
    ("## Muss-Kriterien", "## Abgrenzungskriterien", "## Wunschkriterien"),
    ("## Funktionale Anforderungen", "## Nicht-Ziele", "## Ausblick"),
    ("## Exigences fonctionnelles", "## Hors périmètre", "## Évolutions futures"),
    ("## Requisitos funcionales", "## Fuera de alcance", "## Mejoras futuras"),
    ("## Requisitos funcionais", "## Fora do escopo", "## Melhorias futuras"),
    ("## Функциональные требования", "## Вне рамок", "## Планы на будущее"),
    ("## 機能要件", "## 対象外", "## 今後の予定"),
    ("## 功能需求", "## 不在范围", "## 未来规划"),
    ("## 기능 요구사항", "## 제외 범위", "## 향후 계획"),
]


@pytest.mark.parametrize("headings", SECTIONS, ids=lambda headings: headings[0][3:])
def test_sections_of_every_language(headings: tuple[str, str, str]) -> None:
    inside, outside, later = headings
    text = f"# Oven\n\n{inside}\n\n- A1\n- B1\n\n{outside}\n\n- C1\n- D1\n\n{later}\n\n- E1\n"
    scopes = {clause.text: clause.scope for clause in parse_document(text).clauses}
    assert scopes["A1"] is scopes["B1"] is Scope.RELEASE
    assert scopes["C1"] is scopes["D1"] is Scope.EXCLUDED
    assert scopes["E1"] is Scope.FUTURE


MOSCOW = """\
# Oven

## Requirements

| ID | Requirement | MoSCoW | Status |
|---|---|---|---|
| FR-1 | Bake bread | Must | open |
| FR-2 | Bake rolls | Could | done |
| FR-3 | Bake cakes | Won't | open |
| FR-4 | Bake pies | Should | withdrawn |
| FR-5 | ~~Bake rusks~~ | Must | open |

### FR-6: Bake tarts (deprecated)

The oven bakes a tart.

### FR-7: Bake buns

- Status: deferred
- The oven bakes a bun.
"""


def test_rows_headings_and_lines_of_status() -> None:
    document = parse_document(MOSCOW)
    scopes = {item.id: item.scope.value for item in document.requirements}
    assert scopes == {
        "FR-1": "release",
        "FR-2": "release",
        "FR-3": "excluded",
        "FR-4": "excluded",
        "FR-5": "excluded",
        "FR-6": "excluded",
        "FR-7": "future",
    }
    reasons = {clause.text: clause.context for clause in document.clauses}
    assert reasons["The oven bakes a tart."] == "excluded from this release"
    assert reasons["The oven bakes a bun."] == "put off to a later release"


def test_a_table_of_states_withdraws_nothing() -> None:
    text = (
        "# Oven\n\n## Features\n\n- Bake bread\n\n## Data\n\n"
        "| Status | Meaning |\n|---|---|\n| cancelled | the guest gave it back |\n"
    )
    row = next(c for c in parse_document(text).clauses if c.text.startswith("cancelled"))
    assert (row.scope, row.context) == (Scope.RELEASE, "")


def test_a_heading_about_rejected_records_is_a_feature() -> None:
    text = "# Oven\n\n## Features\n\n### Rejected orders\n\n- List them\n\n### History\n\n- Show\n"
    assert all(clause.scope is Scope.RELEASE for clause in parse_document(text).clauses)
