"""Read logs again: the last entries that match, over rotated files too, and those to come."""

import gzip
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from nodewright.errors import NodewrightError
from nodewright.logs.encode import loads
from nodewright.logs.levels import NUMBERS, LogLevel, number_of
from nodewright.logs.rotation import log_files

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class LogNotFoundError(NodewrightError, FileNotFoundError):
    """There is no log file where one was looked for; the message says where."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which entries are wanted; what is None matches all.

    Attributes:
        correlation_id: exactly this id.
        session_id: exactly this id.
        component: exactly this component.
        logger: a logger's name, or a parent of it.
        level: least level.
        since: not before this moment.
        until: before this moment.
        text: somewhere in the line, as written.
    """

    correlation_id: str | None = None
    session_id: str | None = None
    component: str | None = None
    logger: str | None = None
    level: LogLevel | str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        if self.level is not None:
            number_of(self.level)

    def read(self, line: bytes) -> dict[str, Any] | None:
        """The entry in ``line`` if it is one and matches."""
        if self.correlation_id and self.correlation_id.encode() not in line:
            return None
        if self.text and self.text not in line.decode("utf-8", "replace"):
            return None
        try:
            entry = loads(line)
        except ValueError:
            return None
        return entry if isinstance(entry, dict) and self._matches(entry) else None

    def _matches(self, entry: Mapping[str, object]) -> bool:
        for key in ("correlation_id", "session_id", "component"):
            wanted = getattr(self, key)
            if wanted is not None and entry.get(key) != wanted:
                return False
        name = str(entry.get("logger_name", ""))
        if self.logger is not None and not f"{name}.".startswith(f"{self.logger}."):
            return False
        if self.level is not None:
            found = NUMBERS.get(str(entry.get("level")), 0)
            if found < number_of(self.level):
                return False
        return self._in_time(entry)

    def _in_time(self, entry: Mapping[str, object]) -> bool:
        if self.since is None and self.until is None:
            return True
        try:
            moment = datetime.fromisoformat(str(entry.get("timestamp")))
        except ValueError:
            return False
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        after = self.since is None or moment >= self.since
        return after and (self.until is None or moment < self.until)


def moment_of(text: str, now: datetime | None = None) -> datetime:
    """A moment as people give it: ``15m``, ``2h`` or ``3d`` ago, or an ISO date and time.

    Raises:
        ValueError: the text is neither.
    """
    ago = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if ago:
        return (now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"{text!r} is no moment; give 15m, 2h or 3d for so long ago, or 2025-01-31T12:00"
        ) from None
    return moment.astimezone(UTC)


def last_entries(path: Path, count: int, match: Match | None = None) -> list[dict[str, Any]]:
    """The last ``count`` entries of the log at ``path`` that match, oldest first.

    Lines that are no entries (torn by a full disk, or by another program) are passed over.

    Raises:
        LogNotFoundError: there is neither the file nor one rotated from it.
    """
    match = match or Match()
    files = log_files(path)
    if not files:
        raise LogNotFoundError(
            f"there is no log at {path}; give its file, or set NODEWRIGHT_LOG_FILE"
        )
    found: list[dict[str, Any]] = []
    for file in reversed(files):
        if len(found) >= count:
            break
        kept: deque[dict[str, Any]] = deque(maxlen=max(count - len(found), 0))
        with suppress(FileNotFoundError):  # deleted or compressed since it was listed
            kept.extend(_entries(file.path, match))
        found = [*kept, *found]
    return found


def follow(
    path: Path,
    match: Match | None = None,
    *,
    poll_seconds: float = 0.2,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[dict[str, Any]]:
    """Entries as they are written from now on, over rotations; ends only by being closed."""
    match = match or Match()
    file: BinaryIO | None = _open(path)
    if file is not None:
        file.seek(0, os.SEEK_END)
    rest = b""
    while True:
        if file is None:
            file = _open(path)
        if file is not None:
            moved = _moved(file, path)  # asked first: what is read after it is all there was
            *lines, rest = (rest + file.read()).split(b"\n")
            yield from filter(None, map(match.read, lines))
            if moved:
                file.close()
                file, rest = _open(path), b""
                if file is not None:
                    continue
        wait(poll_seconds)


def _entries(path: Path, match: Match) -> Iterator[dict[str, Any]]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for line in file:
            entry = match.read(line)
            if entry is not None:
                yield entry


def _open(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _moved(file: BinaryIO, path: Path) -> bool:
    try:
        named = path.stat()
    except FileNotFoundError:
        return True
    held = os.fstat(file.fileno())
    return (held.st_dev, held.st_ino) != (named.st_dev, named.st_ino)
