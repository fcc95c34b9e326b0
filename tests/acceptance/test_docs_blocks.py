"""Every code block of the documentation and the README does what the page says."""

import ast
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from tests.acceptance.pages import PAGES, ROOT, RUN, blocks

# What a fence may be. The first two run; of the rest, those with a parser are read by it.
LANGUAGES = RUN | {"json", "yaml", "toml", "sql", "markdown", "text"}

RUNNABLE = [
    page
    for page in PAGES
    if any(block.language in RUN and not block.reason for block in blocks(page))
]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_names_its_language_and_parses(page: Path) -> None:
    for block in blocks(page):
        where = f"{name(page)}:{block.line}"
        assert block.language in LANGUAGES, f"{where} is {block.language or 'nothing'!r}"
        if block.language == "json":
            json.loads(block.code)
        elif block.language == "yaml":
            yaml.safe_load(block.code)
        elif block.language == "toml":
            tomllib.loads(block.code)
        elif block.language == "python":
            compile(block.code, where, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        elif block.language == "shell":
            done = subprocess.run(
                ["bash", "-n"], input=block.code, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{where}: {done.stderr}"


@pytest.mark.parametrize("page", RUNNABLE, ids=name)
def test_the_blocks_of_a_page_run(
    page: Path, tmp_path: Path, database_url: str, data_dir: Path
) -> None:
    folder, home = tmp_path / "page", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.acceptance.pages", str(page), str(folder)],
        cwd=ROOT,
        env={
            **os.environ,
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "NODEWRIGHT_DATA_DIR": str(data_dir),
            "NODEWRIGHT_DATABASE_URL": database_url,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr + done.stdout
