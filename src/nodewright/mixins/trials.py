"""Try compositions of mixins in worker processes that are killed at a time limit."""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple, Self
from uuid import uuid4

from nodewright import processes
from nodewright.mixins.errors import TrialWorkerError
from nodewright.mixins.facts import MEANING, NODE_KINDS, Outcome, Profile

_START_SECONDS = 60.0
_MOST_ORDERS = 24


class Composition(NamedTuple):
    """A node kind and mixins, as (module, class), in the order of their base classes."""

    kind: str
    mixins: tuple[tuple[str, str], ...]


class Result(NamedTuple):
    """What a trial of one composition said."""

    outcome: Outcome
    reason: str = ""

    @property
    def usable(self) -> bool:
        """Whether the composed node worked."""
        return self.outcome is Outcome.USABLE


class PairTrial(NamedTuple):
    """Both orders of a pair on a node kind; ``mixin_a`` sorts before ``mixin_b``."""

    mixin_a: str
    mixin_b: str
    kind: str
    a_first: Result
    b_first: Result

    @property
    def usable(self) -> bool:
        """Whether at least one order works."""
        return self.a_first.usable or self.b_first.usable

    @property
    def best(self) -> Result:
        """The better of the two results."""
        return self.a_first if self.a_first.usable or not self.b_first.usable else self.b_first

    @property
    def conflict_reason(self) -> str | None:
        """Why it does not work, or does not in one of the orders; None if both work."""
        if self.a_first.usable and self.b_first.usable:
            return None
        failed = self.b_first if self.a_first.usable else self.a_first
        return f"{failed.outcome.value}: {MEANING[failed.outcome]} ({failed.reason})"

    @property
    def resolution_pattern(self) -> str | None:
        """What to do about it; None if nothing helps or nothing is needed."""
        if self.a_first.usable == self.b_first.usable:
            return None
        first, second = (
            (self.mixin_a, self.mixin_b) if self.a_first.usable else (self.mixin_b, self.mixin_a)
        )
        return f"put {first} before {second}"


class TrialWorker:
    """A worker process, started when first needed and again after it was killed.

    A composition that takes longer than ``limit`` seconds, or that takes its process down, costs
    one process and is answered as such; the others are tried by the next. Safe to use from threads;
    they take turns.
    """

    def __init__(self, limit: float = 10.0) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""
        self._owner = os.getpid()
        self._mark = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def attempt(self, compositions: Sequence[Composition]) -> list[Result]:
        """Try each composition; results in the same order.

        Raises:
            TrialWorkerError: the worker does not start.
        """
        results: list[Result] = []
        with self._lock:
            while len(results) < len(compositions):
                self._ask({"try": compositions[len(results) :]})
                results.extend(self._collect(len(compositions) - len(results)))
        return results

    def scan(self, package: str, limit: float = 120.0) -> dict[str, Any]:
        """Profiles of the mixins of ``package`` and of the four node bases, as JSON values."""
        with self._lock:
            self._ask({"scan": package})
            answer = self._answer(limit)
        if isinstance(answer, Outcome):
            return {"error": f"importing {package} {MEANING[answer]}"}
        return answer

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._kill()

    def _collect(self, count: int) -> list[Result]:
        results: list[Result] = []
        for _ in range(count):
            answer = self._answer(self._limit)
            if isinstance(answer, Outcome):
                return [*results, Result(answer, f"limit {self._limit:g} s")]
            result = _result(answer)
            if result is None:
                self._kill()  # what else it has said cannot be told apart from answers
                return [*results, Result(Outcome.CRASHED, "the answer was not the worker's own")]
            results.append(result)
        return results

    def _ask(self, request: dict[str, Any]) -> None:
        forked = self._owner != os.getpid()
        if forked or self._process is None or self._process.poll() is not None:
            self._start()
        try:
            self._send(request)
        except BrokenPipeError:  # it died while idle
            self._start()
            self._send(request)

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process is not None  # noqa: S101 - _ask has started it
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        # The caller's import path as of now: it may have grown since the process was started.
        path = [entry or str(Path.cwd()) for entry in sys.path]
        self._process.stdin.write(json.dumps({**message, "path": path}).encode() + b"\n")
        self._process.stdin.flush()

    def _start(self) -> None:
        self._kill()
        self._mark = uuid4().hex
        script = Path(__file__).with_name("worker.py")
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            processes.python(str(script)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=processes.environment(**{processes.MARK: self._mark}),
            start_new_session=True,  # so that what a mixin starts dies with it
        )
        self._unread = b""
        _RUNNING.add(self)
        with suppress(BrokenPipeError):
            self._send({})
        if isinstance(self._answer(_START_SECONDS), Outcome):
            raise TrialWorkerError(
                f"the trial worker did not start within {_START_SECONDS:g} s: "
                f"run {sys.executable} -c 'import omnibase_core.nodes' to see why"
            )

    def _answer(self, limit: float) -> dict[str, Any] | Outcome:
        """The next line, or why there is none; then the process is gone."""
        assert self._process is not None  # noqa: S101 - the callers have started it
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        deadline = time.monotonic() + limit
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._unread:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(descriptor, 1 << 16) if ready else b""
            if not chunk:
                self._kill()
                return Outcome.CRASHED if ready else Outcome.TIMED_OUT
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):  # a mixin wrote where only the worker may
            self._kill()
            return Outcome.CRASHED
        return answer

    def _kill(self) -> None:
        process, self._process = self._process, None
        _RUNNING.discard(self)
        forked, self._owner = self._owner != os.getpid(), os.getpid()
        if process is None or forked:  # what a parent started is the parent's to end
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        processes.end_marked(self._mark)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()


