"""What each construct does when it runs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from nodewright.spec.calls import Answer, Caller
from nodewright.spec.interpreter import Interpreter, PortError
from nodewright.spec.yaml_form import load

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
HEAD = "title: Shop\npackage: shop\n"
BOOKS = """
entities:
  Book:
    key: book_id
    unique: [{fields: [title, shelf], when: state != 'lost'}]
    guards: [{require: price < 100 or shelf == 'safe', error: too_precious}]
    fields:
      book_id: uuid
      title: {type: text, rules: ['>= 2', '<= 20']}
      price: {type: number, places: 2, rules: ['> 0']}
      shelf: text = 'front'
      pages: 'integer?'
      added_at: 'datetime?'
      state: open | lent | lost
  Loan:
    key: loan_id
    fields: {loan_id: uuid, book: Book, reader: text, status: text = 'running'}
machines:
  Book:
    field: state
    initial: open
    transitions:
    - {move: open -> lent, guards: [{require: price < 50, error: too_dear}]}
    - lent -> open
    - lent -> lost
ports:
  mailer: mail
  pay: payment
events:
  book_lent: {fields: {book_id: uuid, price: number}}
operations:
  add_book: {create: Book, set: {added_at: now()}}
  read_book: {read: Book}
"""


class Shop:
    """A running specification with a clock to turn and ports to break."""

    def __init__(self, operations: str) -> None:
        self.now = START
        self.broken: dict[str, int] = {}
        self.ids = 0
        ports = {name: self._port(name) for name in ("mailer", "pay")}
        self.running = Interpreter(
            load(HEAD + BOOKS + operations), clock=lambda: self.now, new_id=self._id, ports=ports
        )

    def _id(self) -> UUID:
        self.ids += 1
        return UUID(int=self.ids)

    def _port(self, name: str) -> Callable[[Any], None]:
        def take(_: Any) -> None:
            if self.broken.get(name, 0):
                self.broken[name] -= 1
                raise PortError

        return take

    def call(self, name: str, caller: Caller | None = None, **request: Any) -> Answer:
        return self.running.call(name, request, caller)

    def book(self, title: str = "Emma", price: Any = 10, **more: Any) -> Answer:
        return self.call("add_book", title=title, price=price, **more)

    def books(self) -> list[Any]:
        return list(self.running.state["Book"].values())


def test_create_makes_the_key_takes_defaults_rounds_and_starts_in_the_first_state() -> None:
    shop = Shop("")
    answer = shop.book(price=Decimal("9.005"))
    assert answer.item == {
        "book_id": UUID(int=1), "title": "Emma", "price": Decimal("9.01"), "shelf": "front",
        "pages": None, "added_at": START, "state": "open",
    }  # fmt: skip
    assert shop.call("read_book", book_id=UUID(int=1)).item == answer.item


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"title": "E"}, "title_invalid"),
        ({"title": "E" * 21}, "title_invalid"),
        ({"title": "E" * 20}, ""),
        ({"price": Decimal(0)}, "price_invalid"),
        ({"price": Decimal("0.01")}, ""),
        ({"price": 100}, "too_precious"),
        ({"price": 100, "shelf": "safe"}, ""),
        ({"price": "ten"}, "invalid_request"),
        ({"price": None}, "invalid_request"),
        ({"pages": True}, "invalid_request"),
        ({"pages": 2.5}, "invalid_request"),
        ({"colour": "red"}, "invalid_request"),
        ({"state": "lent"}, "invalid_request"),
        ({"shelf": None}, ""),
    ],
)
def test_create_refuses_what_breaks_a_rule(request_: dict[str, Any], code: str) -> None:
    shop = Shop("")
    answer = shop.call("add_book", **({"title": "Emma", "price": 10} | request_))
    assert answer.error_code == code
    assert len(shop.books()) == (not code)


def test_uniqueness_counts_only_records_for_which_it_holds() -> None:
    shop = Shop(
        "  lend_book: {move: Book, to: lent}\n  lose_book: {move: Book, to: lost}\n"
        "  rename_book: {update: Book, fields: [title, price]}\n"
    )
    first = shop.book().item
    assert first is not None
    assert shop.book().error_code == "shelf_taken"
    other = shop.book(title="Persuasion").item
    assert other is not None
    renamed = shop.call("rename_book", book_id=other["book_id"], title="Emma")
    assert renamed.error_code == "shelf_taken"
    assert shop.call("rename_book", book_id=first["book_id"], title="Emma", price=11).ok
    shop.call("lend_book", book_id=first["book_id"])
    shop.call("lose_book", book_id=first["book_id"])
    assert shop.book().ok


def test_moves_follow_the_machine_and_its_guards() -> None:
    shop = Shop(
        "  lend_book: {move: Book, to: lent, set: {pages: 7}}\n"
        "  lose_books: {move: Book, where: pages is not None, to: lost}\n"
    )
    cheap, dear = shop.book().item, shop.book("Rare", 60).item
    assert cheap is not None
    assert dear is not None
    assert shop.call("lend_book", book_id=UUID(int=9)).error_code == "not_found"
    assert shop.call("lend_book", book_id=dear["book_id"]).error_code == "too_dear"
    lent = shop.call("lend_book", book_id=cheap["book_id"])
    assert lent.item == {**cheap, "state": "lent", "pages": 7}
    again = shop.call("lend_book", book_id=cheap["book_id"])
    assert again.error_code == "transition_not_allowed"
    shop.book("Third", pages=3)
    assert shop.call("lose_books").count == 1
    assert [each["state"] for each in shop.books()] == ["lost", "open", "open"]


def test_update_takes_what_is_given_and_sets_in_order_on_what_is_so_far() -> None:
    shop = Shop("""
  reprice:
    update: Book
    fields: [price]
    guards: [{require: request.price is None or request.price >= price, error: cheaper}]
    set: {shelf: "'sale'", title: "f'{shelf} {price} was {old.price}'"}
