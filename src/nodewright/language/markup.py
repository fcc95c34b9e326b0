"""Text without the marks of Markdown and HTML inside a line."""

import re

_LINK = re.compile(r"!?\[(?P<text>[^\[\]\n]{0,300})\]\([^()\n]{0,2000}\)")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>")
_MARKS = re.compile(r"[*_]+")
_ESCAPE = re.compile(r"\\(?P<mark>[!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """``text`` without emphasis, code marks, links' targets and tags."""
    if "[" in text:
        text = _LINK.sub(r"\1", text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    for mark in ("**", "`", "~~"):
        if mark in text:
            text = text.replace(mark, "")
    if "*" in text or "_" in text:
        text = _MARKS.sub(_emphasis, text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    return text.strip()


def _emphasis(match: re.Match[str]) -> str:
    """Nothing for the marks around emphasised words, the text itself inside a name."""
    text = match.string
    before = text[match.start() - 1] if match.start() else " "
    after = text[match.end()] if match.end() < len(text) else " "
    inside = (before.isalnum() and after.isalnum()) or (before.isspace() and after.isspace())
    return match[0] if inside else ""
