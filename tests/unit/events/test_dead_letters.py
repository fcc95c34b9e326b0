from pathlib import Path

import pytest

from nodewright.events import DeadLetters
from nodewright.events.encoding import Record
from nodewright.events.segments import encode_frames
from nodewright.events.undelivered import Failure


def failure(n: int) -> Failure:
    return Failure(("topic", b'{"id":"%036d"}' % n, None, b"1 "), "INVALID_RECORD", f"no {n}")


def ids(letters: list[str]) -> list[int]:
    return [int(letter) for letter in letters]


def test_letters_are_kept_with_their_reasons(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path / "dead")
    letters.add([failure(1), failure(2)])
    letters.add([failure(3)])
    found = list(DeadLetters(tmp_path / "dead"))
    assert ids([letter.event_id for letter in found]) == [1, 2, 3]
    assert [letter.reason for letter in found] == [f"INVALID_RECORD: no {n}" for n in (1, 2, 3)]
    assert all(letter.refused_at > 1e9 for letter in found)
    letters.close()


def test_claimed_letters_are_gone_unless_the_claimer_fails(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    letters.add([failure(1)])
    assert list(DeadLetters(tmp_path).claim()) == [], "a living process still writes them"
    letters.close()
    claims = DeadLetters(tmp_path).claim()
    assert len(next(claims)) == 1
    with pytest.raises(ConnectionError):
        claims.throw(ConnectionError())
    assert len(list(DeadLetters(tmp_path))) == 1
    assert sum(len(some) for some in DeadLetters(tmp_path).claim()) == 1
    assert list(DeadLetters(tmp_path)) == []


@pytest.mark.parametrize("note", [b"", b"[]", b"{}", b'{"reason":1,"refused_at":"x"}', b"\xff"])
def test_damaged_note_costs_only_the_reason(tmp_path: Path, note: bytes) -> None:
    frames: list[Record] = [("", note, None, None), failure(1).record]
    (tmp_path / "1.letters").write_bytes(encode_frames(frames))
    (letter,) = DeadLetters(tmp_path)
    assert (int(letter.event_id), letter.reason[:7]) == (1, "unknown")
