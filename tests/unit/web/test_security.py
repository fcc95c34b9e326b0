"""The guard of the page, without a server."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from nodewright.web.security import COOKIE, Guard

COOKIES = {
    "quoted": 'a="' + "\\" * 7000 + '"',
    "many": "; ".join(f"c{number}=v" for number in range(1200)),
    "unclosed": f'{COOKIE}="',
    "empty": f"{COOKIE}=",
}


async def application(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Answers nothing."""


def guard() -> Guard:
    return Guard(application, "a-token-of-24-characters")


@pytest.mark.parametrize("name", COOKIES)
def test_a_hostile_cookie_costs_nothing(name: str) -> None:
    guarded = guard()
    started = time.process_time()
    for _ in range(20):
        assert not guarded._admits(Headers({"cookie": COOKIES[name]}))
    assert time.process_time() - started < 0.5


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_only_the_session_opens(text: str) -> None:
    guarded = guard()
    assert not guarded._admits(Headers({"cookie": text}))
    assert not guarded._admits(Headers({"cookie": f"{COOKIE}={text}"}))


def test_the_session_is_found_beside_other_cookies() -> None:
    guarded = guard()
    cookie = f"lang=de; {COOKIE}={guarded.session}; theme=dark"
    assert guarded._admits(Headers({"cookie": cookie}))
