"""The command's help reads well, and shells complete it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from nodewright.cli.app import COMMANDS, app


def commands() -> Iterator[tuple[str, Any]]:
    for name, (module, _) in COMMANDS.items():
        command = typer.main.get_command(import_module(module).app)
        yield name, command
        for inner, part in getattr(command, "commands", {}).items():
            yield f"{name} {inner}", part


@pytest.mark.parametrize("path", ["", *(name for name, _ in commands())])
def test_help_fits_a_terminal_and_is_not_cut(path: str) -> None:
    result = CliRunner().invoke(app, [*path.split(), "--help"], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    _, _, listing = result.output.partition("Commands:")
    assert "..." not in listing


@pytest.mark.parametrize(
    ("path", "command"), list(commands()), ids=[name for name, _ in commands()]
)
def test_every_command_and_parameter_is_explained(path: str, command: Any) -> None:
    texts = {"": command.help}
    texts |= {parameter.name: getattr(parameter, "help", "") for parameter in command.params}
    for name, text in texts.items():
        assert text, f"{path} {name} has no help"
        assert text[0].isupper(), f"{path} {name}: {text}"
        assert text.rstrip().endswith((".", "'")), f"{path} {name}: {text}"


def test_the_listing_says_what_the_command_says() -> None:
    for name, command in commands():
        if name in COMMANDS:
            listed, own = COMMANDS[name][1], command.help.split("\n\n")[0].replace("\n", " ")
            assert listed.split()[0] == own.split()[0], f"{listed} / {own}"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("nodewright gen", ["generate"]),
        ("nodewright db re", ["restore"]),
        ("nodewright generate --ver", ["--verify"]),
        ("nodewright generate --verify r", ["run"]),
    ],
)
def test_bash_completes(line: str, expected: list[str], tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    script = """
        nodewright --install-completion bash >/dev/null
        source ~/.bash_completions/nodewright.sh
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _nodewright_completion nodewright
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "-c", script, "bash", *line.split()],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split() == expected, done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_answered(shell: str) -> None:
    environment = {
        **os.environ,
        "_NODEWRIGHT_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "nodewright db re",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("nodewright")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "restore" in done.stdout, done.stderr
