"""The standard library's `logging` in the same form: a formatter, a handler, and the bridge."""

import logging
import threading
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from nodewright.logs import emission, plain
from nodewright.logs.capture import EntryRecord
from nodewright.logs.context import COMPONENT, CORRELATION, IDS, SESSION, fragment
from nodewright.logs.levels import LEVELS, name_of, number_of
from nodewright.logs.pipeline import PIPELINE

# What every record has; the rest was given by ``extra`` and becomes metadata.
_BLANK = logging.LogRecord("", 0, "", 0, "", (), None).__dict__
_USUAL_SIZE = len(_BLANK)
_OF_EVERY_RECORD = frozenset(_BLANK.keys() | {"message", "asctime", "taskName"})
_DOCUMENTED_OF_CONTEXT = (
    ("correlation_id", CORRELATION),
    ("session_id", SESSION),
    ("component", COMPONENT),
)
_DOCUMENTED = frozenset(key for key, _ in _DOCUMENTED_OF_CONTEXT)

_MOST_KNOWN = 10_000  # names and values may come from outside


def encode_record(record: logging.LogRecord) -> bytes:
    """A record of `logging` as an entry, with its newline; never raises.

    ``extra`` becomes metadata, except ``correlation_id``, ``session_id`` and ``component``, which
    weigh more than the context's.
    """
    if isinstance(record, EntryRecord):
        return record.line
    beginning = _beginning(record.levelno, record.name)
    metadata: dict[str, Any] = {}
    message: Any = record.msg
    if record.args:
        message = plain.attempt(record.getMessage, _ABSENT)
        if message is _ABSENT:  # arguments that do not fit the text, or do not print: show both
            message = plain.attempt(lambda: str(record.msg), "<unprintable>")
            metadata["arguments"] = record.args
    own = record.__dict__
    ids = IDS.get() + COMPONENT.get()
    if len(own) > _USUAL_SIZE:  # what was added stands after what every record has
        added = islice(own.items(), _USUAL_SIZE, None)
        metadata |= {name: value for name, value in added if name not in _OF_EVERY_RECORD}
        if not _DOCUMENTED.isdisjoint(metadata):
            ids = _ids(metadata)
    if record.stack_info:
        metadata["stack"] = record.stack_info
    moment = int(record.created * 1e6) * 1000
    if record.exc_info is None and emission.is_usual(message):
        line = emission.usual(moment, beginning, ids, message, metadata or None)
        if line is not None:
            return line
    return emission.assemble(
        moment, beginning[0], ids, message, metadata or None, exc_info=record.exc_info
    )


@lru_cache(_MOST_KNOWN)
def _beginning(level: int, name: str) -> tuple[bytes, dict[str, bytes]]:
    """The part of an entry that level and logger make, and the messages known."""
    logger_name = fragment("logger_name", name)
    return b'+00:00"' + fragment("level", name_of(level)) + logger_name + b',"message":', {}


def _ids(metadata: dict[str, Any]) -> bytes:
    """Ids and component: those given with the record, which are taken out, else the context's."""
    return b"".join(
        [
            _fragment(key, metadata.pop(key, None)) or variable.get()
            for key, variable in _DOCUMENTED_OF_CONTEXT
        ]
    )


def _fragment(key: str, value: Any) -> bytes:
    return _known_fragment(key, value) if value.__class__ is str else fragment(key, value)


_known_fragment = lru_cache(_MOST_KNOWN)(fragment)

_ABSENT = object()


class JSONFormatter(logging.Formatter):
    """Gives the records of any handler the form of our entries."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of strict JSON, without a newline."""
        return encode_record(record)[:-1].decode()

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's signature
        """The time as it stands in the entry."""
        return datetime.fromtimestamp(record.created).astimezone().isoformat()


class BridgeHandler(logging.Handler):
    """Sends the records of `logging` to where our entries go.

    Attributes:
        writes_entries: what was written as an entry already is not handed to this.
    """

    writes_entries = True

    def createLock(self) -> None:  # noqa: N802 - logging's name
        """Do without a lock: an entry is one write, and a lock could hang a signal handler."""
        self.lock: threading.RLock | None = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Write the record, unless a filter refuses it."""
        if not self.filters or self.filter(record):
            self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record as an entry; never raises."""
        if PIPELINE.sampler is not None:
            admitted = PIPELINE.sampler.admit(record.name, record.levelno, record.msg)
            if admitted is None:
                return
        try:
            line = encode_record(record)
        except Exception:  # noqa: BLE001 - the caller of a log must not suffer
            self.handleError(record)
            return
        PIPELINE.write(line)


def install() -> None:
    """Route `logging` and warnings of all libraries to our output, at the levels of our rules.

    Other handlers of the root logger stay, except plain stream handlers on standard error or
    output, which would print every record a second time.
    """
    root = logging.root
    uninstall()
    for handler in list(root.handlers):
        if type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
    root.addHandler(BridgeHandler())
    LEVELS.mirror = _set_level
    for name, level in LEVELS.rules().items():
        _set_level(name, number_of(level))
    PIPELINE.own_handlers = 1
    logging.captureWarnings(capture=True)


def uninstall() -> None:
    """Take back what `install` did."""
    root = logging.root
    for handler in list(root.handlers):
        if isinstance(handler, BridgeHandler):
            root.removeHandler(handler)
            logging.captureWarnings(capture=False)
    LEVELS.mirror = None
    PIPELINE.own_handlers = 0


def _set_level(name: str, number: int) -> None:
    logging.getLogger(name or None).setLevel(number or (0 if name else logging.WARNING))
