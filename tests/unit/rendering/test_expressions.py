"""Expressions as Python."""

import pytest
from tests.unit.rendering.box_office import SPECIFICATION

from nodewright.rendering.expressions import compiled, value_for
from nodewright.rendering.scopes import Code, Record, Scope
from nodewright.spec.expressions import Expression
from nodewright.spec.types import INTEGER, NUMBER, TEXT, UUID, Base, parse_type

TICKET = SPECIFICATION.entity("Ticket")
assert TICKET is not None
TICKETS = "self.surroundings.stores.ticket.all()"
SCOPE = Scope(
    SPECIFICATION,
    record=Record("ticket", TICKET),
    old=Record("old_ticket", TICKET),
    request={
        "amount": Code("request.amount", NUMBER),
        "seats": Code("request.seats", INTEGER),
        "who": Code("request.who", UUID),
    },
    names={"share": Code("share_", NUMBER.maybe)},
    caller="caller",
)


def written(text: str) -> str:
    return compiled(Expression(text), SCOPE).text


@pytest.mark.parametrize(
    ("expression", "python"),
    [
        ("price", "ticket.price"),
        ("old.price < price", "old_ticket.price < ticket.price"),
        ("request.amount * 2", "request.amount * 2"),
        ("price * 0.19", 'ticket.price * Decimal("0.19")'),
        ("request.seats / 2", "Decimal(request.seats) / 2"),
        ("(price + fee) * 2", "(ticket.price + ticket.fee) * 2"),
        ("price - (fee - 1)", "ticket.price - (ticket.fee - 1)"),
        ("not (price > 1 and fee > 1)", "not (ticket.price > 1 and ticket.fee > 1)"),
        (
            "price > 1 and (fee > 1 or fee < 0)",
            "ticket.price > 1 and (ticket.fee > 1 or ticket.fee < 0)",
        ),
        ("note is not None and note != 'x'", 'ticket.note is not None and ticket.note != "x"'),
        ("status in ['paid', 'used']", 'ticket.status in ("paid", "used")'),
        ("status in ['paid']", 'ticket.status in ("paid",)'),
        ("f'{seat} of {price}'", 'ticket.seat + " of " + text_of(ticket.price)'),
        ("ticket_id == caller.id", "str(ticket.ticket_id) == caller.id"),
        ("now() - minutes(15)", "self.surroundings.now() - dt.timedelta(minutes=15)"),
        ("days(0.5)", 'span(Decimal("0.5") * 86400)'),
        (
            "start_of_week(reserved_at)",
            "start_of_week(ticket.reserved_at.astimezone(dt.UTC).date())",
        ),
        ("round(price, 2)", "rounded(ticket.price, 2)"),
        ("floor(price)", "math.floor(ticket.price)"),
        ("max(price, 1)", "max(ticket.price, Decimal(1))"),
        ("contains(seat, 'A')", '"A" in ticket.seat'),
        ("{'a': price}", '{"a": text_of(ticket.price)}'),
        ("1 if price > 2 else price", "Decimal(1) if ticket.price > 2 else ticket.price"),
        ("7 == 0", "False"),
    ],
)
def test_plain_python(expression: str, python: str) -> None:
    assert written(expression) == python


@pytest.mark.parametrize(
    ("expression", "python"),
    [
        (
            "exists(Ticket, seat == this.seat)",
            f"any(other_ticket.seat == ticket.seat for other_ticket in {TICKETS})",
        ),
        (
            "sum(Ticket, price, status == 'paid' or fee > 1)",
            (
                f"sum((other_ticket.price for other_ticket in {TICKETS} if "
                'other_ticket.status == "paid" or other_ticket.fee > 1), Decimal(0))'
            ),
        ),
        ("count(Visitor, True)", "sum(1 for visitor in self.surroundings.stores.visitor.all())"),
        (
            "highest(Ticket, paid_at, True)",
            (
                f"max((other_ticket.paid_at for other_ticket in {TICKETS} if "
                "other_ticket.paid_at is not None), default=None)"
            ),
        ),
        ("find(Visitor, 'v').name", 'self.surroundings.stores.visitor.find("v").name'),
    ],
)
def test_queries_look_at_the_store(expression: str, python: str) -> None:
    assert written(expression) == python


def test_values_of_a_number_are_exact_and_rounded() -> None:
    assert value_for(Expression("1"), NUMBER, SCOPE) == "Decimal(1)"
    assert value_for(Expression("price * 2"), NUMBER, SCOPE, 2) == "rounded(ticket.price * 2, 2)"
    assert value_for(Expression("share"), NUMBER, SCOPE, 2) == (
        "None if share_ is None else rounded(share_, 2)"
    )
    assert value_for(Expression("None"), NUMBER.maybe, SCOPE, 2) == "None"


def test_references_are_keys() -> None:
    assert compiled(Expression("visitor"), SCOPE).type == TEXT.maybe
    assert compiled(Expression("price + 1"), SCOPE).type.base is Base.NUMBER
    assert compiled(Expression("paid_at"), SCOPE).type == parse_type("datetime?")


@pytest.mark.parametrize("text", ['a"b', "a'b", "\\", "\n", "\u202e", '"""', "{x}"])
def test_texts_are_quoted(text: str) -> None:
    assert eval(written(repr(text))) == text  # noqa: S307 - our own literal


def test_what_means_nothing_is_named() -> None:
    with pytest.raises(LookupError, match="nowhere"):
        written("nowhere")
