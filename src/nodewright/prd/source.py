"""Read a PRD from a file that a stranger named, or say in one line why it cannot be read."""

import codecs
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

from nodewright.errors import NodewrightError

STANDARD_INPUT = Path("-")
MAX_BYTES = 16 * 1024 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # UTF-32's little-endian mark begins with UTF-16's: the longer one is asked first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class PRDSourceError(NodewrightError):
    """A file is not a PRD that can be read."""


def read_prd(path: Path | str) -> str:
    """The text of the PRD at ``path``: UTF-8, or any UTF with a byte order mark.

    The path ``-`` is standard input. All line ends become line feeds.

    Raises:
        PRDSourceError: the file is missing, a folder, unreadable, larger than 16 MB, empty,
            binary or in another encoding; the message says which and what to do.
    """
    source = Path(path)
    text = _decode(_read(source), source).replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise PRDSourceError(
            f"{_name(source)} holds NUL characters, so it is not text; save it as UTF-8 Markdown"
        )
    if not text.strip():
        raise PRDSourceError(f"{_name(source)} is empty; write the requirements into it first")
    return text


def _read(source: Path) -> bytes:
    try:
        if source.is_dir():
            raise PRDSourceError(f"{_name(source)} is a folder; name a Markdown file in it")
        # One byte more than allowed tells a file that grows, or a device, from one that fits.
        with _opened(source) as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise PRDSourceError(f"{_name(source)} does not exist; check the path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PRDSourceError(f"{_name(source)} cannot be read: {reason}") from error
    if len(data) > MAX_BYTES:
        raise PRDSourceError(
            f"{_name(source)} is larger than {MAX_BYTES // 2**20} MB; split it into several PRDs"
        )
    return data


def _opened(source: Path) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if source == STANDARD_INPUT else source.open("rb")


def _decode(data: bytes, source: Path) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8" and b"\0" not in data:
            what = "is not UTF-8 text"
        elif encoding == "utf-8":
            what = "is binary, or UTF-16 without a byte order mark"
        else:
            what = f"begins with the mark of {encoding.removesuffix('-sig').upper()} but is not"
        raise PRDSourceError(f"{_name(source)} {what}; save it as UTF-8 Markdown") from error


def _name(source: Path) -> str:
    shown = "standard input" if source == STANDARD_INPUT else str(source)
    return repr(shown) if not shown.isprintable() else shown
