"""Workers of a Dask cluster."""

from collections.abc import Callable
from typing import Any

from nodewright.errors import NodewrightError
from nodewright.runs.workers import (
    CrashedError,
    ExecutorWorkers,
    WorkersUnavailableError,
)

_PATIENCE_SECONDS = 15


class ClusterUnavailableError(NodewrightError):
    """Dask is not installed."""


class ClusterWorkers(ExecutorWorkers):
    """The workers of the cluster whose scheduler is at ``address``.

    Calls of a worker that dies are made again by the scheduler elsewhere; ``count`` is the number
    of workers now. The workers need nodewright in their environment.

    Args:
        address: such as ``tcp://scheduler:8786``.

    Raises:
        ClusterUnavailableError: Dask is not installed.
        WorkersUnavailableError: no scheduler answers there, or it has no workers.
    """

    shares_files = False

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ClusterUnavailableError(
                "a cluster needs Dask: install nodewright[dask]"
            ) from error
        try:
            make: Any = Client  # without types
            self._client: Any = make(address, timeout=_PATIENCE_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise WorkersUnavailableError(
                f"no Dask scheduler answers at {address!r}: start one with dask scheduler, and "
                f"give its address such as tcp://host:8786 ({error})"
            ) from error
        try:
            self._client.wait_for_workers(1, timeout=_PATIENCE_SECONDS)
        except TimeoutError as error:
            self._client.close()
            raise WorkersUnavailableError(
                f"the Dask scheduler at {address} has no workers: start some with dask worker"
            ) from error
        self.count: int = len(self._client.nthreads())
        super().__init__(self._client.get_executor())

    async def call[R](
        self, function: Callable[..., R], *arguments: Any, timeout_seconds: float
    ) -> R:
        """``function(*arguments)`` on a worker of the cluster."""
        from distributed import KilledWorker

        try:
            return await super().call(function, *arguments, timeout_seconds=timeout_seconds)
        except KilledWorker as error:
            raise CrashedError("the workers that took it died, one after the other") from error

    def close(self) -> None:
        """Give up what still runs, and leave the cluster."""
        self._client.close()
