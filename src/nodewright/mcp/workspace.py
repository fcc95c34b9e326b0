"""The folder that a server was started with: paths in it, and the workers that judge there."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nodewright.errors import NodewrightError
from nodewright.runs.referee import Court
from nodewright.runs.run import OnProgress
from nodewright.runs.workers import IsolatedWorkers, ProcessWorkers, StoppableWorkers
from nodewright.settings import Settings


class OutsideError(NodewrightError):
    """A path leads out of the folder that the server was started with."""


class ReadOnlyError(NodewrightError):
    """The server was started to read only."""


@dataclass(slots=True)
class Workspace:
    """What clients of a server may see and change.

    ``document`` and ``output`` are taken where a tool is not told others.
    """

    root: Path
    document: str = ""
    output: str = ""
    read_only: bool = False
    jobs: int = 2
    timeout_seconds: float = 30.0
    _pools: list[ProcessWorkers | IsolatedWorkers] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.root = self.root.resolve()
        if not self.root.is_dir():
            raise NodewrightError(f"{self.root} is no folder; start the server with one that is")

    def document_at(self, given: str) -> Path:
        """The document that a tool was told, or the server's own."""
        return self._inside(given or self.document, "document", "the path of a PRD")

    def output_at(self, given: str) -> Path:
        """The output folder that a tool was told, or the server's own."""
        return self._inside(given or self.output, "output", "the folder of a generated package")

    def writing(self) -> None:
        """Refuse where the server only reads.

        Raises:
            ReadOnlyError: it does.
        """
        if self.read_only:
            raise ReadOnlyError(
                "this server reads only; ask its user to start it without --read-only"
            )

    def _inside(self, given: str, what: str, meaning: str) -> Path:
        if not given:
            raise NodewrightError(
                f"say the {what}: {meaning}, relative to {self.root}, or start the server with "
                f"--{what}"
            )
        if "\0" in given:
            raise OutsideError(f"{given!r} is no path")
        path = (self.root / given).resolve()
        if not path.is_relative_to(self.root):
            raise OutsideError(f"{given[:200]!r} is outside {self.root}, and nothing else is here")
        return path

    def court(self, on_progress: OnProgress) -> tuple[Court, Callable[[], None]]:
        """What judges one call, on the shared workers, and what stops it from any thread."""
        with self._lock:
            if not self._pools:  # the first of them says what the workers import beforehand
                self._pools = [IsolatedWorkers(self.jobs), ProcessWorkers(self.jobs)]
        isolated, workers = map(StoppableWorkers, self._pools)

        def stop() -> None:
            workers.stop()
            isolated.stop()

        cache = Settings().data_dir / "mypy"
        court = Court(
            workers,
            isolated,
            self.jobs,
            timeout_seconds=self.timeout_seconds,
            mypy_cache=cache,
            on_progress=on_progress,
        )
        return court, stop

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            for pool in self._pools:
                pool.close()
            self._pools = []
