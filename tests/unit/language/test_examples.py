"""The examples in the docstrings of these rooms are true, and their word lists are words."""

import doctest
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pkgutil import iter_modules
from typing import Any

import pytest
import yaml

import nodewright.language
import nodewright.prd

MODULES = [
    found.name
    for room in (nodewright.language, nodewright.prd)
    for found in iter_modules(room.__path__, f"{room.__name__}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


DATA = sorted(
    (item for item in (files("nodewright.language") / "data").iterdir()), key=lambda item: item.name
)
# Lists that are looked up word by word; YAML would read "no" and "on" as truth values.
WORDS = {"abbreviations", "columns", "contexts", "forms", "gherkin", "ids", "modals", "packages"}
WORDS |= {"scope", "sections", "titles"}


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


@pytest.mark.parametrize("item", DATA, ids=lambda item: item.name)
def test_word_lists_say_what_they_are_for(item: Any) -> None:
    assert item.read_text(encoding="utf-8").startswith("#")


@pytest.mark.parametrize("name", sorted(WORDS))
def test_word_lists_hold_words(name: str) -> None:
    text = (files("nodewright.language") / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    assert [leaf for leaf in leaves(yaml.safe_load(text)) if not isinstance(leaf, str)] == []
