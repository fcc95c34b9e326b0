"""Settings: where they come from, and what is said of those that cannot be."""

from pathlib import Path

import pytest

from nodewright.errors import NodewrightError
from nodewright.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_environment_weighs_more_than_dotenv_and_both_more_than_toml(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "nodewright.toml").write_text(
        'log_level = "ERROR"\npostgres_port = 1\nweb_refresh_s = 1\n'
    )
    (folder / ".env").write_text("NODEWRIGHT_LOG_LEVEL=WARNING\nPOSTGRES_PORT=2\n")
    monkeypatch.setenv("NODEWRIGHT_LOG_LEVEL", "DEBUG")
    settings = Settings()
    assert (settings.log_level, settings.postgres_port, settings.web_refresh_s) == ("DEBUG", 2, 1)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NODEWRIGHT_LOG_LEVEL", "LOUD", "NODEWRIGHT_LOG_LEVEL cannot be 'LOUD'"),
        ("POSTGRES_PORT", "0", "NODEWRIGHT_POSTGRES_PORT cannot be '0'"),
        ("NODEWRIGHT_LOG_LEVEL_RULES", "{", "log_level_rules"),
        ("NODEWRIGHT_WEB_TOKEN", "hunter2", "NODEWRIGHT_WEB_TOKEN cannot be what was given"),
    ],
)
def test_a_value_that_cannot_be_is_named_unless_it_is_a_secret(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert isinstance(caught.value, NodewrightError)
    # What it came from may hold the secret.
    assert caught.value.__suppress_context__


def test_a_toml_file_that_cannot_be_read_is_said(folder: Path) -> None:
    (folder / "nodewright.toml").write_text("log_level = ")
    with pytest.raises(SettingsError, match=r"nodewright\.toml cannot be read"):
        Settings()
