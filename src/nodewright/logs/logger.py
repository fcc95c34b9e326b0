"""`StructuredLogger`: one line of strict JSON an entry.

The usual entry (a text, a flat dict, no exception) is put together from parts that are encoded
once: what the logger and the context say is kept as JSON. Anything else takes the longer way of
`nodewright.logs.emission`, which ends in the same form.
"""

import sys
from _thread import get_ident
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from nodewright.logs import levels
from nodewright.logs.context import CORRELATION, SESSION, fragment, unfragment
from nodewright.logs.levels import LogLevel

if TYPE_CHECKING:
    from logging import Logger
    from uuid import UUID


class StructuredLogger:
    """Main structured JSON logger with correlation ID support.

    An id set on a logger is that logger's own; ids set globally or by `log_context` are the
    fallback. An id set from another task or thread than the one that made the logger counts in
    that task or thread only, so that requests which share a logger don't see each other's ids.

    Args:
        name: logger name, typically the module's.
        component: component identifier, such as an agent's or service's name.
        level: least level to emit; `set_level` can change it for a tree of names.

    Raises:
        ValueError: the level is no level.
    """

    __slots__ = (
        "__weakref__",
        "_home",
        "component_part",
        "correlation",
        "elsewhere",
        "heads",
        "kin",
        "known",
        "name",
        "own_level",
        "session",
        "shares_ids",
        "threshold",
    )

    def __init__(
        self, name: str, component: str | None = None, level: LogLevel = LogLevel.INFO
    ) -> None:
        self.name: str = name if isinstance(name, str) else str(name)
        self.own_level: int = levels.number_of(level)
        self.threshold: int = self.own_level
        self.component_part: bytes = fragment("component", component)
        self.correlation: bytes = b""
        self.session: bytes = b""
        # Key -> the ids that other tasks and threads set for themselves.
        self.elsewhere: dict[str, ContextVar[bytes]] = {}
        self.shares_ids: bool = True
        self.kin: Logger | None = None
        self._home = _whereabouts()
        logger_name = fragment("logger_name", self.name)
        self.heads: dict[int, bytes] = {
            number: b'+00:00"' + fragment("level", level_name) + logger_name + b',"message":'
            for number, level_name in levels.NAMES.items()
        }
        # Level number -> message -> head and message, of messages that hold no secret.
        self.known: dict[int, dict[str, bytes]] = {number: {} for number in levels.NAMES}
        levels.LEVELS.follow(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, also in another process, is made anew, so that it follows changes of level."""
        kind = type(self)
        made = (
            StructuredLogger if kind in _OWN_CLASSES else kind,
            (self.name, self.component, LogLevel(levels.name_of(self.own_level))),
        )
        return _remade, (made, self.correlation, self.session)

    def __repr__(self) -> str:
        return f"StructuredLogger({self.name!r}, level={levels.name_of(self.threshold)})"

    @property
    def component(self) -> str | None:
        """The component of this logger."""
        return unfragment("component", self.component_part)

    @property
    def level(self) -> LogLevel:
        """The least level that is emitted now."""
        return LogLevel(levels.name_of(self.threshold))

    def set_correlation_id(self, correlation_id: "UUID | str | None") -> None:
        """Set the correlation id of this logger; None takes it back."""
        self.shares_ids = False
        encoded = fragment("correlation_id", correlation_id)
        if self._is_home():
            self.correlation = encoded
        else:
            self._elsewhere("correlation_id").set(encoded)

    def set_session_id(self, session_id: "UUID | str | None") -> None:
        """Set the session id of this logger; None takes it back."""
        self.shares_ids = False
        encoded = fragment("session_id", session_id)
        if self._is_home():
            self.session = encoded
        else:
            self._elsewhere("session_id").set(encoded)

    def set_component(self, component: str | None) -> None:
        """Set the component identifier."""
        self.component_part = fragment("component", component)

    def is_enabled_for(self, level: LogLevel | str | int) -> bool:
        """Whether an entry of this level would be emitted."""
        return levels.number_of(level) >= self.threshold

    def adopt(self, threshold: int) -> None:
        """Emit entries of this number and above: the methods of lower levels do nothing then.

        `levels.set_level` is the way to change a level; this only carries it out. A class derived
        from this one keeps its own methods, which ask for the threshold.
        """
        self.threshold = threshold
        if type(self) in _OWN_CLASSES:
            self.__class__ = _silent_below(threshold)

    def debug(self, message: str, metadata: Any = None, exc_info: Any = None) -> None:
        """Log a debug message."""
        if self.threshold <= 10:  # noqa: PLR2004 - the level's number, as in `logging`
            _load()(self, "debug", message, metadata, exc_info)

    def info(self, message: str, metadata: Any = None, exc_info: Any = None) -> None:
        """Log an info message."""
        if self.threshold <= 20:  # noqa: PLR2004
            _load()(self, "info", message, metadata, exc_info)

    def warning(self, message: str, metadata: Any = None, exc_info: Any = None) -> None:
        """Log a warning message."""
        if self.threshold <= 30:  # noqa: PLR2004
            _load()(self, "warning", message, metadata, exc_info)

    def error(self, message: str, metadata: Any = None, exc_info: Any = None) -> None:
        """Log an error message; ``exc_info`` is an exception, or True for the one being handled."""
        if self.threshold <= 40:  # noqa: PLR2004
            _load()(self, "error", message, metadata, exc_info)

    def critical(self, message: str, metadata: Any = None, exc_info: Any = None) -> None:
        """Log a critical message; ``exc_info`` as in `error`."""
        if self.threshold <= 50:  # noqa: PLR2004
            _load()(self, "critical", message, metadata, exc_info)

    def exception(self, message: str, metadata: Any = None) -> None:
        """Log an error message with the exception that is being handled."""
        self.error(message, metadata, exc_info=True)

    def ids(self) -> bytes:
        """The part of an entry that holds the ids: this logger's own, else the context's."""
        elsewhere = self.elsewhere
        if not elsewhere:
            return (self.correlation or CORRELATION.get()) + (self.session or SESSION.get())
        correlation, session = elsewhere.get("correlation_id"), elsewhere.get("session_id")
        return b"".join(
            (
                (correlation and correlation.get()) or self.correlation or CORRELATION.get(),
                (session and session.get()) or self.session or SESSION.get(),
            )
        )

    def _is_home(self) -> bool:
        return not self.elsewhere and self._home == _whereabouts()

    def _elsewhere(self, key: str) -> ContextVar[bytes]:
        # In one step, so that threads which come at once share the variable.
        return self.elsewhere.setdefault(key, ContextVar(f"{self.name}.{key}", default=b""))


def _nothing(
    self: StructuredLogger,
    message: str,
    metadata: Any = None,
    exc_info: Any = None,
) -> None:
    """Leave out a message below the logger's level."""


def _silenced(threshold: int) -> type[StructuredLogger]:
    """`StructuredLogger` whose methods below ``threshold`` do nothing, not even compare."""
    silent = [name.lower() for name, number in levels.NUMBERS.items() if number < threshold]
    own = dict.fromkeys(silent, _nothing)
    place = {"__slots__": (), "__module__": __name__, "__doc__": StructuredLogger.__doc__}
    return type("StructuredLogger", (StructuredLogger,), {**place, **own})


# A disabled call is made more often than any other, and this is the least that a call can cost.
_CLASSES: dict[int, type[StructuredLogger]] = {
    10: StructuredLogger,
    **{threshold: _silenced(threshold) for threshold in (20, 30, 40, 50, 60)},
}
_OWN_CLASSES = frozenset(_CLASSES.values())


def _silent_below(threshold: int) -> type[StructuredLogger]:
    return next((kind for least, kind in _CLASSES.items() if threshold <= least), _CLASSES[60])


def _remade(
    made: tuple[type[StructuredLogger], tuple[Any, ...]], correlation: bytes, session: bytes
) -> StructuredLogger:
    kind, arguments = made
    logger = kind(*arguments)
    logger.correlation, logger.session = correlation, session
    logger.shares_ids = not (correlation or session)
    return logger


def get_logger(name: str, component: str | None = None) -> StructuredLogger:
    """Make a structured logger.

    Args:
        name: logger name, typically ``__name__``.
        component: component identifier.
    """
    return StructuredLogger(name, component)


def _load() -> Callable[..., None]:
    """Load what writing needs, and put its fast methods in the place of the first ones.

    Having a logger must be cheap, because every module has one; so orjson and the rest wait for
    the first entry.
    """
    try:
        from nodewright.logs.emission import method
    except ImportError:
        return _postpone
    for name, number in levels.NUMBERS.items():
        setattr(StructuredLogger, name.lower(), method(number))
    while _postponed:
        _call(*_postponed.pop(0))
    return _call


def _call(logger: StructuredLogger, name: str, *arguments: Any) -> None:
    # Not the method of the object: a derived class may be in the middle of its own.
    getattr(StructuredLogger, name)(logger, *arguments)


# Entries of a signal handler that interrupts the loading, which has to end first.
_postponed: Final[list[tuple[Any, ...]]] = []


def _postpone(*call: Any) -> None:
    _postponed.append(call)


def _whereabouts() -> tuple[int, Any]:
    """The thread and the asyncio task that run now."""
    # Another thread may be importing it at this moment.
    current_task = getattr(sys.modules.get("asyncio.tasks"), "current_task", None)
    if current_task is None:
        return get_ident(), None
    try:
        task = current_task()
    except RuntimeError:
        return get_ident(), None
    return get_ident(), task and ref(task)
