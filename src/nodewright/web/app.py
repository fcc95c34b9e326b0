"""The Starlette application: the page, its live events, /metrics, /healthz, /readyz."""

import asyncio
import contextlib
import importlib.util
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined, UndefinedError
from markupsafe import Markup, escape
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from nodewright.diagnosis import standard_checks
from nodewright.monitoring import MonitoringSystem, otel
from nodewright.monitoring.channels import AlertmanagerChannel, WebhookChannel
from nodewright.monitoring.observing import Observer
from nodewright.monitoring.otel import OpenTelemetryBridge
from nodewright.monitoring.product import product_rules
from nodewright.patterns import known_patterns
from nodewright.patterns.feedback import PatternFeedback
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence, InvalidRecordError, StorageError
from nodewright.web import charts
from nodewright.web.live import Live
from nodewright.web.security import COOKIE, Guard, check_form
from nodewright.web.view import NODE_KINDS, MatrixFilter, Page, read_matrix, read_page, read_run
from nodewright.workflow import judge_pattern

SECTIONS = (
    "status", "numbers", "alerts", "health", "phases", "minutes", "runs", "patterns", "events",
    "series",
)  # fmt: skip
"""Parts of the page that are kept current; each has a template of its name."""

PARTS = ("matrix", "curve")
"""Parts of the page that its reader filters, by the query of its address."""

_HEALTH_S = 15.0
_MOST_FORM = 64 * 1024


@dataclass(slots=True)
class Site:
    """What the handlers share."""

    settings: Settings
    system: MonitoringSystem
    persistence: CodegenPersistence
    observer: Observer
    templates: Environment
    live: Live
    charts: Mapping[str, Any]
    page: Page | None = None
    bridge: OpenTelemetryBridge | None = None

    def html(self, name: str, **context: Any) -> str:
        """One template, every value escaped."""
        return self.templates.get_template(name).render(**context)

    async def sections(self) -> Mapping[str, str]:
        """Read everything; the sections as text, and a number that says when charts changed."""
        page = await read_page(self.system, self.persistence, self.observer, self.settings)
        if self.bridge is not None:
            self.bridge.refresh()
        drawn = charts.of_page(page)
        moved = drawn != self.charts or self.page is None or page.curves != self.page.curves
        self.page, self.charts = page, drawn
        sections = {name: self.html(f"{name}.html", page=page) for name in SECTIONS}
        before = int(self.live.sections.get("charts", "0"))
        return sections | {"charts": str(before + moved)}


