"""Levels, for one logger or for a tree of names, changeable while the program runs."""

import os
import weakref
from _thread import RLock
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, Protocol


class LogLevel(str, Enum):  # noqa: UP042 - StrEnum would change what str() gives
    """Standard logging levels."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


# The numbers of the standard library, so that both kinds of logger compare alike.
NUMBERS: dict[str, int] = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
NAMES: dict[int, str] = {number: name for name, number in NUMBERS.items()}
DEFAULT = NUMBERS["INFO"]


class Levelled(Protocol):
    """Whatever has a name, an own level and a threshold that is kept up to date."""

    name: str
    own_level: int

    def adopt(self, threshold: int) -> None:
        """Emit entries of this number and above from now on."""


def number_of(level: LogLevel | str | int) -> int:
    """The number of a level given as enum, name in any case, or number.

    Raises:
        ValueError: the name is no level.
    """
    if isinstance(level, int):
        return level
    name = level.value if isinstance(level, LogLevel) else str(level).strip().upper()
    number = NUMBERS.get({"WARN": "WARNING", "FATAL": "CRITICAL"}.get(name, name))
    if number is None:
        raise ValueError(f"{level!r} is no log level; use one of {', '.join(NUMBERS)}")
    return number


def name_of(number: int) -> str:
    """The name of the highest documented level that ``number`` reaches."""
    for floor in (50, 40, 30, 20):
        if number >= floor:
            return NAMES[floor]
    return "DEBUG"


class Levels:
    """The levels of this process: a rule for each subtree of names, and the loggers they are for.

    Attributes:
        mirror: told of each rule as it comes (its number) and goes (0), once `logging` is routed
            here.
    """

    def __init__(self) -> None:
        self.mirror: Callable[[str, int], None] | None = None
        # Name of a subtree ("" is the root) -> its level.
        self._rules: dict[str, int] = {}
        self._loggers: weakref.WeakSet[Levelled] = weakref.WeakSet()
        # Held while rules change, never while an entry is written. The thread that holds it may be
        # interrupted by a signal handler that sets a level too, so it can be taken twice.
        self._changing = RLock()

    def set(self, name: str, number: int) -> None:
        """Set the level of ``name`` and of every logger below it."""
        with self._changing:
            self._rules[name] = number
            self._refresh()
            if self.mirror is not None:
                self.mirror(name, number)

    def reset(self, name: str) -> None:
        """Take back what `set` did."""
        with self._changing:
            gone = self._rules.pop(name, None)
            self._refresh()
            if self.mirror is not None and gone is not None:
                self.mirror(name, 0)

    def replace(self, numbers: Mapping[str, int]) -> None:
        """Put other rules in the place of all."""
        with self._changing:
            gone = self._rules.keys() - numbers.keys()
            self._rules = dict(numbers)
            self._refresh()
            if self.mirror is not None:
                for name in gone:
                    self.mirror(name, 0)
                for name, number in numbers.items():
                    self.mirror(name, number)

    def rules(self) -> dict[str, str]:
        """The rules now in force: name of a subtree -> level."""
        with self._changing:
            return {name: name_of(number) for name, number in sorted(self._rules.items())}

    def follow(self, logger: Levelled) -> None:
        """Keep the threshold of ``logger`` right from now on."""
        with self._changing:
            logger.adopt(self._threshold(logger))
            self._loggers.add(logger)

    def start_afresh(self) -> None:
        """Be free: the thread that held the lock does not exist in a forked child."""
        self._changing = RLock()

    def _threshold(self, logger: Levelled) -> int:
        """The least level number that ``logger`` emits."""
        own = logger.own_level
        prefix = logger.name if self._rules else ""
        while prefix:
            rule = self._rules.get(prefix)
            if rule is not None:
                return rule
            prefix = prefix.rpartition(".")[0]
        return self._rules.get("", own) if own == DEFAULT else own

    def _refresh(self) -> None:
        for logger in list(self._loggers):
            logger.adopt(self._threshold(logger))


# Modules make their loggers while they are imported, so the levels are there from the start.
LEVELS: Final = Levels()
os.register_at_fork(after_in_child=LEVELS.start_afresh)


def set_level(name: str, level: LogLevel | str | int) -> None:
    """Set the level of ``name`` and of every logger below it; ``""`` stands for all.

    The rule with the longest matching name counts. It weighs more than the level a logger was made
    with; the rule for ``""`` weighs more only for loggers made with the default level.
    """
    LEVELS.set(name, number_of(level))


def reset_level(name: str) -> None:
    """Take back what `set_level` set for ``name``."""
    LEVELS.reset(name)


def get_levels() -> dict[str, str]:
    """The rules now in force: name of a subtree -> level."""
    return LEVELS.rules()


def replace_levels(rules: Mapping[str, LogLevel | str | int]) -> None:
    """Put ``rules`` in the place of all rules."""
    LEVELS.replace({name: number_of(level) for name, level in rules.items()})
