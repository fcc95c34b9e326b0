"""The dashboard, served for real on a fresh database."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import uvicorn

from nodewright.monitoring import MonitoringSystem
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence
from nodewright.web.app import create_app


class Served(NamedTuple):
    """A running dashboard."""

    url: str
    system: MonitoringSystem
    client: httpx.Client


type Serve = Callable[..., AbstractContextManager[Served]]


@pytest.fixture
def serve(persistence: CodegenPersistence, tmp_path: Path) -> Serve:
    """Starts a dashboard with the given settings."""

    @contextmanager
    def start(**given: object) -> Iterator[Served]:
        settings = Settings(**{"data_dir": tmp_path, "web_refresh_s": 0.2, **given})
        system = MonitoringSystem(persistence=persistence, log_alerts=False)
        app = create_app(settings, system=system, persistence=persistence)
        config = uvicorn.Config(
            app, port=0, log_level="warning", timeout_graceful_shutdown=1, server_header=False
        )
        server = uvicorn.Server(config)
        started = threading.Event()
        begin = server.startup

        async def startup(**options: object) -> None:
            await begin(**options)
            started.set()

        server.startup = startup
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        assert started.wait(30)
        port = server.servers[0].sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=30) as client:
            yield Served(url, system, client)
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()

    return start
