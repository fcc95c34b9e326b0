"""reStructuredText as Markdown: underlined titles, directives, literal blocks and tables."""

import csv
import re
import textwrap

from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.lines import Cell, Lines, table

_RULE = re.compile(r"(?P<mark>[=\-~^\"'`#*+:.])(?P=mark){2,}\s*$")
_DIRECTIVE = re.compile(r"\.\. (?P<name>[\w-]{1,40})::[ \t]*(?P<argument>.*)$")
_TARGET = re.compile(r"\.\. (?:_[^:\n]{0,80}:|\|[^|\n]{1,80}\||\[[^\]\n]{1,40}\])")
_OPTION = re.compile(r"\s+:[\w-]{1,40}:")
_GRID = re.compile(r"\s*\+(?:[-=]+\+)+\s*$")
_SIMPLE = re.compile(r"\s*={2,}(?:[ \t]+={2,})+\s*$")
_AUTO_NUMBER = re.compile(r"(?P<indent>\s*)#\.[ \t]+(?=\S)")
_CODE = frozenset({"code", "code-block", "sourcecode", "literalinclude", "highlight"})
_SILENT = frozenset({"toctree", "contents", "image", "figure", "include", "raw", "index", "meta"})
_MARKDOWN_HEADING = re.compile(r"#{1,6}[ \t]+\S")


def read_restructured(source: Lines) -> None:
    """Rewrite a document of reStructuredText; leave any other as it is."""
    if not _is_restructured(source.lines):
        return
    levels: dict[str, int] = {}
    fenced = source.fenced(tildes=False)
    number = 0
    while number < len(source.lines):
        line = source.lines[number]
        end = number + 1
        if fenced[number]:
            number = end
            continue
        directive = _DIRECTIVE.match(line) if line.startswith("..") else None
        if directive:
            end = _indented_end(source.lines, number)
            _read_directive(source, number, end, directive)
        elif line.startswith(".. "):
            end = _indented_end(source.lines, number)
            reason = "a target" if _TARGET.match(line) else "a comment, not read"
            source.set_aside(number, end, reason)
        elif _GRID.match(line):
            end = _block_end(source.lines, number)
            _read_grid(source, number, end)
        elif _SIMPLE.match(line):
            end = _simple_end(source.lines, number)
            _read_simple(source, number, end)
        elif _is_title(source.lines, number):
            end = _read_title(source, number, levels)
        elif line.rstrip().endswith("::") and line.strip() != "::":
            source.lines[number] = line.rstrip()[:-1]
        else:
            item = _AUTO_NUMBER.match(line)
            source.lines[number] = f"{item['indent']}1. {line[item.end() :]}" if item else line
        number = end


def _is_restructured(lines: list[str]) -> bool:
    """Whether titles are underlined or directives are there, and no heading is Markdown's."""
    if any(_MARKDOWN_HEADING.match(line) for line in lines):
        return False
    if any(_DIRECTIVE.match(line) for line in lines if line.startswith("..")):
        return True
    marks = {lines[number + 1][0] for number in range(len(lines) - 1) if _is_title(lines, number)}
    return bool(marks - {"=", "-"}) or any(_GRID.match(line) for line in lines)


def _is_title(lines: list[str], number: int) -> bool:
    """Whether a line is a title: text, with a rule of at least its length below it."""
    text = lines[number].rstrip()
    if number + 1 >= len(lines) or not text or text[0].isspace() or _RULE.match(text):
        return False
    rule = lines[number + 1].rstrip()
    alone = number == 0 or not lines[number - 1].strip() or _RULE.match(lines[number - 1])
    return bool(alone) and len(rule) >= len(text) and _RULE.match(rule) is not None


def _read_title(source: Lines, number: int, levels: dict[str, int]) -> int:
    mark = source.lines[number + 1][0]
    over = number > 0 and _RULE.match(source.lines[number - 1]) is not None
    key = mark * (2 if over else 1)
    level = levels.setdefault(key, min(len(levels) + 1, 6))
    if over:
        source.blank(number - 1, number)
    source.lines[number] = f"{'#' * level} {source.lines[number].strip()}"
    source.blank(number + 1, number + 2)
    return number + 2


def _indented_end(lines: list[str], start: int) -> int:
    """The line after the indented ones that belong to line ``start``."""
    end = start + 1
    for number in range(start + 1, len(lines)):
        if lines[number].strip():
            if not lines[number][0].isspace():
                break
            end = number + 1
    return end


