"""The vocabularies of this room, kept as data."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where it is there."""


def read_yaml(text: str) -> Any:
    """Plain data of a YAML text."""
    return yaml.load(text, Loader=LOADER)  # noqa: S506 - both are safe loaders


@cache
def load_data(name: str) -> Any:
    """The plain data of a YAML file of this room."""
    folder = files("nodewright.language") / "data"
    return read_yaml((folder / f"{name}.yaml").read_text(encoding="utf-8"))
