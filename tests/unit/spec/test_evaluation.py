"""Values and types of expressions."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from nodewright.spec.evaluation import Refused, Scope, World, evaluate
from nodewright.spec.expressions import Expression, ExpressionError
from nodewright.spec.model import Entity, Field
from nodewright.spec.types import NUMBER, TEXT, parse_type
from nodewright.spec.typing_ import Place, type_of

NOW = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)
BIN = {"code": "A", "stock": 3, "limit": None}
NAMES: dict[str, Any] = {"price": Decimal("9.50"), "count": 7, "state": "open", "seen_at": None,
                         "code": "A", "tags": ["x"], "shelf": {"row": 2}}  # fmt: skip
TYPES = {
    "price": "number", "count": "integer", "state": "open | done", "seen_at": "datetime?",
    "code": "text", "tags": "list[text]", "shelf": "Shelf", "active": "boolean?",
}  # fmt: skip
BINS = Entity(
    name="Bin",
    key="code",
    fields=(
        Field(name="code", type=TEXT),
        Field(name="stock", type=parse_type("integer")),
        Field(name="limit", type=parse_type("integer?")),
    ),
)
SHELF = Entity(name="Shelf", stored=False, fields=(Field(name="row", type=parse_type("integer")),))


def scope() -> Scope:
    other = {"code": "B", "stock": 5, "limit": 9}
    world = World(records={"Bin": {"A": BIN, "B": other}}, now=NOW, new_id=lambda: UUID(int=1))
    return Scope(world, names=NAMES, request={"amount": Decimal(2)}, caller={"id": "anna"})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("price * 2 + 1", Decimal("20.00")),
        ("1 / 4", Decimal("0.25")),
        ("-7 // 2", -4),
        ("count % 4", 3),
        ("0.1 + 0.2", Decimal("0.3")),
        ("round(2.675, 2)", Decimal("2.68")),
        ("round(count / 2)", Decimal(4)),
        ("floor(0 - 2.5)", -3),
        ("ceil(2.1)", 3),
        ("price > 0 and price <= 9.5", True),
        ("0 < count < 7", False),
        ("state in ['open', 'done']", True),
        ("seen_at is None or seen_at > now()", True),
        ("'low' if count < 5 else 'high'", "high"),
        ("f'{count} for {price}'", "7 for 9.50"),
        ("{'id': count, 'when': today()}", {"id": "7", "when": "2026-03-04"}),
        ("text(true_) if false_ else text(minutes(2))", "120"),
        ("now() - minutes(90)", NOW - timedelta(minutes=90)),
        ("date(now()) + days(1)", date(2026, 3, 5)),
        ("start_of_week(now())", date(2026, 3, 2)),
        ("start_of_month(today())", date(2026, 3, 1)),
        ("weekday(now())", 3),
        ("total_hours(days(1) - hours(6))", Decimal(18)),
        ("hours(1) / minutes(30)", Decimal(2)),
        ("join('-', tags)", "x"),
        ("contains(tags, 'x') and contains(lower('ABC'), 'b')", True),
        ("request.amount", Decimal(2)),
        ("caller.id", "anna"),
        ("shelf.row", 2),
        ("exists(Bin, stock > this.count)", False),
        ("count(Bin, code != this.code)", 1),
        ("sum(Bin, stock, True)", 8),
        ("sum(Bin, stock, False)", 0),
        ("average(Bin, stock, True)", Decimal(4)),
        ("lowest(Bin, limit, True)", 9),
        ("average(Bin, stock, False)", None),
        ("latest(Bin, code, stock, True)", "B"),
        ("find(Bin, code).stock", 3),
    ],
)
def test_value(text: str, value: object) -> None:
    text = text.replace("true_", "(1 == 1)").replace("false_", "(1 == 2)")
    found = evaluate(Expression(text), scope())
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1 / 0", "not_computable"),
        ("price / (price - price)", "not_computable"),
        ("seen_at > now()", "not_computable"),
        ("'a' * 3", "not_computable"),
        ("days(99999999999999)", "not_computable"),
        ("now() + days(3000000)", "not_computable"),
        ("1e400", "not_computable"),
        ("round(price, 400)", "not_computable"),
        ("*".join(["999999"] * 8), "not_computable"),
        ("find(Bin, 'Z').stock", "bin_not_found"),
        ("old.price", "not_computable"),
    ],
)
def test_what_cannot_be_computed_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        evaluate(Expression(text), scope())
    assert caught.value.code == code


def test_a_long_text_is_refused_before_it_fills_the_memory() -> None:
    around = Scope(scope().world, names={"text_": "a" * 900_000})
    with pytest.raises(Refused, match="1000000 characters"):
        evaluate(Expression("+".join(["text_"] * 30)), around)
    with pytest.raises(Refused, match="1000000 characters"):
        evaluate(Expression("f'" + "{text_}" * 200 + "'"), around)


def test_nested_queries_end() -> None:
    many = {number: {"size": number} for number in range(700)}
    around = Scope(World(records={"Bin": many}, now=NOW, new_id=lambda: UUID(int=1)))
    text = "count(Bin, count(Bin, count(Bin, size > this.size) > 0) > 0)"
    with pytest.raises(Refused, match="records looked at"):
        evaluate(Expression(text), around)


def test_without_a_caller_an_expression_that_needs_one_is_forbidden() -> None:
    with pytest.raises(Refused) as caught:
        evaluate(Expression("caller.id == 'anna'"), Scope(scope().world))
    assert caught.value.code == "forbidden"


# --- types --------------------------------------------------------------------------------------


def place() -> Place:
    names = {name: parse_type(kind) for name, kind in TYPES.items()}
    return Place(
        {"Bin": BINS, "Shelf": SHELF},
        names,
        request={"amount": NUMBER, "note": TEXT.maybe},
        caller=True,
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("price * 2", "number"),
        ("count // 2", "integer"),
        ("count / 2", "number"),
        ("count + 0.5", "number"),
        ("code + state", "text"),
        ("now() - now()", "duration"),
        ("today() + days(2)", "date"),
        ("seen_at", "datetime?"),
        ("seen_at if seen_at is not None else now()", "datetime"),
        ("seen_at is not None and seen_at < now()", "boolean"),
        ("seen_at is None or seen_at < now()", "boolean"),
        ("not (seen_at is None) and seen_at < now()", "boolean"),
        ("request.note is not None and length(request.note) > 3", "boolean"),
        ("None if count > 3 else count", "integer?"),
        ("min(count, price)", "number"),
        ("shelf.row + 1", "integer"),
        ("exists(Bin, stock > this.count and limit is not None and limit > 1)", "boolean"),
        ("average(Bin, stock, True)", "number?"),
        ("sum(Bin, limit, limit is not None)", "integer"),
        ("find(Bin, code).limit", "integer?"),
        ("['a', code]", "list[text]"),
        ("state == 'open'", "boolean"),
    ],
)
def test_type(text: str, kind: str) -> None:
    assert str(type_of(Expression(text), place())) == kind


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("prize > 3", "'prize' is not known here; did you mean 'price'?"),
        ("seen_at > now()", "seen_at may be missing; write seen_at is not None and"),
        ("seen_at is None and seen_at > now()", "may be missing"),
        ("code + 1", "joins text and integer"),
        ("now() + now()", "joins datetime and datetime"),
        ("state == 'opened'", "'opened' is not one of open, done; did you mean 'open'?"),
        ("price == code", "cannot be compared"),
        ("price == None", "by 'is' or 'is not'"),
        ("price is 3", "'is' compares with None only"),
        ("code in 'abc'", "not a list; for texts write contains()"),
        ("price and code", "price is number, not a condition"),
        ("active", None),
        ("not active", "active may be missing"),
        ("request.amont", "did you mean 'amount'?"),
        ("caller.mail", "caller has id, role"),
        ("old.price", "'old' has no meaning here"),
        ("exists(Bins, stock > 1)", "there are no records of 'Bins'; did you mean 'Bin'?"),
        ("exists(Shelf, row > 1)", "there are no records of 'Shelf'"),
        ("exists(Bin, stock)", "stock is integer, not a condition"),
        ("find(Bin, count).stock", "takes its key, not integer"),
        ("sum(Bin, code, True)", "code is text, not a number"),
        ("lower(count)", "count is integer, not enum or text"),
        ("tags < tags", "it has no order"),
        ("1e999", "too large a number"),
        (f"{10**31} > 1", "at most 30 digits"),
    ],
)
def test_type_errors_say_what_to_do(text: str, objection: str | None) -> None:
    if objection is None:
        type_of(Expression(text), place())
        return
    with pytest.raises(ExpressionError) as caught:
        type_of(Expression(text), place())
    assert objection in str(caught.value)


def test_deep_comparisons_are_checked_in_no_time() -> None:
    nested = "(1 == 1)"
    for _ in range(18):
        nested = f"((1 == 1) == {nested} == (1 == 1))"
    assert str(type_of(Expression(nested), place())) == "boolean"
