"""Scenarios that show what a clause says, and specifications without it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tests.unit.spec.strategies import specifications

from nodewright.prd.document import parse_document
from nodewright.spec import model as m
from nodewright.spec.ablation import without
from nodewright.spec.calls import Caller
from nodewright.spec.checks import check
from nodewright.spec.expressions import Expression
from nodewright.spec.mutants import mutants
from nodewright.spec.randomness import random_scenarios
from nodewright.spec.scenario import (
    Advance,
    Answered,
    Call,
    PortFails,
    Scenario,
    Tick,
    dangles,
    run,
)
from nodewright.spec.search import differs, find_scenario, find_scenarios, search_of
from nodewright.spec.yaml_form import load

EXAMPLES = Path(__file__).parents[3] / "examples"
QUIET = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))

# Each clause C.n is about one thing, so that the scenario of the clause has to show just that.
SHOP = """
title: Shop
package: shop
clauses:
"""
WIDE = """
entities:
  Book:
    key: book_id
    unique: [{fields: [isbn], from: [C.1]}]
    guards: [{require: price < 500 or insured, error: too_precious, from: [C.2]}]
    fields:
      book_id: uuid
      isbn: {type: text, rules: [{pattern: '[0-9]{3}-[0-9]', from: [C.3]}]}
      price: {type: number, rules: [{is: '> 0', from: [C.4]}]}
      pages: {type: integer = 10, from: [C.5]}
      insured: boolean
      added_at: 'datetime?'
      due_on: {type: 'date?', rules: [{is: '>= today()', from: [C.6]}]}
      state: open | lent | lost
  Loan:
    key: loan_id
    fields: {loan_id: uuid, book: Book, reader: text, back: boolean = False}
machines:
  Book:
    field: state
    initial: open
    transitions:
    - {move: open -> lent, guards: [{require: insured, error: not_insured, from: [C.7]}]}
    - {move: lent -> lost, from: [C.8]}
    - lent -> open
ports:
  mailer: {can: mail, from: [C.30]}
  pay: {can: payment, system: Stripe, from: [C.9]}
events:
  book_lent: {fields: {book: Book, price: number}}
  payment_made: {fields: {book_id: uuid}, topic: payments.made, from: [C.10]}
operations:
  add_book:
    create: Book
    set: {added_at: {is: now(), from: [C.11]}}
  lend_book:
    move: Book
    to: lent
    effects:
    - {publish: book_lent, payload: {book: book_id, price: price}, when: price > 5, from: [C.12],
       parts: {when: C.13}}
    - {add: Loan, set: {book: this.book_id, reader: "'Anna'"}, from: [C.14]}
  lose_book: {move: Book, to: lost}
  give_back:
    move: Book
    to: open
    effects:
    - {change: Loan, where: book == this.book_id, set: {back: 'True'}, from: [C.15]}
  list_books:
    list: Book
    where: price <= 20
    limit: 2
    order: [{by: price descending, from: [C.16]}]
    parts: {where: C.17, limit: C.18}
  my_books: {list: Loan, where: reader == caller.id, parts: {where: C.19}}
  page_books: {list: Book, paged: true, parts: {paged: C.20}}
  stock:
    aggregate: Book
    where: state != 'lost' and added_at is not None
    group: {day: date(added_at)}
    measures: {many: count, worth: {is: sum of price, from: [C.21]}}
    parts: {limit: C.22}
    limit: 1
  drop_books:
    delete: Book
    where: added_at is not None and added_at < now() - days(30)
    schedule: {run: every 1 day, from: [C.23]}
  pay_book:
    notify: Book
    inputs: {amount: number, token: text}
    roles: {only: [clerk], from: [C.24]}
    rate: {most: 3 per 1 minute, from: [C.25]}
    idempotency: {key: request.token, from: [C.26]}
    guards: [{require: request.amount == price, error: wrong_amount, from: [C.27]}]
    effects:
    - send: pay
      message: {amount: request.amount, currency: "'EUR'", reference: isbn}
      retry: {try: '2 times, after 1 second', from: [C.28]}
    route: {at: 'POST /books/{book_id}/pay', statuses: {wrong_amount: 422}, from: [C.29]}
  remind:
    notify: Book
    where: due_on is not None and due_on <= today() + days(3)
    effects:
    - send: mailer
      message: {recipient: "'a@example.org'", subject: isbn, body: isbn}
      from: [C.30]
  on_payment: {update: Book, set: {pages: pages + 1}, on: payment_made, parts: {on: C.31}}
  sell:
    workflow:
      make: {run: add_book, given: {isbn: request.isbn, price: 30, insured: 'True'}}
      lend: {run: lend_book, given: {book_id: make.book_id}}
      pay:
        run: pay_book
        given: {book_id: make.book_id, amount: 30, token: request.isbn}
        on_failure: keep
        parts: {on_failure: C.33}
      lose: {run: lose_book, given: {book_id: make.book_id}, when: request.lost, from: [C.34]}
    inputs: {isbn: text, lost: boolean}
  rent:
    workflow:
      make: {run: add_book, given: {isbn: request.isbn, price: 30, insured: 'True'}}
      lend: {run: lend_book, given: {book_id: make.book_id}, undo: give_back, parts: {undo: C.32}}
      pay: {run: pay_book, given: {book_id: make.book_id, amount: 30, token: request.isbn}}
    inputs: {isbn: text}
  margin:
    compute:
      share: {is: number = (price - cost) / price, places: 3, parts: {places: C.35}}
    inputs: {price: number, cost: {type: number, rules: [{is: <= 100, from: [C.36]}]}}
  import_books: {import: Book, format: csv, upsert: true, parts: {upsert: C.37}}
  sale: {update: Book, fields: [price], where: insured, parts: {where: C.38}}
