"""All settings, from the environment, ``.env`` and ``nodewright.toml``, in that order of weight."""

from pathlib import Path

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
