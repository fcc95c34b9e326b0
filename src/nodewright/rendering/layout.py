"""Lines of Python that fit the page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

WIDTH = 100
INDENT = "    "
_OPEN, _CLOSE = "([{", ")]}"
# Places to break a text that has no comma at its top level, in the order in which they are tried.
_BREAKS = (" for ", " if ", " else ", " or ", " and ", " + ")


class Block:
    """Lines of a function's body in the making.

    >>> block = Block()
    >>> with block.indented("if ready:"):
    ...     block.add("go()")
    >>> block.lines
    ['if ready:', '    go()']
    """

    def __init__(self, depth: int = 0) -> None:
        self.lines: list[str] = []
        self._depth = depth
        self._optional: list[tuple[str, list[str], list[str]]] = []

    def add(self, *statements: str) -> None:
        """Add statements, each broken where it is longer than a line."""
        for statement in statements:
            self.lines += wrapped(INDENT * self._depth + statement)

    @contextmanager
    def indented(self, head: str) -> Iterator[None]:
        """Add ``head``; what is added inside stands below it."""
        self.add(head)
        with self.deeper():
            yield

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """What is added inside stands one step to the right."""
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def loop(self, names: tuple[str, ...], source: str) -> Iterator[None]:
        """A loop over ``source``; a name that what is added inside does not read becomes ``_``."""
        start = len(self.lines)
        with self.deeper():
            yield
        read = used_names("\n".join(self.lines[start:]))
        shown = [name if name in read else "_" for name in names]
        if set(shown) == {"_"}:
            shown = ["_"]
        head = f"for {', '.join(shown)} in {source}:"
        self.lines[start:start] = wrapped(INDENT * self._depth + head)

    def add_where_used(self, name: str, statement: str, otherwise: str = "") -> None:
        """Add ``statement``, or ``otherwise`` where nothing that follows reads ``name``."""
        margin = INDENT * self._depth
        lines = wrapped(margin + statement)
        self._optional.append((name, lines, wrapped(margin + otherwise) if otherwise else []))
        self.lines += lines

    def finished(self) -> list[str]:
        """All lines, without optional statements that nothing reads."""
        lines = self.lines
        for name, statement, otherwise in reversed(self._optional):
            start = next(
                place
                for place in range(len(lines))
                if lines[place : place + len(statement)] == statement
            )
            end = start + len(statement)
            if name not in used_names("\n".join(lines[end:])):
                lines = [*lines[:start], *otherwise, *lines[end:]]
        return lines


def wrapped(line: str, width: int = WIDTH, *, statement: bool = True) -> list[str]:
    """``line`` in lines of at most ``width`` columns, where its brackets allow that.

    ``statement``: it begins a statement, and is not a piece of one.
    """
    if len(line) <= width:
        return [line]
    margin = line[: len(line) - len(line.lstrip())]
    assigned = _VALUE.match(line) if statement else None
    if assigned is not None and _splits(assigned["value"]):
        return _parenthesised(assigned, margin, width)
    if not statement and _splits(line.strip()):
        pieces, _ = _pieces(line.strip(), commas=False)
        broken = [wrapped(margin + piece, width, statement=False) for piece in pieces]
        return [each for lines in broken for each in lines]
    head, inside, tail = _outermost(line)
    if not inside:
        return [line]
    pieces, comma = _pieces(inside, commas=_takes_commas(head) or _has_comma(inside))
    lines = [head]
    for place, piece in enumerate(pieces):
        ending = "," if comma and (place < len(pieces) - 1 or _may_end(pieces)) else ""
        lines += wrapped(f"{margin}{INDENT}{piece}{ending}", width, statement=False)
    return [*lines, margin + tail]


# A statement whose value may stand in parentheses.
_VALUE = re.compile(r"(?P<head>\s*(?:if|return|while|elif|[\w.]+ =) )(?P<value>.+?)(?P<tail>:?)$")


def _takes_commas(head: str) -> bool:
    """Whether a comma changes nothing behind what the bracket at the end of ``head`` holds.

    It makes a tuple of what stands in plain parentheses, and of an index.
    """
    attached = re.search(r"[\w\])]$", head[:-1]) is not None
    return head[-1] == "{" or (head[-1] == "(") is attached


def _may_end(pieces: list[str]) -> bool:
    """Whether a comma may stand after the last piece: not after a lone generator."""
    return len(pieces) > 1 or not _generates(pieces[0], set(_top_level(pieces[0])))


def _parenthesised(assigned: re.Match[str], margin: str, width: int) -> list[str]:
    """A condition or value in parentheses, broken where its operators stand."""
    pieces, _ = _pieces(assigned["value"], commas=False)
    lines = [f"{assigned['head']}("]
    for piece in pieces:
        lines += wrapped(f"{margin}{INDENT}{piece}", width, statement=False)
    return [*lines, f"{margin}){assigned['tail']}"]


def _outermost(line: str) -> tuple[str, str, str]:
    """The last bracket of the outermost level: what stands before, in, and after it."""
    spans: list[tuple[int, int]] = []
    stack: list[int] = []
    for place, sign in _signs(line):
        if sign in _OPEN:
            stack.append(place)
        elif sign in _CLOSE and stack:
            start = stack.pop()
            if not stack and place - start > 1:
                spans.append((start, place))
    if not spans:
        return line, "", ""
    start, end = spans[-1]
    return line[: start + 1], line[start + 1 : end], line[end:]


def _signs(text: str) -> Iterator[tuple[int, str]]:
    """Places and characters outside string literals."""
    quote, skip = "", False
    for place, sign in enumerate(text):
        if skip:
            skip = False
        elif quote:
            if sign == "\\":
                skip = True
            elif sign == quote:
                quote = ""
        elif sign in "\"'":
            quote = sign
        else:
            yield place, sign


def _top_level(text: str) -> list[int]:
    """Places outside brackets and string literals."""
    depth, places = 0, []
    for place, sign in _signs(text):
        if sign in _CLOSE:
            depth -= 1
        if depth == 0:
            places.append(place)
        if sign in _OPEN:
            depth += 1
    return places


def _has_comma(text: str) -> bool:
    return any(text[place] == "," for place in _top_level(text))


def _splits(text: str) -> bool:
    top = set(_top_level(text))
    return any(
        match.start() in top for word in _BREAKS for match in re.finditer(re.escape(word), text)
    )


def _pieces(text: str, *, commas: bool) -> tuple[list[str], bool]:
    """``text`` in pieces, and whether commas stand between them."""
    top = _top_level(text)
    places = set(top)
    generates = _generates(text, places)
    if commas:
        cuts = [place for place in top if text[place] == ","]
        if cuts or not generates:
            pieces = [text[a:b].strip() for a, b in _between(cuts, len(text))]
            return [piece for piece in pieces if piece], True
    for words in ((" for ", " if "),) if generates else ((word,) for word in _BREAKS):
        cuts = sorted(
            match.start()
            for word in words
            for match in re.finditer(re.escape(word), text)
            if match.start() in places
        )
        if cuts:
            edges = [0, *cuts, len(text)]
            return [text[a:b].strip() for a, b in pairwise(edges)], False
    return [text], False


def _generates(text: str, top: set[int]) -> bool:
    return any(match.start() in top for match in re.finditer(" for ", text))


def _between(cuts: list[int], end: int) -> Iterator[tuple[int, int]]:
    start = 0
    for cut in cuts:
        yield start, cut
        start = cut + 1
    yield start, end


_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|#.*')
_DECLARED = re.compile(r"^\s*\w+:(?!=)", re.MULTILINE)
_READ = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?!\w)(?!\s*=[^=])")


def used_names(code: str) -> set[str]:
    r"""Bare names that ``code`` reads; not those in literals, of attributes, or of arguments.

    >>> sorted(used_names('span: Number\nx = f(dt.date, text="Decimal", share=y)'))
    ['Number', 'dt', 'f', 'y']
    """
    return set(_READ.findall(_DECLARED.sub("", _LITERAL.sub("", code))))
