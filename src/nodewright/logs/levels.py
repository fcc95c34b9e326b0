"""Levels, for one logger or for a tree of names, changeable while the program runs."""

import os
import weakref
from _thread import RLock
from collections.abc import Callable
from enum import Enum
from typing import Protocol


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


# Name of a subtree ("" is the root) -> its level.
_rules: dict[str, int] = {}
# Told of each rule as it comes (its number) and goes (0), once `logging` is routed here.
mirror: Callable[[str, int], None] | None = None
_loggers: "weakref.WeakSet[Levelled]" = weakref.WeakSet()
# Held while rules change, never while an entry is written. The thread that holds it may be
# interrupted by a signal handler that sets a level too, so it can be taken twice.
_changing = RLock()


def _forget_holder() -> None:
    global _changing  # noqa: PLW0603 - the thread that held it does not exist in a forked child
    _changing = RLock()


os.register_at_fork(after_in_child=_forget_holder)


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


def set_level(name: str, level: LogLevel | str | int) -> None:
    """Set the level of ``name`` and of every logger below it; ``""`` stands for all.

    The rule with the longest matching name counts. It weighs more than the level a logger was made
    with; the rule for ``""`` weighs more only for loggers made with the default level.
    """
    number = number_of(level)
    with _changing:
        _rules[name] = number
        _refresh()
        if mirror is not None:
            mirror(name, number)


def reset_level(name: str) -> None:
    """Take back what `set_level` set for ``name``."""
    with _changing:
        gone = _rules.pop(name, None)
        _refresh()
        if mirror is not None and gone is not None:
            mirror(name, 0)


def get_levels() -> dict[str, str]:
    """The rules now in force: name of a subtree -> level."""
    return {name: name_of(number) for name, number in sorted(_rules.items())}


def replace_levels(rules: dict[str, LogLevel | str | int]) -> None:
    """Put ``rules`` in the place of all rules."""
    numbers = {name: number_of(level) for name, level in rules.items()}
    with _changing:
        gone = _rules.keys() - numbers.keys()
        _rules.clear()
        _rules.update(numbers)
        _refresh()
        if mirror is not None:
            for name in gone:
                mirror(name, 0)
            for name, number in numbers.items():
                mirror(name, number)


def threshold_of(name: str, own_level: int) -> int:
    """The least level number that a logger of this name and own level emits."""
    if not _rules:
        return own_level
    prefix = name
    while prefix:
        rule = _rules.get(prefix)
        if rule is not None:
            return rule
        prefix = prefix.rpartition(".")[0]
    return _rules.get("", own_level) if own_level == DEFAULT else own_level


def follow(logger: Levelled) -> None:
    """Keep the threshold of ``logger`` right from now on."""
    with _changing:
        logger.adopt(threshold_of(logger.name, logger.own_level))
        _loggers.add(logger)


def _refresh() -> None:
    for logger in list(_loggers):
        logger.adopt(threshold_of(logger.name, logger.own_level))
