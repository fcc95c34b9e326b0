"""All settings, from the environment, ``.env`` and ``nodewright.toml``, in that order of weight."""

import tomllib
from pathlib import Path
from typing import Any, ClassVar, Literal

import platformdirs
import pydantic_settings
from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from nodewright.errors import NodewrightError


class SettingsError(NodewrightError, ValueError):
    """A setting has a value that it cannot have, or ``nodewright.toml`` cannot be read."""


class Settings(BaseSettings):
    """What a user can set.

    Each field is read from ``NODEWRIGHT_<FIELD>`` in the environment or ``.env``, or from
    ``<field>`` in ``nodewright.toml`` of the working directory.

    Raises:
        SettingsError: a value cannot be; the message names the setting, and the value if it is
            no secret.
    """

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
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

    # Storage. Without database_url and postgres_host the embedded PostgreSQL is used.
    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL to use: postgresql://user:password@host:5432/database.",
    )
    postgres_host: str | None = Field(
        default=None,
        validation_alias=AliasChoices("POSTGRES_HOST", "NODEWRIGHT_POSTGRES_HOST"),
        description="Host of the PostgreSQL to use, where no database_url is set.",
    )
    postgres_port: int = Field(
        default=5432,
        ge=1,
        le=65535,
        validation_alias=AliasChoices("POSTGRES_PORT", "NODEWRIGHT_POSTGRES_PORT"),
        description="Port that belongs to postgres_host.",
    )
    postgres_database: str = Field(
        default="nodewright",
        validation_alias=AliasChoices("POSTGRES_DATABASE", "NODEWRIGHT_POSTGRES_DATABASE"),
        description="Database that belongs to postgres_host.",
    )
    postgres_user: str | None = Field(
        default=None,
        validation_alias=AliasChoices("POSTGRES_USER", "NODEWRIGHT_POSTGRES_USER"),
        description="User that belongs to postgres_host; the system user by default.",
    )
    postgres_password: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("POSTGRES_PASSWORD", "NODEWRIGHT_POSTGRES_PASSWORD"),
        description="Password that belongs to postgres_host.",
    )
    database_migrate: bool = Field(
        default=True,
        description="Bring the schema up to date on first use; else nodewright db migrate does.",
    )
    database_pool_size: int = Field(
        default=8, ge=1, le=1000, description="Connections that one process keeps at most."
    )
    database_patience_s: float = Field(
        default=15.0,
        ge=0,
        description="Seconds that a read or a recorded fact waits for a lost database.",
    )
    telemetry_capacity: int = Field(
        default=200_000,
        ge=1,
        description="Telemetry rows kept in memory at most; more are dropped.",
    )
    telemetry_interval_s: float = Field(
        default=0.5, gt=0, description="Seconds after which waiting telemetry is written."
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

    # Reading PRDs.
    pattern_folder: Path | None = Field(
        default=None, description="A folder of pattern files that add to the built-in library."
    )
    pattern_target_precision: float = Field(
        default=0.90,
        gt=0,
        lt=1,
        description="Precision that thresholds learnt from feedback have to hold.",
    )

    # Events. Without kafka_bootstrap_servers the mock cluster inside the process is used.
    kafka_bootstrap_servers: str | None = Field(
        default=None,
        validation_alias=AliasChoices(
            "NODEWRIGHT_KAFKA_BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS"
        ),
        description="Kafka's address, host:port[,host:port ...].",
    )
    kafka_security_protocol: str | None = Field(
        default=None, description="plaintext, ssl, sasl_plaintext or sasl_ssl."
    )
    kafka_sasl_mechanism: str | None = Field(
        default=None, description="PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 ..."
    )
    kafka_sasl_username: str | None = Field(default=None, description="User for SASL.")
    kafka_sasl_password: SecretStr | None = Field(default=None, description="Password for SASL.")
    kafka_ssl_ca_location: str | None = Field(
        default=None, description="File of the authorities that sign the brokers' certificates."
    )
    kafka_ssl_certificate_location: str | None = Field(
        default=None, description="File of this client's certificate."
    )
    kafka_ssl_key_location: str | None = Field(
        default=None, description="File of this client's key."
    )

    events_durable: bool = Field(
        default=True, description="Whether the command and the workflow spool events first."
    )
    events_durability: Literal["process", "disk"] = Field(
        default="process",
        description="What spooled events survive: SIGKILL, or a power loss too.",
    )
    events_spool_dir: Path | None = Field(
        default=None, description="One spool for one process; by default one each below data_dir."
    )

    # Health, alerts and the web page.
    model_max_age_days: float = Field(
        default=30.0, gt=0, description="Age at which the mixin model counts as degraded."
    )
    disk_min_free_mb: float = Field(
        default=1024.0, gt=0, description="Free MB below which the disk counts as degraded."
    )
    spool_max_age_s: float = Field(
        default=300.0,
        gt=0,
        description="Age in seconds of waiting events at which the spool counts as degraded; "
        "critical at twelve times that.",
    )
    spool_max_mb: float = Field(
        default=256.0, gt=0, description="Size in MB at which the spool counts as degraded."
    )
    alert_thresholds: dict[str, tuple[float, float]] = Field(
        default_factory=dict,
        description="Limits of the alerts of nodewright serve, as JSON: "
        '{"node_seconds": [30, 60]} is a warning above 30 s, critical above 60 s.',
    )
    alert_webhook_url: SecretStr | None = Field(
        default=None, description="http(s) address that nodewright serve posts alerts to."
    )
    alertmanager_url: str | None = Field(
        default=None, description="Alertmanager that nodewright serve sends alerts to."
    )
    web_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Token that opens the web page; needed to listen beyond this machine.",
    )
    web_refresh_s: float = Field(
        default=5.0, gt=0, description="Seconds between two readings of the page's numbers."
    )
    web_window_minutes: float = Field(
        default=60.0, gt=0, description="Window of time that the page's numbers cover."
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError("; ".join(map(_explained, error.errors()))) from None
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"nodewright.toml cannot be read: {error}") from None
        except pydantic_settings.SettingsError as error:
            raise SettingsError(f"{error}: {error.__cause__}") from None

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


def _explained(error: Any) -> str:
    """One fault of validation as a sentence."""
    name = str(error["loc"][0]).lower().removeprefix("nodewright_")
    field = Settings.model_fields.get(name)
    secret = field is not None and "SecretStr" in str(field.annotation)
    value = "what was given" if secret else repr(error["input"])
    return f"the setting NODEWRIGHT_{name.upper()} cannot be {value}: {error['msg']}"
