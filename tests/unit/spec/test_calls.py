"""What surrounds the work of an operation: who, how often, when; workflows and files."""

import decimal
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.unit.spec.shop import START, Shop

from nodewright.spec.calls import Caller


def test_roles_come_before_the_request_and_rate_limits_count_what_was_done() -> None:
    shop = Shop("""
  list_books:
    list: Book
    roles: [admin]
    rate: {most: 2 per 1 minute, by: caller.id}
    paged: true
""")
    anna, ben = Caller("anna", "admin"), Caller("ben", "admin")
    assert shop.call("list_books", limit="x").error_code == "forbidden"
    assert shop.call("list_books", Caller("anna", "user")).error_code == "forbidden"
    assert shop.call("list_books", anna, limit=0).error_code == "limit_invalid"
    assert shop.call("list_books", anna).ok
    shop.now += timedelta(seconds=30)
    assert shop.call("list_books", anna).ok
    assert shop.call("list_books", anna, limit="x").error_code == "rate_limited"
    assert shop.call("list_books", ben).ok
    shop.now += timedelta(seconds=29)
    assert shop.call("list_books", anna).error_code == "rate_limited"
    shop.now += timedelta(seconds=1)
    assert shop.call("list_books", anna).ok


def test_a_repeated_key_gets_the_first_answer() -> None:
    shop = Shop("""
  order_book: {create: Book, inputs: {ticket: 'text?'}, idempotency: request.ticket}
""")
    first = shop.call("order_book", title="Emma", price=10, ticket="t1")
    assert shop.call("order_book", title="Other", price=10, ticket="t1") == first
    assert shop.call("order_book", title="Other", price=0, ticket="t2").error_code
    assert shop.call("order_book", title="Other", price=10, ticket="t2").ok
    assert shop.call("order_book", title="Third", price=10).ok
    assert shop.call("order_book", title="Fourth", price=10).ok
    assert len(shop.books()) == 4


def test_guards_that_were_not_understood_refuse_always() -> None:
    shop = Shop("  add_any: {create: Book, guards: [{error: not_implemented}]}\n")
    answer = shop.call("add_any", title="Emma", price=10)
    assert answer.error_code == "not_implemented"


def test_who_speaks_of_the_caller_needs_one() -> None:
    shop = Shop("  mine: {list: Book, where: title == caller.id}\n")
    assert shop.call("mine").error_code == "forbidden"
    assert shop.call("mine", Caller("anna")).items == ()


def test_events_start_operations_with_what_they_carry() -> None:
    shop = Shop("""
  lend_book: {move: Book, to: lent, on: book_lent}
""")
    book = shop.book().item
    assert book is not None
    payload = {"book_id": book["book_id"], "price": Decimal(1)}
    assert [(name, answer.ok) for name, answer in shop.running.deliver("book_lent", payload)] == [
        ("lend_book", True)
    ]
    assert shop.running.deliver("book_lent", {})[0][1].error_code == "invalid_request"
    assert shop.running.deliver("nothing", {}) == ()


def test_schedules_run_when_they_are_due() -> None:
    shop = Shop("""
  often: {notify: Book, where: 'True', schedule: every 10 minutes}
  daily: {notify: Book, where: 'True', schedule: every 1 day at 09:00}
  weekly: {notify: Book, where: 'True', schedule: every 7 days at 09:00, roles: [admin]}
""")
    ran = []
    for _ in range(24 * 8):
        ran += [(name, shop.now) for name, _ in shop.running.tick()]
        shop.now += timedelta(hours=1)
    assert sum(name == "often" for name, _ in ran) == 24 * 8 - 1
    assert [moment.hour for name, moment in ran if name == "daily"] == [9] * 8
    weekly = [moment for name, moment in ran if name == "weekly"]
    assert [(moment - START).days for moment in weekly] == [6]


WORKFLOW = """
  lend_book: {move: Book, to: lent}
  reopen_book: {move: Book, to: open}
  charge:
    compute: {}
    inputs: {amount: number}
    effects:
    - {send: pay, message: {amount: amount, currency: "'EUR'", reference: "'x'"}}
  sell:
    workflow:
      make: {run: add_book, given: {title: request.title, price: request.price}}
      lend: {run: lend_book, given: {book_id: make.book_id}, undo: reopen_book}
      pay: {run: charge, given: {amount: make.price}, retry: '1 times, after 2 seconds'}
      note: {run: charge, given: {amount: 1}, when: make.price > 20, on_failure: keep}
    inputs: {title: text, price: number}
"""


