"""Batches by size and by time."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any, Self

from nodewright.events.config import BatchConfig
from nodewright.events.errors import ClosedError, PayloadError
from nodewright.events.metrics import Metrics, MetricSink
from nodewright.logs import get_logger

_log = get_logger(__name__, "events")

MAX_BACKOFF = 30.0  # seconds

ErrorCallback = Callable[[list[Any], Exception], Any]


class BatchProcessor:
    """Collects events and hands them to ``processor_func`` as lists.

    A batch is flushed when it is full, ``max_wait_ms`` after its first event, by ``flush`` and by
    ``cleanup``. Batches are handed over one at a time, in order, each as a list of the handler's
    own. A batch whose handler fails is retried with growing waits (not after a ``PayloadError``,
    which no retry can mend), and then given to ``on_error``; without one it stays in
    ``failed_batches`` and the error reaches whoever waits for the flush. A caller that is
    cancelled leaves its batch to finish.

    Use one from a single event loop at a time.

    Args:
        processor_func: async (or plain) function of a list of events.
        config: sizes, times, retries.
        persistence: where metrics go.
        on_error: async (or plain) function of the failed batch and the last error.
    """

    def __init__(
        self,
        processor_func: Callable[[list[Any]], Any],
        config: BatchConfig | None = None,
        persistence: MetricSink | None = None,
        *,
        on_error: ErrorCallback | None = None,
    ) -> None:
        if not callable(processor_func):
            raise TypeError(f"processor_func is {processor_func!r}: give a function of a list")
        self.config: BatchConfig = config or BatchConfig()
        self.failed_batches: list[tuple[list[Any], Exception]] = []
        self._handler = processor_func
        self._on_error = on_error
        self._metrics = Metrics(persistence, enabled=self.config.enable_metrics)
        self._batch: list[Any] = []
        self._first_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._last: asyncio.Task[Any] | None = None
        self._closed = False

    @property
    def pending(self) -> int:
        """Events in the batch that is being filled."""
        return len(self._batch)

    async def add_event(self, event: Any) -> Any | None:
        """Add ``event``; return the handler's result if that filled the batch, else None at once.

        Raises:
            ClosedError: after ``cleanup``.
            Exception: the handler's, when this event filled the batch and there is no ``on_error``.
        """
        if self._closed:
            raise ClosedError("this BatchProcessor was cleaned up: make a new one")
        if not self._batch:
            self._first_at = time.monotonic()
        self._batch.append(event)
        if len(self._batch) >= self.config.max_batch_size:
            return await asyncio.shield(self._start_flush())
        if len(self._batch) == 1:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.config.max_wait_ms / 1000, self._on_time)
        return None

    async def flush(self) -> Any:
        """Flush the current batch now; return the handler's result, None for an empty batch."""
        if self._batch:
            return await asyncio.shield(self._start_flush())
        await self._settled()
        return None

    async def cleanup(self) -> None:
        """Flush what is left, wait for all flushes, take no more events.

        Raises:
            Exception: the handler's for the last batch, when there is no ``on_error``.
        """
        self._closed = True
        try:
            await self.flush()
        finally:
            await self._settled()
            await self._metrics.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cleanup()

    async def _settled(self) -> None:
        while (last := self._last) is not None and not last.done():
            await asyncio.wait([last])

    def _on_time(self) -> None:
        if self._batch:
            self._start_flush().add_done_callback(_seen)

    def _start_flush(self) -> asyncio.Task[Any]:
        """Take the batch out and hand it over after the batches before it."""
        batch, self._batch = self._batch, []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._last = asyncio.get_running_loop().create_task(
            self._hand_over(batch, self._first_at, self._last)
        )
        return self._last

    async def _hand_over(
        self, batch: list[Any], first_at: float, before: asyncio.Task[Any] | None
    ) -> Any:
        retries, started_at = 0, time.monotonic()
        error: Exception | None = None
        result = None
        try:
            if before is not None and not before.done():
                await asyncio.wait([before])
            started_at = time.monotonic()
            for retries in range(self.config.max_retries + 1):
                if retries:
                    await asyncio.sleep(self._backoff(retries))
                try:
                    result = self._handler(list(batch))
                    if inspect.isawaitable(result):
                        result = await result
                except Exception as problem:  # noqa: BLE001 - the handler may raise anything
                    error = problem
                    if isinstance(problem, PayloadError):
                        break
                else:
                    error = None
                    break
        except asyncio.CancelledError:  # the loop is shutting down
            self.failed_batches.append((batch, InterruptedError("cancelled before delivery")))
            raise
        await self._metrics.record(
            f"batch.{type(batch[0]).__name__}",
            getattr(batch[0], "service", "batch_processor"),
            time.monotonic() - started_at,
            error=error,
            waited=started_at - first_at,
            retries=retries,
            batch_size=len(batch),
        )
        if error is not None:
            return await self._give_up(batch, error)
        return result

    def _backoff(self, retry: int) -> float:
        return float(min(MAX_BACKOFF, self.config.retry_backoff_ms / 1000 * 2 ** (retry - 1)))

    async def _give_up(self, batch: list[Any], error: Exception) -> None:
        _log.error("events.batch.failed", {"events": len(batch), "error": str(error)})
        if self._on_error is None:
            self.failed_batches.append((batch, error))
            raise error
        try:
            answer = self._on_error(batch, error)
            if inspect.isawaitable(answer):
                await answer
        except Exception:  # noqa: BLE001 - the callback may raise anything; the batch is kept
            self.failed_batches.append((batch, error))
            _log.exception("events.batch.error_callback_failed", {"kept": len(batch)})


def _seen(task: asyncio.Task[Any]) -> None:
    """Take note of a timed flush's error, which is logged and kept already."""
    if not task.cancelled():
        task.exception()
