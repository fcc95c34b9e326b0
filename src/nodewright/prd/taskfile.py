"""Files of a task list tool: ``# Task ID: 3``, ``# Title: ...``, ``# Status: pending``."""

import re

from nodewright.language.lexicon import word_set
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.lines import Lines

_KEY = re.compile(r"#{0,2}[ \t]*(?P<key>[A-Za-z]{4,12}(?: [A-Za-z]{2,8})?):")
_KEYS = word_set("title status dependencies priority description details") | {
    "task id",
    "test strategy",
}
_FEWEST = 3


def read_task_file(source: Lines) -> None:
    """Give each task a heading of its own, and the rest of its keys as lines below it."""
    found = {}
    for number, line in enumerate(source.lines):
        key = _KEY.match(line)
        if key and key["key"].lower() in _KEYS:
            found[number] = key
    keys = {key["key"].lower() for key in found.values()}
    if "task id" not in keys or len(keys) < _FEWEST:
        return
    for number, key in found.items():
        rest = source.lines[number][key.end() :].strip()
        name = key["key"].lower()
        if name == "task id":
            source.lines[number] = f"## Task {rest}: {_title(source.lines, number)}"
        elif name == "title":
            source.blank(number, number + 1)
        elif name == "test strategy":
            blocks = [Block(BlockKind.HEADING, "Test strategy", number + 1, 3)]
            if rest:
                blocks.append(Block(BlockKind.PARAGRAPH, rest, number + 1))
            source.replace(number, number + 1, blocks)
        elif rest:
            bare = name in {"description", "details"}
            source.lines[number] = rest if bare else f"- {key['key'].capitalize()}: {rest}"
        else:
            source.blank(number, number + 1)


def _title(lines: list[str], number: int) -> str:
    for line in lines[number + 1 : number + 3]:
        key = _KEY.match(line)
        if key and key["key"].lower() == "title":
            return line[key.end() :].strip()
    return ""
