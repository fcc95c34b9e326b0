"""YAML front matter: only what parses as a mapping is taken from the text."""

import re
from datetime import date, datetime

import yaml

from nodewright.language.identifiers import author_id
from nodewright.language.vocabulary import LOADER

_MOST_LINES = 200
_MOST_CHARACTERS = 20_000
_MOST_OPEN = 40
_END = re.compile(r"(?:---|\.\.\.)[ \t]*")
# Anchors and aliases make small texts into large values; no front matter needs them.
_ANCHOR = re.compile(r"(?:^|[\s:,\[{-])[&*][A-Za-z0-9_]")


def split_front_matter(text: str) -> tuple[dict[str, str], str, list[tuple[int, str]]]:
    r"""The mapping's plain values, the text with its lines blanked, and these lines with numbers.

    >>> split_front_matter("---\ntitle: Ferry # a boat\n---\nText")
    ({'title': 'Ferry'}, '\n\n\nText', [(2, 'title: Ferry # a boat')])
    >>> split_front_matter("---\n\n# Parcels\n\n---\n")[0]
    {}
    """
    if not text.startswith("---\n"):
        return {}, text, []
    lines = text.split("\n", _MOST_LINES)
    end = next((n for n, line in enumerate(lines[1:], 1) if _END.fullmatch(line)), 0)
    values = _mapping("\n".join(lines[1:end])) if end else None
    if values is None:
        return {}, text, []
    shown = [(number + 1, line) for number, line in enumerate(lines[1:end], 1) if line.strip()]
    return values, "\n" * (end + 1) + "\n".join(lines[end + 1 :]), shown


def _mapping(source: str) -> dict[str, str] | None:
    """The scalar values of a YAML mapping by lower-case key, None for anything else."""
    if len(source) > _MOST_CHARACTERS or _ANCHOR.search(source):
        return None
    if source.count("[") + source.count("{") > _MOST_OPEN:
        return None
    try:
        data = yaml.load(source, Loader=LOADER)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not data or any(author_id(str(key)) for key in data):
        return None
    plain = str, int, float, date, datetime
    return {
        str(key).lower(): " ".join(str(value).split())
        for key, value in data.items()
        if isinstance(value, plain)
    }
