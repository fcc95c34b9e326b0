"""When a log file is put aside, what becomes of it, and what is kept.

Several processes may write to one file. Each holds a shared ``flock`` on the file it writes to, for
as long as it has it open; a file put aside is compressed or deleted only under an exclusive one,
so never while someone might still write to it. Locks end with the process that holds them, so a
killed process leaves nothing behind, and nobody ever waits for a lock.
"""

import fcntl
import gzip
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

When = Literal["never", "hourly", "daily"]


@dataclass(frozen=True, slots=True)
class LogRotationConfig:
    """When to rotate, and what to keep.

    Attributes:
        max_bytes: size at which a file is put aside; None for no limit. Other processes notice
            within ``check_seconds``, so a file may grow a little beyond.
        when: "hourly" or "daily" (UTC) put files aside by time also; "never" does not.
        backup_count: most files kept beside the current one; None for all.
        retention_days: age in days at which a file put aside is deleted; None for never.
        compress: whether files put aside become ``.gz``.
        check_seconds: how often a writer looks whether the file was put aside by another.
    """

    max_bytes: int | None = 100 * 1024 * 1024
    when: When = "daily"
    backup_count: int | None = 30
    retention_days: float | None = 30
    compress: bool = True
    check_seconds: float = 0.5

    def __post_init__(self) -> None:
        if self.max_bytes is not None and self.max_bytes < 1:
            raise ValueError(f"max_bytes is {self.max_bytes}; give at least 1, or None")
        if self.when not in {"never", "hourly", "daily"}:
            raise ValueError(f"when is {self.when!r}; use 'never', 'hourly' or 'daily'")
        if self.backup_count is not None and self.backup_count < 0:
            raise ValueError(f"backup_count is {self.backup_count}; give at least 0, or None")
        if self.retention_days is not None and self.retention_days <= 0:
            raise ValueError(f"retention_days is {self.retention_days}; give more than 0, or None")
        if self.check_seconds < 0:
            raise ValueError(f"check_seconds is {self.check_seconds}; give at least 0")

    def next_turn(self, moment: datetime) -> float:
        """When a file begun at ``moment`` is put aside by time, in epoch seconds."""
        if self.when == "never":
            return float("inf")
        start = moment.replace(minute=0, second=0, microsecond=0)
        if self.when == "hourly":
            return (start + timedelta(hours=1)).timestamp()
        return (start.replace(hour=0) + timedelta(days=1)).timestamp()


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of a log: the current one, or one put aside."""

    path: Path
    put_aside: datetime | None

    @property
    def compressed(self) -> bool:
        """Whether the file is a gzip file."""
        return self.path.suffix == ".gz"


def log_files(path: Path) -> list[LogFile]:
    """All files of the log at ``path``, oldest first, the current one last.

    Where a file put aside is there plain and compressed, because a process died in between, only
    the compressed one counts: it has the name only when it is whole.
    """
    pattern = _aside_pattern(path)
    aside: dict[str, LogFile] = {}
    for entry in path.parent.iterdir() if path.parent.is_dir() else ():
        match = pattern.fullmatch(entry.name)
        if match is None:
            continue
        key = match["stamp"] + match["turn"]
        if key not in aside or entry.suffix == ".gz":
            moment = datetime.strptime(match["stamp"], _STAMP).replace(tzinfo=UTC)
            aside[key] = LogFile(entry, moment)
    files = [aside[key] for key in sorted(aside)]
    return [*files, LogFile(path, None)] if path.exists() else files


def put_aside(path: Path, inode: int, config: LogRotationConfig) -> bool:
    """Rename the log file at ``path``, if it is still the one with this inode.

    Returns:
        Whether this call did it; False if another process did, or is just doing it.
    """
    with _try_lock(path.with_name(f".{path.name}.lock"), create=True) as locked:
        if not locked:
            return False
        try:
            status = path.stat()
        except FileNotFoundError:
            return False
        if status.st_ino != inode or not _is_due(path, status, config):
            return False
        stamp = datetime.now(UTC).strftime(_STAMP)
        for turn in range(10_000):
            target = path.with_name(f"{path.stem}.{stamp}.{turn:04d}{path.suffix}")
            if not (target.exists() or target.with_name(target.name + ".gz").exists()):
                path.rename(target)
                return True
    return False


def tidy(path: Path, config: LogRotationConfig) -> None:
    """Compress and delete what is due; what others still use is left for a later call."""
    aside = [file for file in log_files(path) if file.put_aside is not None]
    keep = len(aside) if config.backup_count is None else config.backup_count
    doomed = set(aside[: max(len(aside) - keep, 0)])
    if config.retention_days is not None:
        oldest = datetime.now(UTC) - timedelta(days=config.retention_days)
        doomed |= {file for file in aside if file.put_aside and file.put_aside < oldest}
    for file in aside:
        with suppress(OSError):
            if file in doomed:
                _delete(file.path)
            elif file.compressed:
                _delete(file.path.with_suffix(""))
            elif config.compress:
                _compress(file.path)


def get_log_stats(path: Path | str) -> dict[str, Any]:
    """What the log at ``path`` occupies.

    Returns:
        ``files`` (count), ``total_bytes``, ``current_bytes``, ``compressed_files``, ``oldest``
        and ``newest`` (ISO times at which files were put aside, or None), and ``lost_entries``:
        entries this process could not write.
    """
    from nodewright.logs.pipeline import PIPELINE

    path = Path(path)
    sizes: dict[LogFile, int] = {}
    for file in log_files(path):
        with suppress(FileNotFoundError):
            sizes[file] = file.path.stat().st_size
    moments = [file.put_aside.isoformat() for file in sizes if file.put_aside]
    return {
        "files": len(sizes),
        "total_bytes": sum(sizes.values()),
        "current_bytes": sum(size for file, size in sizes.items() if file.put_aside is None),
        "compressed_files": sum(file.compressed for file in sizes),
        "oldest": min(moments, default=None),
        "newest": max(moments, default=None),
        "lost_entries": PIPELINE.output.lost,
    }


_STAMP = "%Y%m%dT%H%M%S.%fZ"


def _aside_pattern(path: Path) -> re.Pattern[str]:
    return re.compile(
        rf"{re.escape(path.stem)}\.(?P<stamp>\d{{8}}T\d{{6}}\.\d{{6}}Z)\.(?P<turn>\d{{4}})"
        rf"{re.escape(path.suffix)}(?:\.gz)?"
    )


def _is_due(path: Path, status: os.stat_result, config: LogRotationConfig) -> bool:
    if status.st_size == 0:
        return False
    if config.max_bytes is not None and status.st_size >= config.max_bytes:
        return True
    return config.next_turn(began(path)) <= time.time()


def began(path: Path) -> datetime:
    """When the file at ``path`` was begun: the time of its first entry, else of its last change."""
    with suppress(OSError, ValueError), path.open("rb") as file:
        match = re.match(rb'\{"timestamp":\s*"([^"]{19,40})"', file.read(80))
        if match:
            return datetime.fromisoformat(match[1].decode()).astimezone(UTC)
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.now(UTC)


@contextmanager
def _try_lock(path: Path, *, create: bool = False) -> Iterator[bool]:
    """Hold an exclusive lock on ``path`` if nobody else has any; never waits."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o640)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        # Locked, but perhaps under a name that another process has given up meanwhile.
        try:
            same = os.fstat(descriptor).st_ino == path.stat().st_ino
        except OSError:
            same = False
        yield same
    finally:
        os.close(descriptor)


def _delete(path: Path) -> None:
    with _try_lock(path) as locked:
        if locked:
            path.unlink(missing_ok=True)


def _compress(path: Path) -> None:
    with _try_lock(path) as locked:
        if not locked:
            return
        target = path.with_name(path.name + ".gz")
        partial = path.with_name(f".{path.name}.gz.part")
        with path.open("rb") as source, gzip.open(partial, "wb", compresslevel=6) as packed:
            shutil.copyfileobj(source, packed, 1 << 20)
        shutil.copystat(path, partial)
        partial.rename(target)
        path.unlink()
