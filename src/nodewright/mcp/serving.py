"""Serving by standard input and output, and by HTTP with a token."""

import hmac
import secrets
import socket
from collections.abc import Callable

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from nodewright.errors import NodewrightError
from nodewright.mcp.server import create_server
from nodewright.mcp.workspace import Workspace

PATH = "/mcp"
SHORTEST_TOKEN = 16


class TokenError(NodewrightError):
    """The token could be guessed."""


def serve_stdio(workspace: Workspace) -> None:
    """Serve one client, which started this process, until it goes away."""
    create_server(workspace).run("stdio")


def serve_http(
    workspace: Workspace,
    host: str,
    port: int,
    token: str | None,
    on_listening: Callable[[str, str], None],
) -> None:
    """Serve clients that know the token, until interrupted.

    Args:
        workspace: what they may see and change.
        host: address to listen on.
        port: port to listen on; 0 for any that is free.
        token: what they have to send; one is made without it.
        on_listening: called with the address and the token once requests are answered.
    """
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise TokenError(f"the token has fewer than {SHORTEST_TOKEN} characters; take a longer one")
    known = token or secrets.token_urlsafe(24)
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise NodewrightError(
            f"cannot listen on {host}, port {port}: {error.strerror}; choose another"
        ) from error
    with listener:
        address = f"http://{host}:{listener.getsockname()[1]}{PATH}"
        app = Guard(create_server(workspace).streamable_http_app(host=host), known)

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if self.started:
                    on_listening(address, known)

        config = uvicorn.Config(
            app, log_level="warning", server_header=False, timeout_graceful_shutdown=2
        )
        Server(config).run(sockets=[listener])


class Guard:
    """Answers only requests that carry the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or let the application answer."""
        if scope["type"] == "http" and not self._admits(Headers(scope=scope)):
            refusal = PlainTextResponse(
                "A token is needed: send it as Authorization: Bearer.\n",
                401,
                {"WWW-Authenticate": 'Bearer realm="nodewright"'},
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _admits(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            given.strip().encode(), self._token
        )
