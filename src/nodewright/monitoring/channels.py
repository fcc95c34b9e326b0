"""Where alerts are sent: the log, a webhook, an Alertmanager."""

import base64
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import unquote, urlsplit

from nodewright.logs import get_logger
from nodewright.monitoring.errors import ChannelError, MonitoringError
from nodewright.monitoring.model import AlertSeverity, MonitoringAlert

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Notification:
    """What has changed since a channel was last told.

    Attributes:
        firing: alerts that have begun to fire, or whose severity has moved.
        resolved: alerts that were told as firing and no longer are.
        superseded: how those whose severity has moved were told before.
    """

    firing: tuple[MonitoringAlert, ...] = ()
    resolved: tuple[MonitoringAlert, ...] = ()
    superseded: tuple[MonitoringAlert, ...] = ()


class Channel(Protocol):
    """Somewhere to send notifications.

    Attributes:
        name: for the log and statistics.
        resend_s: seconds after which a firing alert is sent again; None: only once.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - see above

    @property
    def resend_s(self) -> float | None: ...  # noqa: D102 - see above

    def send(self, notification: Notification) -> None:
        """Deliver, or raise ChannelError or OSError to be called again later."""


class LogChannel:
    """Alerts as log entries of the logger ``nodewright.monitoring.alerts``."""

    name = "log"
    resend_s = None

    def __init__(self) -> None:
        self._log = get_logger("nodewright.monitoring.alerts", component="monitoring")

    def send(self, notification: Notification) -> None:
        """Write one entry for each alert."""
        for alert in notification.firing:
            critical = alert.severity is AlertSeverity.CRITICAL
            log = self._log.error if critical else self._log.warning
            log("monitoring.alert.firing", as_json(alert))
        for alert in notification.resolved:
            self._log.info("monitoring.alert.resolved", as_json(alert))


class WebhookChannel:
    """Alerts as JSON by HTTP POST.

    The body has the lists ``firing`` and ``resolved``, each alert with the fields of
    MonitoringAlert.

    Args:
        url: http or https.
        headers: sent along, for example an Authorization.
        timeout_s: for one attempt.
    """

    resend_s: float | None = None

    def __init__(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = _TIMEOUT_S
    ) -> None:
        self._url, login = _address(url)
        self._headers = login | dict(headers or {})
        self._timeout_s = timeout_s
        self.name: str = f"webhook {_without_secrets(url)}"

    def send(self, notification: Notification) -> None:
        """POST the notification."""
        document = {
            "firing": [as_json(alert) for alert in notification.firing],
            "resolved": [as_json(alert) for alert in notification.resolved],
        }
        _post(self._url, document, self._headers, self._timeout_s)


class AlertmanagerChannel:
    """Alerts to a Prometheus Alertmanager, by its API v2.

    A firing alert is sent again every ``resend_s`` seconds with an end in the near future, so that
    it ends by itself where this process dies.

    Args:
        url: the Alertmanager's, for example http://localhost:9093.
        generator_url: a page about the alert.
        resend_s: seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        generator_url: str = "",
        headers: Mapping[str, str] | None = None,
        resend_s: float = 60.0,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        base, login = _address(url)
        self._url = f"{base.rstrip('/')}/api/v2/alerts"
        self._generator_url = generator_url
        self._headers = login | dict(headers or {})
        self._timeout_s = timeout_s
        self.resend_s: float | None = resend_s
        self.name: str = f"alertmanager {_without_secrets(url)}"

    def send(self, notification: Notification) -> None:
        """POST firing and ended alerts."""
        now = datetime.now(UTC)
        later = now + timedelta(seconds=4 * (self.resend_s or _TIMEOUT_S))
        document = [self._alert(alert, later) for alert in notification.firing]
        document += [
            self._alert(alert, alert.resolved_at or now) for alert in notification.resolved
        ]
        document += [self._alert(alert, now) for alert in notification.superseded]
        _post(self._url, document, self._headers, self._timeout_s)

    def _alert(self, alert: MonitoringAlert, ends_at: datetime) -> dict[str, object]:
        labels = {
            **alert.labels,
            "alertname": alert_name(alert.metric_name),
            "severity": alert.severity.value,
            "component": alert.component,
            "metric": alert.metric_name,
        }
        return {
            "labels": labels,
            "annotations": {"summary": alert.message},
            "startsAt": alert.created_at.isoformat(),
            "endsAt": ends_at.isoformat(),
            **({"generatorURL": self._generator_url} if self._generator_url else {}),
        }


def alert_name(metric: str) -> str:
    """The alert's name in Prometheus and Alertmanager: cache_hit_rate -> NodewrightCacheHitRate."""
    words = metric.removeprefix("nodewright_").split("_")
    return "Nodewright" + "".join(word.capitalize() for word in words)


def as_json(alert: MonitoringAlert) -> dict[str, object]:
    """An alert with values that JSON knows."""
    return {
        "alert_id": alert.alert_id,
        "severity": alert.severity.value,
        "metric_name": alert.metric_name,
        "threshold": alert.threshold,
        "actual_value": alert.actual_value,
        "message": alert.message,
        "component": alert.component,
        "labels": dict(alert.labels),
        "created_at": alert.created_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "resolution_message": alert.resolution_message,
    }


def _address(url: str) -> tuple[str, dict[str, str]]:
    """The address without user and password, and the header that says them."""
    try:
        parts = urlsplit(url)
        wrong = parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0
    except ValueError:  # a port that is no number, a bracket that is never closed
        wrong = True
    # What http.client refuses stands in its message, where a secret must not be.
    if wrong or not url.isascii() or not url.isprintable() or " " in url:
        raise MonitoringError(
            f"{_without_secrets(url)!r} is no address to send alerts to; give http(s)://host/path, "
            "other characters percent-encoded"
        )
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    login = base64.b64encode(unquote(user).encode()).decode()
    return parts._replace(netloc=host).geturl(), {"Authorization": f"Basic {login}"}


def _without_secrets(url: str) -> str:
    """Scheme, host and port: user, path and query may hold a secret."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the address"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # a body must not go where nobody chose
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def _post(url: str, document: object, headers: Mapping[str, str], timeout_s: float) -> None:
    body = json.dumps(document, default=str).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        url, body, {"Content-Type": "application/json", **headers}, method="POST"
    )
    try:
        with _opener.open(request, timeout=timeout_s) as response:
            response.read(65_536)
    except urllib.error.HTTPError as error:
        reason = error.read(500).decode(errors="replace").strip()
        where = _without_secrets(url)
        raise ChannelError(f"{where} answered {error.code} {error.reason}: {reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise ChannelError(f"{_without_secrets(url)} cannot be reached: {error}") from error
