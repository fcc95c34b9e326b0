import asyncio
from typing import Any

import pytest

from nodewright.events import BatchConfig, BatchProcessor, ClosedError, EventEncodingError

LONG = 60_000  # ms: never by time


def config(**changes: Any) -> BatchConfig:
    defaults = {"max_wait_ms": LONG, "retry_backoff_ms": 0, "enable_metrics": False}
    return BatchConfig(**(defaults | changes))


class Handler:
    """Keeps its batches; fails as often as it is told; waits when it is told."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        self.batches: list[list[Any]] = []
        self.attempts = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.running = 0
        self._failures = failures
        self._error = error or ConnectionError("down")

    async def __call__(self, batch: list[Any]) -> str:
        self.attempts += 1
        self.running += 1
        assert self.running == 1, "two flushes at once"
        try:
            await self.gate.wait()
            if self.attempts <= self._failures:
                batch.clear()  # the list is the handler's own
                raise self._error
            self.batches.append(batch)
            return f"done {len(batch)}"
        finally:
            self.running -= 1


async def test_by_size() -> None:
    handler = Handler()
    processor = BatchProcessor(handler, config(max_batch_size=3))
    results = [await processor.add_event(n) for n in range(7)]
    assert results == [None, None, "done 3", None, None, "done 3", None]
    await processor.cleanup()
    assert handler.batches == [[0, 1, 2], [3, 4, 5], [6]]


async def test_by_time_from_the_first_event() -> None:
    handler = Handler()
    processor = BatchProcessor(handler, config(max_batch_size=100, max_wait_ms=30))
    loop = asyncio.get_running_loop()
    start = loop.time()
    flushed = asyncio.Event()

    async def handle(batch: list[Any]) -> None:
        await handler(batch)
        flushed.set()

    processor = BatchProcessor(handle, config(max_batch_size=100, max_wait_ms=30))
    assert await processor.add_event(1) is None
    await processor.add_event(2)
    await flushed.wait()
    assert loop.time() - start >= 0.029
    assert handler.batches == [[1, 2]]
    await processor.cleanup()


async def test_flush_returns_the_result_and_none_for_nothing() -> None:
    processor = BatchProcessor(Handler(), config())
    assert await processor.flush() is None
    await processor.add_event(1)
    assert await processor.flush() == "done 1"
    await processor.cleanup()


async def test_plain_function_as_handler() -> None:
    async with BatchProcessor(sum, config(max_batch_size=2)) as processor:
        await processor.add_event(1)
        assert await processor.add_event(2) == 3


async def test_one_flush_at_a_time_in_order() -> None:
    handler = Handler()
    handler.gate.clear()
    processor = BatchProcessor(handler, config(max_batch_size=2))
    tasks = [asyncio.create_task(processor.add_event(n)) for n in range(20)]
    await asyncio.sleep(0)
    assert all(tasks[n].done() for n in range(0, 20, 2)), "add_event waits only when it fills"
    handler.gate.set()
    await asyncio.gather(*tasks)
    assert handler.batches == [[n, n + 1] for n in range(0, 20, 2)]
    await processor.cleanup()


async def test_failed_batch_is_retried_whole() -> None:
    handler = Handler(failures=2)
    processor = BatchProcessor(handler, config(max_batch_size=2, max_retries=3))
    await processor.add_event(1)
    assert await processor.add_event(2) == "done 2"
    assert (handler.attempts, handler.batches) == (3, [[1, 2]])
    await processor.cleanup()


async def test_batch_that_keeps_failing_goes_to_the_error_callback() -> None:
    seen: list[tuple[list[Any], Exception]] = []

    async def on_error(batch: list[Any], error: Exception) -> None:
        seen.append((batch, error))

    handler = Handler(failures=99)
    processor = BatchProcessor(handler, config(max_batch_size=2, max_retries=2), on_error=on_error)
    await processor.add_event(1)
    assert await processor.add_event(2) is None
    assert handler.attempts == 3
    assert [(batch, str(error)) for batch, error in seen] == [([1, 2], "down")]
    assert processor.failed_batches == []
    await processor.cleanup()


async def test_without_callback_the_batch_is_kept_and_the_waiter_told() -> None:
    processor = BatchProcessor(Handler(failures=99), config(max_batch_size=2, max_retries=0))
    await processor.add_event(1)
    with pytest.raises(ConnectionError, match="down"):
        await processor.add_event(2)
    assert [batch for batch, _ in processor.failed_batches] == [[1, 2]]
    await processor.cleanup()


async def test_broken_callback_loses_nothing() -> None:
    def on_error(_batch: list[Any], _error: Exception) -> None:
        raise OSError("disk full")

    processor = BatchProcessor(
        Handler(failures=99), config(max_batch_size=1, max_retries=0), on_error=on_error
    )
    await processor.add_event(1)
    assert [batch for batch, _ in processor.failed_batches] == [[1]]
    await processor.cleanup()


async def test_payload_errors_are_not_retried() -> None:
    handler = Handler(failures=99, error=EventEncodingError("bad"))
    processor = BatchProcessor(handler, config(max_batch_size=1, max_retries=5))
    with pytest.raises(EventEncodingError):
        await processor.add_event(1)
    assert handler.attempts == 1
    await processor.cleanup()


@pytest.mark.parametrize("flush", [False, True])
async def test_cancelled_caller_leaves_its_batch_to_finish(flush: bool) -> None:
    handler = Handler()
    handler.gate.clear()
    processor = BatchProcessor(handler, config(max_batch_size=2 if flush else 1))
    task = asyncio.create_task(processor.add_event(1))
    await asyncio.sleep(0)
    if flush:
        task = asyncio.create_task(processor.flush())
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    handler.gate.set()
    await processor.cleanup()
    assert handler.batches == [[1]]


@pytest.mark.parametrize("max_wait_ms", [0, 1, LONG])
async def test_cleanup_during_a_flush_neither_loses_nor_doubles(max_wait_ms: int) -> None:
    handler = Handler()
    handler.gate.clear()
    processor = BatchProcessor(handler, config(max_batch_size=3, max_wait_ms=max_wait_ms))
    tasks = [asyncio.create_task(processor.add_event(n)) for n in range(8)]
    await asyncio.sleep(0.005)
    closing = [asyncio.create_task(processor.cleanup()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(ClosedError):
        await processor.add_event(99)
    handler.gate.set()
    await asyncio.gather(*tasks, *closing)
    assert [n for batch in handler.batches for n in batch] == list(range(8))


def test_batch_of_a_loop_that_ends_is_kept() -> None:
    async def use() -> BatchProcessor:
        handler = Handler()
        handler.gate.clear()
        processor = BatchProcessor(handler, config(max_batch_size=2, max_wait_ms=0))
        await processor.add_event(1)
        await asyncio.sleep(0.01)
        return processor

    processor = asyncio.run(use())
    assert [batch for batch, _ in processor.failed_batches] == [[1]]


async def test_batches_are_recorded() -> None:
    rows: list[dict[str, Any]] = []

    class Sink:
        async def insert_event_processing_metric(self, **row: Any) -> None:
            rows.append(row)

    settings = config(max_batch_size=2, enable_metrics=True)
    async with BatchProcessor(Handler(failures=1), settings, Sink()) as processor:
        await processor.add_event("a")
        await processor.add_event("b")
    (row,) = rows
    assert (row["event_type"], row["batch_size"]) == ("batch.str", 2)
    assert (row["retry_count"], row["success"]) == (1, True)
    assert row["queue_wait_time_ms"] >= 0
