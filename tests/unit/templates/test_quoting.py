"""Each filter's output is one well-formed piece of its language, whatever comes in."""

import ast
import io
import keyword
import tokenize
import tomllib

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nodewright.templates.quoting import (
    FILTERS,
    comment,
    docstring,
    identifier,
    mdtext,
    pascal,
    pystr,
    tomlstr,
    yamlstr,
)

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
HOSTILE = [
    "",
    "\"'\\",
    '"""',
    "'''",
    'ends with "',
    "ends with \\",
    "a\nb\r\nc\x85d\u2028e\u2029f",
    "\0\x01\x1b[31m\x7f",
    "{{ 7 * 7 }}{% raw %}",
    BIDI,
    "שלום עולם",
    "\ud800 lone \udfff",
    "family \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "x" * 5_000,
    '\\"""' * 400,
    "key: value # no\n- list\n--- !!python/object",
    "${HOME} $(id) `id`",
    "<script>alert(1)</script>",
]

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=200) | st.text(
    st.sampled_from("\"'\\\n\t #:{}%-!" + BIDI + "\0\ud800aZ0é"), max_size=60
)


def replaced(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


def is_visible(text: str) -> bool:
    return all(c.isprintable() for c in text)


@pytest.mark.parametrize("name", sorted(FILTERS))
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_every_filter_is_total_and_shows_what_it_writes(name: str, text: str) -> None:
    written = FILTERS[name](text)
    assert is_visible(written.replace("\n", ""))
    written.encode("utf-8")
    if name != "docstring":
        assert "\n" not in written


@given(ANY_TEXT)
def test_pystr_is_a_literal_of_the_text(text: str) -> None:
    literal = pystr(text)
    assert ast.literal_eval(literal) == text
    assert is_visible(literal)
    literal.encode("utf-8")


def test_pystr_chooses_quotes_as_formatters_do() -> None:
    assert pystr("plain") == '"plain"'
    assert pystr("it's") == '"it\'s"'
    assert pystr('say "hi"') == "'say \"hi\"'"
    assert pystr("\"'") == '"\\"\'"'
    assert pystr("\u202ex\xa0") == '"\\u202ex\\xa0"'


@given(ANY_TEXT)
@example('"""')
@example('\\"""')
@example('" "" """')
def test_yamlstr_is_a_scalar_of_the_text(text: str) -> None:
    assert yaml.safe_load(yamlstr(text)) == replaced(text)
    assert yaml.safe_load(f"key: {yamlstr(text)}\nnext: 1\n") == {"key": replaced(text), "next": 1}


@given(ANY_TEXT)
def test_tomlstr_is_a_string_of_the_text(text: str) -> None:
    assert tomllib.loads(f"key = {tomlstr(text)}") == {"key": replaced(text)}


@given(ANY_TEXT, st.integers(0, 24))
@example('"', 4)
@example('a "', 4)
@example("\\", 4)
@example('""""""', 0)
@example('""\\"""', 0)
def test_docstring_stays_inside_its_quotes_and_keeps_the_words(text: str, indent: int) -> None:
    written = docstring(text, indent)
    value = ast.literal_eval(f'"""{written}"""')
    assert "".join(value.split()) == "".join(text.split())
    assert all(not line.endswith(" ") for line in written.split("\n"))


@given(st.lists(st.text("abcdefgh,.", min_size=1, max_size=20), max_size=80))
def test_docstring_is_wrapped(words: list[str]) -> None:
    lines = ('    """' + docstring(" ".join(words))).split("\n")
    assert all(len(line) <= 85 for line in lines)
    assert all(line.startswith("    ") for line in lines if line)


def test_docstring_breaks_a_word_longer_than_a_line() -> None:
    lines = docstring("x" * 5_000 + " " + "\\" * 500).split("\n")
    assert max(map(len, lines)) <= 85
    assert ast.literal_eval(f'"""{chr(10).join(lines)}"""').count("x") == 5_000


def test_docstring_keeps_lines_and_single_blank_lines() -> None:
    assert docstring("One.\n\n\n- a\n- b\n") == "One.\n\n    - a\n    - b"
    assert docstring('He said "no"') == 'He said "no\\"'


@given(ANY_TEXT)
@example("coding: latin-1")
@example("encoding=utf-16")
@example("noqa")
@example("type: ignore")
@example("fmt: off")
def test_comment_is_one_line_that_no_tool_obeys(text: str) -> None:
    source = f"# {comment(text)}\nx = 1\n"
    assert ast.dump(ast.parse(source.encode())) == ast.dump(ast.parse("x = 1"))
    assert tokenize.detect_encoding(io.BytesIO(source.encode()).readline)[0] == "utf-8"
    lowered = source.lower()
    for word in ("noqa", "nosec", "type:", "fmt:", "coding:", "coding="):
        assert word not in lowered


@given(ANY_TEXT)
@example("1. one")
@example("- item")
@example("===")
@example("[a](javascript:alert(1)) ![b](c) <d> &amp; ~~e~~ | f |")
def test_mdtext_renders_as_the_text_itself(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(mdtext(text))
    shown = comment_free(text)
    if not shown:
        assert tokens == []
        return
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text"}
    assert "".join(child.content for child in children) == shown


def comment_free(text: str) -> str:
    """What a reader sees of ``text`` on one line."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else ast_escape(c) for c in line)


def ast_escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


@given(ANY_TEXT)
@example("class")
@example("__init__")
@example("match")
@example("2fa")
@example("用户服务")
@example("x" * 5_000)
def test_identifier_is_a_public_name(text: str) -> None:
    name = identifier(text)
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)
    assert not name.startswith("_")
    assert name == name.lower()
    assert len(name) <= 60
    assert identifier(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("UserService", "user_service"),
        ("OAuth2Token", "oauth2_token"),
        ("HTTPServer", "http_server"),
        ("user service", "user_service"),
        ("Café au lait", "cafe_au_lait"),
        ("__init__", "init"),
        ("class", "class_"),
        ("2fa", "n_2fa"),
        ("", "unnamed"),
    ],
)
def test_identifier_by_example(text: str, name: str) -> None:
    assert identifier(text) == name


@given(ANY_TEXT)
@example("None")
@example("2fa")
@example("用户服务")
@example("x" * 5_000)
def test_pascal_is_a_class_name(text: str) -> None:
    name = pascal(text)
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)
    assert name[0].isupper()
    assert len(name) <= 61
    assert pascal(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("UserService", "UserService"),
        ("user_service", "UserService"),
        ("OAuth2Token", "OAuth2Token"),
        ("USER_SERVICE", "UserService"),
        ("order-placed event", "OrderPlacedEvent"),
        ("none", "None_"),
        ("", "Unnamed"),
    ],
)
def test_pascal_by_example(text: str, name: str) -> None:
    assert pascal(text) == name


def test_names_of_other_scripts_differ() -> None:
    assert identifier("用户服务") != identifier("订单服务")
    assert pascal("用户服务") != pascal("订单服务")
