"""The real Prometheus scrapes the dashboard; the real Alertmanager passes an alert on."""

import json
import os
import queue
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from nodewright.monitoring import MetricType

from .conftest import Serve

ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
PROMETHEUS = shutil.which("prometheus")
WAIT_S = 60
TOKEN = "a-token-of-24-characters"  # noqa: S105 - of the test

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(
        not (PROMETHEUS and ALERTMANAGER) and not os.environ.get("CI"),
        reason="Debian's prometheus and prometheus-alertmanager are not installed",
    ),
]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[None]:
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def until[T](look: Callable[[], T | None], what: str) -> T:
    """Ask another process until it says so; its state can only be asked for."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        try:
            found = look()
        except httpx.TransportError:
            found = None
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {WAIT_S} s")


def test_prometheus_scrapes_and_answers_with_the_right_numbers(
    serve: Serve, tmp_path: Path
) -> None:
    port = free_port()
    (tmp_path / "token").write_text(TOKEN)
    with serve(web_token=TOKEN) as served:
        record = served.system.record
        for _ in range(3):
            record("jobs_done", 2, MetricType.COUNTER, {"of": 'a "quoted"\\ name\n'})
        for value in (0.02, 0.3, 0.3, 7.0):
            record("load_seconds", value, MetricType.HISTOGRAM)
        record("queue_depth", -1.5, MetricType.GAUGE)
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [
                {
                    "job_name": "nodewright",
                    "authorization": {"credentials_file": str(tmp_path / "token")},
                    "static_configs": [{"targets": [served.url.removeprefix("http://")]}],
                }
            ],
        }
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
        command = [
            str(PROMETHEUS),
            "--config.file=prometheus.yml",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with running(command, tmp_path):

            def ask(query: str) -> list[dict[str, Any]] | None:
                answer = httpx.get(
                    f"http://127.0.0.1:{port}/api/v1/query", params={"query": query}, timeout=10
                )
                if answer.status_code != 200:
                    return None
                return answer.json()["data"]["result"] or None

            (jobs,) = until(lambda: ask("jobs_done_total"), "the counter")
            assert jobs["value"][1] == "6"
            assert jobs["metric"]["of"] == 'a "quoted"\\ name\n'
            (depth,) = until(lambda: ask("queue_depth"), "the gauge")
            assert depth["value"][1] == "-1.5"
            (total,) = until(lambda: ask("load_seconds_sum"), "the sum")
            assert float(total["value"][1]) == pytest.approx(7.62)
            (low,) = until(lambda: ask('load_seconds_bucket{le="0.5"}'), "the bucket")
            assert low["value"][1] == "3"
            quantile = until(lambda: ask("histogram_quantile(0.5, load_seconds_bucket)"), "p50")
            assert 0.25 < float(quantile[0]["value"][1]) <= 0.5
            served.system.record("jobs_done", 1, MetricType.COUNTER, {"of": 'a "quoted"\\ name\n'})
            until(
                lambda: (
                    (ask("jobs_done_total") or [{"value": [0, ""]}])[0]["value"][1] == "7" or None
                ),
                "the counter's increase",
            )


def test_an_alert_goes_through_alertmanager_to_a_webhook(serve: Serve, tmp_path: Path) -> None:
    posts: queue.Queue[dict[str, Any]] = queue.Queue()

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            posts.put(json.loads(body))

        def log_message(self, *_: object) -> None:
            pass

    webhook = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    threading.Thread(target=webhook.serve_forever, daemon=True).start()
    config = {
        "route": {
            "receiver": "webhook",
            "group_by": ["alertname"],
            "group_wait": "100ms",
            "group_interval": "200ms",
            "repeat_interval": "1h",
        },
        "receivers": [
            {
                "name": "webhook",
                "webhook_configs": [
                    {"url": f"http://127.0.0.1:{webhook.server_port}/", "send_resolved": True}
                ],
            }
        ],
    }
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [
        str(ALERTMANAGER),
        "--config.file=alertmanager.yml",
        f"--storage.path={tmp_path / 'am'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    address = f"http://127.0.0.1:{port}"
    with running(command, tmp_path):
        until(
            lambda: httpx.get(f"{address}/-/ready", timeout=5).status_code == 200 or None,
            "Alertmanager",
        )
        with serve(alertmanager_url=address) as served:
            served.system.record("quality_score", 0.5, MetricType.GAUGE, {"pack": "a"})
            fired = posts.get(timeout=WAIT_S)
            assert fired["status"] == "firing"
            (alert,) = fired["alerts"]
            assert alert["labels"]["alertname"] == "NodewrightQualityScore"
            assert alert["labels"]["severity"] == "critical"
            assert alert["labels"]["pack"] == "a"
            assert alert["annotations"]["summary"] == (
                "quality_score 50 % is below the critical threshold of 75 %"
            )
            served.system.record("quality_score", 0.95, MetricType.GAUGE, {"pack": "a"})
            assert posts.get(timeout=WAIT_S)["status"] == "resolved"
    webhook.shutdown()
    webhook.server_close()
