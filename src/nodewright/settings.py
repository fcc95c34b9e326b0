"""All settings, from the environment, ``.env`` and ``nodewright.toml``, in that order of weight."""

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class Settings(BaseSettings):
    """What a user can set.

    Each field is read from ``NODEWRIGHT_<FIELD>`` in the environment or ``.env``, or from
    ``<field>`` in ``nodewright.toml`` of the working directory.
    """

    model_config = SettingsConfigDict(
        env_prefix="NODEWRIGHT_",
        env_file=".env",
        toml_file="nodewright.toml",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("nodewright", appauthor=False)),
        description="Where the embedded database, models and spools live.",
    )

    # Logs.
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        default="INFO", description="Least level of the entries that are logged."
    )
    log_level_rules: dict[str, Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]] = Field(
        default_factory=dict,
        description='Levels of subtrees of logger names, as JSON: {"nodewright.storage": "DEBUG"}.',
    )
    log_file: Path | None = Field(
        default=None, description="File that entries go to; standard error if not set."
    )
    log_style: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="Form of entries on standard error; auto: console on a terminal, else JSON.",
    )
    log_max_bytes: int | None = Field(
        default=100 * 1024 * 1024, ge=1, description="Size at which the log file is rotated."
    )
    log_rotate: Literal["never", "hourly", "daily"] = Field(
        default="daily", description="When the log file is rotated whatever its size (UTC)."
    )
    log_backup_count: int | None = Field(
        default=30, ge=0, description="Most rotated log files that are kept."
    )
    log_retention_days: float | None = Field(
        default=30, gt=0, description="Age in days at which rotated log files are deleted."
    )
    log_compress: bool = Field(default=True, description="Whether rotated log files become .gz.")
    log_redaction: bool = Field(
        default=True, description="Whether secrets are taken out of log entries."
    )
    log_rate_limit: int | None = Field(
        default=None,
        ge=1,
        description="Most entries a second with the same logger, level and message, below ERROR.",
    )
    log_exception_locals: bool = Field(
        default=False, description="Whether logged exceptions show local variables."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Give the environment more weight than ``.env``, and both more than the TOML file."""
        return (
            init_settings,
            env_settings,
            dotenv_settings,
            file_secret_settings,
            TomlConfigSettingsSource(settings_cls),
        )
