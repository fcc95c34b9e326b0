"""Lines that fit the page."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.rendering.imports import imports_for
from nodewright.rendering.layout import WIDTH, Block, used_names, wrapped

ATOMS = [
    "price", "holder_email", "a_rather_long_name_of_something", '"a, b for c"', "'it(s'", "12",
    '"\\""', "None",
]  # fmt: skip
FORMS = [
    "call({0}, {1}, {2})", "thing.method(name={0})", "({0} and {1} and {2})", "[{0}, {1}]",
    "({0},)", "({0}, {1})",
    "any({0} == {1} for x in ys if {2})", "sum(({0} for x in ys if {1}), z)",
    "{{'k': {0}, 'l': {1}}}", "({0} if {1} else {2})", "f(lambda t: {0}, down={1})", "({0} + {1})",
    "(not {0})", "x[{0}]", "(a or {0}) is None",
]  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(ATOMS))
    form = draw(st.sampled_from(FORMS))
    return form.format(*(draw(expressions(depth - 1)) for _ in range(3)))


@given(expressions())
def test_breaking_a_line_changes_nothing(text: str) -> None:
    statement = f"value = {text}"
    broken = "\n".join(wrapped(f"        {statement}"))
    assert ast.dump(ast.parse(f"if x:\n{broken}").body[0].body[0]) == ast.dump(  # type: ignore[attr-defined]
        ast.parse(statement).body[0]
    )


def test_a_long_call_has_one_argument_a_line() -> None:
    line = "    return ModelSomething(" + ", ".join(f"field_{n}=value_{n}" for n in range(8)) + ")"
    assert len(line) > WIDTH
    broken = wrapped(line)
    assert broken[0] == "    return ModelSomething("
    assert broken[1] == "        field_0=value_0,"
    assert broken[-1] == "    )"


def test_a_loop_names_only_what_it_reads() -> None:
    block = Block()
    with block.loop(("new", "old"), "touched"):
        block.add("print(new)")
    with block.loop(("new", "old"), "touched"):
        block.add("count()")
    assert block.lines == [
        "for new, _ in touched:",
        "    print(new)",
        "for _ in touched:",
        "    count()",
    ]


@pytest.mark.parametrize(
    ("read", "lines"),
    [("print(base)", ["base = now()", "print(base)"]), ("go()", ["go()"])],
)
def test_what_nothing_reads_is_left_out(read: str, lines: list[str]) -> None:
    block = Block()
    block.add_where_used("base", "base = now()")
    block.add(read)
    assert block.finished() == lines


def test_names_in_texts_and_arguments_are_not_read() -> None:
    code = 'share: Number\nx = f(Decimal("UUID"), dt.date, math=y)  # Literal'
    assert used_names(code) == {"x", "f", "Decimal", "dt", "y", "Number"} - {"x"}


def test_imports_stand_in_the_order_that_ruff_keeps() -> None:
    code = "Decimal, dt, BaseModel, UUID, shop_thing, Thing, CONSTANT"
    own = {"shop_thing": "shop.a", "Thing": "shop.a", "CONSTANT": "shop.a"}
    assert imports_for(code, own, "shop") == (
        "import datetime as dt\n"
        "from decimal import Decimal\n"
        "from uuid import UUID\n\n"
        "from pydantic import BaseModel\n\n"
        "from shop.a import CONSTANT, Thing, shop_thing"
    )
