"""Configuration of publishing, batching and the circuit breaker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from nodewright.settings import Settings

Durability = Literal["process", "disk"]


def _at_least(owner: object, minimum: int, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
            raise ValueError(
                f"{type(owner).__name__}.{name} is {value!r}: give an integer of at least {minimum}"
            )


@dataclass
class OptimizerConfig:
    """How events are published.

    Attributes:
        enable_compression: compress (zstd, by the broker protocol) what is larger than
            ``compression_threshold_bytes``.
        compression_threshold_bytes: mean size of a call's events above which it is compressed.
        max_producer_pool_size: how many librdkafka producers this process may have for one
            broker and configuration, however many optimizers share them. 3: awaited single
            events, batches, compressed events; 2: single events, all else; 1: one for all.
        enable_metrics: write a row of ``event_processing_metrics`` for each call.
        headers: send event id, correlation id, content type, schema version and W3C trace
            context as Kafka headers (they are in the JSON document as well).
        publish_timeout_ms: how long a call without a spool waits for the acknowledgement.
        durable: append every event to the spool before it is produced.
        durability: ``process`` survives SIGKILL, ``disk`` also a power loss (``fdatasync``).
        spool_dir: the spool's directory. With ``durable`` unset, the spool takes what cannot be
            sent while the circuit is open. Default with ``durable``: one below the data directory.
        spool_max_bytes: refuse more than this much unsent data; 0: as much as the disk holds.
        stall_ms: a durable call stops waiting when the broker has been silent for this long.
        dead_letter_dir: where refused events go; default below the spool or data directory.
        kafka: further librdkafka settings (SASL, TLS ...); never logged.
    """

    enable_compression: bool = True
    compression_threshold_bytes: int = 1024
    max_producer_pool_size: int = 3
    enable_metrics: bool = True
    headers: bool = True
    publish_timeout_ms: int = 10_000
    durable: bool = False
    durability: Durability = "process"
    spool_dir: Path | None = None
    spool_max_bytes: int = 0
    stall_ms: int = 25
    dead_letter_dir: Path | None = None
    kafka: Mapping[str, str | int | float | bool] = field(default_factory=dict, repr=False)

    @classmethod
    def from_settings(cls, settings: Settings | None = None) -> Self:
        """What the command line and the workflow publish with: durable unless set otherwise."""
        settings = settings or Settings()
        return cls(
            durable=settings.events_durable,
            durability=settings.events_durability,
            spool_dir=settings.events_spool_dir,
        )

    def __post_init__(self) -> None:
        _at_least(self, 0, "compression_threshold_bytes", "spool_max_bytes")
        _at_least(self, 1, "max_producer_pool_size", "publish_timeout_ms", "stall_ms")
        if self.durability not in {"process", "disk"}:
            raise ValueError(
                f"OptimizerConfig.durability is {self.durability!r}: give 'process' or 'disk'"
            )


@dataclass
class BatchConfig:
    """When a batch is handed to the handler, and what happens when the handler fails.

    Attributes:
        max_batch_size: events that make a batch full.
        max_wait_ms: longest time from a batch's first event to its flush.
        enable_metrics: write a row of ``event_processing_metrics`` for each batch.
        max_retries: further attempts after the first one failed.
        retry_backoff_ms: wait before the first retry; doubles with each, up to 30 s.
    """

    max_batch_size: int = 10
    max_wait_ms: int = 100
    enable_metrics: bool = True
    max_retries: int = 3
    retry_backoff_ms: int = 50

    def __post_init__(self) -> None:
        _at_least(self, 1, "max_batch_size")
        _at_least(self, 0, "max_wait_ms", "max_retries", "retry_backoff_ms")


@dataclass
class CircuitBreakerConfig:
    """When the circuit opens and closes.

    Attributes:
        failure_threshold: consecutive failures that open it.
        recovery_timeout_ms: time it stays open before probes are admitted.
        success_threshold: successful probes that close it.
    """

    failure_threshold: int = 5
    recovery_timeout_ms: int = 10000
    success_threshold: int = 2

    def __post_init__(self) -> None:
        _at_least(self, 1, "failure_threshold", "success_threshold")
        _at_least(self, 0, "recovery_timeout_ms")
