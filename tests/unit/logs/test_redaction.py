"""Redaction finds secrets of all usual forms, on the fast way too, in linear time."""

import json
import re
import time
from collections import namedtuple
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.logs import get_correlation_id, get_logger, log_context, set_global_correlation_id
from nodewright.logs.redaction import HARMLESS, MARK, Redaction, Redactor, suspicious

# What the functions stand for; searching with these takes time in the square of the length.
URL = re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@\"'<>]*):([^\s\"'<>]*)@", re.IGNORECASE)
JWT = re.compile(r"\beyJ[\w-]{4,}\.[\w-]{4,}(?:\.[\w-]*)?")

URL_PARTS = st.sampled_from(["a", "://", ":", "@", "/", " ", "'", "b.", "-", "ftp://u:p@h"])
JWT_PARTS = st.sampled_from(["eyJ", "abcd", "-", ".", "x", " ", "eyJabcd.abcd.sign"])

# A secret that is known by nothing but what stands around it.
HUSH = "q7vexing"


@given(st.lists(URL_PARTS, max_size=20).map("".join))
def test_addresses_lose_their_password(text: str) -> None:
    assert Redactor().text(text) == URL.sub(rf"\1:{MARK}@", text)


@given(st.lists(JWT_PARTS, max_size=20).map("".join))
def test_web_tokens_are_taken_out(text: str) -> None:
    assert Redactor().text(text) == JWT.sub(MARK, text)


HEADERS = [
    f"authorization: bearer {HUSH}",
    f"Authorization: Token {HUSH}",
    f"AUTHORIZATION: ApiKey {HUSH}",
    f'Authorization: Digest username="u", nonce="n", response="{HUSH}"',
    f"Proxy-Authorization: Negotiate {HUSH} {HUSH}",
    f"Cookie: lang=de; sessionid={HUSH}",
    f"set-cookie: theme=dark; id={HUSH}; Path=/",
    f"x-api-key: {HUSH}",
    f"X-Auth-Token:{HUSH}",
    f'curl -H \'Authorization: Digest a="{HUSH}", b="{HUSH}"\' -v',
    f"{{b'authorization': b'Token {HUSH}'}}",
    f"[(b'authorization', b'Token {HUSH}'), (b'host', b'h')]",
    f"('cookie', 'lang=de; id={HUSH}')",
    f"sent bearer {HUSH}12",
    f"sent Token {HUSH}12",
    f"sent ApiKey {HUSH}12",
]
NAMED = [
    f'{{"accessToken": "{HUSH}"}}',
    f'{{"refreshToken":"{HUSH}","clientSecret":"{HUSH}"}}',
    json.dumps(json.dumps({"password": HUSH, "n": 1})),
    json.dumps(json.dumps(json.dumps({"client_secret": f'a"b\\{HUSH}'}))),
    json.dumps({"password": f'a"{HUSH}'}),
    json.dumps({"password": f'a\\"{HUSH}\\'}),
    repr({"password": f'it\'s "{HUSH}" so'}),
    f"password='a\\'{HUSH}'",
    f"SECRET_KEY={HUSH}",
    f"PGPASSWORD={HUSH} psql",
    f"export DBPASSWORD={HUSH}",
    f"SIGNING_KEY={HUSH}",
    f"PASSWORD=a,b;c&{HUSH}",
    f"spring.datasource.password={HUSH}",
    f"mysql --password {HUSH} -u me",
    f"mysql --password={HUSH}",
    f"<password>{HUSH}</password>",
    f"'api_key' => '{HUSH}'",
    f"token := {HUSH}",
    f'{{"secrets": {{"a": "{HUSH}", "b": ["{HUSH}"]}}}}',
    f"API key: {HUSH}",
    f'{{"password":"{HUSH}',
    f"https://h/cb?code=1&refresh_token={HUSH}&x=1",
    f"hmac_key={HUSH}",
    f'"pass": "{HUSH}"',
    f"pw={HUSH}",
]
BLOCKS = [
    f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{HUSH}\n-----END PGP PRIVATE KEY BLOCK-----",
    f"-----BEGIN PRIVATE KEY-----\n{HUSH}\n-----END PRIVATE KEY-----",
    f"-----BEGIN OPENSSH PRIVATE KEY-----\\n{HUSH}",
    f"-----BEGIN EC PRIVATE KEY-----\n{HUSH}\n-----BEGIN EC PRIVATE KEY-----",
]


