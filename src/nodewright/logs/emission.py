"""From a call to a line: the hot path of `StructuredLogger`, and the longer way.

The usual entry (a text, a flat dict, no exception) is joined from parts encoded before. All else,
and whatever might hold a secret, is composed part by part; both end in the same form.
"""

import logging
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from gc import is_tracked as _is_tracked
from typing import TYPE_CHECKING, Any

from nodewright.logs import exceptions, output
from nodewright.logs.context import (
    COMPONENT,
    FIELDS,
    HAS_FIELDS,
    IDS,
    context_fields,
)
from nodewright.logs.encode import MAX_PART, dumps, encode, encode_message
from nodewright.logs.plain import default
from nodewright.logs.redaction import Redaction, Redactor, suspicious

if TYPE_CHECKING:
    from nodewright.logs.logger import Method, StructuredLogger
    from nodewright.logs.sampling import Sampler

_time = time.time_ns
_modules = sys.modules
_root = logging.root

_MICROS = tuple(b"%03d" % number for number in range(1000))
# The last second seen, and its text. Moments are in nanoseconds since 1970.
_second = (-1, "")
# The last millisecond seen, in nanoseconds, and how its entries start.
_clock = (-1_000_000, b"")
# Messages kept encoded, for each logger and level, and the longest of them in bytes.
MAX_KNOWN = 500
MAX_KNOWN_LENGTH = 250

redactor: Redactor = Redactor()
_safe_keys = redactor.safe_keys
sampler: "Sampler | None" = None
with_locals: bool = False
# Whether something is set that the hot path does not know.
_special = False
# How many handlers of the root logger are this room's own.
own_handlers = 0


def method(level: int) -> "Method":  # noqa: C901 - the hot path: a call costs a twentieth of an entry
    """The logging method of one level: everything the usual entry needs, in one function."""

    def log(  # noqa: C901 - as above
        self: "StructuredLogger", message: str, metadata: Any = None, exc_info: Any = None
    ) -> None:
        if self.threshold > level:
            return
        moment = _time()
        line = None
        try:
            if (
                exc_info is None
                and not _special
                and message.__class__ is str
                and ("opentelemetry.trace" not in _modules or not _trace_ids())
                and not (FIELDS and HAS_FIELDS.get())
                and (
                    head := self.known[level].get(message)
                    or _learn(self.known[level], self.heads[level], message)
                )
            ):
                base, stamp = _clock
                since = moment - base
                if not 0 <= since < 1_000_000:  # noqa: PLR2004 - the stamp holds the millisecond
                    base, stamp = _tick(moment)
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
                    (_safe_keys.issuperset(metadata) and not _is_tracked(metadata))
                    or redactor.harmless(metadata)
                ):
                    body = dumps(metadata, default)
                    # Searching for one byte is the cheapest test there is; `suspicious` says why
                    # these.
                    if (
                        not (
                            (
                                61 in body  # noqa: PLR2004
                                or 64 in body  # noqa: PLR2004
                                or 32 in body  # noqa: PLR2004
                                or not body.islower()
                            )
                            and suspicious(body, metadata)
                        )
                        and len(body) <= MAX_PART
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
        output.write(line)
        if len(_root.handlers) > own_handlers:
            _show(line, level, exc_info)

    return log


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
        not _special
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
        if not redactor.harmless(metadata):
            return None
        body = dumps(metadata, default)
        if suspicious(body, metadata) or len(body) > MAX_PART:
            return None
        return b"".join((start(moment), begun, ids, b',"metadata":', body, b"}\n"))
    except Exception:  # noqa: BLE001 - what orjson refuses takes the longer way
        return None


def _tick(moment: int) -> tuple[int, bytes]:
    """The whole millisecond of ``moment`` and how its entries start, kept for its other entries."""
    global _clock, _second  # noqa: PLW0603 - tuples, replaced whole, so that threads need no lock
    millis = moment // 1_000_000
    second, text = _second
    if millis // 1000 != second:
        second = millis // 1000
        text = datetime.fromtimestamp(second, UTC).isoformat()[:19]
        _second = (second, text)
    _clock = clock = (
        millis * 1_000_000,
        f'{{"timestamp":"{text}.{millis % 1000:03d}'.encode(),
    )
    return clock


def start(moment: int) -> bytes:
    """The start of an entry, up to the microseconds of ``moment`` (nanoseconds since 1970)."""
    base, stamp = _clock if 0 <= moment - _clock[0] < 1_000_000 else _tick(moment)  # noqa: PLR2004
    return stamp + _MICROS[(moment - base) // 1000]


def compose(
    logger: "StructuredLogger",
    level: int,
    moment: int,
    message: Any,
    metadata: Any,
    *,
    exc_info: Any,
) -> bytes | None:
    """The line of any entry, however odd; None if sampling leaves it out."""
    suppressed = 0
    if sampler is not None:
        verdict = sampler.admit(logger.name, level, message)
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
    metadata = _joined(metadata, suppressed)
    parts = [start(moment), head, _clean_text(encode_message(message)), ids]
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
            described = exceptions.encoded(exception, redactor, with_locals=with_locals)
            parts += (b',"exception":', described)
    parts.append(b"}\n")
    return b"".join(parts)


def set_redaction(rules: Redaction) -> None:
    """Use other rules of redaction from now on."""
    global redactor, _safe_keys  # noqa: PLW0603 - the one switch of the process
    redactor = Redactor(rules)
    _safe_keys = redactor.safe_keys
    exceptions.forget_frames()
    _weigh()


def set_sampler(chosen: "Sampler | None") -> None:
    """Ask ``chosen`` about each entry from now on; None admits all."""
    global sampler  # noqa: PLW0603 - the one switch of the process
    sampler = chosen
    _weigh()


def set_locals(shown: bool) -> None:
    """Show the local variables of an exception's frames, or don't."""
    global with_locals  # noqa: PLW0603 - the one switch of the process
    with_locals = shown


def _weigh() -> None:
    global _special  # noqa: PLW0603 - follows from the other switches
    _special = sampler is not None or not redactor.usual


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
    return redactor.clean(encoded) if suspicious(encoded) or not redactor.usual else encoded


def _trace_ids() -> bytes:
    """Trace and span id of OpenTelemetry's current span, if there is one."""
    try:
        context = _modules["opentelemetry.trace"].get_current_span().get_span_context()
        ids = (context.trace_id, context.span_id) if context.is_valid else None
    except Exception:  # noqa: BLE001 - half imported, or not what it seems
        ids = None
    return b"" if ids is None else b',"trace_id":"%032x","span_id":"%016x"' % ids


def _compose_safely(
    logger: "StructuredLogger",
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


def _last_resort(logger: "StructuredLogger", level: int, moment: int, error: Exception) -> bytes:
    text = dumps(f"an entry could not be encoded: {type(error).__name__}")
    return b"%b%b%b}\n" % (start(moment), logger.heads[level], text)


def _show(line: bytes, level: int, exc_info: Any) -> None:
    from nodewright.logs.capture import show

    show(line, level, exc_info)
