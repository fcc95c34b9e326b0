"""Filters that quote text for the language it is written into.

Every filter is total: whatever string comes in, what goes out is one well-formed piece of the
target language. Characters that a reader can't see (controls, bidirectional overrides, lone
surrogates) are written as escapes, never raw.
"""

import keyword
import re
from collections.abc import Callable, Iterator

from nodewright.language.naming import LONGEST_NAME, NOT_IN_NAMES, digest_of, pascal, to_ascii

LINE_WIDTH = 88

_REPLACEMENT = "\ufffd"
_PYTHON_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_YAML_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
_TOML_SHORT = _YAML_SHORT | {"\0": "\\u0000", "\b": "\\b", "\f": "\\f"}

# A comment of a program's own text must not speak to the tools that read comments: an encoding
# declaration, a formatter's switch, a checker's exemption.
_PRAGMA = re.compile(
    r"(?i)\b(\w*coding|type|fmt|isort|ruff|mypy|pylint|pyright|pyre|pytype|pragma|flake8|yapf)"
    r"(?=\s*[:=])"
)
_EXEMPTION = re.compile(r"(?i)no(?=qa|sec)")

_CAMEL_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z][A-Z])(?=[A-Z][a-z])")

_MD_INLINE = re.compile(r"([\\`*_{}\[\]<>()#|~&!$^])")
_MD_LINE_START = re.compile(r"\A(?:([+\-=:])|(\d{1,9})([.)]))")


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def _code_point(character: str, *, two_digits: bool = True) -> str:
    """The escape that Python, YAML and (without its form of two digits) TOML share."""
    number = ord(character)
    if two_digits and character <= "\xff":
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if character <= "\uffff" else f"\\U{number:08x}"


def visible(text: str) -> str:
    """``text`` on one line: white space collapsed, what can't be seen written as an escape."""
    line = " ".join(text.split())
    return "".join(
        character if character.isprintable() else _code_point(character) for character in line
    )


def pystr(value: object) -> str:
    """A Python string literal whose value is ``value``.

    Double quotes, unless single ones save escapes (as formatters choose).
    """
    text = str(value)
    quote = "'" if text.count('"') > text.count("'") else '"'
    if text.isprintable() and "\\" not in text and quote not in text:
        return f"{quote}{text}{quote}"
    short = _PYTHON_SHORT | {quote: f"\\{quote}"}
    body = "".join(
        short.get(character) or (character if character.isprintable() else _code_point(character))
        for character in text
    )
    return f"{quote}{body}{quote}"


def docstring(value: object, indent: int = 4, width: int = LINE_WIDTH) -> str:
    """``value`` made safe inside a docstring of three double quotes, and wrapped.

    Args:
        value: text; its line breaks stay, longer lines are wrapped.
        indent: columns before the docstring; written before every line but the first.
        width: columns of a line, ``indent`` and quotes included.
    """
    text = "\n".join(line.rstrip() for line in str(value).expandtabs(4).splitlines()).strip()
    room = max(width - indent - len('"""'), 20)
    lines: list[str] = []
    for line in text.split("\n"):
        margin = min(len(line) - len(line.lstrip()), 12)
        first = room - margin - (0 if lines else len('"""'))
        wrapped = list(_wrap(line.split(), first, room - margin))
        blank_after_blank = not wrapped and lines and not lines[-1]
        if not blank_after_blank:
            lines += [" " * margin + piece for piece in wrapped] or [""]
    body = _guard_quotes("\n".join(lines))
    return body.replace("\n", "\n" + " " * indent).replace("\n" + " " * indent + "\n", "\n\n")


def _wrap(words: list[str], first: int, room: int) -> Iterator[str]:
    """Fill lines with escaped ``words``; a word longer than a line breaks between characters."""
    line = ""
    limit = first
    for word in words:
        pieces = _pieces(word, min(first, room))
        length = sum(map(len, pieces))
        if line and len(line) + 1 + length > limit:
            yield line
            line, limit = "", room
        if line:
            line += " "
        for piece in pieces:
            if length > limit and len(line) + len(piece) > limit:
                yield line
                line, limit = "", room
            line += piece
    if line:
        yield line


def _pieces(word: str, shortest: int) -> list[str]:
    """``word`` escaped, in pieces that stay whole; in one where it fits the ``shortest`` line."""
    if len(word) <= shortest and word.isprintable() and "\\" not in word:
        return [word]
    return ["\\\\" if c == "\\" else c if c.isprintable() else _code_point(c) for c in word]


def _guard_quotes(text: str) -> str:
    """Escape the double quotes that would end a docstring: runs of three, and the last ones."""
    return re.sub(r'"{3,}|"+\Z', lambda run: '\\"' * len(run[0]), text)


def comment(value: object) -> str:
    """``value`` as the text of a one-line comment that no tool takes for an instruction."""
    line = _PRAGMA.sub(r"\1 -", visible(str(value)))
    return _EXEMPTION.sub("no-", line).lstrip("!")


def yamlstr(value: object) -> str:
    """A double-quoted YAML scalar; a lone surrogate, which YAML can't hold, becomes U+FFFD."""
    return _quoted(str(value), _YAML_SHORT, _code_point)


def tomlstr(value: object) -> str:
    """A TOML basic string; a lone surrogate, which TOML can't hold, becomes U+FFFD."""
    return _quoted(str(value), _TOML_SHORT, lambda c: _code_point(c, two_digits=False))


def _quoted(text: str, short: dict[str, str], escape: Callable[[str], str]) -> str:
    if text.isprintable() and "\\" not in text and '"' not in text:
        return f'"{text}"'
    body = "".join(
        short.get(character)
        or (
            character
            if character.isprintable()
            else _REPLACEMENT
            if _is_surrogate(character)
            else escape(character)
        )
        for character in text
    )
    return f'"{body}"'


def mdtext(value: object) -> str:
    """``value`` as inline Markdown that renders as the text itself: no markup, no HTML, no link."""
    line = _MD_INLINE.sub(r"\\\1", visible(str(value)))
    return _MD_LINE_START.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", line)


def identifier(value: object) -> str:
    """A snake_case Python name: never empty, a keyword, private or longer than 60 characters.

    Letters with a Latin base lose their accents; other scripts are dropped. What nothing is
    left of becomes ``unnamed_`` and a digest of the text, so that two such names still differ.
    """
    text = str(value)
    words = _CAMEL_BOUNDARY.sub("_", to_ascii(text))
    name = NOT_IN_NAMES.sub("_", words).strip("_").lower()
    if not name:
        return f"unnamed_{digest_of(text)}" if text else "unnamed"
    if name[0].isdigit():
        name = f"n_{name}"
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 9].rstrip('_')}_{digest_of(text)}"
    return f"{name}_" if keyword.iskeyword(name) or keyword.issoftkeyword(name) else name


FILTERS: dict[str, Callable[..., str]] = {
    "pystr": pystr,
    "docstring": docstring,
    "comment": comment,
    "yamlstr": yamlstr,
    "tomlstr": tomlstr,
    "mdtext": mdtext,
    "identifier": identifier,
    "pascal": pascal,
}
