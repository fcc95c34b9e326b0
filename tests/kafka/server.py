"""A real Apache Kafka 4 in KRaft mode on loopback, from jars that Maven fetches once."""

import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from confluent_kafka.admin import AdminClient

POM = Path(__file__).with_name("pom.xml")
CACHE = Path(__file__).parents[2] / ".cache" / "kafka"  # ignored by git
START_SECONDS = 60

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={data}
num.partitions=4
auto.create.topics.enable=true
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""


def missing() -> str | None:
    """Why no Kafka can be started here; None when it can."""
    absent = [command for command in ("mvn", "java") if shutil.which(command) is None]
    return f"{' and '.join(absent)} not installed" if absent else None


def jars() -> Path:
    """The folder with Kafka's jars, fetched when they are not there."""
    folder = CACHE / "jars"
    if not list(folder.glob("kafka_*.jar")):
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=CACHE))
        goal = "dependency:copy-dependencies"
        command = ["mvn", "-q", "-B", "-f", str(POM), goal, f"-DoutputDirectory={fresh}"]
        subprocess.run(command, check=True, timeout=300)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    return folder


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class KafkaServer:
    """One broker with its own data folder; it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._classpath = f"{jars()}/*"
        self._process: subprocess.Popen[bytes] | None = None
        self._properties = folder / "server.properties"
        self._properties.write_text(
            PROPERTIES.format(port=self.port, controller=free_port(), data=folder / "data")
        )
        identity = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        arguments = ["format", "-t", identity, "-c", str(self._properties)]
        command = ["java", "-cp", self._classpath, "kafka.tools.StorageTool", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self, *, wait: bool = True) -> None:
        """Start the broker and wait until it answers."""
        memory = ["-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        command = ["java", *memory, "-cp", self._classpath, "kafka.Kafka", str(self._properties)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        client = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        while time.monotonic() < end:
            try:
                client.list_topics(timeout=1)
            except Exception:  # noqa: BLE001, S112 - not ready yet: ask again until the time is up
                continue
            else:
                return
        raise TimeoutError(f"Kafka did not answer within {START_SECONDS} s")

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it and forget its data."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
