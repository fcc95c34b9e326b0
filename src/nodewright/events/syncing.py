"""One ``fdatasync`` for all who wait for it."""

import os
import threading
from collections.abc import Callable

Told = Callable[[OSError | None], None]


class GroupSync:
    """A thread that syncs the end of a log, and tells who waits for a position what became of it.

    A failed sync is kept with the positions that it was for: the kernel takes their pages for
    written from then on, so that no later sync says anything about them.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._file: int | None = None
        self._retired: list[int] = []
        self._written = 0
        self._tried = 0  # every position up to this one was synced, or failed
        self._failed: list[tuple[int, int, OSError]] = []  # after start, up to end, in order
        self._waiting: list[tuple[int, Told]] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="spool-sync", daemon=True)
        self._thread.start()

    def written(self, file: int, end: int) -> None:
        """``file`` was appended to, up to the log's position ``end``."""
        with self._condition:
            self._file, self._written = file, end
            self._condition.notify()

    def retire(self, file: int) -> None:
        """Take over a file that gets no more appends."""
        with self._condition:
            self._retired.append(file)

    def wait(self, end: int, tell: Told) -> None:
        """Call ``tell`` when position ``end`` is on disk, or with the error that prevented it."""
        with self._condition:
            if self._tried < end:
                self._waiting.append((end, tell))
                return
            problem = self._problem(end)
        tell(problem)

    def close(self) -> None:
        """Sync what was written, and stop the thread."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join()

    def _problem(self, position: int) -> OSError | None:
        return next((why for start, end, why in self._failed if start < position <= end), None)

    def _run(self) -> None:
        while True:
            with self._condition:
                while self._tried >= self._written and not self._closed:
                    self._condition.wait()
                if self._tried >= self._written:
                    break
                end, file, retired = self._written, self._file, self._retired
                self._retired = []
            problem = _sync(file, retired)
            with self._condition:
                if problem is not None:
                    self._note(end, problem)
                self._tried = end
                ready = [(tell, self._problem(at)) for at, tell in self._waiting if at <= end]
                self._waiting = [item for item in self._waiting if item[0] > end]
            for tell, error in ready:
                tell(error)
        _sync(None, self._retired)

    def _note(self, end: int, problem: OSError) -> None:
        start = self._tried
        if self._failed and self._failed[-1][1] == start:
            start = self._failed.pop()[0]
        self._failed.append((start, end, problem))


def _sync(file: int | None, retired: list[int]) -> OSError | None:
    """Sync all, and close those that are ``retired``; the last error, if there was one."""
    problem: OSError | None = None
    for each in [*retired, *([] if file is None else [file])]:
        try:
            os.fdatasync(each)
        except OSError as error:
            problem = error
    for each in retired:
        os.close(each)
    return problem
