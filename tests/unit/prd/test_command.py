"""``nodewright analyze``."""

import json
from pathlib import Path

import pytest

from nodewright.cli.app import main

TEXT = """\
# Desk [bold]

## Requirements

- FR-1: The system shall store notes in PostgreSQL.
- FR-2: Process payments with Stripe.

## Future

- Themes
"""


def analyse(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["analyze", *arguments])
    code = caught.value.code
    return code if isinstance(code, int) else 0


@pytest.fixture
def prd(tmp_path: Path) -> Path:
    path = tmp_path / "prd.md"
    path.write_text(TEXT)
    return path


def test_tables_are_printed(prd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert analyse(str(prd)) == 0
    shown = capsys.readouterr().out
    assert "Desk [bold]" in shown
    for part in ("FR-1", "future", "PostgreSQL", "payment", "EFFECT"):
        assert part in shown


def test_json_stands_alone_on_stdout(prd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert analyse(str(prd), "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["parsed_prd"]["title"] == "Desk [bold]"
    assert [item["id"] for item in data["parsed_prd"]["requirements"]][:2] == ["FR-1", "FR-2"]
    assert data["external_systems"] == ["PostgreSQL", "Stripe"]
    assert data["primary_node_type"] == "EFFECT"


def test_bad_input_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyse(str(tmp_path / "none.md")) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "does not exist" in captured.err


def test_own_patterns_are_used(
    prd: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "patterns"
    folder.mkdir()
    (folder / "notes.yaml").write_text(
        "name: notes\nsummary: Notes.\nevidence: [{weight: 0.9, terms: [notes]}]\n"
    )
    assert analyse(str(prd), "--json", "--patterns", str(folder)) == 0
    names = [item["name"] for item in json.loads(capsys.readouterr().out)["patterns"]]
    assert "notes" in names
    assert analyse(str(prd), "--patterns", str(tmp_path / "missing")) == 2


def test_no_control_character_of_a_prd_reaches_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"
    path = tmp_path / "prd.md"
    path.write_text(
        f"# Desk {evil}\n\n## Requirements\n\n- FR-1: Store {evil} notes.\n\n## Data\n\n"
        f"- **Note**: `{evil}id`, `name`\n"
    )
    assert analyse(str(path)) == 0
    shown = capsys.readouterr().out
    assert "Desk" in shown
    assert all(char.isprintable() for char in shown.replace("\n", ""))


def test_a_hostile_path_is_shown_on_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert analyse(str(tmp_path / "\x1b[2Jno\nsuch")) == 2
    assert all(char.isprintable() for char in capsys.readouterr().err.removesuffix("\n"))