def _result(answer: dict[str, Any]) -> Result | None:
    try:
        return Result(Outcome(answer["outcome"]), str(answer["reason"]))
    except (KeyError, ValueError):
        return None


_RUNNING: set[TrialWorker] = set()


@atexit.register
def _end_workers() -> None:
    for worker in list(_RUNNING):
        worker.close()


def try_pairs(
    pairs: Iterable[tuple[Profile, Profile, str]],
    *,
    workers: int = 2,
    limit: float = 10.0,
    on_progress: Callable[[int], None] | None = None,
) -> list[PairTrial]:
    """Try every (mixin, mixin, kind) in both orders; the answer is in the order of ``pairs``.

    Args:
        pairs: profiles and node kinds.
        workers: processes.
        limit: seconds for one composition.
        on_progress: called with the number of pairs that were just finished, from any thread.
    """
    ordered = [(*sorted((a, b), key=lambda profile: profile.name), kind) for a, b, kind in pairs]
    size = 64
    chunks = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    if not chunks:
        return []
    local = threading.local()
    started: list[TrialWorker] = []

    def run(chunk: list[tuple[Profile, Profile, str]]) -> list[PairTrial]:
        if not hasattr(local, "worker"):
            local.worker = TrialWorker(limit)
            started.append(local.worker)
        done = _try_chunk(local.worker, chunk)
        if on_progress is not None:
            on_progress(len(done))
        return done

    try:
        with ThreadPoolExecutor(min(workers, len(chunks))) as pool:
            return [trial for done in pool.map(run, chunks) for trial in done]
    finally:
        for worker in started:
            worker.close()


def _try_chunk(
    worker: TrialWorker, chunk: Sequence[tuple[Profile, Profile, str]]
) -> list[PairTrial]:
    compositions = [
        Composition(kind, tuple((mixin.module, mixin.name) for mixin in order))
        for a, b, kind in chunk
        for order in ((a, b), (b, a))
    ]
    results = worker.attempt(compositions)
    return [
        PairTrial(a.name, b.name, kind, results[2 * index], results[2 * index + 1])
        for index, (a, b, kind) in enumerate(chunk)
    ]


class SetTrial(NamedTuple):
    """A whole set on a node kind: the order that works, or the reasons of those that do not."""

    order: tuple[str, ...]
    result: Result


def try_set(worker: TrialWorker, kind: str, mixins: Sequence[Profile]) -> SetTrial:
    """Try a whole set, in the given order first and then, if need be, in others.

    Classes whose constructor ends the chain come last in the second attempt; after that, up to
    ``_MOST_ORDERS`` permutations.
    """
    protocols_last = sorted(mixins, key=lambda mixin: mixin.protocol)
    tried: set[tuple[str, ...]] = set()
    first: Result | None = None
    for order in (mixins, protocols_last, *permutations(mixins)):
        names = tuple(mixin.name for mixin in order)
        if names in tried:
            continue
        tried.add(names)
        composition = Composition(kind, tuple((mixin.module, mixin.name) for mixin in order))
        result = worker.attempt([composition])[0]
        if result.usable:
            return SetTrial(names, result)
        first = first or result
        if len(tried) >= _MOST_ORDERS:
            break
    assert first is not None  # noqa: S101 - at least one order was tried
    return SetTrial((), first)


class TrialSummary(NamedTuple):
    """Trials of one node kind; ``ordered`` is how many need one of the two orders."""

    kind: str
    pairs: int
    usable: int
    ordered: int
    conflicts: str


def trial_summary(trials: Iterable[PairTrial]) -> list[TrialSummary]:
    """One row a kind that has trials; conflicts by outcome, the most frequent first."""
    by_kind: dict[str, list[PairTrial]] = {}
    for trial in trials:
        by_kind.setdefault(trial.kind, []).append(trial)
    rows = []
    for kind in NODE_KINDS:
        tried = by_kind.get(kind, [])
        if not tried:
            continue
        usable = [trial for trial in tried if trial.usable]
        conflicts = Counter(trial.best.outcome.value for trial in tried if not trial.usable)
        rows.append(
            TrialSummary(
                kind=kind,
                pairs=len(tried),
                usable=len(usable),
                ordered=sum(trial.resolution_pattern is not None for trial in usable),
                conflicts=", ".join(f"{name} {count}" for name, count in conflicts.most_common()),
            )
        )
    return rows