def _block_end(lines: list[str], start: int) -> int:
    end = start
    while end < len(lines) and lines[end].strip():
        end += 1
    return end


def _simple_end(lines: list[str], start: int) -> int:
    """The line after the last rule of a simple table; two or three rules frame it."""
    rules = []
    for number in range(start, len(lines)):
        if _SIMPLE.match(lines[number]):
            rules.append(number)
            ends = number + 1 == len(lines) or not lines[number + 1].strip()
            if len(rules) == 3 or (ends and len(rules) > 1):
                break
        elif len(rules) > 1 and not lines[number].strip():
            break
    return (rules[-1] if len(rules) > 1 else start) + 1


def _read_directive(source: Lines, start: int, end: int, directive: re.Match[str]) -> None:
    name, argument = directive["name"].lower(), directive["argument"].strip()
    body = start + 1
    while body < end and (_OPTION.match(source.lines[body]) or not source.lines[body].strip()):
        body += 1
    options = "\n".join(source.lines[start + 1 : body])
    if name == "list-table":
        rows = _list_rows(source.lines, body, end)
        source.replace(start, end, table(rows, headed=":header-rows: 1" in options))
    elif name == "csv-table":
        _read_csv(source, start, body, end)
    elif name in _CODE:
        text = textwrap.dedent("\n".join(source.lines[body:end]))
        source.replace(start, end, [Block(BlockKind.CODE, text, body, language=argument.lower())])
    elif name in _SILENT:
        source.set_aside(start, end, "a directive of the document")
    else:
        source.blank(start, body)
        source.lines[start] = f"{name.replace('-', ' ').capitalize()}: {argument}"
        for number in range(body, end):
            source.lines[number] = source.lines[number].strip()


def _list_rows(lines: list[str], start: int, end: int) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for number in range(start, end):
        text = lines[number].strip()
        if text.startswith("* -"):
            rows.append([(text[3:].strip(), number + 1)])
        elif text.startswith("-") and rows:
            rows[-1].append((text[1:].strip(), number + 1))
        elif text and rows:
            last, line = rows[-1][-1]
            rows[-1][-1] = (f"{last} {text}".strip(), line)
    return rows


def _read_csv(source: Lines, start: int, body: int, end: int) -> None:
    head = [
        line.partition(":header:")[2] for line in source.lines[start:body] if ":header:" in line
    ]
    texts = [*head, *(line.strip() for line in source.lines[body:end] if line.strip())]
    numbers = [start + 1] * len(head) + [
        number + 1 for number in range(body, end) if source.lines[number].strip()
    ]
    rows: list[list[Cell]] = []
    for text, number in zip(texts, numbers, strict=True):
        try:
            cells = next(csv.reader([text.strip()], skipinitialspace=True), [])
        except csv.Error:
            cells = [text]
        rows.append([(cell.strip(), number) for cell in cells] or [("", number)])
    source.replace(start, end, table(rows, headed=bool(head)))


def _read_grid(source: Lines, start: int, end: int) -> None:
    rows: list[list[Cell]] = []
    fresh = headed = False
    for number in range(start, end):
        line = source.lines[number].strip()
        if line.startswith("+"):
            headed = headed or ("=" in line and len(rows) == 1)
            fresh = True
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if fresh or not rows:
            rows.append([(cell, number + 1) for cell in cells])
        else:
            rows[-1] = [
                (f"{old} {cell}".strip(), line_number)
                for (old, line_number), cell in zip(rows[-1], cells, strict=False)
            ] + rows[-1][len(cells) :]
        fresh = False
    source.replace(start, end, table(rows, headed=headed))


def _read_simple(source: Lines, start: int, end: int) -> None:
    rule = source.lines[start]
    starts = [found.start() for found in re.finditer(r"=+", rule)]
    edges = list(zip(starts, [*starts[1:], None], strict=True))
    rows: list[list[Cell]] = []
    headed = False
    for number in range(start + 1, end):
        line = source.lines[number]
        if _SIMPLE.match(line):
            headed = headed or (len(rows) == 1 and number < end - 1)
            continue
        cells = [line[first:last].strip() for first, last in edges]
        if cells[0] or not rows:
            rows.append([(cell, number + 1) for cell in cells])
        else:
            rows[-1] = [
                (f"{old} {cell}".strip(), line_number)
                for (old, line_number), cell in zip(rows[-1], cells, strict=True)
            ]
    source.replace(start, end, table(rows, headed=headed))
