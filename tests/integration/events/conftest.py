"""The two clusters that the behaviour suite runs on."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kafka.server import KafkaServer, missing

from nodewright.events.broker import mock_cluster


@pytest.fixture(scope="session")
def mock_bootstrap() -> str:
    return mock_cluster()


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """A real Kafka: the one that the variable names, else one that is started here."""
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield given
        return
    if reason := missing():
        text = f"no real Kafka: {reason}, and KAFKA_BOOTSTRAP_SERVERS is not set"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    server = KafkaServer(Path(tempfile.mkdtemp(prefix="kafka-")))
    try:
        server.start()
        yield server.address
    finally:
        server.stop()
