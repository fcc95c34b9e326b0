"""A template that caches are asked for."""

from pathlib import Path

import pytest


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "effect_template.py"
    path.write_text("content")
    return path
