"""Keep floods out of the log: a share of some messages, and a limit for each message."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from nodewright.logs.levels import LogLevel, number_of

# Messages told apart; made of values that vary, they would grow without end.
MAX_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which entries are left out.

    Attributes:
        shares: message or logger name (or a parent of it) -> share that is kept, 0 to 1. The
            first of every run is kept, then evenly.
        limit: most entries with the same logger, level and message per ``interval``; None for any.
        interval: seconds.
        always: entries of this level and above are never left out.
    """

    shares: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    limit: int | None = None
    interval: float = 1.0
    always: LogLevel = LogLevel.ERROR

    def __post_init__(self) -> None:
        for name, share in self.shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"the share of {name!r} is {share}; give one from 0 to 1")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"the limit is {self.limit}; give at least 1, or None for no limit")
        if not self.interval > 0:
            raise ValueError(f"the interval is {self.interval} s; give more than 0")


@dataclass(slots=True)
class _Count:
    began: float
    seen: int = 0
    kept: int = 0
    suppressed: int = 0


class Sampler:
    """Counts entries and says which are kept.

    It takes no lock, so that signal handlers and forked children may log; threads that race may
    let a few entries more through than the limit, never fewer.
    """

    def __init__(self, rules: Sampling, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = rules
        self._always = number_of(rules.always)
        self._clock = clock
        self._counts: dict[tuple[str, int, str], _Count] = {}

    def admit(self, name: str, level: int, message: Any) -> int | None:
        """None to leave the entry out, or how many like it were left out since the last one."""
        if level >= self._always:
            return 0
        text = message if isinstance(message, str) else type(message).__name__
        key = (name, level, text)
        now = self._clock()
        count = self._counts.get(key)
        if count is None:
            if len(self._counts) >= MAX_KEYS:
                self._counts.clear()
            count = self._counts.setdefault(key, _Count(now))
        if not self._in_share(count, name, text) or not self._in_limit(count, now):
            count.suppressed += 1
            return None
        suppressed, count.suppressed = count.suppressed, 0
        return suppressed

    def _in_share(self, count: _Count, name: str, text: str) -> bool:
        share = self._share(name, text)
        if share >= 1:
            return True
        before, count.seen = count.seen, count.seen + 1
        # Kept where the whole number of entries due goes up; -(-x // 1) rounds up.
        return -(-before * share // 1) < -(-count.seen * share // 1)

    def _share(self, name: str, text: str) -> float:
        shares = self._rules.shares
        if text in shares:
            return shares[text]
        while name:
            if name in shares:
                return shares[name]
            name = name.rpartition(".")[0]
        return shares.get("", 1.0)

    def _in_limit(self, count: _Count, now: float) -> bool:
        if self._rules.limit is None:
            return True
        if now - count.began >= self._rules.interval:
            count.began, count.kept = now, 0
        count.kept += 1
        return count.kept <= self._rules.limit