def test_a_workflow_hands_on_what_its_steps_answered() -> None:
    shop = Shop(WORKFLOW)
    answer = shop.call("sell", title="Emma", price=10)
    assert answer.completed == ("make", "lend", "pay")
    assert shop.books()[0]["state"] == "lent"
    assert [each.message["amount"] for each in shop.running.sent] == [10]


def test_a_workflow_stops_and_takes_back_what_can_be() -> None:
    shop = Shop(WORKFLOW)
    shop.broken["pay"] = 2
    answer = shop.call("sell", title="Emma", price=10)
    assert (answer.status, answer.error_code, answer.failed_step) == ("failed", "pay_failed", "pay")
    assert answer.completed == ("make", "lend")
    assert [each["state"] for each in shop.books()] == ["open"]
    assert shop.running.waited == [timedelta(seconds=2)]
    refused = shop.call("sell", title="E", price=10)
    assert (refused.failed_step, refused.error_code) == ("make", "title_invalid")


def test_a_workflow_goes_on_where_a_step_may_fail() -> None:
    shop = Shop(WORKFLOW.replace("retry: '1 times, after 2 seconds'", "on_failure: keep"))
    shop.broken["pay"] = 2
    answer = shop.call("sell", title="Emma", price=30)
    assert answer.ok
    assert answer.completed == ("make", "lend")
    assert answer.warnings == ("pay: pay_failed", "note: pay_failed")


FILES = """
  export_csv: {export: Book, format: csv, order: [title], fields: [title, price, pages]}
  export_json: {export: Book, format: json, fields: [title, price]}
  import_csv: {import: Book, format: csv}
  merge_json: {import: Book, format: jsonl, upsert: true}
"""


def test_exports_write_what_imports_read() -> None:
    shop = Shop(FILES)
    shop.book("Bb, old", Decimal("1.50"), pages=3)
    shop.book("Aa")
    content = shop.call("export_csv").content
    assert content == 'title,price,pages\nAa,10.00,\n"Bb, old",1.50,3\n'
    assert shop.call("export_json").content == (
        '[{"title": "Bb, old", "price": "1.50"}, {"title": "Aa", "price": "10.00"}]'
    )
    other = Shop(FILES)
    assert other.call("import_csv", content=content).count == 2
    assert [each["pages"] for each in other.books()] == [None, 3]


@pytest.mark.parametrize(
    "content",
    [
        "title,price\nEmma,ten\n", "title,price\nEmma\n", "title,colour\nEmma,red\n",
        "title,price\nAa,5\nEmma,0\n", "title,price\nEmma,5\nEmma,5\n", "", 'title\n"',
        "title,price,state\nEmma,5,lent\n",
    ],
)  # fmt: skip
def test_one_bad_row_refuses_the_whole_import(content: str) -> None:
    shop = Shop(FILES)
    assert shop.call("import_csv", content=content).error_code == "row_invalid"
    assert shop.books() == []


def test_an_import_may_change_what_is_known() -> None:
    shop = Shop(FILES)
    book = shop.book().item
    assert book is not None
    rows = f'{{"book_id": "{book["book_id"]}", "price": 12.5}}\n{{"title": "New", "price": 3}}\n'
    assert shop.call("merge_json", content=rows).count == 1
    assert [(each["title"], each["price"]) for each in shop.books()] == [
        ("Emma", Decimal("12.50")), ("New", Decimal("3.00")),
    ]  # fmt: skip
    assert shop.call("merge_json", content="[" * 100_000).error_code == "row_invalid"


def test_an_operation_that_is_not_there() -> None:
    assert Shop("").call("fly").error_code == "unknown_operation"


def test_sums_do_not_depend_on_the_precision_around_them() -> None:
    shop = Shop("  add: {compute: {total: number = base / 3}, inputs: {base: number}}\n")
    exact = shop.call("add", base=Decimal(10)).results
    with decimal.localcontext(prec=3):
        assert shop.call("add", base=Decimal(10)).results == exact
