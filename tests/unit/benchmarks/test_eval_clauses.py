"""The score of a specification against labels, on documents small enough to count by hand."""

from pathlib import Path

import pytest
from benchmarks.clause_labels import read_labels, same_name, type_fits
from benchmarks.clause_scores import score_document
from benchmarks.eval_clauses import main, score_folder

from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    ClauseNote,
    Create,
    Entity,
    Field,
    Listing,
    Order,
    Rule,
    Specification,
    State,
)
from nodewright.spec.types import DATE, NUMBER, TEXT, enum_of, parse_type

HEADERS = {
    "entities.tsv": "prd\tentity\tfield\ttype\trequired\tline",
    "operations.tsv": "prd\trequirement\tline\toperation\tkind\tentity",
    "clauses.tsv": "prd\trequirement\tline\tconstruct\tcompilable\tclause\tcheck\tentity",
}
LABELS = {
    "entities.tsv": [
        "shop\tSale\tamount\tdecimal|float\ty\t3",
        "shop\tSale\tday\tdate\tn\t3",
        "shop\tSale\tkind\tenum(cash,card)\t?\t3",
        "shop\tSale\tclerk\tstr\t?\t9",
    ],
    "operations.tsv": [
        "shop\tR1\t4\tcreate_sale\tEFFECT\tSale",
        "shop\tR2\t5\tlist_sales\tEFFECT\tSale",
        "shop\tR3\t6\tclean_shop\t-\t",
    ],
    "clauses.tsv": [
        "shop\tR1\t4\tcrud\tY\ta sale is stored\t\tSale",
        "shop\tR2\t5\torder\tY\tsales come by amount\t\tSale",
        "shop\tR2\t4\trange\tY\tan amount is at most 500\t\tSale",
        "shop\tR2\t5\talgo\tN\tthe best sale\t\tSale",
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, header in HEADERS.items():
        (tmp_path / name).write_text("\n".join([header, *LABELS[name]]) + "\n", encoding="utf-8")
    return tmp_path


def clause(number: int) -> ClauseNote:
    return ClauseNote(id=f"C{number}", requirement="", line=number, text="", state=State.READ)


def specification(
    *, bound: str = "500", day_optional: bool = True, extra: bool = False
) -> Specification:
    amount = Field(
        name="amount",
        type=NUMBER,
        clauses=("C3",),
        rules=(Rule(maximum=Expression(bound), clauses=("C4",)),),
    )
    fields = [
        Field(name="sale_id", type=parse_type("uuid"), assumed="a key"),
        amount,
        Field(name="day", type=DATE.maybe if day_optional else DATE, clauses=("C3",)),
        Field(name="kind", type=enum_of("cash", "card"), clauses=("C3",)),
    ]
    if extra:
        fields.append(Field(name="mood", type=TEXT, clauses=("C3",)))
    return Specification(
        title="Shop",
        package="shop",
        clauses=tuple(clause(number) for number in range(1, 9)),
        entities=(Entity(name="Sale", key="sale_id", fields=tuple(fields), clauses=("C3",)),),
        operations=(
            Create(name="create_sale", entity="Sale", clauses=("C4",)),
            Listing(
                name="list_sales",
                entity="Sale",
                clauses=("C5",),
                order=(Order(by=Expression("amount"), clauses=("C5",)),),
            ),
        ),
    )


def test_a_right_reading_is_right(folder: Path) -> None:
    score = score_document(specification(), read_labels(folder)["shop"])
    assert (score.right, score.ours, score.labelled) == (3, 3, 4)
    assert (score.found, score.entities, score.operations) == (2, 2, 2)
    assert (score.constructs, score.clauses) == (3, 3)
    assert score.wrong == 0


def test_a_field_must_be_optional_where_the_label_says_so(folder: Path) -> None:
    score = score_document(specification(day_optional=False), read_labels(folder)["shop"])
    assert score.right == 2


def test_a_field_that_no_label_has_counts_against(folder: Path) -> None:
    score = score_document(specification(extra=True), read_labels(folder)["shop"])
    assert (score.right, score.ours) == (3, 4)


def test_a_bound_with_another_number_is_wrong(folder: Path) -> None:
    score = score_document(specification(bound="50"), read_labels(folder)["shop"])
    assert score.constructs == 2
    assert score.wrong == 1


def test_an_operation_from_a_line_that_asks_nothing_is_wrong(folder: Path) -> None:
    spec = specification()
    invented = Create(name="create_sale_again", entity="Sale", clauses=("C8",))
    changed = Specification(
        title=spec.title,
        package=spec.package,
        clauses=spec.clauses,
        entities=spec.entities,
        operations=(*spec.operations, invented),
    )
    assert score_document(changed, read_labels(folder)["shop"]).wrong == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("storeId", "store_id", True),
        ("purchase_records", "historical_purchase_records", True),
        ("start_time", "end_time", False),
        ("amount", "amount_paid", False),
        ("id", "order_id", False),
    ],
)
def test_names_are_one_by_their_words(one: str, other: str, *, same: bool) -> None:
    assert same_name(one, other) is same


def test_an_enum_must_have_all_its_values() -> None:
    assert type_fits(enum_of("High", "Low"), ("str", "enum(Low,High)"), {})
    assert not type_fits(enum_of("High", "Low"), ("enum(Low,Middle,High)",), {})
    assert not type_fits(TEXT, ("enum(Low,High)",), {})


def test_the_last_line_holds_the_figures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "shop.md").write_text(
        "# Shop\n\nSale(amount: decimal, day?: date, kind: 'cash' | 'card')\n", encoding="utf-8"
    )
    assert score_folder(folder)["shop"].labelled == 4
    assert main([str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("fields ")


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 2
