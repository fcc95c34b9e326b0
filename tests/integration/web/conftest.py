"""The dashboard, served for real on a fresh database."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import pytest
import uvicorn

from nodewright.monitoring import MonitoringSystem
from nodewright.proving.model import Check
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


RUN = UUID("11111111-2222-4333-8444-555555555555")


def summary_of_a_run(title: str = "Order desk", text: str = "") -> dict[str, Any]:
    """What a run of three nodes, one of which failed, says of itself; ``text`` is in every text."""
    named = (("order", "EFFECT"), ("price", "COMPUTE"), ("total", "REDUCER"))
    nodes = [_node(place, name, kind, text) for place, (name, kind) in enumerate(named)]
    plan = {
        "package": "order_desk",
        "title": title,
        "description": f"Orders are taken, priced and totalled by day.{text}",
        "nodes": nodes,
        "systems": ["PostgreSQL"],
        "patterns": ["crud", "aggregation"],
    }
    left = {
        "id": "FR-9.1",
        "requirement": "FR-9",
        "line": 40,
        "text": f"Orders are answered within 200 ms{text}",
        "state": "open",
        "reason": f"no test measures it{text}",
        "node": "",
    }
    judges = ("ruff", "parses", "contract", "imports", "constructs", "processes")
    outcomes = []
    for node in nodes:
        failed = node["kind"] == "REDUCER"
        detail = f"AssertionError: the total of an empty day is 0, not None{text}"
        checks = [
            Check(judge, not (failed and judge == "processes"), seconds=0.03 * (place + 1))
            for place, judge in enumerate(judges)
        ]
        if failed:
            checks[-1] = replace(checks[-1], detail=detail)
        outcomes.append(
            {
                "node": node["class_name"],
                "slug": node["slug"],
                "kind": node["kind"],
                "requirements": [trace["requirement"] for trace in node["traces"]],
                "delivered": not failed,
                "reason": f"processes: {detail}" if failed else "",
                "checks": checks,
                "files": [f"src/order_desk/nodes/{node['slug']}/node.py{text}"],
                "seconds": 0.6,
            }
        )
    return {
        "session_id": RUN,
        "output": Path(f"/home/ada/order-desk{text}"),
        "verify": "run",
        "succeeded": False,
        "plan": plan,
        "clauses": {"proven": 2, "open": 1, "context": 0},
        "verdicts": [left],
        "nodes": outcomes,
        "files": [{"path": f"README.md{text}", "action": "create", "reason": f"new{text}"}],
        "conflicts": [f"README.md{text}"] if text else [],
        "seconds": {"prd_analysis": 0.4, "persistence": 0.1, "total": 2.1},
        "speedup": 2.6,
        "workers": 2,
    }


def _node(place: int, name: str, kind: str, text: str) -> dict[str, Any]:
    verbs = {"EFFECT": "create", "COMPUTE": "compute", "REDUCER": "sum up"}
    said = f"The desk shall {verbs[kind]} {name}s.{text}"
    requirement = f"FR-{place + 1}"
    operation = {
        "name": f"{verbs[kind].replace(' ', '_')}_{name}{text}",
        "description": said,
        "clauses": [f"{requirement}.1"],
    }
    return {
        "slug": f"node_{name}_{kind.lower()}{text}",
        "kind": kind,
        "class_name": f"Node{name.title()}{kind.title()}{text}",
        "description": said,
        "entity": f"Order{text}",
        "runs": [],
        "mixins": [f"omnibase_core.mixins.mixin_metrics.MixinMetrics{text}"],
        "traces": [{"requirement": requirement, "section": "", "line": 12, "text": text}],
        "operations": [operation],
    }
