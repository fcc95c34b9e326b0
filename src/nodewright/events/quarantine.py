"""What of a spool cannot be delivered: damaged bytes, and notes of bytes that are gone."""

import re
from contextlib import suppress
from pathlib import Path

from nodewright.events.segments import MAGIC
from nodewright.logs import get_logger

_log = get_logger(__name__, "events")

_MISSING = re.compile(r"[0-9]{20}-(?P<bytes>[0-9]{1,19})\.missing", re.ASCII)


class Quarantine:
    """A folder in a spool, made when there is something to keep; a full disk costs only that."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._folder = spool / "quarantine"

    def keep(self, start: int, content: bytes) -> None:
        """Keep damaged bytes, which begin at position ``start`` of the log, for a person."""
        _log.error("events.spool.damaged", self._lost(start, len(content)))
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True, mode=0o700)
            (self._folder / f"{start:020d}-{len(content)}.bin").write_bytes(content)

    def note_missing(self, start: int, end: int) -> None:
        """Keep in mind that undelivered bytes are not there any more."""
        _log.error("events.spool.segment_missing", self._lost(start, end - start))
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True, mode=0o700)
            (self._folder / f"{start:020d}-{end - start}.missing").touch()

    @property
    def events(self) -> int:
        """How many damaged events are kept."""
        kept = (path for path in self._folder.glob("*.bin") if path.is_file())
        return sum(max(1, path.read_bytes().count(MAGIC)) for path in kept)

    @property
    def missing_bytes(self) -> int:
        """How many bytes are noted as gone."""
        names = (_MISSING.fullmatch(path.name) for path in self._folder.glob("*.missing"))
        return sum(int(name["bytes"]) for name in names if name is not None)

    def _lost(self, start: int, size: int) -> dict[str, object]:
        return {"directory": str(self._spool), "from": start, "bytes": size}
