"""Wrong specifications are refused in one line that says where and what to do."""

import pytest

from nodewright.spec.types import SpecificationError
from nodewright.spec.yaml_form import load

RIGHT = """\
title: Shop
package: shop
entities:
  Book:
    key: book_id
    unique: [[title]]
    fields:
      book_id: uuid
      title: text
      price: {type: number, rules: ['> 0']}
      state: open | lent
      added_at: 'datetime?'
  Address: {stored: false, fields: {street: text}}
machines:
  Book: {field: state, initial: open, transitions: [open -> lent]}
ports:
  mailer: mail
events:
  book_lent: {fields: {book_id: uuid}}
operations:
  add_book: {create: Book}
  lend_book:
    move: Book
    to: lent
    effects:
    - {publish: book_lent, payload: {book_id: book_id}}
    - {send: mailer, message: {recipient: "'a@example.org'", subject: title, body: title}}
  list_books: {list: Book, where: price > 3, order: [added_at descending]}
  count_books: {aggregate: Book, group: {state: state}, measures: {many: count}}
  work_out: {compute: {total: number = base * 2}, inputs: {base: number}}
  sell:
    workflow:
      make: {run: add_book, given: {title: request.title, price: 5}}
      lend: {run: lend_book, given: {book_id: make.book_id}}
    inputs: {title: text}
"""


def test_the_example_is_right() -> None:
    assert load(RIGHT).title == "Shop"


WRONG = [
    ("key: book_id", "key: isbn", ["line 4", "entity Book", "no field 'isbn'"]),
    ("[[title]]", "[[titel]]", ["entity Book: unique 1", "did you mean 'title'?"]),
    ("title: text", "title: Autor", ["line 9", "field title", "no entity 'Autor'"]),
    ("title: text\n", "title: text\n      price: text\n", ["line 11", "'price' is there twice"]),
    ("title: text", "class: text", ["line 9", "'class' has a meaning of its own"]),
    ("title: text", "model_config: text", ["'model_config' has a meaning of its own"]),
    ("title: text", "Title: text", ["'Title' is not a name; use small letters"]),
    ("title: text", f"{'t' * 61}: text", ["longer than 60 characters"]),
    ("title: text", "title: text = 3", ["'3' is integer, not text"]),
    ("['> 0']", "['> title']", ["field price: rule 1", "'title' is text, not number"]),
    ("['> 0']", "[email]", ["a format or pattern is for a text"]),
    ("['> 0']", "[{pattern: '(a+)+'}]", ["a format or pattern is for a text"]),
    ("title: text", "title: {type: text, rules: [{pattern: '(a+)+b'}]}", ["repeats a repetition"]),
    ("title: text", "title: {type: text, rules: [{pattern: '('}]}", ["not a regular expression"]),
    ("open | lent", "open | lent | open", ["line 11", "says 'open' twice"]),
    ("open | lent", " | ".join(f"v{n}" for n in range(2000)), ["an enum has 2000 values"]),
    ("street: text", "street: Address", ["entity Address", "Address holds itself"]),
    ("stored: false", "stored: false, key: street", ["not stored; it has no key"]),
    ("initial: open", "initial: opened", ["machine", "no state 'opened'", "did you mean 'open'?"]),
    ("[open -> lent]", "[open -> sold]", ["transition 1", "no state 'sold'"]),
    ("[open -> lent]", "[open -> lent, open -> lent]", ["there twice"]),
    ("field: state", "field: title", ["'title' is text; write its states with |"]),
    ("mailer: mail", "mailer: post", ["port mailer", "no capability 'post'"]),
    ("  add_book:", "  handle:", ["operation handle", "'handle' has a meaning of its own"]),
    ("create: Book", "create: Bok", ["line 21", "add_book", "no entity 'Bok'", "mean 'Book'?"]),
    ("create: Book", "create: Address", ["Address is not stored"]),
    ("create: Book", "create: Book, without: [price]", ["field 'price' would have no value"]),
    ("create: Book", "create: Book, set: {prise: 3}", ["did you mean 'price'?"]),
    ("create: Book", "create: Book, set: {price: title}", ["'title' is text, not number"]),
    ("create: Book", "create: Book, set: {state: \"'lent'\"}", ["no field 'state'"]),
    ("create: Book", "create: Book, inputs: {title: text}", ["'title' is an input already"]),
    ("create: Book", "create: Book, roles: []", ["it names no role"]),
    ("create: Book", "create: Book, rate: 0 per 1 minute", ["calls is 0"]),
    ("create: Book", "create: Book, schedule: every 1 day", ["needs input 'title', but"]),
    ("create: Book", "create: Book, on: lent", ["no event 'lent'"]),
    ("create: Book", "create: Book, on: book_lent", ["does not carry it"]),
    ("create: Book", "create: Book, route: GRAB /x", ["no method 'GRAB'"]),
    ("create: Book", "create: Book, route: 'POST /x/{isbn}'", ["no input 'isbn'"]),
    ("create: Book", "create: Book, idempotency: request.tokn", ["request has"]),
    ("create: Book", "create: Book, guards: [{require: price, error: no}]", ["not a condition"]),
    ("create: Book", "create: Book, guards: [{require: 1 > 0, error: No Way}]", ["an error code"]),
    ("to: lent", "to: sold", ["no transition leads to 'sold'"]),
    ("move: Book\n    to: lent", "update: Book\n    set: {state: title}", ["no field 'state'"]),
    ("move: Book\n    to: lent", "update: Book\n    fields: [state]", ["only a move changes it"]),
    ("publish: book_lent", "publish: book_lend", ["no event 'book_lend'"]),
    ("payload: {book_id: book_id}", "payload: {}", ["'book_id' gets no value"]),
    ("send: mailer", "send: mailor", ["effect 2", "no port 'mailor'", "did you mean 'mailer'?"]),
    ("subject: title, ", "", ["part of a message 'subject' gets no value"]),
    ("subject: title", "subject: price", ["'price' is number, not text"]),
    ("subject: title", "topic: title", ["no part of a message 'topic'"]),
    ("where: price > 3", "where: prize > 3", ["line 28", "'prize' is not known here"]),
    ("where: price > 3", "where: added_at > now()", ["added_at may be missing"]),
    ("where: price > 3", "where: __import__('os')", ["'__import__' is not a function"]),
    ("where: price > 3", "where: price.real > 3", ["a number has no 'real'"]),
    ("where: price > 3", "where: '[][0] == 1'", ["Subscript is not part of the language"]),
    ("where: price > 3", f"where: {'-' * 60}price > 3", ["nested more than 40 deep"]),
    ("where: price > 3", f"where: {'1+' * 3000}1 > 3", ["at most 2000"]),
    ("where: price > 3", "where: price > 3, limit: 0", ["limit is 0; it is 1 or more"]),
    ("where: price > 3", "where: price > 3, fields: [isbn]", ["no field 'isbn'"]),
    ("many: count", "many: sum of title", ["'title' is text, not number?"]),
    ("many: count", "many: sum", ["say what it is the sum of"]),
    ("many: count", "state: count", ["'state' stands for two things"]),
    ("many: count", "many: median of price", ["not a measure"]),
    ("base * 2", "bace * 2", ["'bace' is not known here; did you mean 'base'?"]),
    ("number = base * 2", "integer = base * 2", ["is number, not integer"]),
    ("run: lend_book", "run: lend_bok", ["no operation 'lend_bok'"]),
    ("run: lend_book", "run: sell", ["sell is a step of itself"]),
    ("make.book_id", "make.isbn", ["step make answers"]),
    ("make.book_id", "lend.book_id", ["'lend' is not known here"]),
    ("given: {title: request.title, price: 5}", "given: {price: 5}", ["'title' gets no value"]),
    ("      lend: {run", "      request: {run", ["'request' has a meaning of its own"]),
    ("create: Book", "create: Book, from: [FR-1.1]", None),
    ("package: shop", "package: shop\nqualities: [latency =< 5 ms]", ["not a quality"]),
    ("package: shop", "package: shop\nqualities: [latency <= nan ms]", ["nan is not a number"]),
    ("package: shop", "package: shop\nstores: [{in: PostgreSQL, entities: [Bok]}]", ["'Bok'"]),
    ("package: shop", "package: shop\nclauses: {A.1: {requirement: A, line: 1}}", ["'text'"]),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG)
