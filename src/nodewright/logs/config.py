"""`configure_logging`: one call that says where entries go, which ones, and in what form."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nodewright.logs import (
    emission,  # noqa: F401 - who configures logging is about to write: fork finds all loaded
    levels,
    output,
)
from nodewright.logs.levels import LogLevel
from nodewright.logs.pipeline import PIPELINE
from nodewright.logs.redaction import Redaction
from nodewright.logs.rotation import LogRotationConfig
from nodewright.logs.sampling import Sampler, Sampling

if TYPE_CHECKING:
    from nodewright.logs.logger import StructuredLogger
    from nodewright.settings import Settings

Style = Literal["auto", "json", "console"]


def configure_logging(
    *,
    level: LogLevel | str | None = None,
    level_rules: Mapping[str, LogLevel | str] | None = None,
    file: Path | str | None = None,
    style: Style | None = None,
    rotation: LogRotationConfig | None = None,
    redaction: Redaction | None = None,
    sampling: Sampling | None = None,
    exception_locals: bool | None = None,
    capture_stdlib: bool = True,
    settings: "Settings | None" = None,
) -> None:
    """Say where entries go, which ones, and in what form; can be called again at any time.

    What is left out comes from the settings (``NODEWRIGHT_LOG_...``).

    Args:
        level: least level of all loggers.
        level_rules: name of a subtree -> its level.
        file: where entries go; standard error if neither this nor the setting says.
        style: "json", "console" (for people), or "auto": console where standard error is a
            terminal. A file always gets JSON.
        rotation: when the file is rotated.
        redaction: which secrets are taken out; the usual ones by default.
        sampling: which entries are left out; none by default.
        exception_locals: whether the frames of exceptions show local variables.
        capture_stdlib: whether `logging` and warnings of all libraries go the same way.
        settings: in the place of those of the environment.

    Raises:
        ValueError: a level, style or other value is none.
        LogFileError: the file cannot be opened.
    """
    from nodewright.settings import Settings

    chosen = settings if settings is not None else Settings()
    rules: dict[str, LogLevel | str | int] = {**chosen.log_level_rules, **(level_rules or {})}
    rules[""] = level if level is not None else chosen.log_level
    style = style if style is not None else chosen.log_style
    if style not in {"auto", "json", "console"}:
        raise ValueError(f"the log style is {style!r}; use 'auto', 'json' or 'console'")
    redactor = redaction if redaction is not None else Redaction(enabled=chosen.log_redaction)
    path = file if file is not None else chosen.log_file
    target: output.Output
    if path is None:
        target = output.StderrOutput(style)
    else:
        from nodewright.logs.files import FileOutput

        target = FileOutput(path, rotation or rotation_of(chosen))
    PIPELINE.clean_by(redactor)
    PIPELINE.sample_by(Sampler(sampling) if sampling is not None else _sampler_of(chosen))
    PIPELINE.with_locals = (
        exception_locals if exception_locals is not None else chosen.log_exception_locals
    )
    levels.replace_levels(rules)
    _send_to(target)
    from nodewright.logs import stdlib

    if capture_stdlib:
        stdlib.install()
    else:
        stdlib.uninstall()


def configure_file_rotation(
    logger: "StructuredLogger | None" = None,
    config: LogRotationConfig | None = None,
    *,
    path: Path | str,
) -> Path:
    """Send entries to a file that is rotated by size and time, safely for several processes.

    Args:
        logger: as entries of all loggers go the same way, only its level rule is of interest:
            given, its present level is kept whatever the settings say.
        config: when to rotate and what to keep.
        path: the file.

    Returns:
        The file's absolute path.

    Raises:
        LogFileError: the file cannot be opened.
    """
    from nodewright.logs.files import FileOutput

    target = FileOutput(path, config if config is not None else LogRotationConfig())
    if logger is not None:
        levels.set_level(logger.name, logger.level)
    _send_to(target)
    return Path(os.path.abspath(path))  # noqa: PTH100 - links stay as the caller wrote them


def rotation_of(settings: "Settings") -> LogRotationConfig:
    """The rotation that the settings describe."""
    return LogRotationConfig(
        max_bytes=settings.log_max_bytes,
        when=settings.log_rotate,
        backup_count=settings.log_backup_count,
        retention_days=settings.log_retention_days,
        compress=settings.log_compress,
    )


def _sampler_of(settings: "Settings") -> Sampler | None:
    limit = settings.log_rate_limit
    return Sampler(Sampling(limit=limit)) if limit is not None else None


def _send_to(target: output.Output) -> None:
    PIPELINE.send_to(target).close()
