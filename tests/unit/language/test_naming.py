import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.language.naming import domain_name, pascal, printable, shorten, snake, unique


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("UserService", "user_service"),
        ("user service", "user_service"),
        ("User-Service!", "user_service"),
        ("HTTPServer", "http_server"),
        ("class", "class_"),
        ("3D model", "thing_3_d_model"),
        ("", "thing"),
        ('"""', "thing"),
        ("../../etc/passwd", "etc_passwd"),
        ("{{ x }}", "x"),
        ("智能账户", "zhi_neng_zhang_hu"),
        ("주문", "ju_mun"),
    ],
)
def test_snake(text: str, name: str) -> None:
    assert snake(text) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [("user_service", "UserService"), ("user", "User"), ("order_2", "Order2"), ("class_", "Class")],
)
def test_pascal(name: str, expected: str) -> None:
    assert pascal(name) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("UserService", "user_service"),
        ("user service", "user"),
        ("Worker", "work"),
        ("Queue Worker", "queue"),
        ("Utilization", "use"),
        ("Order", "order"),
    ],
)
def test_domain_names_are_words_that_onex_accepts(text: str, name: str) -> None:
    assert domain_name(text) == name


@given(st.text(max_size=200))
def test_any_text_gives_an_identifier(text: str) -> None:
    name = snake(text)
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)
    assert not name.startswith("_")
    assert name == name.lower()
    assert len(name) <= 60
    assert pascal(name).isidentifier()


@given(st.text(max_size=300), st.integers(1, 50))
def test_shortened_text_is_one_printable_line(text: str, length: int) -> None:
    line = shorten(text, length)
    assert len(line) <= length
    assert printable(line) == line


def test_unique_names() -> None:
    assert unique("a", set()) == "a"
    assert unique("a", {"a"}) == "a_2"
    assert unique("a", {"a", "a_2"}) == "a_3"
