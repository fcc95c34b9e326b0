"""Text of Jira and Confluence as Markdown: headings, lists, code and tables."""

import re

from nodewright.prd.lines import Cell, Lines, table

_HEADING = re.compile(r"h(?P<level>[1-6])\.[ \t]+(?=\S)")
_ITEM = re.compile(r"\s*(?P<marks>[*#-]{1,6})[ \t]+(?=\S)")
_CODE = re.compile(r"\s*\{(?:code|noformat)(?::(?P<language>\w{1,20})[^}\n]{0,80})?\}\s*$")
_MACRO = re.compile(r"\{/?(?:color|quote|panel|info|note|tip|warning|expand|toc)[^}\n]{0,120}\}")


def read_jira(source: Lines) -> None:
    """Rewrite a text with headings such as ``h2. Scope``; leave any other as it is."""
    if not any(_HEADING.match(line) for line in source.lines):
        return
    fenced = source.fenced()
    number = 0
    coded = False
    while number < len(source.lines):
        line = source.lines[number]
        end = number + 1
        if fenced[number]:
            number = end
            continue
        code = _CODE.match(line) if "{" in line else None
        if code:
            coded = not coded
            source.lines[number] = f"```{code['language'] or ''}" if coded else "```"
        elif coded:
            pass
        elif line.startswith("||") or (line.startswith("|") and line.rstrip().endswith("|")):
            while end < len(fenced) and not fenced[end] and source.lines[end].startswith("|"):
                end += 1
            if not _is_markdown(source.lines[number:end]):
                _read_table(source, number, end)
        else:
            source.lines[number] = _rewritten(line)
        number = end


def _is_markdown(lines: list[str]) -> bool:
    """Whether a table has the line of dashes that Markdown wants."""
    return len(lines) > 1 and not set(lines[1]) - set("|-: \t")


def _rewritten(line: str) -> str:
    heading = _HEADING.match(line)
    if heading:
        return f"{'#' * int(heading['level'])} {line[heading.end() :]}"
    item = _ITEM.match(line)
    if item and (len(item["marks"]) == 1 or set(item["marks"]) != {"-"}):
        marks = item["marks"]
        bullet = "1." if marks[-1] == "#" else "-"
        return f"{'   ' * (len(marks) - 1)}{bullet} {line[item.end() :]}"
    return _MACRO.sub(" ", line) if "{" in line else line


def _read_table(source: Lines, start: int, end: int) -> None:
    rows: list[list[Cell]] = []
    headed = source.lines[start].startswith("||")
    for number in range(start, end):
        mark = "||" if source.lines[number].startswith("||") else "|"
        cells = source.lines[number].strip().strip("|").split(mark)
        rows.append([(cell.strip(), number + 1) for cell in cells])
    source.replace(start, end, table(rows, headed=headed))
