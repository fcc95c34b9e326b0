"""Two threads in every order that one change of thread can make.

What is made on its first use is wrong if a second thread may come in between. Waiting for that to
happen by chance proves nothing, so `interleave` makes it happen: the first thread stops before its
n-th instruction within the project, the second one runs, then the first goes on; for every n.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import CodeType

import nodewright

ROOT = str(Path(nodewright.__file__).parent)
# How long the second thread is watched before it counts as waiting for the first, which then goes
# on. No outcome depends on it: it bounds only how far the second one gets before.
PATIENCE = 0.02
# None of those that sys.monitoring reserves for debuggers, coverage and profilers.
_TOOL = 4

Action = Callable[[], object]


class _Stopped:
    """Runs an action in a thread that stops before one of its instructions."""

    def __init__(self, action: Action, stop_at: int) -> None:
        self.steps = 0
        self.paused = threading.Event()
        self.go_on = threading.Event()
        self.outcome = Future[object]()
        self._stop_at = stop_at
        self.thread = threading.Thread(target=self._run, args=(action,), daemon=True)

    def _run(self, action: Action) -> None:
        _settle(self.outcome, action)
        self.paused.set()

    def step(self) -> None:
        if self.steps == self._stop_at:
            self.paused.set()
            self.go_on.wait()
        self.steps += 1


def _settle(outcome: Future[object], action: Action) -> None:
    try:
        outcome.set_result(action())
    except BaseException as error:  # noqa: BLE001 - handed to the test
        outcome.set_exception(error)


@contextmanager
def _instructions(within: str, step: Callable[[], None]) -> Iterator[None]:
    """Call ``step`` before each instruction of files below ``within``, in any thread."""
    monitoring = sys.monitoring
    instruction = monitoring.events.INSTRUCTION

    def seen(code: CodeType, _offset: int) -> object:
        if not code.co_filename.startswith(within):
            return monitoring.DISABLE
        step()
        return None

    monitoring.use_tool_id(_TOOL, "interleaving")
    monitoring.register_callback(_TOOL, instruction, seen)
    monitoring.restart_events()
    monitoring.set_events(_TOOL, instruction)
    try:
        yield
    finally:
        monitoring.set_events(_TOOL, 0)
        monitoring.register_callback(_TOOL, instruction, None)
        monitoring.free_tool_id(_TOOL)


def _run_once(first: _Stopped, second_action: Action, within: str) -> Future[object]:
    second = Future[object]()
    other = threading.Thread(target=_settle, args=(second, second_action), daemon=True)

    def step() -> None:
        if threading.current_thread() is first.thread:
            first.step()

    with _instructions(within, step):
        first.thread.start()
        first.paused.wait()
        other.start()
        other.join(PATIENCE)
        first.go_on.set()
        first.thread.join()
        other.join()
    return second


def interleave(
    scene: Callable[[], tuple[Action, Action]], *, within: str = ROOT, stride: int = 1
) -> Iterator[int]:
    """Run the two actions of a fresh ``scene`` once for each place where the first can be stopped.

    Args:
        scene: makes the two actions, on new objects.
        within: only instructions of files below this folder count.
        stride: stop only before every so many instructions.

    Yields:
        The instruction before which the first thread was stopped; what came of it can be looked at
        then.
    """
    stop_at = 0
    while True:
        first_action, second_action = scene()
        first = _Stopped(first_action, stop_at)
        second = _run_once(first, second_action, within)
        for error in (first.outcome.exception(), second.exception()):
            if error is not None:
                raise AssertionError(f"stopped before instruction {stop_at}") from error
        yield stop_at
        if first.steps <= stop_at:
            assert first.steps, f"nothing of {within} ran in the first action"
            return
        stop_at += stride
