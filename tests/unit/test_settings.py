"""Settings: where they come from, and what is said of those that cannot be."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.errors import NodewrightError
from nodewright.settings import Settings, SettingsError, _unknown


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
    (folder / ".env").write_text("NODEWRIGHT_LOG_LEVEL=WARNING\nNODEWRIGHT_POSTGRES_PORT=2\n")
    monkeypatch.setenv("NODEWRIGHT_LOG_LEVEL", "DEBUG")
    settings = Settings()
    assert (settings.log_level, settings.postgres_port, settings.web_refresh_s) == ("DEBUG", 2, 1)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NODEWRIGHT_LOG_LEVEL", "LOUD", "NODEWRIGHT_LOG_LEVEL cannot be 'LOUD'"),
        ("NODEWRIGHT_POSTGRES_PORT", "0", "NODEWRIGHT_POSTGRES_PORT cannot be '0'"),
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


def test_other_programs_variables_do_not_count_in_files(folder: Path) -> None:
    (folder / ".env").write_text(
        "POSTGRES_HOST=db\nPOSTGRES_PASSWORD=secret\nKAFKA_BOOTSTRAP_SERVERS=kafka:9092\n"
        "DATABASE_URL=postgresql://db/app\nLOG_LEVEL=ERROR\nDATA_DIR=/srv\n"
    )
    settings = Settings()
    assert settings.postgres_host is None
    assert settings.postgres_password is None
    assert settings.kafka_bootstrap_servers is None
    assert settings.database_url is None
    assert settings.log_level == "INFO"


def test_variables_of_a_group_count_only_with_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PORT", "tcp://10.0.0.7:5432")
    monkeypatch.setenv("POSTGRES_PASSWORD", "secret")
    settings = Settings()
    assert (settings.postgres_port, settings.postgres_password) == (5432, None)
    monkeypatch.setenv("POSTGRES_HOST", "db")
    with pytest.raises(SettingsError, match=r"the setting POSTGRES_PORT cannot be 'tcp:"):
        Settings()


def test_a_group_is_taken_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "nodewright.toml").write_text(
        'postgres_host = "a"\npostgres_password = "of a"\npostgres_port = 1\n'
    )
    monkeypatch.setenv("POSTGRES_HOST", "b")
    monkeypatch.setenv("POSTGRES_USER", "user")
    settings = Settings()
    assert (settings.postgres_host, settings.postgres_user) == ("b", "user")
    assert (settings.postgres_port, settings.postgres_password) == (5432, None)
    monkeypatch.setenv("NODEWRIGHT_POSTGRES_HOST", "c")
    assert Settings().postgres_host == "c"
    assert Settings().postgres_user is None


def test_own_database_url_leaves_the_usual_variables_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_HOST", "db")
    monkeypatch.setenv("POSTGRES_PORT", "tcp://10.0.0.7:5432")
    monkeypatch.setenv("NODEWRIGHT_DATABASE_URL", "postgresql://here/mine")
    assert Settings().postgres_host is None


def test_kafka_of_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    assert Settings().kafka_bootstrap_servers == "kafka:9092"
    monkeypatch.setenv("NODEWRIGHT_KAFKA_BOOTSTRAP_SERVERS", "mine:9092")
    assert Settings().kafka_bootstrap_servers == "mine:9092"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('log_lvel = "INFO"', "no setting 'log_lvel' (did you mean log_level"),
        ('NODEWRIGHT_LOG_LEVEL = "INFO"', "'NODEWRIGHT_LOG_LEVEL' (did you mean log_level"),
        ("zzzz = 1", "no setting 'zzzz'"),
        ("[log]\nlevel = 1", "no setting 'log'"),
        ('log_level = "INFO"\nweb_tokn = "my secret"', "'web_tokn' (did you mean web_token"),
    ],
)
def test_an_unknown_key_of_the_file_is_an_error(text: str, said: str, folder: Path) -> None:
    (folder / "nodewright.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert said in str(caught.value)
    assert "my secret" not in str(caught.value)


def test_settings_of_every_type_may_stand_in_the_file(folder: Path) -> None:
    lines = [
        'log_level = "DEBUG"',
        'pattern_folder = "x"',
        "telemetry_capacity = 5",
        'web_token = "0123456789abcdef"',
        'log_level_rules = {"a" = "INFO"}',
    ]
    (folder / "nodewright.toml").write_text("\n".join(lines))
    settings = Settings()
    assert settings.pattern_folder == Path("x")
    assert settings.log_level_rules == {"a": "INFO"}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_unknown_key_is_named(key: str) -> None:
    assert repr(key) in _unknown(key)


def test_a_user_without_home_is_told_to_set_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NODEWRIGHT_DATA_DIR")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    with pytest.raises(SettingsError, match="has no home folder: set NODEWRIGHT_DATA_DIR"):
        Settings()
