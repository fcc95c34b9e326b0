"""What is recorded of publishing: rows of ``event_processing_metrics``."""

import asyncio
from typing import Protocol

from nodewright.logs import get_logger

_log = get_logger(__name__, "events")

MAX_NAME = 100  # the columns' width


class MetricSink(Protocol):
    """The one method of the persistence layer that events need; write-behind."""

    async def insert_event_processing_metric(
        self,
        *,
        event_type: str,
        event_source: str,
        processing_duration_ms: int,
        success: bool,
        queue_wait_time_ms: int | None = None,
        error_type: str | None = None,
        error_message: str | None = None,
        retry_count: int = 0,
        batch_size: int = 1,
    ) -> object:
        """Record one call."""


class Metrics:
    """Gives rows to a sink, made when it is first needed; a broken sink changes nothing.

    Args:
        sink: where rows go; None: the project's own persistence.
        enabled: False records nothing and makes no sink.
    """

    def __init__(self, sink: MetricSink | None, *, enabled: bool) -> None:
        self._sink = sink
        self._own = sink is None
        self._enabled = enabled
        self.lost: int = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def record(
        self,
        event_type: str,
        source: str,
        seconds: float,
        *,
        error: BaseException | None = None,
        waited: float | None = None,
        retries: int = 0,
        batch_size: int = 1,
    ) -> None:
        """Record one call; times in seconds. Never raises."""
        if not self._enabled or batch_size < 1:
            return
        try:
            if self._sink is None:
                self._sink = _default_sink()
            await self._sink.insert_event_processing_metric(
                event_type=event_type[:MAX_NAME],
                event_source=source[:MAX_NAME],
                processing_duration_ms=round(seconds * 1000),
                success=error is None,
                queue_wait_time_ms=None if waited is None else round(waited * 1000),
                error_type=None if error is None else type(error).__name__[:MAX_NAME],
                error_message=None if error is None else str(error),
                retry_count=retries,
                batch_size=batch_size,
            )
        except Exception as problem:  # noqa: BLE001 - telemetry must not break what it observes
            self.lost += 1
            if self.lost == 1:
                _log.warning("events.metrics.lost", {"error": str(problem)})

    def record_soon(self, event_type: str, source: str) -> None:
        """Record an incident of no duration, from where nothing can be awaited."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        task = loop.create_task(self.record(event_type, source, 0.0))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Close the sink, if it was made here."""
        sink, self._enabled = self._sink, False
        if self._own and sink is not None:
            close = getattr(sink, "close", None)
            if close is not None:
                await close()


def _default_sink() -> MetricSink:
    from nodewright.storage import CodegenPersistence

    return CodegenPersistence()
