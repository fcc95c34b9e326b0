"""Blocks of code as trees of members: a head, perhaps a comment, perhaps members in braces.

One reader serves TypeScript, JSON, JavaScript, Prisma, GraphQL, Go, Rust, C#, Java and proto: what
differs is how a member's head is read.
"""

import re
from dataclasses import dataclass, field

_DEEPEST = 40
_MOST_NODES = 5000
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|(?:^|(?<=\s))(?:#(?!\[)|--)[^\n]*", re.DOTALL)
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`")
_GOES_ON = ("|", "=", ":", "&", ",")
_OPENS = {"(": ")", "[": "]"}


@dataclass(slots=True)
class Member:
    """``head`` is the text before a brace or separator; ``line`` counts from the block's first."""

    head: str
    line: int
    comment: str = ""
    children: list["Member"] = field(default_factory=list)
    braces: bool = False


class _Scanner:
    """Walks over the text once; ``stack`` holds the open members."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = Member("", 0, braces=True)
        self.stack = [self.root]
        self.parts: list[str] = []
        self.start = 0
        self.line = 0
        self.depth = 0
        self.angles = 0
        self.count = 0
        self.last: Member | None = None

    def run(self) -> list[Member]:
        position = 0
        while position < len(self.text) and self.count < _MOST_NODES:
            position = self._step(position)
        self._end()
        return self.root.children

    def _step(self, position: int) -> int:
        char = self.text[position]
        if char in "\"'`":
            string = _STRING.match(self.text, position)
            if string:
                self._add(string[0])
                return string.end()
        elif char in "/#-":
            comment = _COMMENT.match(self.text, position)
            if comment:
                self._comment(comment[0])
                return comment.end()
        if char == "{":
            self._open()
        elif char == "}":
            self._close()
        elif char in ",;" and self.depth + self.angles == 0:
            self._end()
        elif char == "\n":
            self._newline(position)
        else:
            self._nest(position, char)
            self._add(char)
        return position + 1

    def _nest(self, position: int, char: str) -> None:
        """Count brackets; ``<`` is one where it follows a word, as in ``Map<string, Order>``."""
        generic = char == "<" and self.text[position - 1 : position].isalnum()
        self.angles += generic and self.text[position + 1 : position + 2].isalpha()
        closes = char in ")]" and self.depth > 0
        if char == ">" and self.angles > 0:
            self.angles -= 1
        self.depth += (char in _OPENS) - closes

    def _add(self, text: str) -> None:
        if not self.parts:
            if text.isspace():
                return
            self.start = self.line
        self.parts.append(text)
        self.line += text.count("\n")

    def _newline(self, position: int) -> None:
        head = "".join(self.parts).rstrip()
        following = self.text[position + 1 : position + 200].lstrip()[:1]
        self.line += 1
        self.angles = 0
        if self.depth > 0 or (head.endswith(_GOES_ON) and following != "}") or following == "|":
            self.parts.append(" ")
        elif head:
            self._end()

    def _comment(self, text: str) -> None:
        said = text.lstrip("/*#- ").rstrip("*/ \n").strip()
        if self.parts:
            self.parts.append(" ")
            self._end()
        if self.last is not None and self.last.line == self.line and not self.last.comment:
            self.last.comment = said
        self.line += text.count("\n")

    def _end(self) -> None:
        head = "".join(self.parts).strip().rstrip(",;").strip()
        self.parts.clear()
        if head and head not in {")", "]", "),", "})", ")]"}:
            self._append(Member(head, self.start))

    def _append(self, member: Member) -> None:
        self.count += 1
        self.stack[-1].children.append(member)
        self.last = member

    def _open(self) -> None:
        head = "".join(self.parts).strip()
        self.parts.clear()
        self.depth = 0
        above = self.stack[-1].children
        if not head and above and not above[-1].braces and not _is_pair(above[-1].head):
            member = above[-1]  # the brace stands on a line of its own
            member.braces = True
            self.last = member
        else:
            member = Member(head, self.start if head else self.line, braces=True)
            self._append(member)
        if len(self.stack) < _DEEPEST:
            self.stack.append(member)

    def _close(self) -> None:
        self._end()
        self.depth = 0
        if len(self.stack) > 1:
            self.stack.pop()


def _is_pair(head: str) -> bool:
    return ":" in head or "=" in head


def read_members(text: str) -> list[Member]:
    r"""The members of a block of code.

    >>> ticket = read_members("type Ticket {\n  id: string // its key\n  seat?: { row: int }\n}")[0]
    >>> ticket.head, [(child.head, child.comment) for child in ticket.children]
    ('type Ticket', [('id: string', 'its key'), ('seat?:', '')])
    """
    return _Scanner(text[:200_000]).run()