def test_wrong_specification(right: str, wrong: str, said: list[str] | None) -> None:
    assert right in RIGHT
    text = RIGHT.replace(right, wrong, 1)
    if said is None:
        load(text)
        return
    with pytest.raises(SpecificationError) as caught:
        load(text)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) <= 500
    for each in said:
        assert each in message


def test_clauses_that_are_not_there_are_refused() -> None:
    note = "clauses:\n  A.1: {requirement: A, line: 3, text: x, state: read}\n"
    with pytest.raises(SpecificationError, match=r"no clause 'A.2' .*did you mean 'A.1'"):
        load(RIGHT.replace("create: Book", "create: Book, from: [A.2]") + note)
    with pytest.raises(SpecificationError, match="it has no part 'wear'"):
        load(RIGHT.replace("where: price > 3", "where: price > 3, parts: {wear: A.1}") + note)


HOSTILE = {
    "bomb": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "huge": "title: " + "x" * 10_000_000,
    "deep": "title: " + "[" * 50_000,
    "deep blocks": "\n".join(" " * n + "a:" for n in range(40)),
    "tag": "title: !!python/object/apply:os.system [ls]\n",
    "own tag": "title: !shop x\n",
    "two documents": "title: a\n---\ntitle: b\n",
    "empty": "",
    "comment": "# nothing\n",
    "text": "shop",
    "list": "- shop\n",
    "broken": "title: [shop\n",
    "controls": "title: \x00\x01",
    "twice": "title: a\ntitle: b\npackage: c\n",
    "key": "? [a, b]\n: c\n",
    "unknown": "titel: a\npackage: b\n",
    "missing": "title: a\n",
    "merge": "<<: {a: b}\n",
    "many": "title: a\npackage: b\nstores: [" + "x, " * 500_000 + "]",
    "nothing": "title: a\npackage: b\noperations: {x: }\n",
    "surrogate": 'title: "\\ud800"\npackage: b\noperations: 3\n',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_one_line(name: str) -> None:
    with pytest.raises(SpecificationError) as caught:
        load(HOSTILE[name])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused_in_every_element(name: str) -> None:
    hostile = repr(HOSTILE[name][:200])
    for word in ("Book:", "add_book:", "mailer:", "title: text", "book_lent:", "make:"):
        with pytest.raises(SpecificationError) as caught:
            load(RIGHT.replace(word, f"{hostile}: text" if " " in word else f"{hostile}:", 1))
        assert "\n" not in str(caught.value)
