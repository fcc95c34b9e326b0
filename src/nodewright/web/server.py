"""Runs the application under uvicorn."""

from nodewright.errors import NodewrightError
from nodewright.settings import Settings
from nodewright.web.exposure import check_exposure

_MOST_CONNECTIONS = 256  # beyond these, 503: pages hold one each for their events


def serve(host: str, port: int) -> None:
    """Serve until interrupted.

    Raises:
        ExposureError: ``host`` is not this machine, and there is no token.
        NodewrightError: the extra ``web`` is not installed.
    """
    try:
        import uvicorn
    except ImportError as error:
        raise NodewrightError(
            "the dashboard needs more packages: pip install 'nodewright[web]'"
        ) from error
    settings = Settings()
    check_exposure(host, settings.web_token.get_secret_value() if settings.web_token else None)
    from nodewright.web.app import create_app

    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=2,
    )
