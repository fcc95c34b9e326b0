"""Reading PRD files that strangers name."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright import read_prd
from nodewright.errors import NodewrightError
from nodewright.prd.source import MAX_BYTES, PRDSourceError

TEXT = "# Größe\n\n- 주문 ✅\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_utf_with_or_without_a_mark_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "prd.md"
    path.write_bytes(TEXT.encode(encoding))
    assert read_prd(path) == TEXT


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_both_orders_of_utf_16_are_read(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "prd.md"
    path.write_bytes(mark + TEXT.encode("utf-16-le" if mark[0] == 0xFF else "utf-16-be"))
    assert read_prd(path) == TEXT


def test_line_ends_become_line_feeds(tmp_path: Path) -> None:
    path = tmp_path / "prd.md"
    path.write_bytes(b"# a\r\nb\rc\n")
    assert read_prd(path) == "# a\nb\nc\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"# a\x00b", "NUL"),
        ("# Titel".encode("utf-16-le"), "NUL"),
        ("# 제목".encode("utf-16-le"), "UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff", "binary"),
        (b"caf\xe9", "is not UTF-8"),
        (b"\xff\xfeabc", "UTF-16"),
        (b"a" * (MAX_BYTES + 1), "larger than 16 MB"),
    ],
)
def test_what_is_no_prd_is_told_in_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "prd.md"
    path.write_bytes(content)
    with pytest.raises(PRDSourceError, match=reason) as caught:
        read_prd(path)
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NodewrightError, match="does not exist"):
        read_prd(tmp_path / "none.md")
    with pytest.raises(NodewrightError, match="is a folder"):
        read_prd(tmp_path)
    with pytest.raises(NodewrightError, match="cannot be read"):
        read_prd("a\0b")


def test_the_largest_allowed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "prd.md"
    path.write_bytes(b"a" * MAX_BYTES)
    assert len(read_prd(path)) == MAX_BYTES


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.md"
    path.write_bytes(data)
    try:
        text = read_prd(path)
    except PRDSourceError:
        return
    assert text.strip()
    assert "\0" not in text
