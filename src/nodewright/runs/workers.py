"""Worker processes that can be stopped.

Each worker is forked from a server that has imported omnibase_core once, so a worker is ready in
milliseconds. A call that is overdue is ended by killing its process; one that ends its process
by itself fails alone. Other executors can be put in the place of the pool.
"""

import asyncio
import gc
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import forkserver, get_context, parent_process, resource_tracker
from pathlib import Path
from typing import Any, Protocol

from nodewright import processes
from nodewright.errors import NodewrightError
from nodewright.proving.scratch import TemporaryFolder
from nodewright.runs.isolation import confined, prepare_worker

# What a worker may allocate: proving a node takes a tenth of it, a template's or a node's runaway
# loop all there is.
LARGEST_WORKER = 4 * 1024**3

# What the fork server imports once for all workers.
_PRELOADED = ["nodewright.runs.preload"]
# Besides, where submitted tests are run: it takes longer than they do.
_PRELOADED_TO_TEST = ["pytest", "pytest_asyncio.plugin"]

# Freeing what a judged node leaves behind costs a tenth of judging it, so a worker lets it lie and
# is replaced by a fresh one after so many calls. Only code that makes this much garbage has it
# collected.
_CALLS_OF_A_WORKER = 25
_GARBAGE = 1_000_000


class OverdueError(NodewrightError, TimeoutError):
    """A call took longer than its time limit and was stopped."""


class CrashedError(NodewrightError):
    """A worker process ended before its call did."""


class StoppedError(NodewrightError):
    """Whoever asked for a call cancelled it."""


class WorkersUnavailableError(NodewrightError):
    """No worker process can be started."""


class Workers(Protocol):
    """Runs pure functions elsewhere; ``shares_files`` where those see this machine's files."""

    shares_files: bool

    async def call[R](
        self, function: Callable[..., R], *arguments: Any, timeout_seconds: float
    ) -> R:
        """``function(*arguments)``, run elsewhere.

        Raises:
            OverdueError: it took longer than ``timeout_seconds`` from its start.
            CrashedError: its process ended.
            WorkersUnavailableError: no process can be started.
        """
        ...

    def close(self) -> None:
        """Stop all work at once; no process is left."""
        ...


class ProcessWorkers:
    """A pool of processes of this machine; starts with the first call.

    Args:
        count: how many processes.
        calls: how many calls a process makes before a fresh one takes its place.
        isolated: the processes have no network and no environment; see ``IsolatedWorkers``.
    """

    shares_files = True

    def __init__(
        self, count: int, *, calls: int = _CALLS_OF_A_WORKER, isolated: bool = False
    ) -> None:
        from pebble import ProcessPool

        context = get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED + (_PRELOADED_TO_TEST if isolated else []))
        # What a worker that is killed leaves is in here.
        self._scratch = TemporaryFolder()
        self._pool = ProcessPool(
            max_workers=count,
            max_tasks=calls,
            initializer=_ready,
            initargs=(self._scratch.name, processes.own_mark(), isolated),
            context=context,
        )
        self._running: set[Future[Any]] = set()

    @property
    def scratch(self) -> Path:
        """The folder of the workers' temporary files."""
        return Path(self._scratch.name)

    async def call[R](
        self, function: Callable[..., R], *arguments: Any, timeout_seconds: float
    ) -> R:
        """``function(*arguments)`` in a worker; cancelling the task kills that worker."""
        from pebble import ProcessExpired

        _start_fork_server()
        future: Future[R] = self._pool.schedule(function, args=arguments, timeout=timeout_seconds)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        try:
            return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise OverdueError(f"stopped after {timeout_seconds:g} s") from error
        except BrokenProcessPool as error:
            raise WorkersUnavailableError(
                "the worker processes cannot start: run nodewright doctor, and look at the output "
                "above for what they said"
            ) from error
        except ProcessExpired as error:
            raise CrashedError(f"its process ended with code {error.exitcode}") from error

    def close(self) -> None:
        """Kill what runs and wait until every worker is gone."""
        # Cancelling kills; pebble's own stop() closes the workers' pipe under its reader's feet.
        for future in list(self._running):
            future.cancel()
        self._pool.close()  # type: ignore[no-untyped-call]  # pebble leaves it out
        self._pool.join()
        # What judged code has started is ended too; other pools' workers descend from the server.
        processes.end_marked(processes.own_mark(), spare=_fork_server())
        self._scratch.cleanup()


