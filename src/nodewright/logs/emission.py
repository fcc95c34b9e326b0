"""From a call to a line: the hot path of `StructuredLogger`, and the longer way.

The usual entry (a text, a flat dict, no exception) is joined from parts encoded before. All else,
and whatever might hold a secret, is composed part by part; both end in the same form.
"""

import logging
import sys
import time
from collections.abc import Mapping
from gc import is_tracked as _is_tracked
from typing import Any, Protocol

from nodewright.logs import capture, exceptions
from nodewright.logs.context import (
    COMPONENT,
    FIELDS,
    HAS_FIELDS,
    IDS,
    context_fields,
)
from nodewright.logs.encode import MAX_PART, dumps, encode, encode_message
from nodewright.logs.pipeline import PIPELINE
from nodewright.logs.plain import default
from nodewright.logs.redaction import HARMLESS, suspicious

_time = time.time_ns
_modules = sys.modules
_root = logging.root

_MICROS = tuple(b"%03d" % number for number in range(1000))
# Messages kept encoded, for each logger and level, and the longest of them in bytes.
MAX_KNOWN = 500
MAX_KNOWN_LENGTH = 250


class Source(Protocol):
    """What an entry takes from its logger.

    Attributes:
        name: the logger's name.
        threshold: number of the least level that is emitted.
        heads: level number -> the encoded beginning, up to the message.
        known: level number -> message -> head and message, of messages that hold no secret.
        shares_ids: whether the logger has no ids of its own.
        component_part: the encoded component.
        kin: the logger of the same name in `logging`; None until it was asked for.
    """

    name: str
    threshold: int
    heads: dict[int, bytes]
    known: dict[int, dict[str, bytes]]
    shares_ids: bool
    component_part: bytes
    kin: logging.Logger | None

    def ids(self) -> bytes:
        """The part of an entry that holds the ids."""


class Method(Protocol):
    """A logging method, before it is bound to its logger."""

    def __call__(
        self, logger: Any, /, message: str, metadata: Any = None, exc_info: Any = None
    ) -> None:
        """Log ``message``."""


def _kin_of(source: Source) -> logging.Logger:
    kin = source.kin = logging.getLogger(source.name)
    return kin


def _is_heard(kin: logging.Logger) -> bool:
    """Whether a logger above ``kin`` and below the root has handlers of the program's own."""
    above = kin.parent
    while above is not None and above is not _root:
        if above.handlers:
            return True
        above = above.parent
    return False


def _learn(known: dict[str, bytes], head: bytes, message: str) -> bytes | None:
    """``head`` and the message, kept for the next entry; None if it may hold a secret."""
    text = dumps(message)
    if suspicious(text) or len(text) > MAX_PART:
        return None
    head += text
    if len(text) <= MAX_KNOWN_LENGTH:
        if len(known) >= MAX_KNOWN:  # messages made of values that vary
            known.clear()
        known[message] = head
    return head


def is_usual(message: Any) -> bool:
    """Whether `usual` can make the line, unless it is the metadata that prevents it."""
    return (
        not PIPELINE.special
        and message.__class__ is str
        and ("opentelemetry.trace" not in _modules or not _trace_ids())
        and not (FIELDS and HAS_FIELDS.get())
    )


def usual(
    moment: int,
    beginning: tuple[bytes, dict[str, bytes]],
    ids: bytes,
    message: str,
    metadata: dict[str, Any] | None,
) -> bytes | None:
    """The line of a usual entry, as the logging methods make it; None where it is not usual."""
    head, known = beginning
    try:
        begun = known.get(message) or _learn(known, head, message)
        if begun is None:
            return None
        if metadata is None:
            return b"".join((start(moment), begun, ids, b"}\n"))
        if not PIPELINE.redactor.harmless(metadata):
            return None
        body = dumps(metadata, default)
        if suspicious(body, metadata) or len(body) > MAX_PART:
            return None
        return b"".join((start(moment), begun, ids, b',"metadata":', body, b"}\n"))
    except Exception:  # noqa: BLE001 - what orjson refuses takes the longer way
        return None


