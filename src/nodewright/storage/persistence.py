"""`CodegenPersistence`: the stored data for asynchronous callers, in any loop, on any thread."""

import asyncio
import contextvars
import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from time import time
from typing import Any, Concatenate, Final, Self, overload
from uuid import UUID

from psycopg.rows import class_row, dict_row

from nodewright.settings import Settings
from nodewright.storage.database import Parameters, Statement, text_of
from nodewright.storage.receipt import Connection
from nodewright.storage.store import Store
from nodewright.storage.telemetry_rows import EVENT, PERFORMANCE
from nodewright.storage.write_behind import TelemetryStats


def _in_worker[**P, R](
    method: Callable[Concatenate[Store, P], R],
) -> Callable[Concatenate["CodegenPersistence", P], Coroutine[Any, Any, R]]:
    """The asynchronous form of a method that talks to the database."""

    @functools.wraps(method)
    async def call(self: "CodegenPersistence", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._run(method, self.sync, *args, **kwargs)

    return call


def _at_once[**P, R](
    method: Callable[Concatenate[Store, P], R],
) -> Callable[Concatenate["CodegenPersistence", P], Coroutine[Any, Any, R]]:
    """The asynchronous form of a method that never waits."""

    @functools.wraps(method)
    async def call(self: "CodegenPersistence", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return method(self.sync, *args, **kwargs)

    return call


class Transaction:
    """Statements inside one transaction; see `CodegenPersistence.transaction`."""

    def __init__(self, persistence: "CodegenPersistence", connection: Connection) -> None:
        self._persistence = persistence
        self._connection = connection

    @overload
    async def fetch(
        self, statement: Statement, parameters: Parameters | None = None
    ) -> list[dict[str, Any]]: ...

    @overload
    async def fetch[T](
        self, statement: Statement, parameters: Parameters | None = None, *, row: type[T]
    ) -> list[T]: ...

    async def fetch(
        self,
        statement: Statement,
        parameters: Parameters | None = None,
        *,
        row: type[Any] | None = None,
    ) -> list[Any]:
        """The rows that a statement returns, as dicts or as instances of ``row``."""
        factory: Any = class_row(row) if row else dict_row

        def read() -> list[Any]:
            with self._connection.cursor(row_factory=factory) as cursor:
                return cursor.execute(text_of(statement), parameters).fetchall()

        return await self._persistence._run(read)  # noqa: SLF001 - its own module

    async def execute(self, statement: Statement, parameters: Parameters | None = None) -> int:
        """Run a statement; how many rows it touched."""

        def write() -> int:
            return self._connection.execute(text_of(statement), parameters).rowcount

        return await self._persistence._run(write)  # noqa: SLF001 - its own module


class CodegenPersistence:
    """All stored data of nodewright, asynchronously.

    One object works from any thread and any number of event loops, at once or one after the
    other, and in forked children. Work happens in threads of its own over one connection pool;
    ``sync`` is the same for synchronous callers. Nothing is opened before the first call.

    Args:
        dsn: a PostgreSQL URL or connection string; by default NODEWRIGHT_DATABASE_URL, else
            POSTGRES_HOST and its companions, else the embedded server in the data directory.
        settings: read from the environment by default.

    Example:
        >>> persistence = CodegenPersistence()
        >>> await persistence.update_mixin_compatibility(
        ...     mixin_a="MixinCaching", mixin_b="MixinLogging", node_type="EFFECT", success=True
        ... )
        UUID('...')
    """

    def __init__(self, dsn: str | None = None, *, settings: Settings | None = None) -> None:
        self.sync: Store = Store(dsn, settings)
        self._accept = self.sync.telemetry.put
        self._lock = threading.Lock()
        self._workers: ThreadPoolExecutor | None = None
        self.sync.database.on_fork(self._forked)

    update_mixin_compatibility: Final = _in_worker(Store.update_mixin_compatibility)
    retract_mixin_compatibility: Final = _in_worker(Store.retract_mixin_compatibility)
    get_mixin_compatibility: Final = _in_worker(Store.get_mixin_compatibility)
    list_mixin_compatibility: Final = _in_worker(Store.list_mixin_compatibility)
    get_mixin_compatibility_summary: Final = _in_worker(Store.get_mixin_compatibility_summary)

    record_pattern_feedback: Final = _in_worker(Store.record_pattern_feedback)
    delete_pattern_feedback: Final = _in_worker(Store.delete_pattern_feedback)
    get_pattern_feedback: Final = _in_worker(Store.get_pattern_feedback)
    get_pattern_feedback_analysis: Final = _in_worker(Store.get_pattern_feedback_analysis)

    async def insert_performance_metric(
        self,
        session_id: UUID | str,
        node_type: str,
        phase: str,
        duration_ms: float,
        *,
        memory_usage_mb: float | None = None,
        cpu_percent: float | None = None,
        cache_hit: bool = False,
        parallel_execution: bool = False,
        worker_count: int = 1,
        metadata: Any = None,
    ) -> None:
        """Accept the time that one phase took; see `Store.insert_performance_metric`."""
        # Not through the store: passing the keywords on would cost more than all the rest.
        self._accept(
            (
                PERFORMANCE,
                time(),
                session_id,
                node_type,
                phase,
                duration_ms,
                memory_usage_mb,
                cpu_percent,
                cache_hit,
                parallel_execution,
                worker_count,
                metadata.copy() if type(metadata) is dict else metadata,
            )
        )

    get_performance_metrics: Final = _in_worker(Store.get_performance_metrics)
    get_performance_metrics_summary: Final = _in_worker(Store.get_performance_metrics_summary)

    upsert_template_cache_metadata: Final = _at_once(Store.upsert_template_cache_metadata)
    update_cache_metrics: Final = _at_once(Store.update_cache_metrics)
    get_template_cache_metadata: Final = _in_worker(Store.get_template_cache_metadata)
    get_template_cache_efficiency: Final = _in_worker(Store.get_template_cache_efficiency)

    async def insert_event_processing_metric(
        self,
        event_type: str,
        event_source: str,
        processing_duration_ms: float,
        success: bool,
        *,
        queue_wait_time_ms: float | None = None,
        error_type: str | None = None,
        error_message: str | None = None,
        retry_count: int = 0,
        batch_size: int = 1,
    ) -> None:
        """Accept how an event was processed; see `EventProcessingCreate` for units."""
        self._accept(
            (
                EVENT,
                time(),
                event_type,
                event_source,
                processing_duration_ms,
                success,
                queue_wait_time_ms,
                error_type,
                error_message,
                retry_count,
                batch_size,
            )
        )

    get_event_processing_health: Final = _in_worker(Store.get_event_processing_health)

    flush: Final = _in_worker(Store.flush)

    def telemetry_stats(self) -> TelemetryStats:
        """What became of the telemetry so far."""
        return self.sync.telemetry_stats()

    @overload
    async def fetch(
        self, statement: Statement, parameters: Parameters | None = None
    ) -> list[dict[str, Any]]: ...

    @overload
    async def fetch[T](
        self, statement: Statement, parameters: Parameters | None = None, *, row: type[T]
    ) -> list[T]: ...

    async def fetch(
        self,
        statement: Statement,
        parameters: Parameters | None = None,
        *,
        row: type[Any] | None = None,
    ) -> list[Any]:
        """The rows of a named query, as dicts or as instances of ``row``; see `Database.fetch`."""
        if row is None:
            return await self._run(self.sync.database.fetch, statement, parameters)
        return await self._run(self.sync.database.fetch, statement, parameters, row=row)

    async def execute(self, statement: Statement, parameters: Parameters | None = None) -> int:
        """Run a named query that writes, exactly once; how many rows it touched."""
        return await self._run(self.sync.database.execute, statement, parameters)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Several statements as one: committed at the end, rolled back on an error.

        Raises:
            StorageUnavailableError: the database stayed away, or was lost in between.
        """
        context = self.sync.database.transaction()
        connection = await self._run(context.__enter__)
        try:
            yield Transaction(self, connection)
        except BaseException as error:
            if not await self._run(context.__exit__, type(error), error, error.__traceback__):
                raise
        else:
            await self._run(context.__exit__, None, None, None)

    async def close(self) -> None:
        """Write what waits and release everything; a later call opens again."""
        await self._run(self.sync.close)
        with self._lock:
            workers, self._workers = self._workers, None
        if workers is not None:
            workers.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _run[**P, R](
        self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        context = contextvars.copy_context()
        call = functools.partial(context.run, function, *args, **kwargs)
        with self._lock:  # so that `close` does not end the workers before they have the call
            if self._workers is None:
                self._workers = ThreadPoolExecutor(
                    self.sync.database.settings.database_pool_size,
                    thread_name_prefix="nodewright-storage",
                )
            called = self._workers.submit(call)
        return await asyncio.wrap_future(called)

    def _forked(self) -> None:
        self._lock = threading.Lock()
        self._workers = None
