"""Runs the application under uvicorn."""

import socket
from collections.abc import Callable

from nodewright.errors import NodewrightError
from nodewright.settings import Settings
from nodewright.web.exposure import check_exposure

_MOST_CONNECTIONS = 256  # beyond these, 503: pages hold one each for their events
_WAITING = 2048


class ListenError(NodewrightError, OSError):
    """The address cannot be listened on."""


def serve(host: str, port: int, on_listening: Callable[[], None]) -> None:
    """Serve until interrupted.

    Args:
        host: address to listen on.
        port: port to listen on.
        on_listening: called once requests are answered.

    Raises:
        ExposureError: ``host`` is not this machine, and there is no token.
        ListenError: the port is in use, or the address is not of this machine.
        NodewrightError: the extra ``web`` is not installed.
    """
    try:
        import uvicorn
    except ImportError as error:
        raise NodewrightError(
            "the dashboard needs more packages: pip install 'nodewright[web]'"
        ) from error

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_listening()

    settings = Settings()
    check_exposure(host, settings.web_token.get_secret_value() if settings.web_token else None)
    with _listening(host, port) as listener:
        from nodewright.web.app import create_app

        config = uvicorn.Config(
            create_app(settings),
            log_level="warning",
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=2,
        )
        Server(config).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=_WAITING)
    except OSError as error:
        raise ListenError(
            f"cannot listen on {host}, port {port}: {error.strerror or error}; choose another "
            "with --host or --port"
        ) from error
