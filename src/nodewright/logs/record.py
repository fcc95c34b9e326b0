"""The shape of an entry, for those who read them."""

from dataclasses import dataclass
from typing import Any

from nodewright.logs.encode import encode, loads


@dataclass
class LogRecord:
    """Structured log record for JSON serialization; absent values are left out of the JSON."""

    timestamp: str
    level: str
    logger_name: str
    message: str
    correlation_id: str | None = None
    session_id: str | None = None
    component: str | None = None
    metadata: dict[str, Any] | None = None
    trace_id: str | None = None
    span_id: str | None = None
    exception: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The values that are there, in the documented order."""
        return {key: value for key, value in vars(self).items() if value is not None}

    def to_json(self) -> str:
        """One line of strict JSON, without a newline."""
        return encode(self.to_dict()).decode()

    @classmethod
    def from_json(cls, line: bytes | str) -> "LogRecord":
        """Read an entry; keys that are not of the form are ignored.

        Raises:
            ValueError: the line is no JSON object with the documented keys.
        """
        entry = loads(line)
        if not isinstance(entry, dict):
            raise ValueError(f"a log entry is a JSON object, not {type(entry).__name__}")  # noqa: TRY004 - what was read has the wrong form
        missing = [key for key in _REQUIRED if not isinstance(entry.get(key), str)]
        if missing:
            raise ValueError(f"a log entry needs the text {missing[0]!r}: {line[:200]!r}")
        return cls(**{key: entry[key] for key in cls.__dataclass_fields__ if key in entry})


_REQUIRED = ("timestamp", "level", "logger_name", "message")
