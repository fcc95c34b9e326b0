"""librdkafka's mock cluster in a process of its own: prints its address, ends with its input."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def mock_cluster_process() -> Iterator[str]:
    """The address of a mock cluster that another process runs."""
    command = [sys.executable, "-m", "benchmarks.events.cluster"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def main() -> None:
    from confluent_kafka import Producer

    producer = Producer({"test.mock.num.brokers": 1, "log_level": 2})
    broker = next(iter(producer.list_topics(timeout=10).brokers.values()))
    print(f"127.0.0.1:{broker.port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