""")
    book = shop.book().item
    assert book is not None
    changed = shop.call("reprice", book_id=book["book_id"], price=20)
    assert changed.item is not None
    assert (changed.item["price"], changed.item["shelf"]) == (20, "sale")
    assert changed.item["title"] == "sale 20.00 was 10.00"
    assert shop.call("reprice", book_id=book["book_id"], price=5).error_code == "cheaper"
    assert shop.call("reprice", book_id=book["book_id"]).ok


def test_delete_and_notify_work_on_all_that_fit() -> None:
    shop = Shop("""
  drop_old:
    delete: Book
    where: added_at is not None and added_at <= now() - minutes(15)
    effects:
    - {send: mailer, message: {recipient: "'a@example.org'", subject: title, body: old.shelf}}
  remind: {notify: Book, where: 'True'}
""")
    shop.book("Old")
    shop.now += timedelta(minutes=15)
    shop.book("New")
    assert shop.call("remind").count == 2
    assert shop.call("drop_old").count == 1
    assert [each["title"] for each in shop.books()] == ["New"]
    assert [each.message["subject"] for each in shop.running.sent] == ["Old"]


def test_lists_filter_order_and_page() -> None:
    shop = Shop("""
  list_books: {list: Book, order: [pages descending, title], fields: [title, pages]}
  find_books: {list: Book, where: title == request.title, inputs: {title: text}}
  page_books: {list: Book, paged: true, limit: 3}
""")
    for title, pages in (("Bb", 3), ("Aa", 3), ("Cc", None), ("Dd", 9)):
        shop.book(title, pages=pages)
    items = shop.call("list_books").items
    assert items is not None
    assert [(each["title"], each["pages"]) for each in items] == [
        ("Dd", 9), ("Aa", 3), ("Bb", 3), ("Cc", None),
    ]  # fmt: skip
    assert len(shop.call("find_books", title="Aa").items or ()) == 1
    page = shop.call("page_books", limit=2, offset=1).items or ()
    assert [each["title"] for each in page] == ["Aa", "Cc"]
    assert len(shop.call("page_books").items or ()) == 3
    assert shop.call("page_books", limit=0).error_code == "limit_invalid"
    assert shop.call("page_books", limit=1001).error_code == "limit_invalid"
    assert shop.call("page_books", offset=-1).error_code == "offset_invalid"


def test_aggregates_group_and_measure() -> None:
    shop = Shop("""
  shelves:
    aggregate: Book
    group: {shelf: shelf}
    order: [sold descending]
    measures:
      sold: count
      worth: sum of price
      mean: average of pages
      part: share of price
      last: {reduce: latest, of: title, by: added_at}
      kinds: distinct of state
  whole: {aggregate: Book, measures: {worth: sum of price, top: highest of pages}}