@pytest.mark.parametrize("text", HEADERS + NAMED + BLOCKS)
@pytest.mark.parametrize("place", ["message", "value", "nested", "exception", "id", "component"])
def test_no_secret_in_any_text_of_an_entry(kept: Any, text: str, place: str) -> None:
    log = get_logger("said")
    match place:
        case "message":
            log.info(text)
        case "value":
            log.info("m", metadata={"text": text})
        case "nested":
            log.info("m", metadata={"list": [{"text": (text,)}]})
        case "exception":
            log.info("m", exc_info=ValueError(text))
        case "id":
            log.set_correlation_id(text)
            log.info("m")
        case "component":
            with log_context(component=text, session_id=text):
                log.info("m")
    assert HUSH not in kept.lines[0].decode()
    assert MARK in kept.lines[0].decode()


KEYS = [
    *("pass", "db_pass", "pw", "ssh_key", "hmac_key", "sessionid", "refreshtoken", "clientsecret"),
    *("PGPASSWORD", "dbPass", "JSESSIONID", "signingKey", "SSHKEY", "csrftoken", "pass_word"),
]


class Login(NamedTuple):
    user: str
    password: str


Plain = namedtuple("Plain", "user token")  # noqa: PYI024 - the plain kind is what is tried


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "form",
    [
        lambda key: {key: HUSH},
        lambda key: {"nested": [{key: HUSH}]},
        lambda key: {"headers": [("host", "h"), (key, HUSH)]},
        lambda key: {"headers": ((key.encode(), HUSH.encode()),)},
        lambda key: {"pair": [key, HUSH]},
        lambda key: {"name": key, "value": HUSH},
        lambda key: {"environment": [{"key": key, "value": HUSH}]},
        lambda key: [(key, HUSH)],
    ],
    ids=["flat", "nested", "pairs", "bytes", "pair", "named", "environment", "bare"],
)
def test_no_value_of_a_secret_key(kept: Any, key: str, form: Callable[[str], Any]) -> None:
    log = get_logger("keys")
    for _ in range(2):  # the second time the keys are known
        log.info("m", metadata=form(key))
    assert HUSH.encode() not in b"".join(kept.lines)
    assert all(MARK in str(entry["metadata"]) for entry in kept.entries)


@pytest.mark.parametrize("login", [Login("u", HUSH), Plain("u", HUSH)])
def test_named_tuples_show_their_names_and_no_secrets(kept: Any, login: Any) -> None:
    get_logger("a").info("m", metadata={"login": login})
    get_logger("a").info("m", metadata=login)
    secret = login._fields[1]
    assert kept.entries[0]["metadata"] == {"login": {"user": "u", secret: MARK}}
    assert kept.entries[1]["metadata"] == {"user": "u", secret: MARK}


