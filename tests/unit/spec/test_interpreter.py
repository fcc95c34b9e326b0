"""What each construct does when it runs."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.unit.spec.shop import START, Shop


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
