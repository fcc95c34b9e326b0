"""Sentences: where they end, where a line was only wrapped, and where they begin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.prd.splitting import split_sentences


def split(text: str) -> list[str]:
    return [piece for piece, _ in split_sentences(text)]


LONG = "The harbour office shall store each tide that the gauge at the pier reads"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("It reads. It stores.", ["It reads.", "It stores."]),
        ("It reads, e.g. Tides. It stores.", ["It reads, e.g. Tides.", "It stores."]),
        ("It waits approx. 5 s. Then it reads.", ["It waits approx. 5 s.", "Then it reads."]),
        ("It reads! Why? It must.", ["It reads!", "Why?", "It must."]),
        ('He says "read." It reads.', ['He says "read."', "It reads."]),
        ("Version 1.5 reads.", ["Version 1.5 reads."]),
        ("reads a; b; c", ["reads a; b; c"]),
        ("It reads; It stores", ["It reads;", "It stores"]),
        ("读取。保存。", ["读取。", "保存。"]),
        ("「読む。」保存する。", ["「読む。」", "保存する。"]),
        (f"{LONG}\nand keeps it.", [f"{LONG} and keeps it."]),
        (f"{LONG}\nPegel too.", [f"{LONG} Pegel too."]),
        ("Read the tide\nStore the tide", ["Read the tide", "Store the tide"]),
        ("As a skipper,\nI want to read tides", ["As a skipper, I want to read tides"]),
        (f"{LONG}\nFR-2: It prints", [LONG, "FR-2: It prints"]),
        (f"{LONG}\nOwner: Mira", [LONG, "Owner: Mira"]),
        (f"{LONG}\nThen it rings", [LONG, "Then it rings"]),
        ("Steps:\nread", ["Steps:", "read"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, pieces: list[str]) -> None:
    assert split(text) == pieces


def test_lines_are_those_that_sentences_begin_on() -> None:
    text = f"{LONG}\nand keeps it. It prints\n\nall of them.\nOwner: Mira"
    assert [line for _, line in split_sentences(text)] == [0, 1, 3, 4]


@given(st.text(alphabet="aB. \n:;!,。中(\"'", max_size=80))
def test_nothing_is_lost_or_invented(text: str) -> None:
    joined = "".join("".join(piece.split()) for piece in split(text))
    assert joined == "".join(text.split())


@given(st.text(alphabet="aB. \n:", max_size=60))
def test_lines_are_in_order_and_in_the_text(text: str) -> None:
    found = list(split_sentences(text))
    lines = [line for _, line in found]
    assert lines == sorted(lines)
    rows = text.split("\n")
    assert all(piece.split()[0][0] in rows[line] for piece, line in found)
