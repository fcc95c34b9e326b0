"""All settings, from the environment, ``.env`` and ``nodewright.toml``, in that order of weight."""

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Literal

import platformdirs
import pydantic_settings
from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from nodewright.errors import NodewrightError


class SettingsError(NodewrightError, ValueError):
    """A setting is unknown or has a value that it cannot have, or its file cannot be read."""


def _user_data_dir() -> Path:
    """The user's own folder for nodewright.

    Raises:
        SettingsError: the user has no home.
    """
    try:
        folder = Path(platformdirs.user_data_dir("nodewright", appauthor=False))
    except RuntimeError:  # newer versions of platformdirs look for a home themselves
        folder = Path()
    if not folder.is_absolute():
        raise SettingsError(
            f"the user {os.geteuid()} has no home folder: set NODEWRIGHT_DATA_DIR to a folder of "
            "its own"
        )
    return folder


class Settings(BaseSettings):
    """What a user can set.

    Each field is read from ``NODEWRIGHT_<FIELD>`` in the environment or ``.env``, or from
    ``<field>`` in ``nodewright.toml`` of the working directory. Usual variables of other programs
    (``POSTGRES_HOST`` and its companions, ``KAFKA_BOOTSTRAP_SERVERS``) count in the environment
    only, never in files, and less than nodewright's own.

    Raises:
        SettingsError: a value cannot be; the message names the setting, and the value if it is
            no secret. Or ``nodewright.toml`` has a key that is no setting.
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
        default_factory=_user_data_dir,
        description="Where the embedded database, models and spools live.",
    )

    # Storage. Without database_url and postgres_host the embedded PostgreSQL is used.
    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL to use: postgresql://user:password@host:5432/database.",
    )
    postgres_host: str | None = Field(
        default=None,
        description="Host of the PostgreSQL to use, where no database_url is set.",
    )
    postgres_port: int = Field(
        default=5432,
        ge=1,
        le=65535,
        description="Port that belongs to postgres_host.",
    )
    postgres_database: str = Field(
        default="nodewright",
        description="Database that belongs to postgres_host.",
    )
    postgres_user: str | None = Field(
        default=None,
        description="User that belongs to postgres_host; the system user by default.",
    )
    postgres_password: SecretStr | None = Field(
        default=None,
        description="Password that belongs to postgres_host.",
    )
    database_migrate: bool = Field(
        default=True,
        description="Bring the schema up to date on first use; else nodewright db migrate does, as "
        "it does the first time in a database that is not the embedded one.",
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
        """Say where values come from, the weightiest source first."""
        return (
            init_settings,
            env_settings,
            dotenv_settings,
            file_secret_settings,
            _UsualVariables(settings_cls),
            _TomlFile(settings_cls),
        )


class _UsualVariables(PydanticBaseSettingsSource):
    """Variables that other programs read too, of the environment, as whole groups.

    A group counts where its first variable is set, and nodewright's own names say nothing of a
    database or a broker. It then settles all of its fields: a password of one source never goes
    to the host of another.
    """

    GROUPS: ClassVar[dict[str, dict[str, Any]]] = {
        "POSTGRES_HOST": {
            "postgres_host": None,
            "postgres_port": 5432,
            "postgres_database": "nodewright",
            "postgres_user": None,
            "postgres_password": None,
        },
        "KAFKA_BOOTSTRAP_SERVERS": {"kafka_bootstrap_servers": None},
    }
    """First variable of a group -> its fields with their defaults."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Nothing: values come as groups."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The values of the groups that count."""
        values: dict[str, Any] = {}
        for first, fields in self.GROUPS.items():
            own = {first.lower(), "database_url"} if "postgres_host" in fields else {first.lower()}
            if os.environ.get(first) and not own & self.current_state.keys():
                values |= {
                    name: os.environ.get(name.upper()) or default
                    for name, default in fields.items()
                }
        return values


class _TomlFile(TomlConfigSettingsSource):
    """``nodewright.toml`` of the working directory; each of its keys is a setting."""

    def __call__(self) -> dict[str, Any]:
        """The file's values.

        Raises:
            SettingsError: a key is no setting.
        """
        values = super().__call__()
        unknown = self.toml_data.keys() - self.settings_cls.model_fields.keys()
        if unknown:
            said = ", ".join(map(_unknown, sorted(unknown)))
            raise SettingsError(f"nodewright.toml has no setting {said}")
        return values


def _unknown(key: str) -> str:
    """A key that is no setting, and what may have been meant."""
    name = key.lower().removeprefix("nodewright_")
    near = get_close_matches(name, Settings.model_fields, n=3)
    return f"{key!r}" + (f" (did you mean {' or '.join(near)}?)" if near else "")


def _explained(error: ErrorDetails) -> str:
    """One fault of validation as a sentence."""
    name = str(error["loc"][0]).lower().removeprefix("nodewright_")
    field = Settings.model_fields.get(name)
    secret = field is not None and "SecretStr" in str(field.annotation)
    value = "what was given" if secret else repr(error["input"])
    variable = f"NODEWRIGHT_{name.upper()}"
    if variable not in os.environ and os.environ.get(name.upper()) == error["input"]:
        variable = name.upper()
    return f"the setting {variable} cannot be {value}: {error['msg']}"
