"""The vocabularies of this room, kept as data."""

from functools import cache
from importlib.resources import files
from typing import Any

from nodewright.patterns.library import read_yaml


@cache
def load_data(name: str) -> Any:
    """The plain data of a YAML file of this room."""
    folder = files("nodewright.prd") / "data"
    return read_yaml((folder / f"{name}.yaml").read_text(encoding="utf-8"))
