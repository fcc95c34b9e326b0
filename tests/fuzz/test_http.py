"""Every route of the dashboard, whatever is asked: an answer, never an error of the server.

The application is called as a server calls it, so that headers and paths get there that clients
would refuse to send. What no route may do without leave is checked beside it.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect

from nodewright.monitoring import MonitoringSystem
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence
from nodewright.web.app import create_app

EXAMPLES = int(os.environ.get("NODEWRIGHT_FUZZ_EXAMPLES", "60"))
TOKEN = "a-token-of-24-characters"  # noqa: S105 - of the test
OPEN = {"/healthz", "/readyz", "/login"}
PATHS = st.sampled_from(
    [
        "/",
        "/feedback",
        "/login",
        "/events",
        "/charts.json",
        "/metrics",
        "/healthz",
        "/readyz",
        "/static/plotly.js",
        "/static/dashboard.css",
        "/static/../security.py",
        "/static/",
        "/nope",
    ]
) | st.text(max_size=12).map(lambda text: f"/{text}")
METHODS = st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "x"])
RAW = st.binary(max_size=20)
HOSTS = st.sampled_from(
    [
        b"127.0.0.1",
        b"localhost:8000",
        b"[::1]:80",
        b"evil.example",
        b"[::1",
        b"",
        b"a@127.0.0.1",
        b"127.0.0.1:x",
        b"127.0.0.1.evil.example",
        b"]",
        b"localhost:99999999",
        b"127.0.0.1/x",
    ]
)
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.just(b"origin"), st.sampled_from([b"http://[", b"null", b"http://x"]) | RAW),
        st.tuples(
            st.just(b"cookie"), RAW | st.sampled_from([b"nodewright_session=x", b'a="', b";"])
        ),
        st.tuples(st.just(b"authorization"), RAW | st.sampled_from([b"Bearer x", b"Bearer \xff"])),
        st.tuples(st.just(b"accept"), st.sampled_from([b"text/html", b"*/*"]) | RAW),
        st.tuples(st.just(b"sec-fetch-site"), st.sampled_from([b"cross-site", b"same-origin"])),
        st.tuples(st.just(b"sec-fetch-mode"), st.sampled_from([b"cors", b"navigate"])),
        st.tuples(st.just(b"range"), st.sampled_from([b"bytes=0-1", b"bytes=9-1", b"x"]) | RAW),
        st.tuples(st.just(b"content-length"), st.sampled_from([b"-1", b"9" * 30, b"x"])),
        st.tuples(st.just(b"if-modified-since"), RAW),
    ),
    max_size=5,
)
VALUES = st.text(max_size=12) | st.sampled_from(
    ["nan", "inf", "1e999", "-1", "<script>", "\0", "%00"]
)
FIELDS = st.dictionaries(
    st.sampled_from(
        [
            "form_token",
            "pattern",
            "judgement",
            "confidence",
            "session_id",
            "actual",
            "token",
            "kind",
            "mixin",
            "most",
            "feedback",
        ]
    ),
    VALUES,
    max_size=6,
).map(lambda fields: urlencode(fields, errors="replace").encode())
BODIES = FIELDS | st.binary(max_size=50) | st.just(b"a=b&" * 100) | st.just(b"x" * 70_000)
QUERIES = FIELDS | RAW


class Answer(NamedTuple):
    """What the application said; of events the first."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Caller:
    """Calls an application on one event loop."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.close()

    def ask(self, method: str, path: str, query: bytes, headers: Any, body: bytes) -> Answer:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": quote(path, errors="replace").encode(),
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        return self._loop.run_until_complete(asyncio.wait_for(self._call(scope, body), 60))

    async def _call(self, scope: Any, body: bytes) -> Answer:
        sent: list[Any] = []
        told = False

        async def receive() -> Any:
            nonlocal told
            if told:
                return {"type": "http.disconnect"}
            told = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)
            if scope["path"] == "/events" and message.get("more_body"):
                raise OSError("the client has gone")

        with suppress(ClientDisconnect):
            await self._app(scope, receive, send)
        assert sent[0]["type"] == "http.response.start"
        text = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], dict(sent[0]["headers"]), text)


@pytest.fixture(params=[None, TOKEN], ids=["open", "token"])
def caller(
    request: pytest.FixtureRequest, persistence: CodegenPersistence, tmp_path: Path
) -> Iterator[Caller]:
    system = MonitoringSystem(persistence=persistence, log_alerts=False)
    options = Settings(data_dir=tmp_path, web_token=request.param)
    made = Caller(create_app(options, system=system, persistence=persistence))
    yield made
    made.close()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
@given(METHODS, PATHS, QUERIES, HOSTS, HEADERS, BODIES)
def test_any_request_is_answered(  # noqa: PLR0917 - each part of a request is drawn
    caller: Caller,
    request: pytest.FixtureRequest,
    method: str,
    path: str,
    query: bytes,
    host: bytes,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> None:
    answer = caller.ask(method, path, query, [(b"host", host), *headers], body)
    guarded = "token" in request.node.name.rpartition("[")[2]
    assert answer.status < 500 or path == "/readyz"
    assert b"default-src 'none'" in answer.headers[b"content-security-policy"]
    assert answer.headers[b"x-content-type-options"] == b"nosniff"
    assert b"<script>" not in answer.body
    assert b"import " not in answer.body[:200] or path == "/static/plotly.js"
    if guarded and path not in OPEN and not path.startswith("/static/"):
        assert answer.status in {303, 401, 403}
    if not guarded and b"evil" in host:
        assert answer.status == 421
    if path == "/feedback":
        assert answer.status != 303 or guarded  # without the page's token nothing is recorded