def create_app(
    settings: Settings | None = None,
    *,
    system: MonitoringSystem | None = None,
    persistence: CodegenPersistence | None = None,
) -> Starlette:
    """The application, for uvicorn or any other ASGI server.

    Args:
        settings: read from the environment by default.
        system: whose metrics, alerts and health are shown; a new one by default.
        persistence: the database; the configured one by default.
    """
    settings = settings or Settings()
    persistence = persistence or CodegenPersistence(settings=settings)
    system = system or MonitoringSystem(
        persistence=persistence, rules=product_rules(settings.alert_thresholds)
    )
    templates = Environment(
        loader=PackageLoader("nodewright.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"shown": shown, "breakable": breakable}
    templates.globals |= {"NODE_KINDS": NODE_KINDS}
    observer = Observer(system.store, system.health, persistence)
    site = Site(settings, system, persistence, observer, templates, None, {})  # type: ignore[arg-type]
    site.bridge = OpenTelemetryBridge(system.store) if otel.available() else None
    site.live = Live(system, site.sections, settings.web_refresh_s)
    token = settings.web_token.get_secret_value() if settings.web_token else None
    app = Starlette(
        routes=[
            Route("/", index),
            Route("/part/{name}", part),
            Route("/runs/{session_id:uuid}", run),
            Route("/feedback", feedback, methods=["POST"]),
            Route("/login", login, methods=["GET", "POST"]),
            Route("/events", events),
            Route("/charts.json", chart_data),
            Route("/metrics", metrics),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/static/plotly.js", plotly_script),
            Mount("/static", StaticFiles(packages=[("nodewright.web", "static")])),
        ],
        middleware=[Middleware(Guard, token=token)],
        lifespan=_lifespan,
    )
    app.state.site = site
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    """Checks, channels and the reading begin with the server and end with it."""
    site = _site_of(app)
    settings, system = site.settings, site.system
    system.add_health_checks(standard_checks(settings, site.persistence))
    system.health.start(_HEALTH_S)
    if settings.alert_webhook_url:
        system.add_channel(WebhookChannel(settings.alert_webhook_url.get_secret_value()))
    if settings.alertmanager_url:
        system.add_channel(AlertmanagerChannel(settings.alertmanager_url))
    reading = asyncio.create_task(site.live.run())
    try:
        yield
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        await system.close()
        await site.persistence.close()


async def index(request: Request) -> Response:
    """The whole page, readable without a script."""
    return HTMLResponse(await _index(request))


async def feedback(request: Request) -> Response:
    """Store a user's judgement of a detected pattern."""
    site = _site(request)
    form = await _form(request)
    if form is None or not check_form(request, form):
        return PlainTextResponse("The form is too old; load the page again.\n", 403)
    try:
        confidence = form.get("confidence", "").strip()
        judgement = PatternFeedback(
            _session(form.get("session_id", "")),
            _named(form.get("pattern", "")),
            detected_confidence=float(confidence) if confidence else None,
            actual_pattern=form.get("actual", "").strip() or form.get("pattern", "").strip(),
            feedback_type=form.get("judgement", ""),
        )
        await asyncio.to_thread(judge_pattern, judgement, site.persistence)
    except (InvalidRecordError, ValueError) as error:
        return HTMLResponse(await _index(request, error=str(error), form=form), 422)
    except StorageError as error:
        return HTMLResponse(await _index(request, error=str(error), form=form), 503)
    await site.live.refresh()
    return RedirectResponse("/?feedback=recorded#feedback", 303)


async def login(request: Request) -> Response:
    """Take the token, and give a cookie for it."""
    site = _site(request)
    guard: Guard = request.scope["guard"]
    wrong = False
    if request.method == "POST":
        form = await _form(request) or {}
        if guard.knows(form.get("token", "")):
            answer = RedirectResponse("/", 303)
            secure = request.url.scheme == "https"
            answer.set_cookie(
                COOKIE, guard.session, httponly=True, samesite="strict", secure=secure
            )
            return answer
        wrong = True
    return HTMLResponse(site.html("login.html", wrong=wrong), 401 if wrong else 200)


async def events(request: Request) -> Response:
    """What changes on the page, as server-sent events."""
    live = _site(request).live
    if live.full:
        return PlainTextResponse("Too many pages are open.\n", 503, {"Retry-After": "30"})
    return StreamingResponse(live.events(), media_type="text/event-stream")


async def chart_data(request: Request) -> Response:
    """The charts' figures for plotly, as the query filters them."""
    site = _site(request)
    filtered = await _filtered(request)
    figures = {
        **site.charts,
        "matrix": charts.matrix(filtered["pairs"]),
        "curve": charts.curve(filtered["curve"], site.settings.pattern_target_precision),
    }
    return Response(orjson.dumps(figures), media_type="application/json")


async def part(request: Request) -> Response:
    """One filtered part of the page, for the page's script."""
    name = request.path_params["name"]
    if name not in PARTS:
        return PlainTextResponse("There is no such part.\n", 404)
    return HTMLResponse(_site(request).html(f"{name}.html", **await _filtered(request)))


async def run(request: Request) -> Response:
    """The plan and the report of one run."""
    site = _site(request)
    found = await read_run(site.persistence, request.path_params["session_id"])
    if found is None:
        return HTMLResponse(site.html("no_run.html", run=None), 404)
    try:
        return HTMLResponse(site.html("run.html", run=found, summary=found["summary"]))
    except (UndefinedError, TypeError):
        # Another version of nodewright kept other things of a run.
        return HTMLResponse(site.html("no_run.html", run=found))


async def metrics(request: Request) -> Response:
    """All metrics in the text format of Prometheus."""
    text = await asyncio.to_thread(_site(request).system.store.export)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


async def healthz(_: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Whether the database can be used; 503 where not."""
    health = _site(request).system.health
    statuses = {status.component: status for status in health.statuses()}
    database = statuses.get("database")
    ready = database is not None and database.status != "critical"
    return JSONResponse(
        {"ready": ready, "parts": {name: status.status for name, status in statuses.items()}},
        200 if ready else 503,
    )


async def plotly_script(_: Request) -> Response:
    """The script that plotly's installed package carries."""
    found = importlib.util.find_spec("plotly")
    if found is None or found.origin is None:
        return PlainTextResponse("plotly is not installed; the tables show the same.\n", 404)
    path = Path(found.origin).parent / "package_data" / "plotly.min.js"
    return FileResponse(
        path,
        media_type="text/javascript",
        headers={"Cache-Control": "max-age=86400", "ETag": f'"{version("plotly")}"'},
    )


def shown(value: Any, unit: str = "") -> str:
    """A number for people: percent for "%", else up to three digits and the unit."""
    if value is None:
        return "no data"
    if unit == "%":
        return f"{value * 100:.1f} %"
    if isinstance(value, int):
        text = f"{value:,}"
    else:
        text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004 - digits
    return f"{text}{unit}" if unit in {"", "x"} else f"{text} {unit}"


def breakable(name: str) -> Markup:
    """A name that may go on in the next line after each of its underscores."""
    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))


async def _index(
    request: Request, *, error: str = "", form: Mapping[str, str] | None = None
) -> str:
    site = _site(request)
    query = request.query_params
    filtered = await _filtered(request)
    guard: Guard = request.scope["guard"]
    if form is None:
        form = {"pattern": query.get("judge", ""), "session_id": query.get("session_id", "")}
    return site.html(
        "page.html",
        sections=site.live.sections,
        **filtered,
        form=form,
        known_patterns=await asyncio.to_thread(_known_patterns, site),
        error=error,
        recorded=query.get("feedback") == "recorded",
        form_token=guard.form_token,
        window=site.settings.web_window_minutes,
    )


async def _filtered(request: Request) -> dict[str, Any]:
    """What the filterable parts show, by the query of the page's address."""
    site, query = _site(request), request.query_params
    if site.page is None:
        await site.live.refresh()
    wanted = MatrixFilter.of(query)
    pairs, reason = await _matrix(site, wanted)
    curves = site.page.curves if site.page else {}
    pattern = query.get("pattern", "") if query.get("pattern", "") in curves else ""
    return {
        "pairs": pairs,
        "matrix_error": reason,
        "wanted": wanted,
        "curves": curves,
        "curve": curves.get(pattern, []),
        "curve_pattern": pattern,
    }


def _known_patterns(site: Site) -> list[str]:
    """Names to choose from: those of the library."""
    return sorted(pattern.name for pattern in known_patterns(site.settings.pattern_folder))


async def _matrix(site: Site, wanted: MatrixFilter) -> tuple[list[dict[str, Any]], str]:
    try:
        async with asyncio.timeout(5):
            return await read_matrix(site.persistence, wanted), ""
    except (StorageError, TimeoutError) as error:
        return [], str(error) or "no answer within 5 s"


async def _form(request: Request) -> dict[str, str] | None:
    """A posted form of moderate size; None: it is something else."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_FORM:
                return None
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
    except (ValueError, ClientDisconnect):
        return None


def _named(text: str) -> str:
    if not text.strip():
        raise ValueError("the detected pattern has no name; fill it in")
    return text.strip()


def _session(text: str) -> UUID:
    return UUID(text.strip()) if text.strip() else uuid4()


def _site(request: Request) -> Site:
    return _site_of(request.app)


def _site_of(app: Starlette) -> Site:
    site: Site = app.state.site
    return site
