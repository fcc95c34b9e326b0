"""What is refused of submitted code and tests before anything of them runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.proving.stubs import stub
from nodewright.proving.submitted import accept_code, accept_test, codes_in
from nodewright.proving.verdict import Rejected

HANDLER = '''"""Prices."""

from shop.nodes.node_price_compute.models.model_output import ModelPriceOutput
from shop.refusals import Refused


class HandlerPrice:
    """Prices."""

    def __init__(self, surroundings: object = None) -> None:
        self.surroundings = surroundings

    def handle(self, request: object) -> ModelPriceOutput:
        return self.price(request)

    def price(self, request: object) -> ModelPriceOutput:
        return ModelPriceOutput(correlation_id=request.correlation_id)
'''
TEST = """
import pytest
from world import World


@pytest.mark.clause("FR-1.1")
async def test_price(world: World) -> None:
    answer = await world.call("price", amount=3)
    assert answer["total"] == 6
"""


def refused(code: str, kind: str = "COMPUTE") -> str:
    with pytest.raises(Rejected) as found:
        accept_code(code, HANDLER, "shop", kind)
    return str(found.value)


def test_a_handler_that_keeps_its_surface_is_accepted() -> None:
    accept_code(
        HANDLER.replace("return self.price", "return  self.price"), HANDLER, "shop", "EFFECT"
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import socket", "imports socket"),
        ("import os", "imports os"),
        ("from subprocess import run", "imports subprocess"),
        ("import importlib", "imports importlib"),
        ("from ctypes import CDLL", "imports ctypes"),
        ("import asyncio", "imports asyncio"),
        ("from . import secret", "imports ."),
        ("X = open('/etc/passwd')", "open"),
        ("X = eval('1')", "eval"),
        ("X = ().__class__.__subclasses__()", "__"),
        ("X = getattr(str, 'x')", "getattr"),
        ("X = __builtins__", "__builtins__"),
        ("def f(x):\n    return x.f_globals", "f_globals"),
        ("import decimal\nX = decimal.sys", "sys"),
    ],
)
def test_code_that_reaches_out_is_refused(line: str, said: str) -> None:
    assert said in refused(f"{HANDLER}\n{line}\n")


def test_code_that_drops_or_changes_a_method_is_refused() -> None:
    assert "HandlerPrice.price" in refused(HANDLER.replace("def price", "def cost"))
    assert "price(self, request)" in refused(
        HANDLER.replace("price(self, request:", "price(self, r:")
    )


@pytest.mark.parametrize("kind", ["COMPUTE", "REDUCER"])
def test_a_pure_kind_gets_no_effects(kind: str) -> None:
    code = HANDLER.replace(
        "        return ModelPriceOutput",
        "        self.surroundings.ports.mail.send()\n        return ModelPriceOutput",
    )
    assert f"a {kind} has no effects" in refused(code, kind)
    accept_code(code, HANDLER, "shop", "EFFECT")


def test_a_test_names_its_clauses() -> None:
    (found,) = accept_test(TEST, "shop", ["FR-1.1"])
    assert (found.name, found.clauses) == ("test_price", ("FR-1.1",))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('assert answer["total"] == 6', "pass", "asserts nothing"),
        ('assert answer["total"] == 6', "assert True", "asserts nothing"),
        ('assert answer["total"] == 6', "total = 6\n    assert total == 6", "asserts nothing"),
        ('answer["total"] == 6', "answer == answer", "always holds"),
        ('answer["total"] == 6', 'answer["total"] == 6 or True', "always holds"),
        ("import pytest", "import pytest\nfrom shop.formulas import total", "restate the code"),
        ("import pytest", "import pytest\nimport unittest.mock", "imports unittest.mock"),
        ("    answer =", "    pytest.skip('later')\n    answer =", "skip"),
        ("(world: World)", "(world: World, monkeypatch)", "monkeypatch"),
        ('"FR-1.1"', '"FR-9.9"', "FR-1.1"),
        ("def test_price", "def check_price", "no function"),
        ("import pytest", "import pytest\n\n(", "does not parse"),
    ],
)
def test_a_test_that_shows_nothing_is_refused(before: str, after: str, said: str) -> None:
    text = TEST.replace(before, after)
    assert text != TEST
    with pytest.raises(Rejected, match=said):
        accept_test(text, "shop", ["FR-1.1"])


def test_words_of_a_test_that_may_be_codes() -> None:
    assert codes_in('assert x == "seat_invalid" and y == "two words" and z == "ok"') == (
        "seat_invalid",
    )


def test_a_stub_answers_a_constant() -> None:
    assert "return ModelPriceOutput(correlation_id=request.correlation_id)" in stub(HANDLER)
    text = stub(HANDLER, "seat_invalid")
    assert "raise Refused('seat_invalid', 'a stub')" in text
    assert "return self.price(request)" in text
    compile(text, "stub", "exec")


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    for judge in (
        lambda: accept_code(text, HANDLER, "shop", "COMPUTE"),
        lambda: accept_test(text, "shop", ["FR-1.1"]),
    ):
        with pytest.raises(Rejected):
            judge()