class IsolatedWorkers:
    """Processes for code that somebody submitted: each makes one call, and is confined before it.

    What the arguments name with a ``Path`` can be read, and ``scratch`` written; nothing else can,
    and nothing outside the process reached. See ``nodewright.runs.isolation``.
    """

    shares_files = True

    def __init__(self, count: int) -> None:
        self._pool = ProcessWorkers(count, calls=1, isolated=True)

    async def call[R](
        self, function: Callable[..., R], *arguments: Any, timeout_seconds: float
    ) -> R:
        """``function(*arguments)`` in a confined worker."""
        readable = tuple(each for each in arguments if isinstance(each, Path))
        writable = (self._pool.scratch,)
        return await self._pool.call(
            confined, readable, writable, function, *arguments, timeout_seconds=timeout_seconds
        )

    def close(self) -> None:
        """Stop all work at once; no process is left."""
        self._pool.close()


class StoppableWorkers:
    """Workers of which one user's calls can be stopped from any thread; the pool goes on."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._calls: set[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = set()
        self._stopped = threading.Event()
        self.shares_files: bool = workers.shares_files

    async def call[R](
        self, function: Callable[..., R], *arguments: Any, timeout_seconds: float
    ) -> R:
        """As the pool; cancelled by ``stop``."""
        if self._stopped.is_set():
            raise StoppedError("it was cancelled")
        task = asyncio.current_task()
        here = (asyncio.get_running_loop(), task) if task is not None else None
        if here is not None:
            self._calls.add(here)
        try:
            return await self._workers.call(function, *arguments, timeout_seconds=timeout_seconds)
        except asyncio.CancelledError:
            if self._stopped.is_set():
                raise StoppedError("it was cancelled") from None
            raise
        finally:
            if here is not None:
                self._calls.discard(here)

    def stop(self) -> None:
        """Cancel what runs, and every later call."""
        self._stopped.set()
        for loop, task in list(self._calls):
            with suppress(RuntimeError):  # its loop is closed: it has ended
                loop.call_soon_threadsafe(task.cancel)

    def close(self) -> None:
        """Stop this user's calls; the pool is its owner's."""
        self.stop()


class ExecutorWorkers:
    """Any ``concurrent.futures.Executor``: threads, processes, a cluster's.

    The executor is its owner's: it is not shut down here, and an overdue call is abandoned, since
    an executor cannot stop what runs.
    """

    shares_files = True

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def call[R](
        self, function: Callable[..., R], *arguments: Any, timeout_seconds: float
    ) -> R:
        """``function(*arguments)`` on the executor."""
        future = self._executor.submit(function, *arguments)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), timeout_seconds)
        except TimeoutError as error:
            raise OverdueError(f"abandoned after {timeout_seconds:g} s") from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise CrashedError("the executor cancelled it") from error

    def close(self) -> None:
        """Nothing: the executor belongs to whoever made it."""


def _start_fork_server() -> None:
    """Start the server that workers are forked from, unless it runs."""
    with processes.importing_nothing_here():
        # The tracker of shared resources outlives every pool, so it carries no mark.
        resource_tracker.ensure_running()
        with processes.marking(processes.own_mark()):
            forkserver.ensure_running()


def _fork_server() -> int | None:
    """The number of that server's process."""
    pid: int | None = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]  # noqa: SLF001
    return pid


def _ready(scratch: str, mark: str, isolated: bool) -> None:
    """Make a new worker fit for its work; its temporary files go into ``scratch``."""
    # The coordinator decides what an interrupt means; it stops the workers itself, at once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _leave_terminal()
    os.environ[processes.MARK] = mark
    tempfile.tempdir = scratch
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limits = [size for size in (soft, hard) if size != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([LARGEST_WORKER, *limits]), hard))
    # Generated modules are imported once a process, from folders that are then removed.
    sys.dont_write_bytecode = True
    gc.set_threshold(_GARBAGE)
    if isolated:
        prepare_worker()  # before there is a second thread: a namespace is for one
    threading.Thread(
        target=_end_with_coordinator, args=(scratch, mark), name="nodewright-parent", daemon=True
    ).start()


def _leave_terminal() -> None:
    """Keep what judged code writes away from the user's terminal and from the command's output."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _end_with_coordinator(scratch: str, mark: str) -> None:
    """End this process when the coordinator is gone, even when that was killed."""
    coordinator = parent_process()
    if coordinator is not None:
        coordinator.join()
        processes.end_marked(mark, spare=os.getppid())
        processes.end_descendants()
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(1)