"""
CLAUSES = [f"C.{number}" for number in range(1, 39)]


def wide() -> m.Specification:
    notes = "".join(
        f"  {each}: {{requirement: C, line: 1, text: x, state: read}}\n" for each in CLAUSES
    )
    return load(SHOP + notes + WIDE)


SPECIFICATION = wide()
ONLY_FACTS = {"C.29"}


@pytest.mark.parametrize("clause", CLAUSES)
def test_each_clause_has_a_scenario_that_fails_without_it(clause: str) -> None:
    found = find_scenario(SPECIFICATION, clause)
    assert found is not None
    assert bool(found.steps) is (clause not in ONLY_FACTS)
    full, ablated = run(SPECIFICATION, found), run(without(SPECIFICATION, clause), found)
    assert full != ablated
    if found.steps:
        assert differs(full, ablated)


def test_values_lie_at_the_edges_and_read_well() -> None:
    found = find_scenario(SPECIFICATION, "C.36")
    assert found == Scenario((Call("margin", {"price": Decimal(100), "cost": Decimal("100.01")}),))
    order = find_scenario(SPECIFICATION, "C.16")
    assert order is not None
    assert order.steps[-1] == Call("list_books")
    made = [step for step in order.steps if isinstance(step, Call)]
    assert [step.request.get("price") for step in made] == [10, 20, None]


def test_time_ports_and_callers_are_part_of_scenarios() -> None:
    retried = find_scenario(SPECIFICATION, "C.28")
    assert retried is not None
    assert PortFails("pay", 1) in retried.steps
    scheduled = find_scenario(SPECIFICATION, "C.23")
    assert scheduled is not None
    assert scheduled.steps[-1] == Tick()
    assert any(isinstance(step, Advance) for step in scheduled.steps)
    limited = find_scenario(SPECIFICATION, "C.25")
    assert limited is not None
    assert limited.steps[-1] == Call(
        "pay_book",
        {"book_id": Answered(0, "book_id"), "amount": Decimal(10), "token": "token 4"},
        Caller("anna", "clerk"),
    )


def test_a_clause_that_nothing_shows_has_none() -> None:
    assert find_scenario(SPECIFICATION, "C.99") is None
    useless = replace(
        SPECIFICATION,
        operations=(
            *SPECIFICATION.operations,
            m.Listing(name="list_all", entity="Book", where=Expression("True"),
                      parts=(("where", "C.1"),)),
        ),
        entities=tuple(replace(each, unique=()) for each in SPECIFICATION.entities),
    )  # fmt: skip
    assert find_scenario(check(useless), "C.1") is None


def test_the_search_finds_the_same_again() -> None:
    again = wide()
    for clause in ("C.2", "C.16", "C.25", "C.30"):
        assert find_scenario(again, clause) == find_scenario(SPECIFICATION, clause)


@pytest.mark.parametrize("clause", ["C.4", "C.12", "C.16", "C.17", "C.27", "C.36"])
def test_the_scenarios_of_a_clause_tell_it_from_all_its_mutants(clause: str) -> None:
    scenarios = find_scenarios(SPECIFICATION, clause)
    outcomes = [(each, run(SPECIFICATION, each)) for each in scenarios]
    for mutant in mutants(SPECIFICATION, clause):
        assert any(differs(outcome, run(mutant, each)) for each, outcome in outcomes)


# --- ablation -----------------------------------------------------------------------------------


def test_ablation_takes_what_only_the_clause_says() -> None:
    assert without(SPECIFICATION, "C.99") is SPECIFICATION
    book = without(SPECIFICATION, "C.4").entity("Book")
    assert book is not None
    price = book.field("price")
    assert price is not None
    assert price.rules == ()
    listing = without(SPECIFICATION, "C.17").operation("list_books")
    assert isinstance(listing, m.Listing)
    assert (listing.where, listing.limit, listing.parts) == (None, 2, (("limit", "C.18"),))


def test_ablation_keeps_what_others_name_too() -> None:
    shared = replace(SPECIFICATION.operations[0], clauses=("C.1", "C.2"))
    both = replace(SPECIFICATION, operations=(shared, *SPECIFICATION.operations[1:]))
    left = without(both, "C.1").operations[0]
    assert left.clauses == ("C.2",)


def test_ablation_of_a_field_takes_what_speaks_of_it() -> None:
    book = SPECIFICATION.entity("Book")
    assert book is not None
    owned = tuple(
        replace(each, clauses=("C.1",) if each.name == "price" else ()) for each in book.fields
    )
    changed = replace(
        SPECIFICATION,
        entities=(replace(book, fields=owned, unique=()), *SPECIFICATION.entities[1:]),
    )
    left = check(without(changed, "C.1"))
    assert "price" not in [each.name for each in left.entities[0].fields]
    stock = left.operation("stock")
    assert isinstance(stock, m.Aggregate)
    assert [each.name for each in stock.measures] == ["many"]


@given(specifications())
@QUIET
def test_ablation_leaves_a_right_specification(specification: m.Specification) -> None:
    for clause in ("A.1", "A.2"):
        left = check(without(specification, clause))
        found = find_scenario(specification, clause)
        if found is not None:
            assert run(specification, found) != run(left, found)


@pytest.mark.parametrize("operation", SPECIFICATION.operations, ids=lambda each: each.name)
def test_no_scenario_asks_for_what_a_refused_step_did_not_answer(operation: m.Operation) -> None:
    search = search_of(SPECIFICATION)
    for scenario, outcome in islice(search.scenarios(operation), 200):
        assert not dangles(scenario, outcome)


# --- random scenarios ---------------------------------------------------------------------------


def test_random_scenarios_repeat_with_their_seed_and_reach_most_answers() -> None:
    scenarios = random_scenarios(SPECIFICATION, 7, 150)
    assert scenarios == random_scenarios(wide(), 7, 150)
    assert scenarios != random_scenarios(SPECIFICATION, 8, 150)
    codes = {
        (name, answer.error_code)
        for each in scenarios
        for seen in run(SPECIFICATION, each).steps
        for name, answer in seen.answers
    }
    assert {name for name, code in codes if not code} == {
        each.name for each in SPECIFICATION.operations
    }
    assert len({code for _, code in codes}) > 8


# --- the examples -------------------------------------------------------------------------------

FILES = sorted(EXAMPLES.glob("*.spec.yaml"))
SPECIFICATIONS = {path.name: load(path.read_text(encoding="utf-8")) for path in FILES}
TICKETING = SPECIFICATIONS["ticketing.spec.yaml"]


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        (name, each.id)
        for name, specification in SPECIFICATIONS.items()
        for each in specification.clauses
        if each.state is m.State.READ
    ],
)
def test_every_clause_that_an_example_claims_has_a_scenario(name: str, clause: str) -> None:
    specification = SPECIFICATIONS[name]
    found = find_scenario(specification, clause)
    assert found is not None
    assert run(specification, found) != run(without(specification, clause), found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_example_speaks_of_its_document(path: Path) -> None:
    document = EXAMPLES / f"{path.name.removesuffix('.spec.yaml')}.md"
    if not document.exists():
        document = document.with_suffix(".feature.md")
    known = parse_document(document.read_text(encoding="utf-8")).clauses
    notes = SPECIFICATIONS[path.name].clauses
    assert [(each.id, each.line) for each in notes] == [(each.id, each.line) for each in known]


def test_unpaid_tickets_are_shown_to_go_after_exactly_fifteen_minutes() -> None:
    waits = {
        step.by
        for each in find_scenarios(TICKETING, "FR-3.2")
        for step in each.steps
        if isinstance(step, Advance)
    }
    assert timedelta(minutes=15) in waits
