"""Recorded outcomes: read from the database once, kept in memory, written through."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import TYPE_CHECKING, Any, Protocol

from nodewright.errors import NodewrightError
from nodewright.logs import get_logger
from nodewright.mixins.evidence import NONE, Outcomes
from nodewright.mixins.kinds import node_kind
from nodewright.mixins.knowledge import Key, pair_key
from nodewright.mixins.trials import PairTrial

if TYPE_CHECKING:
    from nodewright.storage import CodegenPersistence

_LONGEST_NAME = 100
_AT_ONCE = 8
_log = get_logger(__name__, component="mixins")


class CompatibilityRecords(Protocol):
    """What this room needs of ``nodewright.storage.CodegenPersistence``."""

    def update_mixin_compatibility(
        self,
        mixin_a: str,
        mixin_b: str,
        node_type: str,
        success: bool,
        *,
        conflict_reason: str | None = None,
        resolution_pattern: str | None = None,
    ) -> Awaitable[Any]:
        """Count one outcome."""
        ...

    def list_mixin_compatibility(self, node_type: str | None = None) -> Awaitable[Sequence[Any]]:
        """All records."""
        ...


def checked_name(name: str) -> str:
    """``name`` without spaces around it.

    Raises:
        ValueError: it is no text, empty, or longer than a record holds.
    """
    stripped = name.strip() if isinstance(name, str) else ""
    if not 0 < len(stripped) <= _LONGEST_NAME:
        raise ValueError(f"mixin name {name!r:.120}: give 1 to {_LONGEST_NAME} characters")
    return stripped


class Records:
    """The outcomes of all pairs. Safe to use from threads and from any event loop.

    Args:
        persistence: by default nodewright's database, opened when it is first needed.
    """

    def __init__(self, persistence: CompatibilityRecords | None) -> None:
        self._persistence = persistence
        self._own: CodegenPersistence | None = None
        self._outcomes: dict[Key, Outcomes] | None = None
        self._lock = threading.Lock()

    def get(self, key: Key) -> Outcomes:
        """What was recorded of ``key``; a database that is away is reported and reads as empty."""
        if self._outcomes is None:
            self.reload()
        return (self._outcomes or {}).get(key, NONE)

    def snapshot(self) -> dict[Key, Outcomes]:
        """All that was recorded."""
        with self._lock:
            return dict(self._outcomes or {})

    def reload(self) -> None:
        """Read all records again."""
        try:
            rows = _wait_for(lambda: self._database().list_mixin_compatibility())
        except (NodewrightError, OSError) as error:
            _log.warning("mixins.outcomes.unreadable", metadata={"reason": str(error)})
            with self._lock:
                self._outcomes = self._outcomes or {}
            return
        outcomes = {
            pair_key(row.mixin_a, row.mixin_b, node_kind(str(row.node_type))): Outcomes(
                row.success_count or 0,
                row.failure_count or 0,
                row.conflict_reason,
                row.resolution_pattern,
            )
            for row in rows
        }
        with self._lock:
            self._outcomes = outcomes

    async def record(
        self, key: Key, success: bool, reason: str | None = None, resolution: str | None = None
    ) -> None:
        """Write one outcome, then count it."""
        a, b, kind = key
        await self._database().update_mixin_compatibility(
            a, b, kind, success, conflict_reason=reason, resolution_pattern=resolution
        )
        with self._lock:
            if self._outcomes is not None:
                added = Outcomes(int(success), int(not success), reason, resolution)
                self._outcomes[key] = self._outcomes.get(key, NONE).plus(added)

    def add_trials(self, trials: Iterable[PairTrial]) -> int:
        """Write the outcomes of trials, for synchronous callers; how many were written."""
        pending = list(trials)
        if not pending:
            return 0
        try:
            _wait_for(lambda: self.record_trials(pending))
        except (NodewrightError, OSError) as error:
            _log.warning(
                "mixins.outcomes.not_recorded",
                metadata={"trials": len(pending), "reason": str(error)},
            )
            return 0
        return len(pending)

    async def record_trials(self, trials: Iterable[PairTrial]) -> None:
        """Write the outcomes of trials."""
        waiting = asyncio.Semaphore(_AT_ONCE)

        async def write(trial: PairTrial) -> None:
            async with waiting:
                await self.record(
                    (trial.mixin_a, trial.mixin_b, trial.kind),
                    trial.usable,
                    trial.conflict_reason,
                    trial.resolution_pattern,
                )

        await asyncio.gather(*(write(trial) for trial in trials))

    def close(self) -> None:
        """Close the database if it was opened by default; a given one is the giver's to close."""
        own, self._own = self._own, None
        if own is not None:
            own.sync.close()

    def _database(self) -> CompatibilityRecords:
        if self._persistence is not None:
            return self._persistence
        with self._lock:
            if self._own is None:
                from nodewright.storage import CodegenPersistence

                self._own = CodegenPersistence()
            return self._own


def _wait_for(work: Callable[[], Awaitable[Any]]) -> Any:
    """The result of a coroutine for a synchronous caller, whether or not a loop is running."""

    async def run() -> Any:
        return await work()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(run())
    with ThreadPoolExecutor(1) as thread:
        running: Coroutine[Any, Any, Any] = run()
        return thread.submit(asyncio.run, running).result()


async def record_composition(
    persistence: CompatibilityRecords,
    node_type: str,
    mixins: Sequence[str],
    success: bool,
    reason: str | None = None,
) -> int:
    """Record how a node that was composed of ``mixins`` turned out; how many pairs were recorded.

    A success speaks for every pair of the node. A failure of more than two mixins names no
    culprit, so it is recorded for nobody.

    Raises:
        ValueError: an unknown node type or an empty name.
        NodewrightError: it could not be recorded.
    """
    kind = node_kind(node_type)
    names = sorted({checked_name(name) for name in mixins})
    pairs = list(combinations(names, 2))
    if not success and len(pairs) > 1:
        return 0
    records = Records(persistence)
    for a, b in pairs:
        await records.record((a, b, kind), success, reason)
    return len(pairs)
