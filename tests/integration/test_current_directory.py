"""Code that lies in the current directory is never imported, whatever the command does there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PRD = """# Parcel Desk

- FR-1: The system shall store parcels.

## Parcel

- address: string
- weight: integer
"""

# Modules that interpreters and their tools import early, of the standard library and others.
TRAPS = [
    *("email", "yaml", "json", "signal", "socket", "pickle", "struct", "logging", "typing"),
    *("sitecustomize", "usercustomize", "pytest", "mypy", "pydantic", "omnibase_core"),
]
# Python's -m puts the current directory first, and needs these before it runs anything of ours.
FIRST = {"typing"}
TRAP = """
with open({said!r}, "a") as file:
    file.write(__name__ + "\\n")
"""

COMMANDS = {
    "generate": ["generate", "prd.md", "-o", "out", "--verify", "full", "--jobs", "1"],
    "doctor": ["doctor"],
    "trials": ["mixins", "scan", "omnibase_core.mixins"],
    "database": ["db", "status"],
}
STARTS = {
    "script": [str(Path(sys.executable).with_name("nodewright"))],
    "module": [sys.executable, "-m", "nodewright"],
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_imports_from_the_current_directory(
    command: str, start: str, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    folder = tmp_path / "here"
    folder.mkdir()
    for name in TRAPS if start == "script" else set(TRAPS) - FIRST:
        (folder / f"{name}.py").write_text(TRAP.format(said=str(said)), encoding="utf-8")
    (folder / "prd.md").write_text(PRD, encoding="utf-8")
    done = subprocess.run(
        [*STARTS[start], *COMMANDS[command]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert not said.exists(), said.read_text(encoding="utf-8")
    assert done.returncode in {0, 1}, done.stderr