""")
    assert shop.call("shelves").rows == ()
    assert shop.call("whole").rows == ({"worth": 0, "top": None},)
    for number, shelf in enumerate(("a", "b", "b")):
        shop.book(f"Title {number}", price=10 * (number + 1), shelf=shelf, pages=number or None)
        shop.now += timedelta(minutes=1)
    rows = shop.call("shelves").rows
    assert rows is not None
    assert rows[0] == {
        "shelf": "b", "sold": 2, "worth": Decimal(50), "mean": Decimal("1.5"),
        "part": Decimal(50) / 60, "last": "Title 2", "kinds": 1,
    }  # fmt: skip
    assert rows[1]["mean"] is None


def test_compute_answers_results_and_checks_records() -> None:
    shop = Shop("""
  price_all:
    compute:
      net: {is: number = base - base * share, places: 2}
      total: {is: number = net * 1.19, places: 2}
    inputs: {base: number, share: {type: number = 0.1, rules: ['<= 1']}}
  check_book: {compute: {}, of: Book}
""")
    results = shop.call("price_all", base=Decimal("10.05")).results
    assert results == {"net": Decimal("9.05"), "total": Decimal("10.77")}
    assert shop.call("price_all", base=1, share=2).error_code == "share_invalid"
    assert shop.call("check_book", title="Emma", price=5).ok
    assert shop.call("check_book", title="E", price=5).error_code == "title_invalid"
    assert shop.call("check_book", title="Emma", price=500).error_code == "too_precious"
    assert shop.books() == []


def test_effects_change_add_send_and_publish_after_the_work() -> None:
    shop = Shop("""
  lend_book:
    move: Book
    to: lent
    inputs: {reader: text}
    effects:
    - {add: Loan, set: {book: this.book_id, reader: request.reader}}
    - {send: pay, when: price > 20, message: {amount: price, currency: "'EUR'", reference: title}}
    - {publish: book_lent, payload: {book_id: book_id, price: price}}
  return_book:
    move: Book
    to: open
    effects:
    - {change: Loan, where: book == this.book_id and status == 'running', set: {status: "'done'"}}
""")
    cheap, dear = shop.book().item, shop.book("Dear", 30).item
    assert cheap is not None
    assert dear is not None
    shop.call("lend_book", book_id=cheap["book_id"], reader="Anna")
    shop.broken["pay"] = 1
    failed = shop.call("lend_book", book_id=dear["book_id"], reader="Ben")
    assert failed.error_code == "pay_failed"
    loans = list(shop.running.state["Loan"].values())
    assert [(loan["book"], loan["reader"]) for loan in loans] == [(cheap["book_id"], "Anna")]
    assert len(shop.running.published) == 1
    assert shop.running.sent == []
    shop.call("lend_book", book_id=dear["book_id"], reader="Ben")
    assert [each.message["amount"] for each in shop.running.sent] == [30]
    shop.call("return_book", book_id=cheap["book_id"])
    assert [each["status"] for each in shop.running.state["Loan"].values()] == ["done", "running"]


def test_a_failed_port_is_tried_again_and_may_be_kept() -> None:
    shop = Shop("""
  tell:
    notify: Book
    effects:
    - send: mailer
      message: {recipient: "'a@example.org'", subject: title, body: title}
      retry: {try: '2 times, after 5 seconds', factor: 3}
      on_failure: keep
""")
    book = shop.book().item
    assert book is not None
    shop.broken["mailer"] = 2
    assert shop.call("tell", book_id=book["book_id"]).warnings == ()
    assert shop.running.waited == [timedelta(seconds=5), timedelta(seconds=15)]
    shop.broken["mailer"] = 3
    answer = shop.call("tell", book_id=book["book_id"])
    assert (answer.ok, answer.warnings) == (True, ("mailer_failed",))
    assert len(shop.running.sent) == 1


def test_references_have_to_be_there() -> None:
    shop = Shop("  add_loan: {create: Loan}\n")
    answer = shop.call("add_loan", book=UUID(int=5), reader="Anna", status="running")
    assert answer.error_code == "book_not_found"
    book = shop.book().item
    assert book is not None
    assert shop.call("add_loan", book=book["book_id"], reader="Anna").ok


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
