"""Headings that lack the space that Markdown wants: ``##Scope``."""

import re

from nodewright.prd.lines import Lines

_NO_SPACE = re.compile(r"(?P<marks>#{1,6})(?=[^\W_])")
_LONGEST = 120


def read_headings(source: Lines) -> None:
    """Put the space in, where a text has such headings.

    A line with a single ``#`` may be a tag; it is a heading where others have two or more.
    """
    found = [
        (number, mark)
        for number, line in enumerate(source.lines)
        if line.startswith("#") and len(line) <= _LONGEST and (mark := _NO_SPACE.match(line))
    ]
    deeper = sum(len(mark["marks"]) > 1 for _, mark in found)
    if not deeper:
        return
    fenced = source.fenced()
    for number, mark in found:
        if fenced[number]:
            continue
        line = source.lines[number]
        source.lines[number] = f"{mark['marks']} {line[mark.end() :]}"
