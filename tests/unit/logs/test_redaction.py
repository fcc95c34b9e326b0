"""Redaction finds the same secrets as its plain patterns would, in linear time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.logs.redaction import MARK, Redactor

# What the functions stand for; searching with these takes time in the square of the length.
URL = re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@\"'<>]*):([^\s\"'<>]*)@", re.IGNORECASE)
JWT = re.compile(r"\beyJ[\w-]{4,}\.[\w-]{4,}(?:\.[\w-]*)?")

URL_PARTS = st.sampled_from(["a", "://", ":", "@", "/", " ", "'", "b.", "-", "ftp://u:p@h"])
JWT_PARTS = st.sampled_from(["eyJ", "abcd", "-", ".", "x", " ", "eyJabcd.abcd.sign"])


@given(st.lists(URL_PARTS, max_size=20).map("".join))
def test_addresses_lose_their_password(text: str) -> None:
    assert Redactor().text(text) == URL.sub(rf"\1:{MARK}@", text)


@given(st.lists(JWT_PARTS, max_size=20).map("".join))
def test_web_tokens_are_taken_out(text: str) -> None:
    assert Redactor().text(text) == JWT.sub(MARK, text)


@pytest.mark.usefixtures("hanging_is_an_error")
@pytest.mark.parametrize(
    "piece", ["a://x:", "https://", "a.a://", "eyJ-", "-eyJa.", "token-", "sk-", "key=", "_token,"]
)
def test_no_text_is_searched_for_ever(piece: str) -> None:
    Redactor().text("@" + piece * (500_000 // len(piece)))
