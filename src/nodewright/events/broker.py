"""Where Kafka is, and how librdkafka is set up for it."""

import atexit
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nodewright.events.forks import never_destroy
from nodewright.logs import get_logger
from nodewright.settings import Settings

if TYPE_CHECKING:
    from confluent_kafka import Producer

_log = get_logger(__name__, "events")

Setting = str | int | float | bool
KafkaSettings = Mapping[str, Setting]  # of librdkafka, by its names

MOCK = "mock"  # as bootstrap servers: librdkafka's cluster inside this process
_PORT = 9092  # Kafka's, where none is given

_SECRET_WORDS = ("password", "secret", "key.pem", "oauthbearer.config", "certificate.pem")
# What the guarantees rest on; a user's librdkafka settings cannot change it.
_FIXED: KafkaSettings = {
    "enable.idempotence": True,
    "acks": "all",
    # With idempotence, a finite time-out can end in a fatal error; callers have their own.
    "message.timeout.ms": 0,
    # A request that overtakes a failed one counts, for librdkafka, as the acknowledgement of both;
    # a broker accepts it when it has no records of this producer yet: right after a topic was made.
    "max.in.flight.requests.per.connection": 1,
}
_ALIASES = {
    "request.required.acks": "acks",
    "delivery.timeout.ms": "message.timeout.ms",
    "max.in.flight": "max.in.flight.requests.per.connection",
}

_DEFAULTS: KafkaSettings = {
    "queue.buffering.max.messages": 1_000_000,
    "queue.buffering.max.kbytes": 256 * 1024,
    "batch.num.messages": 10_000,
    "batch.size": 1_000_000,
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 1_000,
    "retry.backoff.ms": 50,
    "retry.backoff.max.ms": 500,
    "topic.metadata.refresh.fast.interval.ms": 100,
    "socket.keepalive.enable": True,
    "client.id": "nodewright",
}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where Kafka is.

    Attributes:
        address: the bootstrap servers.
        name: what a spool remembers it by; the same however the servers are written and ordered,
            and ``mock`` for a mock cluster, whose address is another in each process.
    """

    address: str
    name: str


def configured_servers(given: str | None = None) -> str | None:
    """``given``, else the setting (``KAFKA_BOOTSTRAP_SERVERS``); None: there is no real Kafka."""
    servers = given or Settings().kafka_bootstrap_servers
    return None if servers == MOCK else servers


def find_broker(given: str | None = None) -> Broker:
    """``given``, else the setting, else the mock cluster of this process."""
    servers = configured_servers(given)
    return (
        Broker(mock_cluster(), MOCK) if servers is None else Broker(servers, broker_name(servers))
    )


def broker_name(servers: str) -> str:
    """One name for all ways to write the same bootstrap servers.

    >>> broker_name("PLAINTEXT://b:9092, A")
    'a:9092,b:9092'
    """
    names = set()
    for server in servers.lower().split(","):
        host = server.strip().rpartition("://")[2]
        if host:
            has_port = ":" in host.rpartition("]")[2]  # an IPv6 address has colons in brackets
            names.add(host if has_port else f"{host}:{_PORT}")
    return ",".join(sorted(names))


def client_settings(bootstrap: str, extra: KafkaSettings) -> dict[str, Setting]:
    """Settings of any librdkafka client: address, security, then ``extra``."""
    settings = Settings()
    secret = settings.kafka_sasl_password
    security = {
        "security.protocol": settings.kafka_security_protocol,
        "sasl.mechanism": settings.kafka_sasl_mechanism,
        "sasl.username": settings.kafka_sasl_username,
        "sasl.password": secret.get_secret_value() if secret else None,
        "ssl.ca.location": settings.kafka_ssl_ca_location,
        "ssl.certificate.location": settings.kafka_ssl_certificate_location,
        "ssl.key.location": settings.kafka_ssl_key_location,
    }
    given = {name: str(value) for name, value in security.items() if value is not None}
    return {"bootstrap.servers": bootstrap, **given, **extra}


def producer_settings(
    bootstrap: str, extra: KafkaSettings, lane: KafkaSettings | None = None
) -> dict[str, Setting]:
    """Settings of the librdkafka producer of one lane.

    Raises:
        ValueError: when ``extra`` would change what the guarantees rest on.
    """
    for name, given in extra.items():
        fixed = _FIXED.get(_ALIASES.get(name, name), given)
        if str(given).lower() != str(fixed).lower():
            raise ValueError(f"the Kafka setting {name} is fixed to {fixed}: leave it out")
    return {**_DEFAULTS, **(lane or {}), **client_settings(bootstrap, extra), **_FIXED}


def redact(text: str, settings: KafkaSettings) -> str:
    """``text`` without the secrets in ``settings``."""
    for name, value in settings.items():
        if value and any(word in name for word in _SECRET_WORDS):
            text = text.replace(str(value), "[secret]")
    return text


class _MockCluster:
    """The mock cluster of this process, started when it is first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: Producer | None = None
        self._address = ""
        os.register_at_fork(after_in_child=self._begin_anew)

    def address(self) -> str:
        """Where it listens."""
        with self._lock:
            if self._owner is None:
                self._owner, self._address = _start_mock_cluster()
                atexit.register(self._stop)
            return self._address

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()  # another thread of the parent may have held the old one
        never_destroy(self._owner)
        self._owner = None

    def _stop(self) -> None:
        self._owner = None


def _start_mock_cluster() -> tuple["Producer", str]:
    from confluent_kafka import Producer

    owner = Producer({"test.mock.num.brokers": 1, "log_level": 2})
    broker = next(iter(owner.list_topics(timeout=10).brokers.values()))
    address = f"127.0.0.1:{broker.port}"
    _log.info("events.mock_cluster.started", {"address": address})
    return owner, address


_cluster = _MockCluster()


def mock_cluster() -> str:
    """The address of this process's mock cluster; its topics live as long as the process."""
    return _cluster.address()
