"""Lists that stand four spaces or a tab to the right, which Markdown takes for code."""

import re

from nodewright.prd.lines import Lines

_INDENTED_ITEM = re.compile(r"(?P<indent>(?: {4,16}|\t{1,4}))(?:[-*+•]|\d{1,3}[.)])[ \t]+(?=\S)")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])[ \t]+(?=\S)")


def read_indented_lists(source: Lines) -> None:
    """Move such lists to the left, unless they stand below an item or an indented line."""
    if not any(_INDENTED_ITEM.match(line) for line in source.lines):
        return
    fenced = source.fenced()
    indent = ""
    nested = False
    for number, line in enumerate(source.lines):
        if fenced[number] or not line.strip():
            continue
        if indent and line.startswith(indent):
            source.lines[number] = line[len(indent) :]
            continue
        indent = ""
        found = _INDENTED_ITEM.match(line)
        if found and not nested:
            indent = found["indent"]
            source.lines[number] = line[len(indent) :]
        else:
            # Below an item, or a line that an item holds, four spaces are a deeper level.
            nested = bool(_ITEM.match(line)) or (nested and line[0].isspace())