@pytest.mark.parametrize(
    "text",
    [
        "tests/unit/test_token.py::test_expiry passed",
        "src/nodewright/logs/secrets.py:12: error",
        "token_count=5, max_tokens=100",
        "if token == other",
        "pass: 3, fail: 1",
        "passed=3",
        "the first pass: done",
        "std::token::Kind",
        "bearer of good news",
        "a token expired",
        "cache_key=abc primary key: id",
        "secret://vault/path",
        '{"token": null, "password": true}',
        "keyboard: qwerty",
        "https://a/b:c",
        "2026-01-01T10:00:00 took 5 s",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().text(text) == text


def test_a_number_of_passes_is_no_password(kept: Any) -> None:
    get_logger("a").info("m", metadata={"pass": 3, "fail": 1, "pin": 1234})
    assert kept.entry["metadata"] == {"pass": 3, "fail": 1, "pin": MARK}


def test_what_stands_around_a_secret_stays() -> None:
    clean = Redactor().text
    assert clean("a=1 password=x b=2") == f"a=1 password={MARK} b=2"
    assert clean("Cookie: a=b; c=d\nHost: h") == f"Cookie: {MARK}\nHost: h"
    assert clean('{"accessToken": "x", "n": 1}') == f'{{"accessToken": {MARK}, "n": 1}}'
    assert clean("-H 'Authorization: Token x' -v") == f"-H 'Authorization: {MARK}' -v"
    assert clean(f"token={MARK} n=1") == f"token={MARK} n=1"


def test_an_id_is_given_back_as_it_was_set(kept: Any) -> None:
    set_global_correlation_id(f"token={HUSH}")
    assert get_correlation_id() == f"token={HUSH}"
    get_logger("a").info("m")
    assert kept.entry["correlation_id"] == f"token={MARK}"


def test_own_patterns_count_for_ids_too(kept: Any) -> None:
    from nodewright.logs.pipeline import PIPELINE

    log = get_logger("a", component="staff-42")
    PIPELINE.clean_by(Redaction(patterns=(r"staff-\d+",)))
    log.info("m")
    assert kept.entry["component"] == MARK


@given(
    st.lists(
        st.sampled_from([HUSH, "token", "password", "key", "api", "Bearer", "pass", "cookie"])
        | st.sampled_from([*"=:\"'\\ ,;()[]{}<>@/-.\n", "=>", ":=", "--", "://", '\\"', "b'", "A"]),
        max_size=14,
    ).map("".join)
)
def test_the_fast_way_finds_what_the_slow_way_finds(text: str) -> None:
    redactor = Redactor()
    if redactor.text(text) == text:
        return
    encoded = orjson.dumps(text)
    body = orjson.dumps({"text": text})
    assert suspicious(encoded)
    assert suspicious(body, {"text": text})
    assert len(body.translate(None, HARMLESS)) > 1


@given(
    st.lists(
        st.sampled_from(["token", "=", ":", '"', "'", "\\", " ", ",", "x", "{", "}", "\n", "-"]),
        max_size=30,
    ).map("".join)
)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = Redactor().text(text)
    assert Redactor().text(once) == once


PIECES = [
    *("a://x:", "https://", "a.a://", "eyJ-", "-eyJa.", "token-", "sk-", "key=", "_token,"),
    *("-", "token", "token:[\n", "token={", 'token=\\"\n', "token='", "\\", 'token="\\', "token: "),
    *("-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN A PRIVATE KEY-----\n-----END"),
    *("Bearer ", "bearer a", "token x", "Cookie:", "authorization:\n", "('token',", "<token>"),
    *("--token ", "password=,", "xoxb-", "AIza", "ghp_", "github_pat_", " ", "\n", "@://", "a.b."),
    *("token=[[(", "api key:", "key : ", 'token\\\\\\"', "1.2.", "eyJa.", "digest -"),
]


@pytest.mark.usefixtures("hanging_is_an_error")
@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_with_the_length_of_the_text_and_no_faster(piece: str) -> None:
    """Eight times the text takes about eight times as long; in its square, it would be 64 times."""
    clean = Redactor().text

    def cost(length: int) -> float:
        text = "token @:// eyJ " + piece * (length // len(piece))
        spent = []
        for _ in range(3):
            began = time.thread_time()
            clean(text)
            spent.append(time.thread_time() - began)
        return min(spent)

    base = max(cost(20_000), 1e-4)
    assert cost(160_000) < 24 * base
