"""Who may see the page and who may post to it."""

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nodewright.web.exposure import is_loopback

COOKIE = "nodewright_session"
OPEN_PATHS = {"/healthz", "/readyz", "/login"}

# Bytes of a request before its body; nothing looks into one that has more.
_MOST_ADDRESS = 8 * 1024
_MOST_HEADERS = 16 * 1024

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Checks the host, the token and where a form came from; adds the headers of security.

    Without a token only requests that name this machine are answered, so that a page of another
    name cannot reach this one by letting its name resolve here.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token
        self._secret = secrets.token_bytes(32)

    @property
    def form_token(self) -> str:
        """The hidden value that a form of this page carries."""
        return hmac.new(self._secret, b"form", hashlib.sha256).hexdigest()

    @property
    def session(self) -> str:
        """The cookie's value for someone who knows the token."""
        key = (self._token or "").encode() + self._secret
        return hmac.new(key, b"session", hashlib.sha256).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or let the application answer."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks by WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        scope["guard"] = self
        refusal = self._refusal(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await (refusal or self._app)(scope, receive, send_with_headers)

    def knows(self, given: str) -> bool:
        """Whether ``given`` is the token."""
        return self._token is not None and _same(given, self._token)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        refusal = _oversized(scope) or self._foreign(scope, headers)
        if refusal is not None:
            return refusal
        if self._token is None or scope["path"] in OPEN_PATHS or self._admits(headers):
            return None
        if scope["path"].startswith("/static/"):
            return None
        if "text/html" in headers.get("accept", ""):
            return RedirectResponse("/login", 303)
        return PlainTextResponse(
            "A token is needed.\n", 401, {"WWW-Authenticate": 'Bearer realm="nodewright"'}
        )

    def _foreign(self, scope: Scope, headers: Headers) -> Response | None:
        """The refusal of a request that another page, or another name, has led here."""
        host = _host(f"//{headers.get('host', '')}")
        if self._token is None and not is_loopback(host):
            return PlainTextResponse("This name is not served here.\n", 421)
        if scope["method"] in {"GET", "HEAD"}:
            if headers.get("sec-fetch-mode", "navigate") != "navigate" and not _same_site(headers):
                return PlainTextResponse("Other pages may only link here.\n", 403)
        elif not _from_here(headers):
            return PlainTextResponse("Forms are taken from this page only.\n", 403)
        return None

    def _admits(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.knows(given.strip()):
            return True
        return _same(_cookie(headers.get("cookie", "")), self.session)


def check_form(request: Request, form: dict[str, str]) -> bool:
    """Whether a form carries the hidden value of this page."""
    guard: Guard = request.scope["guard"]
    return _same(form.get("form_token", ""), guard.form_token)


def _from_here(headers: Headers) -> bool:
    """Whether the browser says that a form comes from this page; other clients say nothing."""
    origin = headers.get("origin")
    own = {f"{scheme}://{headers.get('host')}" for scheme in ("http", "https")}
    return _same_site(headers) and (origin is None or origin in own)


def _same_site(headers: Headers) -> bool:
    return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def _host(address: str) -> str:
    """The name in an address, without its port; empty where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # such as a bracket that is never closed
        return ""


def _oversized(scope: Scope) -> Response | None:
    """The refusal of a request whose address or headers are beyond measure."""
    if len(scope["path"]) + len(scope["query_string"]) > _MOST_ADDRESS:
        return PlainTextResponse("The address is too long.\n", 414)
    if sum(len(name) + len(value) for name, value in scope["headers"]) > _MOST_HEADERS:
        return PlainTextResponse("The headers are too large.\n", 431)
    return None


def _cookie(header: str) -> str:
    """The value of the session's cookie, empty without one.

    The standard library's parser takes time in the square of the header's length.
    """
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
