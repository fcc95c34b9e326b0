"""A small shop of books to try constructs on."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

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
