"""The dashboard over HTTP: what it shows, and what it refuses."""

import asyncio
import re
import threading
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from nodewright.errors import NodewrightError
from nodewright.monitoring import MetricType, MonitoringSystem
from nodewright.runs.recording import Recorder
from nodewright.storage import CodegenPersistence
from nodewright.web import live
from nodewright.web.app import create_app
from nodewright.web.exposure import check_exposure

from .conftest import RUN, Serve, summary_of_a_run

HOSTILE = "<script>alert(1)</script>\"'&"
TOKEN = "a-token-of-24-characters"  # noqa: S105 - of the test


class Outline(HTMLParser):
    """Tags, ids, and the texts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def form_token(html: str) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', html)
    assert found
    return found[1]


def test_metrics_are_what_was_recorded(serve: Serve) -> None:
    with serve() as served:
        served.system.record("jobs", 2, MetricType.COUNTER, {"of": HOSTILE})
        answer = served.client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        samples = [s for f in text_string_to_metric_families(answer.text) for s in f.samples]
        assert ("jobs_total", {"of": HOSTILE}, 2.0) in [
            (s.name, s.labels, s.value) for s in samples
        ]


def test_health_and_readiness(serve: Serve) -> None:
    with serve() as served:
        assert served.client.get("/healthz").json() == {"status": "ok"}
        served.system.health.run()
        answer = served.client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json()["parts"]["database"] == "healthy"
        served.system.health.stop()
        served.system.health.clear()
        assert served.client.get("/readyz").status_code == 503


async def test_every_text_is_escaped_and_the_page_has_no_inline_script(
    serve: Serve, persistence: CodegenPersistence
) -> None:
    session = uuid4()
    await persistence.record_pattern_feedback(session, HOSTILE, detected_confidence=0.5)
    await persistence.update_mixin_compatibility(
        HOSTILE, "B", "EFFECT", success=False, conflict_reason=HOSTILE
    )
    persistence.sync.insert_event_processing_metric(HOSTILE, HOSTILE, 5, success=True)
    persistence.sync.insert_performance_metric(
        session, "EFFECT", "code_gen", 5, metadata={"node": HOSTILE, "passed": False}
    )
    await persistence.flush()
    with serve() as served:
        served.system.record("cache_hit_rate", 0.1, MetricType.GAUGE, {"pack": HOSTILE})
        served.system.health.run()
        html = served.client.get("/", params={"mixin": "<script>"}).text
        events = first_event(served.url)
    assert html.count("alert(1)") >= 6
    assert "<script>alert" not in html
    assert "<script>alert" not in events
    scripts = [attributes for tag, attributes in Outline(html).tags if tag == "script"]
    assert [script["src"] for script in scripts] == ["/static/plotly.js", "/static/dashboard.js"]
    assert not any(
        name.startswith("on") for _, attributes in Outline(html).tags for name in attributes
    )


def first_event(url: str) -> str:
    with httpx.stream("GET", f"{url}/events", timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data: "):
                return line
    raise AssertionError


def test_the_page_is_sound_without_a_script(serve: Serve) -> None:
    with serve() as served:
        tags = Outline(served.client.get("/").text).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in tags:
        if tag == "a" and (attributes["href"] or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in ids
        if tag == "section":
            assert attributes["aria-labelledby"] in ids
        if tag == "th":
            assert attributes["scope"] in {"row", "col"}
    headings = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert ("html", {"lang": "en"}) in tags


def test_the_page_of_a_run_escapes_every_text(
    serve: Serve, persistence: CodegenPersistence
) -> None:
    Recorder(persistence).report(RUN, summary_of_a_run(title=HOSTILE, text=HOSTILE))
    with serve() as served:
        answer = served.client.get(f"/runs/{RUN}")
        assert served.client.get(f"/runs/{uuid4()}").status_code == 404
        assert served.client.get("/runs/x").status_code == 404
        assert served.client.get("/part/base").status_code == 404
    assert answer.status_code == 200
    tags = Outline(answer.text).tags
    assert {"script", "i"}.isdisjoint(tag for tag, _ in tags)
    assert answer.text.count("alert(1)") >= 30
    known = {"class", "id", "href", "title", "scope", "tabindex", "lang", "rel", "name", "content"}
    known |= {"charset", "role", "datetime", "viewbox", "width", "height", "d", "fill", "stroke"}
    known |= {"stroke-width", "stroke-linejoin", "cx", "cy", "r"}
    for _, attributes in tags:
        assert all(name in known or name.startswith("aria-") for name in attributes), attributes


def test_a_run_of_another_version_is_shown_as_it_is(
    serve: Serve, persistence: CodegenPersistence
) -> None:
    summary = summary_of_a_run(text=HOSTILE)
    del summary["speedup"]
    Recorder(persistence).report(RUN, summary)
    with serve() as served:
        answer = served.client.get(f"/runs/{RUN}")
    assert answer.status_code == 200
    assert "Another version" in answer.text
    assert "The desk shall create orders." in answer.text
    assert "<script>" not in answer.text


def test_headers_of_security(serve: Serve) -> None:
    with serve() as served:
        headers = served.client.get("/").headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


async def test_feedback_is_stored(serve: Serve, persistence: CodegenPersistence) -> None:
    session = str(uuid4())
    with serve() as served:
        form = {
            "form_token": form_token(served.client.get("/").text),
            "pattern": "crud",
            "judgement": "incorrect",
            "actual": "aggregation",
            "confidence": "0.83",
            "session_id": session,
        }
        answer = served.client.post("/feedback", data=form)
        assert answer.status_code == 303
        page = served.client.get(answer.headers["location"])
        assert "Your feedback is recorded." in page.text
        assert "crud" in page.text
    (row,) = await persistence.get_pattern_feedback("crud")
    assert (str(row.session_id), row.actual_pattern, row.user_provided) == (
        session,
        "aggregation",
        True,
    )
    assert float(row.detected_confidence or 0) == 0.83


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": "7"},
        {"confidence": "nan"},
        {"confidence": "high"},
        {"judgement": "great"},
        {"session_id": "not-a-uuid"},
        {"pattern": "x" * 200},
        {"pattern": ""},
        {"pattern": "a\0b"},
        {"pattern": "crut"},
        {"actual": "no such pattern"},
    ],
)
async def test_feedback_that_makes_no_sense_is_shown_again(
    serve: Serve, persistence: CodegenPersistence, wrong: dict[str, str]
) -> None:
    with serve() as served:
        token = form_token(served.client.get("/").text)
        form = {"form_token": token, "pattern": "crud", "judgement": "correct"} | wrong
        answer = served.client.post("/feedback", data=form)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    assert await persistence.get_pattern_feedback() == []


async def test_forms_of_other_pages_are_refused(
    serve: Serve, persistence: CodegenPersistence
) -> None:
    form = {"pattern": "crud", "judgement": "correct"}
    with serve() as served:
        token = form_token(served.client.get("/").text)
        for headers, data in (
            ({}, form),
            ({}, form | {"form_token": "0" * 64}),
            ({}, form | {"form_token": "\N{SNOWMAN}"}),
            ({"Origin": "http://evil.example"}, form | {"form_token": token}),
            ({"Origin": "null"}, form | {"form_token": token}),
            ({"Sec-Fetch-Site": "cross-site"}, form | {"form_token": token}),
        ):
            assert served.client.post("/feedback", data=data, headers=headers).status_code == 403
        large = form | {"form_token": token, "actual": "x" * 100_000}
        assert served.client.post("/feedback", data=large).status_code == 403
    assert await persistence.get_pattern_feedback() == []


def test_other_names_are_not_served_without_a_token(serve: Serve) -> None:
    with serve() as served:
        for path in ("/", "/metrics", "/events", "/charts.json"):
            answer = served.client.get(path, headers={"Host": "evil.example"})
            assert answer.status_code == 421


def test_a_token_guards_everything_but_the_probes(serve: Serve) -> None:
    with serve(web_token=TOKEN) as served:
        client = served.client
        for path in ("/", "/metrics", "/events", "/charts.json"):
            assert client.get(path).status_code == 401, path
            wrong = {"Authorization": "Bearer wrong"}
            assert client.get(path, headers=wrong).status_code == 401, path
        assert client.get("/healthz").status_code == 200
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get("/metrics", headers=right).status_code == 200
        redirected = client.get("/", headers={"Accept": "text/html"})
        assert redirected.headers["location"] == "/login"
        assert client.post("/login", data={"token": "wrong"}).status_code == 401
        answer = client.post("/login", data={"token": TOKEN})
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert TOKEN not in cookie
        assert client.get("/").status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])  # noqa: S104
def test_listening_beyond_this_machine_needs_a_token(host: str) -> None:
    with pytest.raises(NodewrightError, match="NODEWRIGHT_WEB_TOKEN"):
        check_exposure(host, None)
    check_exposure(host, TOKEN)
    check_exposure("127.0.0.1", None)
    check_exposure("::1", None)
    check_exposure("localhost", None)


async def test_the_matrix_is_filtered(serve: Serve, persistence: CodegenPersistence) -> None:
    await persistence.update_mixin_compatibility(
        "MixinCaching", "MixinHealth", "EFFECT", success=True
    )
    await persistence.update_mixin_compatibility(
        "MixinRetry", "MixinTimeout", "REDUCER", success=False
    )
    with serve() as served:
        everything = served.client.get("/").text
        assert "MixinCaching" in everything
        assert "MixinRetry" in everything
        some = served.client.get("/", params={"kind": "reducer", "mixin": "retry"}).text
        assert "MixinRetry" in some
        assert "MixinCaching" not in some
        drawn = served.client.get("/charts.json", params={"most": "0.5"}).json()["matrix"]
        assert drawn["data"][0]["x"] == ["MixinRetry", "MixinTimeout"]
        assert served.client.get("/", params={"most": "x", "kind": "'; DROP"}).status_code == 200


def test_events_tell_of_an_alert(serve: Serve) -> None:
    with serve() as served:
        seen = threading.Event()

        def listen() -> None:
            with httpx.stream("GET", f"{served.url}/events", timeout=30) as answer:
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        listening.set()
                    if "cache_hit_rate 10 % is below" in line:
                        seen.set()
                        return

        listening = threading.Event()
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        assert listening.wait(20)
        served.system.record("cache_hit_rate", 0.1, MetricType.GAUGE)
        assert seen.wait(20)
        thread.join(10)


def test_the_chart_script_comes_from_the_installed_package(serve: Serve) -> None:
    with serve() as served:
        answer = served.client.get("/static/plotly.js")
        assert answer.status_code == 200
        assert "plotly.js" in answer.text[:200]
        assert served.client.get("/static/../app.py").status_code in {400, 404}


@pytest.mark.parametrize("host", ["[::1", "]", "a]b"])
def test_a_host_that_is_none_is_refused(serve: Serve, host: str) -> None:
    with serve() as served:
        assert served.client.get("/", headers={"Host": host}).status_code in {400, 421}
        evil = {"Origin": f"http://{host}"}
        assert served.client.post("/feedback", headers=evil).status_code == 403


def test_other_pages_may_link_here_and_nothing_more(serve: Serve) -> None:
    other = {"Sec-Fetch-Site": "cross-site"}
    with serve() as served:
        linked = served.client.get("/", headers=other | {"Sec-Fetch-Mode": "navigate"})
        assert linked.status_code == 200
        for mode in ("no-cors", "cors", "websocket"):
            answer = served.client.get("/charts.json", headers=other | {"Sec-Fetch-Mode": mode})
            assert answer.status_code == 403
        same = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
        assert served.client.get("/charts.json", headers=same).status_code == 200


async def test_a_websocket_is_closed(persistence: CodegenPersistence) -> None:
    app = create_app(persistence=persistence)
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/static/x", "headers": [], "query_string": b""}
    await app(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_no_more_pages_listen_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_LISTENERS", 1)
    system = MonitoringSystem(log_alerts=False)
    one = live.Live(system, lambda: asyncio.sleep(0, {}), 1.0)
    first, second = one.events(), one.events()
    assert b"sections" in await anext(first)
    assert b"retry" in await anext(second)
    with pytest.raises(StopAsyncIteration):
        await anext(second)
    await first.aclose()


async def test_events_are_counted_and_not_the_calls_that_published_them(
    serve: Serve, persistence: CodegenPersistence
) -> None:
    record = persistence.sync.insert_event_processing_metric
    record("order_placed", "shop", 5, success=True, batch_size=1500)
    record("order_placed", "shop", 5, success=False, batch_size=34)
    await persistence.flush()
    with serve() as served:
        text = served.client.get("/").text
    tile = text[text.index("Events in the last hour") :][:400]
    assert "1,534" in tile
    assert "34 failed" in tile


def test_what_is_beyond_measure_is_refused_unread(serve: Serve) -> None:
    with serve(web_token=TOKEN) as served:
        cookie = {"Cookie": "a=" + '"' + "\\" * 60_000 + '"'}
        assert served.client.get("/healthz", headers=cookie).status_code == 431
        assert served.client.get("/healthz?" + "q" * 9000).status_code == 414
        assert served.client.get("/healthz").status_code == 200
