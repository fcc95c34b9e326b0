"""AsciiDoc as Markdown: headings, lists, blocks of code, tables and notes."""

import re

from nodewright.prd.lines import Cell, Lines, table

_HEADING = re.compile(r"(?P<marks>={1,6})[ \t]+(?=[^\s=])")
_MARKDOWN_HEADING = re.compile(r"#{1,6}[ \t]")
_ITEM = re.compile(r"\s*(?P<marks>\*{1,5}|-|\.{1,5})[ \t]+(?=\S)")
_TERM = re.compile(r"(?P<term>\S[^:\n]{0,80})::(?:[ \t]+|$)")
_ATTRIBUTE = re.compile(r":!?[\w-]{1,40}!?:(?:[ \t]|$)")
_BLOCK_ATTRIBUTE = re.compile(r"\[[^\]\n]{0,200}\]\s*$")
_COLUMNS = re.compile(r"cols=\"?(?P<cols>[^\"\]]{1,80})")
_LANGUAGE = re.compile(r"\[source[,%\w]{0,20},\s*(?P<language>\w{1,20})")
_CELL = re.compile(r"(?<!\\)(?:(?<!\S)(?:\d{1,3}(?:\.\d{1,3})?[+*])?[.<>^]{0,3}[aehlmsd]?)?\|")
_BLOCK_TITLE = re.compile(r"\.(?=[^\s.])")
_MARKS = frozenset({"----", "....", "====", "____", "****", "++++", "--"})
_CODE_MARKS = frozenset({"----", "...."})


def read_asciidoc(source: Lines) -> None:
    """Rewrite a document of AsciiDoc; leave any other as it is."""
    if not _is_asciidoc(source.lines):
        return
    fenced = source.fenced()
    number = 0
    attribute = ""
    while number < len(source.lines):
        line = source.lines[number].rstrip()
        end = number + 1
        if fenced[number]:
            number = end
            continue
        if line == "|===":
            end = _end(source.lines, number, "|===")
            _read_table(source, number, end, attribute)
        elif line in _CODE_MARKS:
            end = _end(source.lines, number, line)
            _fence(source, number, end, attribute)
        elif line == "////":
            end = _end(source.lines, number, line)
            source.set_aside(number, end, "a comment, not read")
        elif line.startswith("//"):
            source.set_aside(number, end, "a comment, not read")
        elif _BLOCK_ATTRIBUTE.match(line) or line in _MARKS:
            attribute = line if line.startswith("[") else attribute
            source.blank(number, end)
            number = end
            continue
        elif _ATTRIBUTE.match(line):
            source.set_aside(number, end, "about the document")
        else:
            source.lines[number] = _rewritten(line)
        attribute = ""
        number = end


def _is_asciidoc(lines: list[str]) -> bool:
    if any(_MARKDOWN_HEADING.match(line) for line in lines):
        return False
    headed = sum(_HEADING.match(line) is not None for line in lines)
    return headed > 0 or "|===" in lines


def _end(lines: list[str], start: int, mark: str) -> int:
    """The line after the next ``mark``, or the end of the text."""
    for number in range(start + 1, len(lines)):
        if lines[number].rstrip() == mark:
            return number + 1
    return len(lines)


def _rewritten(line: str) -> str:
    heading = _HEADING.match(line)
    if heading:
        return f"{'#' * len(heading['marks'])} {line[heading.end() :]}"
    item = _ITEM.match(line)
    if item:
        marks = item["marks"]
        bullet = "1." if marks[0] == "." else "-"
        return f"{'   ' * (len(marks) - 1)}{bullet} {line[item.end() :]}"
    term = _TERM.match(line)
    if term:
        return f"- {term['term']}: {line[term.end() :]}"
    title = _BLOCK_TITLE.match(line)
    if title:
        return line[1:]
    return "" if line.strip() == "+" else line


def _fence(source: Lines, start: int, end: int, attribute: str) -> None:
    language = _LANGUAGE.match(attribute)
    source.lines[start] = f"```{language['language'] if language else ''}"
    if end - 1 > start:
        source.lines[end - 1] = "```"


def _read_table(source: Lines, start: int, end: int, attribute: str) -> None:
    cells: list[Cell] = []
    first_line = 0
    body = source.lines[start + 1 : end]
    if body and body[-1].rstrip() == "|===":
        body.pop()
    for number, line in enumerate(body, start + 2):
        marks = list(_CELL.finditer(line))
        if not marks:
            if cells and line.strip():
                cells[-1] = (f"{cells[-1][0]} {line.strip()}".strip(), cells[-1][1])
            continue
        stops = [mark.start() for mark in marks[1:]] + [len(line)]
        for mark, stop in zip(marks, stops, strict=True):
            cells.append((line[mark.end() : stop].strip(), number))
        first_line = first_line or len(cells)
    width = _width(attribute) or first_line
    if not width:
        source.set_aside(start, end, "an empty table")
        return
    rows = [cells[place : place + width] for place in range(0, len(cells), width)]
    implied = first_line == width and len(body) > 1 and not body[1].strip()
    headed = "header" in attribute or implied
    source.replace(start, end, table(rows, headed=headed))


def _width(attribute: str) -> int:
    """How many columns ``[cols="1,4"]`` or ``[cols="3*"]`` names."""
    found = _COLUMNS.search(attribute)
    if found is None:
        return 0
    total = 0
    for part in found["cols"].split(","):
        count, star, _ = part.strip().partition("*")
        total += int(count) if star and count.isdecimal() and len(count) < 3 else 1
    return total