def start(moment: int) -> bytes:
    """The start of an entry, up to the microseconds of ``moment`` (nanoseconds since 1970)."""
    base, stamp = PIPELINE.clock
    if not 0 <= moment - base < 1_000_000:  # noqa: PLR2004 - the stamp holds the millisecond
        base, stamp = PIPELINE.tick(moment)
    return stamp + _MICROS[(moment - base) // 1000]


def compose(
    logger: Source,
    level: int,
    moment: int,
    message: Any,
    metadata: Any,
    *,
    exc_info: Any,
) -> bytes | None:
    """The line of any entry, however odd; None if sampling leaves it out."""
    suppressed = 0
    if PIPELINE.sampler is not None:
        verdict = PIPELINE.sampler.admit(logger.name, level, message)
        if verdict is None:
            return None
        suppressed = verdict
    ids = logger.ids() + (logger.component_part or COMPONENT.get())
    return assemble(
        moment,
        logger.heads[level],
        ids,
        message,
        metadata,
        exc_info=exc_info,
        suppressed=suppressed,
    )


def assemble(
    moment: int,
    head: bytes,
    ids: bytes,
    message: Any,
    metadata: Any,
    *,
    exc_info: Any,
    suppressed: int = 0,
) -> bytes:
    """Encode and clean the parts of an entry, and join them to a line."""
    redactor = PIPELINE.redactor
    metadata = _joined(metadata, suppressed)
    parts = [start(moment), head, _clean_text(encode_message(message)), _clean_ids(ids)]
    if metadata is not None:
        body = encode(metadata)
        if suspicious(body) or not redactor.usual or not redactor.harmless(metadata):
            body = redactor.clean(body)
        parts += (b',"metadata":', body)
    if "opentelemetry.trace" in _modules:
        parts.append(_trace_ids())
    if exc_info is not None:
        exception = exceptions.resolve(exc_info)
        if exception is not None:
            described = exceptions.encoded(exception, redactor, with_locals=PIPELINE.with_locals)
            parts += (b',"exception":', described)
    parts.append(b"}\n")
    return b"".join(parts)


def _joined(metadata: Any, suppressed: int) -> Any:
    """``metadata`` with the fields of the context; its own win."""
    fields = context_fields() if HAS_FIELDS.get() else {}
    if suppressed:
        fields["suppressed"] = suppressed
    if not fields:
        return metadata
    if metadata is None:
        return fields
    if isinstance(metadata, Mapping):
        try:
            return {**fields, **metadata}
        except Exception:  # noqa: BLE001 - keys that are no strings, mappings that lie
            return {**fields, "metadata": metadata}
    return {**fields, "metadata": metadata}


def _clean_text(encoded: bytes) -> bytes:
    redactor = PIPELINE.redactor
    return redactor.clean(encoded) if suspicious(encoded) or not redactor.usual else encoded


def _clean_ids(ids: bytes) -> bytes:
    """Clean ids and component by unusual rules; the usual ones are applied when they are set."""
    redactor = PIPELINE.redactor
    return ids if redactor.usual or not ids else b"," + redactor.clean(b"{%b}" % ids[1:])[1:-1]


def _trace_ids() -> bytes:
    """Trace and span id of OpenTelemetry's current span, if there is one."""
    try:
        context = _modules["opentelemetry.trace"].get_current_span().get_span_context()
        ids = (context.trace_id, context.span_id) if context.is_valid else None
    except Exception:  # noqa: BLE001 - half imported, or not what it seems
        ids = None
    return b"" if ids is None else b',"trace_id":"%032x","span_id":"%016x"' % ids


def _compose_safely(
    logger: Source,
    level: int,
    moment: int,
    message: Any,
    metadata: Any,
    *,
    exc_info: Any,
) -> bytes | None:
    try:
        return compose(logger, level, moment, message, metadata, exc_info=exc_info)
    except Exception as error:  # noqa: BLE001 - the entry appears, whatever it holds
        return _last_resort(logger, level, moment, error)


def _last_resort(logger: Source, level: int, moment: int, error: Exception) -> bytes:
    text = dumps(f"an entry could not be encoded: {type(error).__name__}")
    return b"%b%b%b}\n" % (start(moment), logger.heads[level], text)


# Last in this module: who can import it finds all the rest in place.
def method(level: int) -> Method:  # noqa: C901 - the hot path: a call costs a twentieth of an entry
    """The logging method of one level: everything the usual entry needs, in one function."""
    pipeline = PIPELINE

    def log(  # noqa: C901 - as above
        self: Source, message: str, metadata: Any = None, exc_info: Any = None
    ) -> None:
        if self.threshold > level:
            return
        moment = _time()
        line = None
        try:
            if (
                exc_info is None
                and not pipeline.special
                and message.__class__ is str
                and ("opentelemetry.trace" not in _modules or not _trace_ids())
                and not (FIELDS and HAS_FIELDS.get())
                and (
                    head := self.known[level].get(message)
                    or _learn(self.known[level], self.heads[level], message)
                )
            ):
                base, stamp = pipeline.clock
                since = moment - base
                if not 0 <= since < 1_000_000:  # noqa: PLR2004 - the stamp holds the millisecond
                    base, stamp = pipeline.tick(moment)
                    since = moment - base
                if metadata is None:
                    line = b"".join(
                        (
                            stamp,
                            _MICROS[since // 1000],
                            head,
                            IDS.get() if self.shares_ids else self.ids(),
                            self.component_part or COMPONENT.get(),
                            b"}\n",
                        )
                    )
                elif metadata.__class__ is dict and (
                    # What the collector of garbage does not track holds no other containers.
                    (pipeline.safe_keys.issuperset(metadata) and not _is_tracked(metadata))
                    or pipeline.redactor.harmless(metadata)
                ):
                    body = dumps(metadata, default)
                    spare = body.translate(None, HARMLESS)
                    # A flat dict has as many colons as keys: whatever else is left is looked at.
                    if len(body) <= MAX_PART and not (
                        len(spare) > len(metadata) and suspicious(body, metadata, spare)
                    ):
                        line = b"".join(
                            (
                                stamp,
                                _MICROS[since // 1000],
                                head,
                                IDS.get() if self.shares_ids else self.ids(),
                                self.component_part or COMPONENT.get(),
                                b',"metadata":',
                                body,
                                b"}\n",
                            )
                        )
        except Exception:  # noqa: BLE001 - what orjson refuses takes the longer way
            line = None
        if line is None:
            line = _compose_safely(self, level, moment, message, metadata, exc_info=exc_info)
            if line is None:
                return
        pipeline.write(line)
        kin = self.kin or _kin_of(self)
        if (
            len(_root.handlers) > pipeline.own_handlers
            or kin.handlers
            or (kin.parent is not _root and _is_heard(kin))
        ):
            capture.show(line, kin, level, exc_info)

    return log
