"""A mock cluster that fails on demand, by what librdkafka exports for its own tests."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import confluent_kafka

_PRODUCER = 0  # of rd_kafka_type_t
_PRODUCE = 0  # Kafka's number of the request
NOT_LEADER = 6  # Kafka's number of the error


class FaultyCluster:
    """One broker in this process."""

    def __init__(self, library: ctypes.CDLL, cluster: ctypes.c_void_p) -> None:
        self._library = library
        self._cluster = cluster
        self.address: str = library.rd_kafka_mock_cluster_bootstraps(cluster).decode()

    def answer_slowly(self, milliseconds: int) -> None:
        """Let each answer take so long, so that requests overlap."""
        self._library.rd_kafka_mock_broker_set_rtt(self._cluster, -1, milliseconds)

    def refuse_next_produce(self, error: int) -> None:
        """Answer the next produce request with ``error``."""
        count = ctypes.c_size_t(1)
        self._library.rd_kafka_mock_push_request_errors(self._cluster, _PRODUCE, count, error)


@contextmanager
def faulty_cluster() -> Iterator[FaultyCluster]:
    """A mock cluster of its own, gone afterwards."""
    library = _librdkafka()
    settings = library.rd_kafka_conf_new()
    reason = ctypes.create_string_buffer(512)
    owner = library.rd_kafka_new(_PRODUCER, settings, reason, ctypes.c_size_t(len(reason)))
    assert owner, reason.value
    owner = ctypes.c_void_p(owner)
    cluster = ctypes.c_void_p(library.rd_kafka_mock_cluster_new(owner, 1))
    try:
        yield FaultyCluster(library, cluster)
    finally:
        library.rd_kafka_mock_cluster_destroy(cluster)
        library.rd_kafka_destroy(owner)


def _librdkafka() -> ctypes.CDLL:
    """The library that confluent_kafka brings along."""
    folder = Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs"
    library = ctypes.CDLL(str(next(folder.glob("librdkafka-*.so*"))))
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"):
        getattr(library, name).restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    library.rd_kafka_new.argtypes = [
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
    ]
    return library
