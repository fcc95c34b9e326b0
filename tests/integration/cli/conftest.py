"""A generated package that the tests of commands share, each with a copy of its own."""

import shutil
from pathlib import Path

import pytest
from tests.integration.cli.reading_room import LIBRARY, nodewright


@pytest.fixture(scope="session")
def prd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("document") / "reading_room.md"
    path.write_text(LIBRARY, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def _generated(prd: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generated") / "out"
    done = nodewright("generate", prd, "-o", out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def out(_generated: Path, tmp_path: Path) -> Path:
    """The generated package, untouched."""
    return Path(shutil.copytree(_generated, tmp_path / "out"))
