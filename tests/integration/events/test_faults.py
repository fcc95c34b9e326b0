"""The quick half of the fault runs; all of it: ``python -m benchmarks.faults.events``."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.faults.events import FAULTS, QUICK
from tests.kafka.server import KafkaServer, missing


@pytest.fixture(scope="module")
def kafka() -> Iterator[KafkaServer]:
    """A broker of its own, for it is killed."""
    if reason := missing():
        pytest.skip(f"no real Kafka: {reason}")
    server = KafkaServer(Path(tempfile.mkdtemp(prefix="kafka-")))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.mark.faults
@pytest.mark.kafka
@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_fault_is_survived(fault: str, kafka: KafkaServer, tmp_path: Path) -> None:
    outcome = await FAULTS[fault](kafka, tmp_path, QUICK)
    assert outcome.held, outcome
