"""Alerts reach their channels: log, webhook, Alertmanager's API."""

import json
import logging
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nodewright.monitoring import AlertSeverity, MetricType, MonitoringError, MonitoringSystem
from nodewright.monitoring.channels import (
    AlertmanagerChannel,
    LogChannel,
    Notification,
    WebhookChannel,
)
from nodewright.monitoring.notify import Notifier

WAIT_S = 20


class Receiver:
    """An HTTP server that keeps what is posted, and answers as told."""

    def __init__(self) -> None:
        self.posts: queue.Queue[tuple[str, dict, dict]] = queue.Queue()
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.answers.pop(0) if outer.answers else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                outer.posts.put((self.path, dict(self.headers), json.loads(body)))

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self) -> tuple[str, dict, dict]:
        return self.posts.get(timeout=WAIT_S)


class Memory:
    """A channel that keeps its notifications."""

    name = "memory"
    resend_s = None

    def __init__(self) -> None:
        self.sent: queue.Queue[Notification] = queue.Queue()

    def send(self, notification: Notification) -> None:
        self.sent.put(notification)

    def next(self) -> Notification:
        return self.sent.get(timeout=WAIT_S)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def systems() -> Iterator[list[MonitoringSystem]]:
    made: list[MonitoringSystem] = []
    yield made
    for system in made:
        if system._notifier:
            system._notifier.close()


def system_with(systems: list[MonitoringSystem], **options: object) -> MonitoringSystem:
    system = MonitoringSystem(log_alerts=False, **options)
    systems.append(system)
    return system


def record(system: MonitoringSystem, value: float, name: str = "cache_hit_rate") -> None:
    system.record(name, value, MetricType.GAUGE, {"pack": "a"})


def test_webhook_hears_of_firing_and_resolved(
    receiver: Receiver, systems: list[MonitoringSystem]
) -> None:
    system = system_with(systems)
    system.add_channel(
        WebhookChannel(f"{receiver.url}/hook", headers={"Authorization": "Bearer x"})
    )
    record(system, 0.5)
    path, headers, body = receiver.next()
    assert path == "/hook"
    assert headers["Authorization"] == "Bearer x"
    assert body["firing"][0]["message"].startswith("cache_hit_rate 50 % is below")
    assert body["firing"][0]["labels"] == {"pack": "a"}
    record(system, 0.65)
    assert receiver.next()[2]["firing"][0]["severity"] == "warning"
    record(system, 0.9)
    body = receiver.next()[2]
    assert body["firing"] == []
    assert "no longer below" in body["resolved"][0]["resolution_message"]


def test_failures_are_tried_again_and_counted(
    receiver: Receiver, systems: list[MonitoringSystem]
) -> None:
    system = system_with(systems)
    notifier = system._notifier = Notifier(system.alerts, retry_s=(0.01,))
    receiver.answers = [500, 302, 429, 200]
    notifier.add(WebhookChannel(receiver.url))
    record(system, 0.5)
    bodies = [receiver.next()[2] for _ in range(4)]
    assert all(body["firing"] == bodies[0]["firing"] for body in bodies)
    notifier.close()
    assert receiver.posts.empty()


def test_a_channel_that_is_away_does_not_hold_up_another(systems: list[MonitoringSystem]) -> None:
    system = system_with(systems)
    system.add_channel(WebhookChannel("http://127.0.0.1:1"))
    memory = Memory()
    system.add_channel(memory)
    record(system, 0.5)
    assert memory.next().firing[0].severity is AlertSeverity.CRITICAL


def test_alertmanager_gets_labels_and_ends(
    receiver: Receiver, systems: list[MonitoringSystem]
) -> None:
    system = system_with(systems)
    system.add_channel(AlertmanagerChannel(receiver.url, generator_url="http://me/"))
    record(system, 0.5)
    path, _, (alert,) = receiver.next()
    assert path == "/api/v2/alerts"
    assert alert["labels"] == {
        "alertname": "NodewrightCacheHitRate",
        "severity": "critical",
        "component": "template_cache",
        "metric": "cache_hit_rate",
        "pack": "a",
    }
    assert alert["endsAt"] > alert["startsAt"]
    record(system, 0.65)
    _, _, alerts = receiver.next()
    by_severity = {alert["labels"]["severity"]: alert for alert in alerts}
    assert by_severity["critical"]["endsAt"] < by_severity["warning"]["endsAt"]


def test_alertmanager_is_reminded(receiver: Receiver, systems: list[MonitoringSystem]) -> None:
    system = system_with(systems)
    system.add_channel(AlertmanagerChannel(receiver.url, resend_s=0.01))
    record(system, 0.5)
    first, second = receiver.next()[2], receiver.next()[2]
    assert first[0]["labels"] == second[0]["labels"]


def test_log_has_alerts_and_their_end(
    caplog: pytest.LogCaptureFixture, systems: list[MonitoringSystem]
) -> None:
    system = MonitoringSystem()
    systems.append(system)
    with caplog.at_level(logging.INFO, "nodewright.monitoring.alerts"):
        record(system, 0.5)
        assert system._notifier is not None
        system._notifier.close()
    assert [entry.levelname for entry in caplog.records] == ["ERROR"]
    channel = LogChannel()
    with caplog.at_level(logging.INFO, "nodewright.monitoring.alerts"):
        record(system, 0.9)
        channel.send(Notification(resolved=tuple(system.get_resolved_alerts())))
    assert caplog.messages == ["monitoring.alert.firing", "monitoring.alert.resolved"]
    told = caplog.records[-1].metadata["resolution_message"]  # type: ignore[attr-defined]
    assert told.startswith("cache_hit_rate 90 % is no longer below")


def test_what_fires_together_is_one_notification(systems: list[MonitoringSystem]) -> None:
    system = system_with(systems)
    record(system, 0.5)
    record(system, 0.5, "quality_score")
    memory = Memory()
    system.add_channel(memory)
    sent = memory.next()
    assert {alert.metric_name for alert in sent.firing} == {"cache_hit_rate", "quality_score"}


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/", "//host", "nonsense"])
def test_addresses_that_are_not_http_are_refused(url: str) -> None:
    with pytest.raises(MonitoringError, match="http"):
        WebhookChannel(url)


def test_secrets_of_an_address_are_not_shown() -> None:
    channel = WebhookChannel("https://user:word@host/services/T0KEN?key=K")
    assert channel.name == "webhook https://host"


@pytest.mark.parametrize(
    "url",
    [
        "http://host:S3CRET/",
        "http://user:S3CRET@[::1",
        "http://host:99999/S3CRET",
        "http://host/S3CRET with space",
        "http://host/S3CRET\x7f",
        "http://host/S3CRET\r\nX-Evil: 1",
        "http://host/S3CRÉT",
    ],
)
def test_an_address_that_cannot_be_used_is_not_repeated(url: str) -> None:
    for kind in (WebhookChannel, AlertmanagerChannel):
        with pytest.raises(MonitoringError) as caught:
            kind(url)
        assert "S3CR" not in str(caught.value)


def test_user_and_password_of_an_address_are_sent_as_a_header(
    receiver: Receiver, systems: list[MonitoringSystem]
) -> None:
    system = system_with(systems)
    system.add_channel(WebhookChannel(receiver.url.replace("://", "://user:p%40ss@")))
    record(system, 0.5)
    assert receiver.next()[1]["Authorization"] == "Basic dXNlcjpwQHNz"
